/* What pictures share (src/plot.c): axes, styles of widths, and the way to gnuplot. */
#ifndef MOEDMFT_PLOT_INTERNAL_H
#define MOEDMFT_PLOT_INTERNAL_H

#include <stdio.h>

#include "file_internal.h"

/* Sizes that make the formats look alike: gnuplot's terminals count fonts and points in units of their own. */
typedef struct {
  const char *format; /* also the ending of the picture's name */
  const char *end;    /* with which a complete picture ends, but for a few bytes */
  int font, small, large;
  double marker;
} look;

typedef struct {
  double lo, hi;
  int log;
} range;

typedef struct {
  double left, right, bottom, top; /* of the axes, as fractions of the page */
} box;

/* Makes the range (NaN, NaN at first) hold v, unless v is not finite. */
void mdm_plot_extend(range *r, double v);
/* Axis for values in r: logarithmic above a decade if it may be. */
range mdm_plot_axis_range(range r, int may_log);
/* Tics of a logarithmic axis ('x' or 'y'), also where powers of ten alone would be too few. */
void mdm_plot_log_tics(FILE *out, char axis, double lo, double hi);
/* Colour 0xRRGGBB and gnuplot's point type of width k of n, ascending. */
unsigned mdm_plot_colour(size_t k, size_t n);
int mdm_plot_shape(size_t k);
/* Margins of the next panel. */
void mdm_plot_place(FILE *out, box b);
/* A string in gnuplot's single quotes. */
void mdm_plot_quoted(FILE *out, const char *s);
/* Terminal, output and multiplot of a page of so many pixels. */
void mdm_plot_begin(FILE *out, const look *l, int width, int height, const char *picture);

/* Writes the gnuplot script of a picture that goes to the file `picture`. */
typedef void (*mdm_plot_script)(FILE *out, const void *context, const char *picture);
/* Draws; the file appears whole or not at all. */
int mdm_plot_picture(const look *l, mdm_plot_script script, const void *context, const char *picture, mdm_error *err);

/* plot_sweep.c: the picture of a sweep. */
int mdm_plot_sweep(const char *path, const look *l, const char *picture, mdm_error *err);

#endif
