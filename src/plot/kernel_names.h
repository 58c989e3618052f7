/* Kernels by the words of --field. */
#ifndef MOEDMFT_PLOT_KERNEL_NAMES_H
#define MOEDMFT_PLOT_KERNEL_NAMES_H

#include <stddef.h>

typedef struct mdm_kernel_name {
  const char *field, *path, *symbol; /* "h", "kernels/Q/forward", "⟨h h⟩" */
} mdm_kernel_name;

typedef struct mdm_kernel_list {
  const mdm_kernel_name *name; /* n */
  size_t n;
} mdm_kernel_list;

enum { MDM_TANGENTS = 6 };

extern const mdm_kernel_list mdm_kernels;  /* of activations and gradients */
extern const mdm_kernel_list mdm_tangents; /* the tangent kernel and its parts by matrix, MDM_TANGENTS */

/* NULL when the list has no such word. */
const mdm_kernel_name *mdm_kernel_find(const mdm_kernel_list *list, const char *field);

#endif
