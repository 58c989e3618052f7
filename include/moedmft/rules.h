/* A parameterization at given sizes, in numbers: what a training program needs to set up the network of docs/theory.md.
 */
#ifndef MOEDMFT_RULES_H
#define MOEDMFT_RULES_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MDM_RULE_TENSORS = 9, MDM_LAW_SIZE = 256 };

/* One tensor W. The network uses multiplier × W; rates act on W and on the raw gradients of a loss that is a mean over
 * samples. */
typedef struct mdm_tensor_rule {
  const char *tensor; /* "W_in"; of attention blocks "W_Q", "W_K", "W_V", "W_O"; of MoE blocks "Q", "W1", "W2"; "w_out" */
  double
      init_std; /* standard deviation of an initial entry, model.init.* and model.readout_std included; 0: zero start */
  double multiplier; /* forward multiplier */
  double lr;         /* rate for train.optimizer: one of the next two */
  double sgd_lr;     /* train.lr × train.lr_multiplier.* × power of the sizes */
  double adam_lr;    /* likewise */
  double adam_eps;   /* per unit base ε: multiply by yours */
  int tied;          /* all experts start from the same draw */
  char init_law[MDM_LAW_SIZE], multiplier_law[MDM_LAW_SIZE], sgd_law[MDM_LAW_SIZE], adam_law[MDM_LAW_SIZE],
      eps_law[MDM_LAW_SIZE]; /* the powers of the sizes alone: "M^1/2 Ne^-1/2"; "0" for a zero start */
} mdm_tensor_rule;

typedef struct mdm_rules {
  const char *regime, *parameterization, *source; /* constant strings */
  char optimizer[32];
  double D, N, Ne, M, K; /* input dimension, stream width, expert width, experts, active experts (with shared experts: of the routed) */
  double L, branch;      /* layers of residual blocks, factor of every block's output; L = 0: no residual stack */
  double H, dk, groups;  /* attention: heads, their width, groups of heads that share keys and values; 0: no block attends. In laws of W_O "d_k"
                            stands for the width of a group's output, in all of attention "H" for the number of groups */
  size_t tensors;        /* in the order of the network; without attention W_in, Q, W1, W2, w_out */
  mdm_tensor_rule tensor[MDM_RULE_TENSORS];
} mdm_rules;

/* Rules of a network of stream width N = width for inputs of the given dimension. MDM_ERR_CONFIG: the width leaves no
 * expert or no neuron, options contradict each other, or a rule overflows. */
int mdm_rules_compute(const mdm_config *cfg, size_t dimension, size_t width, mdm_rules *out, mdm_error *err);

/* The rules as malloc'd text, a line each or a document: format is "text", "json" (keyed by tensor, plus "sizes") or
 * "csv". */
int mdm_rules_format(const mdm_rules *rules, const char *format, char **out, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
