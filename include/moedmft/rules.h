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

enum { MDM_RULE_TENSORS = 16, MDM_LAW_SIZE = 256, MDM_RULE_PARTS = 7, MDM_RULE_PROMISES = 5 };

/* One tensor W. The network uses multiplier × W; rates act on W and on the raw gradients of a loss that is a mean over
 * samples. */
typedef struct mdm_tensor_rule {
  const char *tensor; /* "W_in"; of attention blocks "W_Q", "W_K", "W_V", "W_O"; of MoE blocks "Q", "W1", "W2"; "w_out"; of a whole transformer also
                         "position", "norm", "dense_W1", "dense_W2", "shared_W1", "shared_W2", "norm_out" */
  const char *role;   /* what it is called elsewhere: "embedding", "router", … */
  char source[2 * MDM_LAW_SIZE]; /* where the row is from */
  double
      init_std; /* standard deviation of an initial entry, model.init.* and model.readout_std included; 0: zero start */
  double multiplier; /* forward multiplier */
  double lr;         /* rate for train.optimizer: one of the next two */
  double sgd_lr;     /* train.lr × train.lr_multiplier.* × power of the sizes */
  double adam_lr;    /* likewise */
  double adam_eps;   /* per unit base ε: multiply by yours */
  double eps;        /* Adam's ε: adam_eps × train.adam.eps */
  double weight_decay; /* as PyTorch's parameter groups take it: a step of rate lr shrinks the tensor by lr × weight_decay; 0 without decay and of gains */
  double init_mean;  /* 1 for gains of norms, which are not drawn; else 0 */
  int tied;          /* all experts start from the same draw */
  double predicted[MDM_RULE_PARTS]; /* exponents, in the scale, of the parts of the tensor's product after a few steps of train.optimizer: init, propagating,
                        effective, cross, learned, update, total (docs/coordinate-check.md); −infinity: absent; NaN: no prediction */
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
  double F;              /* of a whole transformer: width of a dense feed-forward block; else 0 */
  int relative;          /* numbers are ratios to those of a base; laws are not */
  int promised[MDM_RULE_PROMISES]; /* desiderata that hold by the exponents (moedmft/classify.h): stability, feature learning, maximal effective and propagating
                            updates, balanced aggregation */
  size_t tensors;        /* in the order of the network; without attention W_in, Q, W1, W2, w_out */
  mdm_tensor_rule tensor[MDM_RULE_TENSORS];
} mdm_rules;

/* Rules of a network of stream width N = width for inputs of the given dimension. MDM_ERR_CONFIG: the width leaves no
 * expert or no neuron, options contradict each other, or a rule overflows. */
int mdm_rules_compute(const mdm_config *cfg, size_t dimension, size_t width, mdm_rules *out, mdm_error *err);

/* Rules of a whole transformer of stream width N = width, also of tensors that the network of cfg does not have: embedding and positions (one-hot inputs,
 * so D = 1), gains of norms, attention with heads of head_width (0: model.head_width), a dense feed-forward block of 4N neurons, router, experts, shared
 * experts, unembedding. Every matrix is a plain linear layer: W_O acts on the concatenated heads without the factor 1/H. Rows that the named
 * parameterization does not have are those of hidden weights and of vectors (Yang et al. 2022, arXiv 2203.03466, Table 3), with its powers of the depth. */
int mdm_rules_transformer(const mdm_config *cfg, size_t width, size_t head_width, mdm_rules *out, mdm_error *err);

/* Divides the numbers of rules by those of base, tensor by tensor. MDM_ERR_CONFIG: base lacks a tensor, or has a number that is zero and the rules' not. */
int mdm_rules_divide(mdm_rules *rules, const mdm_rules *base, mdm_error *err);

/* The rules as malloc'd text, a line each or a document: format is "text", "json" (keyed by tensor, plus "sizes"), "csv" or "latex" (a tabular of the
 * powers). */
int mdm_rules_format(const mdm_rules *rules, const char *format, char **out, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
