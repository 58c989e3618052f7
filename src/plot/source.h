/* What pictures ask of a file: whether it holds what they need, records of the limit and of networks, a title. */
#ifndef MOEDMFT_PLOT_SOURCE_H
#define MOEDMFT_PLOT_SOURCE_H

#include <moedmft/file.h>

/* What a file must hold to be drawn. */
typedef struct mdm_needs {
  const char *group;  /* "/sweep"; without the slash, "kernels": of the limit or of networks, /kernels or /width_N/kernels */
  const char *what;   /* its name in messages */
  const char *remedy; /* the option or the command that would store it; NULL: none */
} mdm_needs;

/* *holds: whether the group is there. */
int mdm_plot_holds(mdm_file *file, const mdm_needs *needs, int *holds, mdm_error *err);
/* MDM_ERR_DATA: "FILE holds no WHAT; REMEDY". Also for pictures that find the group, but nothing in it to draw. */
int mdm_plot_lacks(const mdm_file *file, const mdm_needs *needs, mdm_error *err);

/* Those of the n datasets that the file holds of the networks of a width (0: of the limit). Free *rec. */
int mdm_plot_read_source(mdm_file *file, long width, const char *const *paths, size_t n, mdm_record **rec, mdm_error *err);

/* Its runs - 1, of which standard errors are estimated; NaN: the file does not say. */
double mdm_plot_freedom(mdm_file *file, long width);

enum { MDM_LIMIT, MDM_WIDEST, MDM_PAIR };

/* The limit and the widest networks. */
typedef struct mdm_pair {
  mdm_record *rec[MDM_PAIR]; /* NULL: the file has no networks */
  long width;                /* of the networks; 0: none */
} mdm_pair;

/* Release in any case. */
int mdm_plot_read_pair(mdm_file *file, const char *const *paths, size_t n, mdm_pair *pair, mdm_error *err);
void mdm_plot_release_pair(mdm_pair *pair);

/* "Regime II, MSSP, SGD, soft routing, data: cosine". */
void mdm_plot_title(mdm_file *file, char *title, size_t size);

#endif
