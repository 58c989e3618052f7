/* Curves over training steps, of the limit and of networks of every width, and their legend. */
#ifndef MOEDMFT_PLOT_CURVES_H
#define MOEDMFT_PLOT_CURVES_H

#include <moedmft/file.h>
#include <stdio.h>

#include "plot/canvas.h"

/* A quantity that is drawn against the training step. */
typedef struct mdm_curve {
  const char *path, *step; /* dataset and the steps of its entries; step NULL: 0, 1, 2, … */
  const char *title;
  int may_log;
} mdm_curve;

typedef struct mdm_source {
  long width;   /* 0: the limit */
  double reach; /* of its bars, in standard errors */
  mdm_record *rec;
} mdm_source;

/* What a file holds of some curves. */
typedef struct mdm_curves {
  const mdm_curve *curve; /* n_curves of them */
  int n_curves;
  mdm_source *sources; /* n of them, the limit first when there is one */
  size_t n;
  int has_limit;
} mdm_curves;

/* Curves of the limit and of every width; curve and n_curves are given, the rest zero. Release in any case. */
int mdm_curves_read(mdm_file *file, mdm_curves *c, mdm_error *err);
void mdm_curves_release(mdm_curves *c);
size_t mdm_curves_widths(const mdm_curves *c); /* sources but the limit */

/* Whether any source has values of this curve. */
int mdm_curves_has(const mdm_curves *c, int curve);
/* Its panel, with axes; the curve must have values. */
void mdm_curves_draw(FILE *out, const mdm_look *look, const mdm_curves *c, int curve, mdm_box b);
/* Legend of limit and widths below the title, then what all panels share. height: pixels of the page, MDM_CURVES_HEADER of them for
 * title and legend. */
enum { MDM_CURVES_HEADER = 96 };
void mdm_curves_legend(FILE *out, const mdm_look *look, const mdm_curves *c, int height);
/* A page of two by two panels, in pixels, and the box of one of them. */
enum { MDM_CURVES_PANEL_WIDTH = 700, MDM_CURVES_PANEL_HEIGHT = 440, MDM_CURVES_FOOTER = 42 };
enum { MDM_CURVES_PAGE_WIDTH = 2 * MDM_CURVES_PANEL_WIDTH + 20, MDM_CURVES_PAGE_HEIGHT = MDM_CURVES_HEADER + MDM_CURVES_FOOTER + 2 * MDM_CURVES_PANEL_HEIGHT };
mdm_box mdm_curves_quarter(int column, int row);
/* "pt … lc …" of width k, the sources but the limit. */
void mdm_curves_style(FILE *out, const mdm_look *look, const mdm_curves *c, size_t k);

#endif
