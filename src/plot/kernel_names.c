/* Kernels by the words of --field (plot/kernel_names.h). */
#include "plot/kernel_names.h"

#include <string.h>

static const mdm_kernel_name kernels[] = {
    {"x", "kernels/W_in/forward", "⟨x x⟩"},      {"h", "kernels/Q/forward", "⟨h h⟩"},
    {"y", "kernels/W2/forward", "⟨y y⟩"},        {"a", "kernels/w_out/forward", "⟨a a⟩"},
    {"r", "kernels/W_in/backward", "⟨rφ′ rφ′⟩"}, {"rho", "kernels/Q/backward", "⟨ρ ρ⟩"},
    {"gamma", "kernels/W1/backward", "⟨γ γ⟩"},   {"delta", "kernels/W2/backward", "⟨δ δ⟩"},
    {"e", "kernels/w_out/backward", "e·e"}};

static const mdm_kernel_name tangents[MDM_TANGENTS] = {
    {"total", "statistics/ntk/total", "Θ"},   {"W_in", "statistics/ntk/W_in", "Θ of W_in"},
    {"Q", "statistics/ntk/Q", "Θ of Q"},      {"W1", "statistics/ntk/W1", "Θ of W1"},
    {"W2", "statistics/ntk/W2", "Θ of W2"},   {"w_out", "statistics/ntk/w_out", "Θ of w_out"}};

const mdm_kernel_list mdm_kernels = {kernels, sizeof kernels / sizeof *kernels};
const mdm_kernel_list mdm_tangents = {tangents, MDM_TANGENTS};

const mdm_kernel_name *mdm_kernel_find(const mdm_kernel_list *list, const char *field) {
  for (size_t i = 0; i < list->n; i++)
    if (!strcmp(list->name[i].field, field)) return &list->name[i];
  return NULL;
}
