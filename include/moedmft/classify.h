/* What a parameterization does as the scale grows, from its exponents alone.
 *
 * Every part of every trained matrix scales as n^x with the scale n: x = 0 survives in the limit, x < 0 vanishes, x > 0
 * diverges. From these exponents follow whether a limit exists and which desiderata hold (docs/rules.md defines both).
 */
#ifndef MOEDMFT_CLASSIFY_H
#define MOEDMFT_CLASSIFY_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Parts of a trained matrix. Forward parts are measured against fields of size 1, backward parts against the natural
 * backward fields, which are as large as the readout v = N w_out. */
typedef enum {
  MDM_PART_INITIAL_FORWARD,
  MDM_PART_INITIAL_BACKWARD, /* the drawn matrix, Gaussian */
  MDM_PART_RESPONSE_FORWARD,
  MDM_PART_RESPONSE_BACKWARD, /* its memory of having been used in the other direction */
  MDM_PART_LEARNED_FORWARD,
  MDM_PART_LEARNED_BACKWARD, /* what gradient steps add */
  MDM_CLASS_PARTS
} mdm_class_part;

typedef struct mdm_tensor_class {
  const char *tensor;
  double part[MDM_CLASS_PARTS]; /* exponent; −infinity: absent (starts at zero); NaN: this tensor has no such part */
  double change_of_f;           /* exponent of the change of f that one step of this tensor makes */
  double adam_update;           /* exponent of its learned part under Adam */
  double eps_gap;               /* exponent of Adam's ε less that of the raw gradient's entries */
} mdm_tensor_class;

typedef enum {
  MDM_STABLE,      /* nothing diverges; f and its change per step stay bounded */
  MDM_LEARNS,      /* the learned part of some W_in, Q, W1 or W2 survives */
  MDM_EFFECTIVE,   /* maximal effective updates: every learned part survives */
  MDM_PROPAGATING, /* maximal propagating updates: initial weights as large as each expert by itself allows */
  MDM_BALANCED,    /* balanced aggregation: the initial W1 and W2 survive the average over experts, both ways */
  MDM_ADAM,        /* Adam: updates of size 1, ε as large as the gradients */
  MDM_SELF_AVERAGING, /* no noise that many experts share, or that counted ones have, is read by its sign (top-K, sign, Adam at small ε) */
  MDM_DEPTH,          /* depth: nothing diverges with L, and steps of Q, W1, W2 change f by L^0 */
  MDM_DESIDERATA
} mdm_desideratum;

typedef struct mdm_verdict {
  const char *name;
  int holds;
  char reason[320]; /* the first term that breaks it, or a remark; may be empty */
} mdm_verdict;

enum { MDM_CLASS_TENSORS = 5, MDM_CLASS_HEAD_TENSORS = 2 };

typedef struct mdm_classification {
  const char *regime, *parameterization, *source; /* constant strings */
  double readout;                                 /* exponent of v, at least 0: v learns */
  double f;                                       /* exponent of f at initialization; −infinity: f = 0 */
  mdm_tensor_class tensor[MDM_CLASS_TENSORS];
  int has_moe, has_attention;                     /* Q, W1, W2 mean something; W_qkv and W_O do */
  mdm_tensor_class head[MDM_CLASS_HEAD_TENSORS];  /* W_qkv, W_O */
  mdm_verdict verdict[MDM_DESIDERATA];
  int limit_exists;   /* `solve` has coefficients */
  char obstacle[512]; /* why not */
  int has_depth;      /* a residual stack: exponents of the depth L of what L -> infinity makes of it; NaN for W_in and w_out */
  double depth_stream;                                              /* the branches as drawn, added up */
  double depth_step[MDM_CLASS_TENSORS], depth_own[MDM_CLASS_TENSORS], depth_eps[MDM_CLASS_TENSORS]; /* a step of all blocks changes f, its own product; ε/gradient */
  double depth_head_step[MDM_CLASS_HEAD_TENSORS], depth_head_own[MDM_CLASS_HEAD_TENSORS], depth_head_eps[MDM_CLASS_HEAD_TENSORS]; /* of W_qkv, W_O */
  char crossover[320]; /* Adam: up to which width networks behave as if ε were 0, unlike the limit; empty: they do not */
} mdm_classification;

int mdm_classify(const mdm_config *cfg, mdm_classification *out, mdm_error *err);
/* As malloc'd text. */
int mdm_classification_format(const mdm_classification *c, char **out, mdm_error *err);

/* ---- search ---- */

enum { MDM_SEARCH_STEPS = 11 }; /* exponents −3, −5/2, …, 2 */

/* Exponents of one tensor that satisfy a goal. */
typedef struct mdm_solution_set {
  size_t count;
  double std[MDM_SEARCH_STEPS * MDM_SEARCH_STEPS], lr[MDM_SEARCH_STEPS * MDM_SEARCH_STEPS]; /* pairs */
} mdm_solution_set;

/* Every parameterization in the box that satisfies a goal: one choice from each set. */
typedef struct mdm_search {
  const char *regime, *goal;
  size_t branches;                         /* families of solutions; 0: none */
  int tied;                                /* of the first: W1 and W2 start tied */
  mdm_solution_set set[MDM_CLASS_TENSORS]; /* of the first */
  int has_table; /* the table's row (mup, mssp) is among the solutions; a row that starts at zero counts where any
                    smaller std does */
} mdm_search;

enum { MDM_GOAL_MUP, MDM_GOAL_MSSP, MDM_GOALS };

/* Searches half-integer exponents of initial standard deviations and SGD rates, independently for each tensor, in the
 * regime of the configuration. mup: stable, maximal effective and propagating updates; mssp: stable, maximal effective
 * updates, balanced. */
int mdm_enumerate(const mdm_config *cfg, mdm_search out[MDM_GOALS], mdm_error *err);
int mdm_search_format(const mdm_search search[MDM_GOALS], char **out, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
