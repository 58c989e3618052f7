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

typedef struct mdm_box {
  double left, right, bottom, top; /* of the axes, as fractions of the page */
} mdm_box;

/* Writes the whole script of a figure; `target` is the file that gnuplot shall write. */
typedef void mdm_plot_writer(FILE *out, const void *figure, const mdm_look *look, const char *target);
/* Runs gnuplot on the script, under a temporary name, and gives the picture its name. The name must have been checked. */
int mdm_plot_draw(mdm_plot_writer *write, const void *figure, const char *picture, mdm_error *err);

void mdm_plot_terminal(FILE *out, int width, int height, const mdm_look *look); /* pixels */
void mdm_plot_output(FILE *out, const char *target);
void mdm_plot_place(FILE *out, mdm_box b);
void mdm_plot_quoted(FILE *out, const char *text);
/* Labels of a logarithmic axis ('x', 'y') from lo to hi. */
void mdm_plot_log_tics(FILE *out, char axis, double lo, double hi);
/* "Regime II, MSSP, SGD, soft routing, data: cosine". */
void mdm_plot_title(mdm_file *file, char *title, size_t size);

/* The picture of a coordinate check (src/plot_coordcheck.c). */
int mdm_plot_coordcheck(const char *path, const char *picture, mdm_error *err);

#endif
