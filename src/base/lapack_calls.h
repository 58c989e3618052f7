/* The calls that exist in both precisions: included by lapack.c for each, with REAL, NAME(x) and CALL(x) defined. */

static int NAME(lower_is_finite)(size_t n, const REAL *a) {
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i < n; i++)
      if (!isfinite(a[i + n * j])) return 0;
  return 1;
}

static int NAME(all_finite)(size_t n, const REAL *a) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(a[i])) return 0;
  return 1;
}

/* Room that syevd demands: what it says, or, where that was rounded, what its documentation says (1 + 6 n + 2 n²). */
static int NAME(eigen_room)(size_t n, REAL *a, REAL *w, lapack_int *reals, lapack_int *integers) {
  REAL said = 0;
  lapack_int info = CALL(syevd_work)(LAPACK_COL_MAJOR, 'V', 'L', (lapack_int)n, a, (lapack_int)n, w, &said, -1, integers, -1);
  double least = 1 + 6 * (double)n + 2 * (double)n * (double)n;
  *reals = (lapack_int)((double)said > least ? (double)said : least);
  return info == 0;
}

const char *NAME(mdm_eigen)(size_t n, REAL *a, REAL *w) {
  lapack_int reals, integers;
  if (!n) return NULL;
  if (n > MOST_EIGEN) return "more rows than LAPACK's 32-bit workspace allows (32,766)";
  if (!NAME(lower_is_finite)(n, a)) return "the matrix is not finite";
  if (!NAME(eigen_room)(n, a, w, &reals, &integers)) return "the eigensolver refused its arguments";
  REAL *work = mdm_alloc((size_t)reals, 1, 1, sizeof *work);                     /* reals */
  lapack_int *more = mdm_alloc((size_t)integers, 1, 1, sizeof *more), info = -1; /* integers */
  if (work && more) info = CALL(syevd_work)(LAPACK_COL_MAJOR, 'V', 'L', (lapack_int)n, a, (lapack_int)n, w, work, reals, more, integers);
  int room = work && more;
  free(work);
  free(more);
  if (!room) return "memory is out";
  if (info) return "the eigensolver did not converge";
  return NAME(all_finite)(n, w) ? NULL : "an eigenvalue is not finite";
}

const char *NAME(mdm_cholesky)(size_t n, REAL *a) {
  if (!n) return NULL;
  if (n > MOST) return TOO_MANY;
  if (!NAME(lower_is_finite)(n, a)) return "the matrix is not finite";
  if (CALL(potrf_work)(LAPACK_COL_MAJOR, 'L', (lapack_int)n, a, (lapack_int)n)) return "the matrix is not positive definite";
  return NAME(lower_is_finite)(n, a) ? NULL : "its factor is not finite";
}
