/* The pictures of `moedmft plot --what`: each is a constant of this type in a file of its own; plot.c has the list of them. */
#ifndef MOEDMFT_PLOT_PICTURES_H
#define MOEDMFT_PLOT_PICTURES_H

#include <moedmft/file.h>
#include <moedmft/plot.h>
#include <stddef.h>

#include "plot/gnuplot.h"
#include "plot/kernel_names.h"
#include "plot/source.h"

typedef struct mdm_picture {
  mdm_plot_about about;          /* its word, and what it shows */
  mdm_needs needs;               /* what a file must hold */
  const char *block;             /* kind of the block that it shows, the last of those, where none is asked for; NULL: the last of all */
  int usual;                     /* the picture of files that hold what it needs, unless --what says otherwise */
  const mdm_kernel_list *fields; /* words that --field may be; NULL: any text, if about.field says that it takes one */
  size_t size;                   /* of its figure, which is zero before read */
  /* What the file holds. field: NULL, or as given, one of the words. The file is closed afterwards. */
  int (*read)(mdm_file *file, const char *field, void *figure, mdm_error *err);
  mdm_plot_writer *draw;
  void (*release)(void *figure); /* after read, also where it failed */
} mdm_picture;

extern const mdm_picture mdm_picture_loss, mdm_picture_kernels, mdm_picture_spectra, mdm_picture_rates, mdm_picture_router, mdm_picture_heads, mdm_picture_ntk,
    mdm_picture_parts, mdm_picture_depths, mdm_picture_sweep;

#endif
