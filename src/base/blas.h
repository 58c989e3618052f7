/* What threads may ask of the BLAS library.
 *
 * Threads take runs, and fixed pieces of them, and results must not depend on how many threads or processors there are: BLAS calls of a run stay
 * on its thread. Flavours of OpenBLAS differ in how they are told (docs/faq.md): the pthread flavour once for all threads, the OpenMP one in
 * every thread. The serial flavour hands its buffers out without a lock: two threads must not be in it at a time. */
#ifndef MOEDMFT_BLAS_H
#define MOEDMFT_BLAS_H

#include <stddef.h>

/* From now on BLAS calls stay on the thread that makes them; returns what mdm_blas_leave takes to undo it, on the same thread. */
int mdm_blas_enter(void);
void mdm_blas_leave(int before);
/* The same for a thread that was started since, for good; other threads may be in BLAS meanwhile. */
void mdm_blas_join(void);
/* What the library computes with on this processor ("Haswell"): another kernel gives other last digits. */
const char *mdm_blas_kernel(void);
/* "OpenBLAS's kernel K and vectors V": what decides the last digits. */
void mdm_arithmetic(char *out, size_t size);
/* Whether several threads may call BLAS at a time. */
int mdm_blas_is_reentrant(void);

#endif
