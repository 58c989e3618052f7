/* What the parts of the file code share: the handle, and reading single pieces. */
#ifndef MOEDMFT_FILE_INTERNAL_H
#define MOEDMFT_FILE_INTERNAL_H

#include <hdf5.h>
#include <moedmft/file.h>

#include "file/chunks.h"
#include "file/image.h"
#include "file/temp.h"

#define MDM_TWIN "_stderr"  /* NAME_stderr holds the standard errors of NAME */
#define MDM_RUNS "members"  /* group of the single runs of an ensemble */
#define MDM_RESUME "resume" /* group of runs that a later command may go on with */

enum { MDM_STORED_BLOCKS = 256 };

struct mdm_file {
  long depth, block;              /* reading: of a residual stack, and the block chosen; depth 0: arrays are read whole */
  long stored[MDM_STORED_BLOCKS]; /* stored_count blocks whose kernels and responses are there; 0: all */
  size_t stored_count;
  hid_t id;        /* HDF5 file: in memory while writing, on disk when reading; -1 when closed */
  int fd;          /* the temporary file; -1 when reading */
  char *path;      /* the name the file has or will have */
  char *temp;      /* the temporary name; NULL when reading */
  mdm_image image; /* while writing */
  int sealed;      /* reading: its checksum was there and right */
};

/* A handle of the name path, nothing open yet. Release with mdm_file_discard. */
int mdm_file_allocate(const char *path, mdm_file **out, mdm_error *err);
/* MDM_ERR_IO, "cannot read the head of FILE: …" (verb, what), with the innermost explanation on HDF5's error stack: to be called right
 * after the call that failed. */
int mdm_hdf5_failed(const mdm_file *file, const char *verb, const char *what, mdm_error *err);
/* A new file in memory, for what is written to be read at once; it never appears on disk. */
int mdm_file_memory(mdm_file **out, mdm_error *err);
/* The file at path, which must be sealed, as the beginning of a new one that will take its place. As mdm_file_create otherwise. */
int mdm_file_change(const char *path, mdm_file **out, mdm_error *err);
/* Removes a group with all that is in it; nothing where there is none. */
int mdm_file_remove(mdm_file *file, const char *group, mdm_error *err);

/* mdm_file_array whose numbers lie in pieces. */
int mdm_file_pieces(mdm_file *file, const char *path, int rank, const size_t *dim, const char *dims, const char *text, mdm_pieces values, mdm_error *err);

/* Text of an attribute (numbers are formatted) in a malloc'd string. */
int mdm_file_dup_text(mdm_file *file, const char *group, const char *name, char **out, mdm_error *err);
/* Text attribute of a dataset in a malloc'd string; NULL when missing. */
char *mdm_dataset_text(hid_t set, const char *name);
/* Whether two open objects of a file are one: groups can contain themselves. */
int mdm_same_object(hid_t a, hid_t b);
/* 1 when name is NAME_stderr and the group holds NAME. */
int mdm_is_twin(hid_t group, const char *name);
/* Reads those of the n datasets below group that exist; for callers who need a few curves of a large file. */
int mdm_file_read_some(mdm_file *file, const char *group, const char *const *paths, size_t n, mdm_record **out,
                       mdm_error *err);
/* Reduces arrays with a dimension for blocks to the block chosen, if one is. MDM_ERR_DATA: the file lacks it. */
int mdm_file_slice(const mdm_file *file, mdm_record *rec, mdm_error *err);
/* Notes at the root how far the limit's predictions may be off because of a large tolerance (mdm_tolerance_bias). */
int mdm_file_tolerance(mdm_file *file, const mdm_config *cfg, mdm_error *err);
/* A sweep from its open file; into one that was just created. */
int mdm_sweep_from_file(mdm_file *file, mdm_sweep **out, mdm_error *err);
int mdm_sweep_write_to(mdm_file *file, mdm_sweep *s, const char *arguments, mdm_error *err);
/* CRC-32 of all its samples, as text; empty where points have data of their own. */
void mdm_sweep_data_checksum(const mdm_sweep *s, char text[16]);
/* The summary of an ensemble: mdm_file_record, but of train predictions those of steps 0, every, 2 every, … and the last alone, with …/prediction_step. */
int mdm_file_summary(mdm_file *file, const char *group, const mdm_record *rec, size_t every, mdm_error *err);
/* Inputs of samples as a dataset, band by band. */
int mdm_file_inputs(mdm_file *file, const char *path, const mdm_samples *s, size_t dimension, mdm_error *err);
/* An outcome into a file that was just created; keep: its single runs, too. Otherwise as mdm_outcome_write. */
int mdm_outcome_write_to(mdm_file *file, const mdm_outcome *o, const mdm_config *cfg, const char *command, const char *arguments, int keep, mdm_error *err);
/* Makes what was written to a new file ready to be read from the same handle. */
int mdm_file_flush(mdm_file *file, mdm_error *err);

#endif
