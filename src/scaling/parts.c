/* Names of the refined coordinate check (parts.h). */
#include "scaling/parts.h"

static const char *const part_names[MDM_PARTS_COUNT] = {"init", "propagating", "effective", "cross", "learned", "update", "total"};

static const struct {
  const char *path, *symbol, *in_stack; /* in_stack NULL: as symbol */
  mdm_tensor tensor;
} splits[MDM_SPLITS] = {
    [MDM_SPLIT_Z] = {"W_in/forward", "z = W_in x", NULL, MDM_W_IN},
    [MDM_SPLIT_PSI] = {"Q/forward", "psi = Q h", "psi = Q n", MDM_Q},
    [MDM_SPLIT_U] = {"W1/forward", "u = W1 h", "u = W1 n", MDM_W1},
    [MDM_SPLIT_A] = {"W2/forward", "a = W2 y", NULL, MDM_W2},
    [MDM_SPLIT_F] = {"w_out/forward", "f = v a", "f = v o", MDM_W_OUT},
    [MDM_SPLIT_DELTA] = {"w_out/backward", "delta = v e", NULL, MDM_W_OUT},
    [MDM_SPLIT_B] = {"W2/backward", "b = W2^T delta", "b = W2^T r", MDM_W2},
    [MDM_SPLIT_RQ] = {"Q/backward", "Q^T rho", NULL, MDM_Q},
    [MDM_SPLIT_R1] = {"W1/backward", "W1^T gamma", NULL, MDM_W1},
    [MDM_SPLIT_R] = {"r/backward", "r = Q^T rho + W1^T gamma", "zeta = Q^T rho + W1^T gamma", MDM_TENSORS},
    [MDM_SPLIT_STREAM] = {"stream/forward", "h^L - h^0", NULL, MDM_TENSORS},
};

const char *mdm_part_name(mdm_part_kind part) { return part_names[part]; }
const char *mdm_split_path(mdm_split split) { return splits[split].path; }
const char *mdm_split_symbol(mdm_split split) { return splits[split].symbol; }
mdm_tensor mdm_split_tensor(mdm_split split) { return splits[split].tensor; }
int mdm_split_is_backward(mdm_split split) { return split >= MDM_SPLIT_DELTA && split <= MDM_SPLIT_R; }
int mdm_split_count(int residual) { return residual ? MDM_SPLITS : MDM_SPLIT_STREAM; }
int mdm_split_in_block(mdm_split split) {
  return split != MDM_SPLIT_Z && split != MDM_SPLIT_F && split != MDM_SPLIT_DELTA && split != MDM_SPLIT_STREAM;
}
const char *mdm_split_symbol_in_stack(mdm_split split) { return splits[split].in_stack ? splits[split].in_stack : splits[split].symbol; }
