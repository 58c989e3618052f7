/* The grid of a sweep: lists of values of options, from text. */
#ifndef MOEDMFT_GRID_H
#define MOEDMFT_GRID_H

#include <moedmft/config.h>

enum { MDM_GRID_AXES = 3 }; /* at most: two, and model.parameterization */

typedef struct mdm_axis {
  const mdm_option *option;
  size_t n;
  char **text;   /* n: values as mdm_config_format writes them */
  double *value; /* n: numbers; 0 … n−1 where the option holds no number */
  int numeric;   /* value holds numbers */
} mdm_axis;

typedef struct mdm_grid {
  size_t axes;
  mdm_axis axis[MDM_GRID_AXES];
} mdm_grid;

/* Reads the axes "KEY=VALUES" (moedmft/sweep.h); cfg serves to check every value and is not changed. */
int mdm_grid_read(const mdm_config *cfg, const char *const *over, size_t n, mdm_grid *out, mdm_error *err);
void mdm_grid_clear(mdm_grid *g);
size_t mdm_grid_points(const mdm_grid *g);
/* Index on axis a of a point (row-major). */
size_t mdm_grid_index(const mdm_grid *g, size_t point, size_t a);
/* Axis with this key, or −1. */
long mdm_grid_find(const mdm_grid *g, const char *key);
/* Index of a value, as mdm_config_format writes it; n: there is none. */
size_t mdm_axis_find(const mdm_axis *axis, const char *text);
/* Whether its option is a seed, whose values have no order. */
int mdm_axis_is_seed(const mdm_axis *axis);
/* Sets the options of a point. */
int mdm_grid_apply(const mdm_grid *g, size_t point, mdm_config *cfg, mdm_error *err);
/* The axis in the form that mdm_grid_read takes, malloc'd; NULL when out of memory. */
char *mdm_grid_text(const mdm_axis *axis);

#endif
