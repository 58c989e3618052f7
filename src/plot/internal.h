/* What the kinds of pictures share (src/plot/plot.c): formats, small pieces of gnuplot script, and the way a picture is made. */
#ifndef MOEDMFT_PLOT_INTERNAL_H
#define MOEDMFT_PLOT_INTERNAL_H

#include <stdio.h>

#include "file/internal.h"

/* Sizes that make the formats look alike: gnuplot's terminals count fonts and points in units of their own. */
typedef struct mdm_look {
  const char *format; /* also the ending of the picture's name */
  const char *end;    /* with which a complete picture ends, but for a few bytes */
  int font, small, large;
  double marker;
} mdm_look;

typedef struct {
  double lo, hi;
  int log;
} mdm_range;

typedef struct mdm_box {
  double left, right, bottom, top; /* of the axes, as fractions of the page */
} mdm_box;

/* A quantity that is drawn against the training step. */
typedef struct mdm_curve {
  const char *path, *step; /* dataset and the steps of its entries; step NULL: 0, 1, 2, … */
  const char *title;
  int may_log;
} mdm_curve;

typedef struct mdm_source {
  long width; /* 0: the limit */
  mdm_record *rec;
} mdm_source;

/* What a file holds of some curves. */
typedef struct mdm_figure {
  const mdm_look *look;
  const mdm_curve *curve; /* curves of them */
  int curves;
  mdm_source *sources; /* n of them, the limit first when there is one */
  size_t n;
  int has_limit;
  char title[512];
} mdm_figure;

/* By the ending of the name, which must have been checked. */
const mdm_look *mdm_plot_look(const char *picture);
/* The largest width that the file holds networks of; 0: none. */
int mdm_plot_widest(mdm_file *file, long *width, mdm_error *err);
/* Curves of the limit and of every width; release in any case. */
int mdm_plot_read(mdm_file *file, mdm_figure *fig, mdm_error *err);
void mdm_plot_release(mdm_figure *fig);
/* One panel; nothing where no source has values. Returns whether there are any. */
int mdm_plot_has_curve(const mdm_figure *fig, int curve);
void mdm_plot_curve(FILE *out, const mdm_figure *fig, int curve, mdm_box b);
/* Legend of limit and widths below the title, then what all panels share (border, tics, grid). height: pixels of the page. */
void mdm_plot_legend(FILE *out, const mdm_figure *fig, int height);
/* "pt … lc …" of width k of n: narrow networks light, wide ones dark. */
void mdm_plot_width_style(FILE *out, const mdm_look *look, size_t k, size_t n);
unsigned mdm_plot_colour(double t); /* of the plasma map, t from 0 (dark) to 1 (light) */
/* Terminal, output, title above and remark below; unset both labels after the first plot of the page. */
void mdm_plot_begin(FILE *out, int width, int height, const mdm_look *look, const char *target, const char *title, const char *remark);

/* Writes the whole script of a figure; `target` is the file that gnuplot shall write. */
typedef void mdm_plot_writer(FILE *out, const void *figure, const mdm_look *look, const char *target);
/* Runs gnuplot on the script, under a temporary name, and gives the picture its name. The name must have been checked. */
int mdm_plot_draw(mdm_plot_writer *write, const void *figure, const char *picture, mdm_error *err);

/* Makes the range (NaN, NaN at first) hold v, unless v is not finite. */
void mdm_plot_extend(mdm_range *r, double v);
/* Axis for values in r: logarithmic above a decade if it may be. */
mdm_range mdm_plot_axis_range(mdm_range r, int may_log);
/* Tics of a logarithmic axis ('x' or 'y'), also where powers of ten alone would be too few. */
void mdm_plot_log_tics(FILE *out, char axis, double lo, double hi);
/* Colour 0xRRGGBB and gnuplot's point type of width k of n, ascending. */
unsigned mdm_plot_width_colour(size_t k, size_t n);
int mdm_plot_shape(size_t k);
void mdm_plot_terminal(FILE *out, int width, int height, const mdm_look *look); /* pixels */
void mdm_plot_output(FILE *out, const char *target);
/* Margins of the next panel. */
void mdm_plot_place(FILE *out, mdm_box b);
/* A string in gnuplot's single quotes. */
void mdm_plot_quoted(FILE *out, const char *text);
/* "Regime II, MSSP, SGD, soft routing, data: cosine". */
void mdm_plot_title(mdm_file *file, char *title, size_t size);

/* Pictures of `moedmft plot --what` (moedmft/file.h); field: NULL, or as given. */
int mdm_plot_kernels(const char *path, const char *picture, const char *field, mdm_error *err);
int mdm_plot_ntk(const char *path, const char *picture, const char *field, mdm_error *err);
int mdm_plot_spectra(const char *path, const char *picture, const char *field, mdm_error *err);
int mdm_plot_rates(const char *path, const char *picture, const char *field, mdm_error *err);
int mdm_plot_router(const char *path, const char *picture, const char *field, mdm_error *err);

/* Kernels by the name of their field (src/plot/kernel.c). */
typedef struct mdm_kernel_name {
  const char *field, *path, *symbol; /* "h", "kernels/Q/forward", "⟨h h⟩" */
} mdm_kernel_name;
const mdm_kernel_name *mdm_kernel_names(size_t *n);
/* NULL: err tells which names are allowed. */
const mdm_kernel_name *mdm_kernel_find(const char *field, mdm_error *err);

/* The pictures of a coordinate check (src/plot/coordcheck.c) and of a sweep (src/plot/sweep.c). */
int mdm_plot_coordcheck(const char *path, const char *picture, mdm_error *err);
int mdm_plot_sweep(const char *path, const char *picture, mdm_error *err);

#endif
