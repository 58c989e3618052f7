/* Spectra of kernels: eigenvalues of ⟨p_μ(t) p_ν(t)⟩/S over samples, sorted, at every time of the grid; the limit as lines, the
 * widest networks as points. */
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/pictures.h"

enum { SHOWN = 6, COLUMNS = 3, CELL_WIDTH = 500, CELL_HEIGHT = 420, TOP = 96, BOTTOM = 42, MOST_TIMES = 6 };

static const double DECADES = 4; /* smallest eigenvalue drawn: 10^-DECADES of the largest; below is noise */

typedef struct {
  const mdm_kernel_name *kernel[SHOWN];
  int shown;
  mdm_pair of;
  const mdm_array *time;
  size_t times, at[MOST_TIMES]; /* indices of the grid that are drawn */
  char title[700];
} figure;

/* ---- eigenvalues ---- */

static const mdm_array *kernel_of(const figure *f, int source, int k) {
  const mdm_array *a = f->of.rec[source] ? mdm_record_find(f->of.rec[source], f->kernel[k]->path) : NULL;
  return a && a->rank == 4 && a->dim[0] == f->time->dim[0] ? a : NULL;
}

/* Largest first, of time t; returns their number, 0 when the time was not reached or memory is out. work: S² + S. */
static size_t eigenvalues(const mdm_array *a, size_t t, double *work) {
  size_t S = a->dim[1];
  double *lambda = work + S * S;
  for (size_t i = 0; i < S; i++)
    for (size_t j = 0; j < S; j++) {
      work[i * S + j] = a->value[((t * S + i) * a->dim[2] + t) * S + j] / (double)S;
      if (!isfinite(work[i * S + j])) return 0;
    }
  if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'N', 'U', (lapack_int)S, work, (lapack_int)S, lambda)) return 0;
  for (size_t i = 0; i < S / 2; i++) {
    double swap = lambda[i];
    lambda[i] = lambda[S - 1 - i], lambda[S - 1 - i] = swap;
  }
  return S;
}

/* One block for each source and time; the largest eigenvalue of all and the smallest that is drawn. */
static void spectrum_data(FILE *out, const figure *f, int k, double *lo, double *hi) {
  *lo = INFINITY, *hi = 0;
  for (int s = 0; s < MDM_PAIR; s++) {
    const mdm_array *a = kernel_of(f, s, k);
    double *work = a ? malloc((a->dim[1] + 1) * a->dim[1] * sizeof *work) : NULL; /* S² + S */
    for (size_t t = 0; t < f->times; t++) {
      size_t n = work ? eigenvalues(a, f->at[t], work) : 0;
      const double *lambda = n ? work + n * n : NULL;
      fprintf(out, "$spectrum_%d_%d_%zu << EOD\n", k, s, t);
      for (size_t i = 0; i < n; i++) {
        if (!(lambda[i] > pow(10, -DECADES) * lambda[0]) || !(lambda[i] > 1e-12)) continue;
        fprintf(out, "%zu %.9g\n", i + 1, lambda[i]);
        *lo = fmin(*lo, lambda[i]), *hi = fmax(*hi, lambda[i]);
      }
      fprintf(out, "EOD\n");
    }
    free(work);
  }
}

/* ---- panels ---- */

/* Early times light, late ones dark. */
static unsigned time_colour(const figure *f, size_t t) {
  return mdm_plot_colour(f->times < 2 ? 0 : 0.82 * (1 - (double)t / (double)(f->times - 1)));
}

static int time_shape(size_t t) {
  static const int shapes[] = {6, 4, 8, 12, 10, 14};
  return shapes[t % (sizeof shapes / sizeof *shapes)];
}

static int rows_of(const figure *f) { return (f->shown + COLUMNS - 1) / COLUMNS; }

static mdm_box box_of(int k, int width, int height) {
  double left = (k % COLUMNS) * CELL_WIDTH + 112, top = height - TOP - (k / COLUMNS) * CELL_HEIGHT - 30;
  return (mdm_box){left / width, (left + CELL_WIDTH - 136) / width, (top - CELL_HEIGHT + 100) / height, top / height};
}

static void panel_axes(FILE *out, const figure *f, int k, double lo, double hi) {
  const mdm_array *a = kernel_of(f, MDM_LIMIT, k) ? kernel_of(f, MDM_LIMIT, k) : kernel_of(f, MDM_WIDEST, k);
  int lowest = k / COLUMNS == rows_of(f) - 1 || k + COLUMNS >= f->shown;
  fprintf(out, "set title 'kernel %s' noenhanced offset 0,-0.6\nset xlabel '%s' offset 0,0.3\nset ylabel '%s' offset 0.5,0\n", f->kernel[k]->symbol,
          lowest ? "index of the eigenvalue" : "", k % COLUMNS ? "" : "eigenvalue");
  fprintf(out, "unset logscale\nset logscale y\nset xrange [0.5:%g]\nset xtics nomirror %d\n", (double)a->dim[1] + 0.5, a->dim[1] > 8 ? 5 : 1);
  fprintf(out, "set yrange [%.6g:%.6g]\nunset mytics\nset format '%%g'\n", lo / 1.5, hi * 1.5);
  mdm_plot_log_tics(out, 'y', lo / 1.5, hi * 1.5);
  fprintf(out, "set ytics nomirror\n");
}

