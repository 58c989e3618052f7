/* A run that is repeated (moedmft/rerun.h), for those who run it and those who report about it. */
#ifndef MOEDMFT_FILE_RERUN_H
#define MOEDMFT_FILE_RERUN_H

#include <moedmft/data.h>
#include <moedmft/rerun.h>
#include <moedmft/sweep.h>

#include "file/agree.h"

enum { MDM_RERUN_NOTES = 6, MDM_RERUN_NOTE_SIZE = 1200 };

struct mdm_rerun {
  mdm_file *file;      /* open for reading */
  char command[32];    /* solve, simulate, compare, coordcheck or sweep */
  mdm_config *cfg;     /* of the run; names of files as they are found now */
  mdm_data *data;      /* of a single run: the samples that the file holds; NULL for sweeps */
  mdm_sweep *sweep;    /* of a sweep: its grid, with the cells that the file holds still to be computed; else NULL */
  char *missing;       /* of a sweep, cells: 1 for those that the file lacks */
  int what;            /* MDM_RUN_* */
  int save_weights, keeps; /* the file holds weights; single runs */
  int partial;         /* it was interrupted: single runs are compared */
  size_t extra;        /* complete runs below /resume, which are not repeated */
  size_t notes;
  char note[MDM_RERUN_NOTES][MDM_RERUN_NOTE_SIZE]; /* notes */
  mdm_agreement agreement; /* what came out */
};

#endif
