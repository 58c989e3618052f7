/* What the parts of the file code share: the handle, temporary files, and reading single pieces. */
#ifndef MOEDMFT_FILE_INTERNAL_H
#define MOEDMFT_FILE_INTERNAL_H

#include <hdf5.h>
#include <moedmft/file.h>

#define MDM_TWIN "_stderr" /* NAME_stderr holds the standard errors of NAME */

enum { MDM_STORED_BLOCKS = 256 };

struct mdm_file {
  long depth, block; /* reading: of a residual stack, and the block chosen; depth 0: arrays are read whole */
  long stored[MDM_STORED_BLOCKS]; /* stored_count blocks whose kernels and responses are there; 0: all */
  size_t stored_count;
  hid_t id;   /* HDF5 file: in memory while writing, on disk when reading; -1 when closed */
  int fd;     /* the temporary file; -1 when reading */
  char *path; /* the name the file has or will have */
  char *temp; /* the temporary name; NULL when reading */
};

/* Creates an empty file beside path under a new name: *temp (malloc'd) and *fd. */
int mdm_temp_open(const char *path, char **temp, int *fd, mdm_error *err);
/* Makes the temporary file durable and gives it the name path. Closes fd in any case; on failure removes the file. */
int mdm_temp_commit(int fd, const char *temp, const char *path, mdm_error *err);

/* A handle of the name path, nothing open yet. Release with mdm_file_discard. */
int mdm_file_allocate(const char *path, mdm_file **out, mdm_error *err);
/* MDM_ERR_IO, "cannot read the head of FILE: …" (verb, what), with the innermost explanation on HDF5's error stack: to be called right
 * after the call that failed. */
int mdm_hdf5_failed(const mdm_file *file, const char *verb, const char *what, mdm_error *err);
/* Text of an attribute (numbers are formatted) in a malloc'd string. */
int mdm_file_dup_text(mdm_file *file, const char *group, const char *name, char **out, mdm_error *err);
/* Text attribute of a dataset in a malloc'd string; NULL when missing. */
char *mdm_dataset_text(hid_t set, const char *name);
/* 1 when name is NAME_stderr and the group holds NAME. */
int mdm_is_twin(hid_t group, const char *name);
/* Reads those of the n datasets below group that exist; for callers who need a few curves of a large file. */
int mdm_file_read_some(mdm_file *file, const char *group, const char *const *paths, size_t n, mdm_record **out,
                       mdm_error *err);
/* Reduces arrays with a dimension for blocks to the block chosen, if one is. MDM_ERR_DATA: the file lacks it. */
int mdm_file_slice(const mdm_file *file, mdm_record *rec, mdm_error *err);
/* Writes the complete runs of an interrupted outcome below /resume. */
int mdm_resume_write(mdm_file *file, const mdm_outcome *o, size_t steps, mdm_error *err);
/* A sweep from its open file, and its file. */
int mdm_sweep_from_file(mdm_file *file, mdm_sweep **out, mdm_error *err);

#endif
