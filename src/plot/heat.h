/* Heat maps of a kernel at its last time: limit, widest networks and their difference, side by side. */
#ifndef MOEDMFT_PLOT_HEAT_H
#define MOEDMFT_PLOT_HEAT_H

#include <moedmft/file.h>
#include <stdio.h>

#include "plot/canvas.h"
#include "plot/kernel_names.h"
#include "plot/source.h"

/* Pixels: a map with its labels and its margins, of which MDM_HEAT_MAP is the map itself; above and below the maps. */
enum { MDM_HEAT_PANEL = 430, MDM_HEAT_MAP = MDM_HEAT_PANEL - 150, MDM_HEAT_TOP = 104, MDM_HEAT_BOTTOM = 76, MDM_HEAT_SAMPLES = 64 };

typedef struct mdm_heat {
  const mdm_kernel_name *name;
  const char *time; /* dataset with the times of the kernel's grid */
  mdm_pair of;
  size_t samples, last; /* last: index of the time drawn */
  double step;          /* there */
  size_t order[MDM_HEAT_SAMPLES];
  int ordered, edge[MDM_HEAT_SAMPLES]; /* by target; edge[i]: another target begins at i */
  char title[700];
} mdm_heat;

typedef struct mdm_heat_page {
  int left, right, width, height; /* pixels; the maps stand from left to right */
} mdm_heat_page;

/* Reads n datasets of limit and widest networks, among them f->name->path and f->time. kind: begins the title, "Kernel". needs: of the
 * picture, for files without the kernel. Release f->of in any case. */
int mdm_heat_read(mdm_file *file, mdm_heat *f, const char *const *paths, size_t n, const char *kind, const mdm_needs *needs, mdm_error *err);
/* Kernel of a source, (time, sample, time, sample) or (time, sample, sample); NULL when it has none. */
const mdm_array *mdm_heat_kernel(const mdm_heat *f, int source, const char *path);
/* Index of the entry of samples i and j at index t of the times. */
size_t mdm_heat_entry(const mdm_array *a, size_t t, size_t i, size_t j);
/* The page with its title and its maps, and room of `more` pixels right of them, which more_remark explains. */
mdm_heat_page mdm_heat_draw(FILE *out, const mdm_heat *f, const mdm_look *look, const char *target, int more, const char *more_remark);

#endif