static void draw_panel(FILE *out, const figure *f, const mdm_look *look, int k, int width, int height) {
  double lo, hi;
  spectrum_data(out, f, k, &lo, &hi);
  if (!(hi > 0)) return;
  mdm_plot_place(out, box_of(k, width, height));
  panel_axes(out, f, k, lo, hi);
  fprintf(out, "plot NaN notitle");
  for (size_t t = 0; t < f->times; t++) {
    unsigned colour = time_colour(f, t);
    if (kernel_of(f, MDM_LIMIT, k))
      fprintf(out, ", $spectrum_%d_%d_%zu using 1:2 with linespoints lw 2 pt 7 ps 0.3 lc rgb '#%06x' notitle", k, MDM_LIMIT, t, colour);
    if (kernel_of(f, MDM_WIDEST, k))
      fprintf(out, ", $spectrum_%d_%d_%zu using 1:2 with points pt %d ps %.2f lw 1.5 lc rgb '#%06x' notitle", k, MDM_WIDEST, t, time_shape(t),
              1.1 * look->marker, colour);
  }
  fprintf(out, "\n");
}

/* ---- the page ---- */

static void legend(FILE *out, const figure *f, const mdm_look *look, int height) {
  mdm_plot_open_legend(out, (mdm_box){0.02, 0.98, 1 - (TOP - 4.0) / height, 1 - 40.0 / height}, 1);
  for (size_t t = 0; t < f->times; t++)
    fprintf(out, ", NaN with linespoints lw 2 pt %d ps %.2f lc rgb '#%06x' title 'step %.0f'", time_shape(t), 1.1 * look->marker, time_colour(f, t),
            f->time->value[f->at[t]]);
  mdm_plot_close_legend(out);
}

/* What lines and points are. */
static void remark_of(const figure *f, char *to, size_t size) {
  char networks[48] = "";
  int limit = 0;
  for (int k = 0; k < f->shown; k++) limit |= kernel_of(f, MDM_LIMIT, k) != NULL;
  if (f->of.rec[MDM_WIDEST]) snprintf(networks, sizeof networks, "points: networks, N = %ld", f->of.width);
  snprintf(to, size, "%s%s%s", limit ? "lines: N = ∞ (DMFT)" : "", limit && *networks ? ";  " : "", networks);
}

static void draw(FILE *out, const void *figure_, const mdm_look *look, const char *target) {
  const figure *f = figure_;
  char remark[128];
  int columns = f->shown < COLUMNS ? f->shown : COLUMNS, width = columns * CELL_WIDTH + 20, height = TOP + BOTTOM + rows_of(f) * CELL_HEIGHT;
  if (width < 900) width = 900;
  remark_of(f, remark, sizeof remark);
  mdm_plot_begin(out, width, height, look, target, f->title, remark);
  legend(out, f, look, height);
  for (int k = 0; k < f->shown; k++) draw_panel(out, f, look, k, width, height);
}

/* ---- reading ---- */

/* All times of a short grid, else evenly chosen ones with the first and the last. */
static void choose_times(figure *f) {
  size_t n = f->time->dim[0];
  f->times = n <= MOST_TIMES ? n : MOST_TIMES;
  for (size_t i = 0; i < f->times; i++) f->at[i] = f->times < 2 ? 0 : i * (n - 1) / (f->times - 1);
}

/* Kernels that hold something, in their order. */
static void keep_present(figure *f) {
  int kept = 0;
  for (int k = 0; k < f->shown; k++)
    if (kernel_of(f, MDM_LIMIT, k) || kernel_of(f, MDM_WIDEST, k)) f->kernel[kept++] = f->kernel[k];
  f->shown = kept;
}

static void choose_kernels(figure *f, const char *field) {
  static const char *const usual[SHOWN] = {"h", "y", "a", "rho", "gamma", "delta"};
  f->shown = field ? 1 : SHOWN;
  for (int k = 0; k < f->shown; k++) f->kernel[k] = mdm_kernel_find(&mdm_kernels, field ? field : usual[k]);
}

static int read_kernels(mdm_file *file, const char *field, void *figure_, mdm_error *err) {
  figure *f = figure_;
  const char *paths[SHOWN + 1] = {"kernels/time"};
  char title[512];
  choose_kernels(f, field);
  for (int k = 0; k < f->shown; k++) paths[k + 1] = f->kernel[k]->path;
  int status = mdm_plot_read_pair(file, paths, (size_t)f->shown + 1, &f->of, err);
  if (status) return status;
  for (int s = MDM_PAIR - 1; s >= 0; s--)
    if (f->of.rec[s] && mdm_record_find(f->of.rec[s], paths[0])) f->time = mdm_record_find(f->of.rec[s], paths[0]);
  if (f->time) keep_present(f);
  if (!f->time || !f->shown) return mdm_plot_lacks(file, &mdm_picture_spectra.needs, err);
  choose_times(f);
  mdm_plot_title(file, title, sizeof title);
  snprintf(f->title, sizeof f->title, "Spectra of kernels: %s", title);
  return MDM_OK;
}

static void release(void *figure_) { mdm_plot_release_pair(&((figure *)figure_)->of); }

const mdm_picture mdm_picture_spectra = {
    .about = {"spectra", "eigenvalues of kernels over time, limit and widest networks", "which kernel (default: six of them)"},
    .needs = {"kernels", "kernels", "run again with -s output.kernels=true"},
    .fields = &mdm_kernels,
    .size = sizeof(figure),
    .read = read_kernels,
    .draw = draw,
    .release = release,
};
