/* Which vector instructions to use. */
#ifndef MOEDMFT_PROCESSOR_H
#define MOEDMFT_PROCESSOR_H

#include <moedmft/error.h>

typedef enum { MDM_VECTORS_PLAIN, MDM_VECTORS_AVX2, MDM_VECTORS_AVX512, MDM_VECTORS_COUNT } mdm_vectors; /* each has those before it */

/* The environment variable that asks for fewer than the processor has: one of the names below. */
#define MDM_VECTORS_VARIABLE "MOEDMFT_VECTORS"

/* "plain", "avx2", "avx512". */
const char *mdm_vectors_name(mdm_vectors v);

/* The most that this processor and its operating system support: AVX2 counts with FMA only. */
mdm_vectors mdm_vectors_supported(void);

/* What is used: the most supported, or fewer where the variable says so; found out once, at the first call. A value that is no name, or asks for
 * more than there is, changes nothing; mdm_vectors_check tells. */
mdm_vectors mdm_vectors_used(void);

/* Whether the variable is unset, empty, or says something that can be done; MDM_ERR_CONFIG otherwise. */
int mdm_vectors_check(mdm_error *err);

#endif
