/* HDF5 output. Written under a temporary name in the same folder, flushed, then renamed: a reader never sees half a
 * file, and a failed run leaves an earlier file untouched. Symbolic links are followed, and the new file has the mode of the one
 * that it replaces. docs/output.md describes the schema. */
#ifndef MOEDMFT_FILE_H
#define MOEDMFT_FILE_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/data.h>
#include <moedmft/record.h>
#include <moedmft/run.h>
#include <moedmft/sweep.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MDM_SCHEMA_VERSION 2

typedef struct mdm_file mdm_file;

/* Starts a new output file that will appear as path at mdm_file_commit. Fails early when the folder is missing or not
 * writable. mdm_file_discard removes the temporary file and frees (accepts NULL). */
int mdm_file_create(const char *path, mdm_file **out, mdm_error *err);
int mdm_file_commit(mdm_file *file, mdm_error *err); /* flush, close, rename, free; on failure everything is discarded */
void mdm_file_discard(mdm_file *file);

/* Root attributes: schema_version, version, commit, dirty, sources, compiler, blas, hdf5, arguments, config (YAML of every
 * option), one attribute "config:KEY" per option, seed, command ("solve" …), created (ISO 8601 UTC). */
int mdm_file_provenance(mdm_file *file, const mdm_config *cfg, const char *command, const char *arguments, mdm_error *err);
/* Attributes of a group ("/" for the root); missing groups are created. */
int mdm_file_attr_text(mdm_file *file, const char *group, const char *name, const char *value, mdm_error *err);
int mdm_file_attr_real(mdm_file *file, const char *group, const char *name, double value, mdm_error *err);
int mdm_file_attr_int(mdm_file *file, const char *group, const char *name, long value, mdm_error *err);
/* Writes every array of rec below group ("" or "/" for the root); an array with errors gets a twin NAME_stderr. Every
 * dataset carries the attributes "dims" and "description"; large ones are compressed (shuffle + deflate). */
int mdm_file_record(mdm_file *file, const char *group, const mdm_record *rec, mdm_error *err);
/* One dataset outside any record, e.g. weights. dims and text as in mdm_array. */
int mdm_file_array(mdm_file *file, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                   const double *value, mdm_error *err);

/* Reading. mdm_file_open checks the file against its checksum before HDF5 sees it (a file that another program has changed has none
 * any more), and that it is a moedmft file of a schema that this version reads. MDM_ERR_IO. Close with mdm_file_discard. */
int mdm_file_open(const char *path, mdm_file **out, mdm_error *err);
/* From here on arrays with a dimension for blocks (of residual stacks) are read as those of one block, counted from 0, or from −1 for the
 * last; of the stream (h, r), as it is before that block. MDM_ERR_USAGE: there is no such block, or no blocks. */
int mdm_file_choose_block(mdm_file *file, long block, mdm_error *err);
/* The last block of a kind ("moe", "attention"). MDM_ERR_USAGE: there is none. */
int mdm_file_choose_kind(mdm_file *file, const char *kind, mdm_error *err);
/* All 64-bit floating-point datasets below group, recursively, except groups named width_* (they are records of their own) and single
 * runs, as a record; NAME_stderr becomes the error of NAME. Arrays larger than max_elements elements are left out (0: no limit). */
int mdm_file_read_record(mdm_file *file, const char *group, size_t max_elements, mdm_record **out, mdm_error *err);
/* Parts of products at several depths, of every series below /depths: "limit/depth", "limit/parts/rms", "width_16/depth", … (docs/output.md,
 * Coordinate check); empty where there are none. */
int mdm_file_read_depths(mdm_file *file, mdm_record **out, mdm_error *err);
/* The widths N for which the file holds a group /width_N, ascending; *out is malloc'd (NULL when there are none). */
int mdm_file_widths(mdm_file *file, long **out, size_t *n, mdm_error *err);
/* Attribute values; MDM_ERR_DATA when missing. */
int mdm_file_get_text(mdm_file *file, const char *group, const char *name, char *buf, size_t size, mdm_error *err);
int mdm_file_get_real(mdm_file *file, const char *group, const char *name, double *value, mdm_error *err);
int mdm_file_has_group(mdm_file *file, const char *group);

/* ---- one writer ---- */

typedef struct mdm_lock mdm_lock;

/* Claims the output file at path, before anything in it is read, until mdm_lock_release: other processes that ask for it meanwhile
 * fail. MDM_ERR_IO: somebody else holds it (the message says who), or nothing can be written there. A lock is advisory, and dies
 * with its process; on file systems that have none it is always given. */
int mdm_lock_take(const char *path, mdm_lock **out, mdm_error *err);
void mdm_lock_release(mdm_lock *lock); /* accepts NULL */

/* ---- what a file holds already ---- */

/* What is going to be computed into a file. */
typedef struct mdm_request {
  const mdm_config *cfg;
  const mdm_data *data;
  const char *command; /* "solve", "simulate", "compare" or "coordcheck" */
  int what;            /* MDM_RUN_* */
  int save_weights;
} mdm_request;

typedef enum {
  MDM_RESUME_PART,   /* a run that was stopped: the same command goes on */
  MDM_RESUME_EXTEND, /* complete, and part of what is asked for now: more seeds, replicas or widths */
  MDM_RESUME_DONE    /* all that is asked for: there is nothing to do */
} mdm_resume_state;

