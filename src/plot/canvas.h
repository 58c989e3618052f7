/* The drawing kit: formats, and pieces of gnuplot script that pictures share. */
#ifndef MOEDMFT_PLOT_CANVAS_H
#define MOEDMFT_PLOT_CANVAS_H

#include <stddef.h>
#include <stdio.h>

/* Bars and bands of every picture hold the truth as often as two standard errors of a normal distribution; the remark below says so. Numbers after
 * ± are one standard error. */
#define MDM_PLOT_BAND 2.0
#define MDM_PLOT_BARS "bars: ±2 standard errors of the mean over networks"
#define MDM_PLOT_LIMIT_BAND "band: ±2 standard errors of the limit"
#define MDM_PLOT_FEW " (few runs: Student's t)" /* behind the first of these */

/* Standard errors that a bar reaches to each side, when they have so many degrees of freedom (runs - 1; NaN: not known, MDM_PLOT_BAND): by Student's t;
 * 0, no bar, where fewer than MDM_FEWEST_RUNS tell no error. */
double mdm_plot_reach(double freedom);

/* Sizes that make the formats look alike: gnuplot's terminals count fonts and points in units of their own. */
typedef struct mdm_look {
  const char *format; /* also the ending of the picture's name */
  const char *end;    /* with which a complete picture ends, but for a few bytes */
  int font, small, large;
  double marker;
} mdm_look;

typedef struct mdm_range {
  double lo, hi;
  int log;
} mdm_range;

typedef struct mdm_box {
  double left, right, bottom, top; /* of the axes, as fractions of the page */
} mdm_box;

/* By the ending of the picture's name; NULL when it is none of the known ones. */
const mdm_look *mdm_plot_look(const char *picture);

/* Terminal, output, title above and remark below; width and height in pixels. */
void mdm_plot_begin(FILE *out, int width, int height, const mdm_look *look, const char *target, const char *title, const char *remark);
/* After the first plot of the page: the others shall not write title and remark again. */
void mdm_plot_titled(FILE *out);
/* Margins of the next panel. */
void mdm_plot_place(FILE *out, mdm_box b);
/* Axes, ticks and grid of usual panels. */
void mdm_plot_frame(FILE *out);
/* A plot without axes across the page, so that the legend of all panels can never cover data: open writes the beginning of a plot
 * command, the caller ", NaN with STYLE title TEXT" for every entry; close makes titled and frame. spread: gnuplot's "width" of keys. */
void mdm_plot_open_legend(FILE *out, mdm_box b, int spread);
void mdm_plot_close_legend(FILE *out);
/* A string in gnuplot's single quotes. */
void mdm_plot_quoted(FILE *out, const char *text);

/* Makes the range (NaN, NaN at first) hold v, unless v is not finite. */
void mdm_plot_extend(mdm_range *r, double v);
/* Axis for values in r: logarithmic above a decade if it may be. */
mdm_range mdm_plot_axis_range(mdm_range r, int may_log);
/* Titles, scales and ranges of both axes. */
void mdm_plot_axes(FILE *out, const char *x, const char *y, mdm_range rx, mdm_range ry);
/* Ticks of a logarithmic axis ('x' or 'y'), also where powers of ten alone would be too few. */
void mdm_plot_log_tics(FILE *out, char axis, double lo, double hi);
/* "(v, v, v)": ticks at the n values, evenly thinned out to `most` (0: all). */
void mdm_plot_list_tics(FILE *out, const double *value, size_t n, size_t most);

unsigned mdm_plot_colour(double t); /* 0xRRGGBB of the plasma map, t from 0 (dark) to 1 (light) */
/* Colour and gnuplot's point type of width k of n, ascending: narrow networks light, wide ones dark. */
unsigned mdm_plot_width_colour(size_t k, size_t n);
int mdm_plot_shape(size_t k);
/* "pt … lc …" of width k of n. */
void mdm_plot_width_style(FILE *out, const mdm_look *look, size_t k, size_t n);

#endif
