/* Results as pictures. */
#ifndef MOEDMFT_PLOT_H
#define MOEDMFT_PLOT_H

#include <stddef.h>
#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A kind of picture. */
typedef struct mdm_plot_about {
  const char *name;  /* its word: "loss" */
  const char *shows; /* one line */
  const char *field; /* what the field chooses, one line; NULL: it takes none */
} mdm_plot_about;

/* Picture i of the list, from 0; NULL past its end. */
const mdm_plot_about *mdm_plot_picture(size_t i);
/* Word i that the field of a picture may be, from 0; NULL past the last one, and where the field may be any text or there is none. */
const char *mdm_plot_field(const char *what, size_t i);

/* Draws a picture of the file at path; format from the picture's ending: .png, .svg, .pdf. Uses gnuplot without a display.
 * what: a name of mdm_plot_picture; NULL: the parts of a coordinate check, a sweep, else the loss. field (NULL: the usual choice): which
 * kernel, matrix or observables. block: of residual stacks, from 0, or −1 for the last (NULL: the last). MDM_ERR_USAGE: unknown words; MDM_ERR_DATA: the file does not hold it, with the option that would store
 * it; MDM_ERR_IO: gnuplot is missing, with what to install. */
int mdm_plot_what(const char *path, const char *picture, const char *what, const char *field, const int *block, mdm_error *err);
/* The usual picture of a file. */
int mdm_plot(const char *path, const char *picture, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