/* Complete runs of an earlier file. */
typedef struct mdm_resume mdm_resume;

/* What the file at path holds for this request, which is all that it holds: whatever is complete in it must be part of the new file.
 * NULL in *out: no file, or nothing complete in it. MDM_ERR_CONFIG: it holds something else; the message names what differs (an
 * option, the program, the data). MDM_ERR_IO, MDM_ERR_DATA: it is none of ours, damaged, or changed by another program. Free with
 * mdm_resume_free (accepts NULL). */
int mdm_resume_open(const char *path, const mdm_request *request, mdm_resume **out, mdm_error *err);
void mdm_resume_free(mdm_resume *r);
mdm_resume_state mdm_resume_is(const mdm_resume *r);
/* How many runs it holds (NULL: 0). */
size_t mdm_resume_runs(const mdm_resume *r);
/* The record of one run, and its weights where they were saved, or NULL in *record when it has to be done: mdm_monitor.earlier for a
 * store that is an mdm_resume. */
int mdm_resume_take(const void *store, long width, unsigned index, mdm_record **record, mdm_record **weights, mdm_error *err);
/* Comparison and coordinate check of the file at path, where it has them, and nothing else, for reports about a file that is done. */
int mdm_resume_results(const char *path, mdm_outcome *out, mdm_error *err);

/* ---- runs in progress ---- */

/* Runs in progress, and complete ones that are not in the output file yet, stand in the folder FILE.checkpoint beside it: for mdm_monitor.checkpoint. */
typedef struct mdm_checkpoint mdm_checkpoint;

/* The checkpoint of the output file at path, for work on cfg (output.checkpoint: how often it is written); data: its samples, or NULL where they differ
 * from run to run. over: axes of a sweep, whose options may differ (NULL: none). MDM_ERR_CONFIG: the folder holds runs of another configuration, other data or another
 * program; names what differs. MDM_ERR_IO: one of its files is damaged; names it. Free with mdm_checkpoint_close. */
int mdm_checkpoint_open(const char *path, const mdm_config *cfg, const mdm_data *data, const char *command, const mdm_sweep *over, mdm_checkpoint **out,
                        mdm_error *err);
/* How many runs it holds, complete or begun. */
size_t mdm_checkpoint_runs(const mdm_checkpoint *c);
/* Frees it; the folder stays (accepts NULL). */
void mdm_checkpoint_close(mdm_checkpoint *c);
/* The output file at path has all runs that cfg and what (MDM_RUN_*) ask for: removes these, and the folder if nothing else is in it. Runs beyond
 * them, of an extension that was ended, stay. */
void mdm_checkpoint_settle(const char *path, const mdm_config *cfg, int what);
/* The same for a sweep, whose file at path has the cells that are ready: runs of others, of a larger sweep that was ended say, stay. */
int mdm_sweep_settle(mdm_sweep *s, const char *path, mdm_error *err);
/* Removes the folder whatever runs it holds. */
void mdm_checkpoint_discard(const char *path);
/* Whether there is such a folder, with runs. */
int mdm_checkpoint_is_there(const char *path);

/* ---- outcomes ---- */

/* Writes an outcome to an HDF5 file (docs/output.md). command: "solve", "simulate", "compare" or "coordcheck"; earlier: what it went on
 * from, or NULL (single runs that the file kept by choice are kept). */
int mdm_outcome_write(const mdm_outcome *o, const mdm_config *cfg, const char *command, const char *arguments, const mdm_resume *earlier,
                      const char *path, mdm_error *err);
/* Adds the complete runs of an outcome that was to extend the complete file at path, and was stopped or diverged: the file keeps its
 * results, and the same command goes on with these runs. *added: how many there are beyond the results; with 0 the file stays as it is. */
int mdm_outcome_add(const mdm_outcome *o, const mdm_config *cfg, const char *path, size_t *added, mdm_error *err);

/* ---- sweeps ---- */

/* Takes over every cell that the file at path holds, with values that refinement added; no file there is no failure. The file may be part of this sweep
 * (values or widths were added). MDM_ERR_CONFIG: it holds something else, or was written by another program; names the first
 * difference. MDM_ERR_IO: it is none of ours, damaged, or changed by another program. */
int mdm_sweep_resume(mdm_sweep *s, const char *path, mdm_error *err);
/* 1: the file that mdm_sweep_resume read has every cell and the same measure, so that there is nothing to do. */
int mdm_sweep_is_done(const mdm_sweep *s);

/* Computes the missing cells, and those that refinement asks for (mdm_sweep_refine), and writes the file at path whenever some are ready
 * (at least every few seconds) and at the end. Results do not depend on threads, nor on interruptions. MDM_INTERRUPTED: the file holds the cells that were
 * ready. monitor->save_weights is ignored. */
int mdm_sweep_run(mdm_sweep *s, const mdm_monitor *monitor, const char *path, const char *arguments, mdm_error *err);

/* Reads a sweep file, e.g. to look at its results. */
int mdm_sweep_read(const char *path, mdm_sweep **out, mdm_error *err);
#ifdef __cplusplus
}
#endif
#endif
