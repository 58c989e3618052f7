/* The laws that have a name: a row of the table is all there is to one, but for its optimum (optimum.c). */
#include "law/laws.h"

#include <string.h>

/* Effective experts of Clark et al. 2022, equation 12: E at E ≪ E_max, at most E_max. */
#define EFFECTIVE "(1/(1/(E - 1 + 1/(1/E_start - 1/E_max)) + 1/E_max))"

static const mdm_law laws[] = {
    {"power", "L_inf + a*N^-p", "finite networks beside the limit", {"N"}, {{"p", 0, 8, 0.1, 3}}},
    {"hoffmann", "E + A/N^alpha + B/D^beta", "Hoffmann et al. 2022, arXiv 2203.15556, equation 10", {"N", "D"}, {{"alpha", 0, 3, 0.05, 1.2}, {"beta", 0, 3, 0.05, 1.2}}},
    {"ludziejewski",
     "a*" EFFECTIVE "^delta*N^(alpha + gamma*log(" EFFECTIVE ")) + b*" EFFECTIVE "^omega*D^(beta + zeta*log(" EFFECTIVE ")) + c",
     "Ludziejewski et al. 2025, arXiv 2502.05172",
     {"N", "D", "E"},
     {{"alpha", -3, 0, -1, -0.05}, {"beta", -3, 0, -1, -0.05}, {"gamma", -1, 1, -0.1, 0.1}, {"zeta", -1, 1, -0.1, 0.1}, {"delta", -5, 5, -1, 1}, {"omega", -5, 5, -1, 1},
      {"E_start", 1, 30, 1.1, 10}, {"E_max", 40, 100000, 50, 2000}}},
    {"joint",
     "(e*G + f/G + m*S^2 + n*S)*(N^-alpha + k*N_a^-alpha + h*N_a/N) + a*N^-alpha + b*D^-beta + c*N_a^-alpha + epsilon",
     "Zhao et al. 2025, arXiv 2509.23678",
     {"N", "D", "N_a", "G", "S"},
     {{"alpha", 0, 3, 0.05, 1.2}, {"beta", 0, 3, 0.05, 1.2}, {"n", -1e6, 1e6, -10, 10}, {"k", -1e6, 1e6, -0.5, 2}, {"h", 1e-12, 1e6, 1e-4, 10}}},
};

const mdm_law *mdm_law_at(size_t i) { return i < sizeof laws / sizeof *laws ? &laws[i] : NULL; }

const mdm_law *mdm_law_find(const char *name) {
  for (size_t i = 0; mdm_law_at(i); i++)
    if (!strcmp(laws[i].name, name)) return &laws[i];
  return NULL;
}
