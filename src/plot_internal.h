/* What the kinds of pictures share (src/plot.c): formats, small pieces of gnuplot script, and the way a picture is made. */
#ifndef MOEDMFT_PLOT_INTERNAL_H
#define MOEDMFT_PLOT_INTERNAL_H

#include <stdio.h>

#include "file_internal.h"

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

/* That of a picture whose name has been checked. */
const mdm_look *mdm_plot_look(const char *picture);

typedef struct mdm_box {
  double left, right, bottom, top; /* of the axes, as fractions of the page */
} mdm_box;

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
unsigned mdm_plot_colour(size_t k, size_t n);
int mdm_plot_shape(size_t k);
void mdm_plot_terminal(FILE *out, int width, int height, const mdm_look *look); /* pixels */
void mdm_plot_output(FILE *out, const char *target);
/* Terminal, output and multiplot of a page of so many pixels. */
void mdm_plot_begin(FILE *out, const mdm_look *look, int width, int height, const char *target);
/* Margins of the next panel. */
void mdm_plot_place(FILE *out, mdm_box b);
/* A string in gnuplot's single quotes. */
void mdm_plot_quoted(FILE *out, const char *text);
/* "Regime II, MSSP, SGD, soft routing, data: cosine". */
void mdm_plot_title(mdm_file *file, char *title, size_t size);

/* The pictures of a coordinate check (src/plot_coordcheck.c) and of a sweep (src/plot_sweep.c). */
int mdm_plot_coordcheck(const char *path, const char *picture, mdm_error *err);
int mdm_plot_sweep(const char *path, const char *picture, mdm_error *err);

#endif
