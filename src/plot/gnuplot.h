/* From a script to a picture: gnuplot as a process, and a file that is complete or not there. */
#ifndef MOEDMFT_PLOT_GNUPLOT_H
#define MOEDMFT_PLOT_GNUPLOT_H

#include <moedmft/error.h>
#include <stdio.h>

#include "plot/canvas.h"

/* Writes the script of a figure, from mdm_plot_begin to the last panel; target: the file that gnuplot shall write. */
typedef void mdm_plot_writer(FILE *out, const void *figure, const mdm_look *look, const char *target);

/* Runs gnuplot on the script, under a temporary name, and gives the picture its name, whose ending must be that of a format
 * (mdm_plot_look). MDM_ERR_IO: gnuplot is not installed or fails, or the picture cannot be written; an earlier one stays. */
int mdm_gnuplot_draw(mdm_plot_writer *write, const void *figure, const char *picture, mdm_error *err);

#endif
