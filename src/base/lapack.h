/* LAPACK calls with what they leave unchecked: sizes that their integers hold, entries and results that are finite.
 *
 * LAPACKE asks for the workspace by a number that comes back as a real of the matrix' precision: in single precision it is rounded down
 * below what the eigensolver demands from n = 2,895 on. And given NaN or infinity, some libraries' Cholesky factorization and eigensolver
 * report success.
 */
#ifndef MOEDMFT_LAPACK_H
#define MOEDMFT_LAPACK_H

#include <stddef.h>

/* All matrices are column-major. Each function returns NULL, or a few words that say why it failed, for the caller's message: "the matrix is
 * not finite", "the matrix is not positive definite", "the eigensolver did not converge", "memory is out", "more rows than LAPACK's …". */

/* Eigenvalues w (n, ascending) and orthonormal eigenvectors (columns of a) of the symmetric matrix whose lower triangle is in a (n × n). */
const char *mdm_eigen_f64(size_t n, double *a, double *w);
const char *mdm_eigen_f32(size_t n, float *a, float *w);
/* Cholesky factor, in the lower triangle of a (n × n), of the matrix whose lower triangle is there. */
const char *mdm_cholesky_f64(size_t n, double *a);
const char *mdm_cholesky_f32(size_t n, float *a);
/* b (n × m) ← a⁻¹ b; a (n × n): symmetric, positive definite, its lower triangle, replaced by its Cholesky factor. */
const char *mdm_solve_f64(size_t n, size_t m, double *a, double *b);
/* QR factorization of a (m × n): R in its upper triangle. tau: min(m, n). */
const char *mdm_qr_f64(size_t m, size_t n, double *a, double *tau);

#endif
