/* HDF5 output. Written under a temporary name in the same folder, flushed, then renamed: a reader never sees half a
 * file, and a failed run leaves an earlier file untouched. docs/output.md describes the schema. */
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

#define MDM_SCHEMA_VERSION 1

typedef struct mdm_file mdm_file;

/* Starts a new output file that will appear as path at mdm_file_commit. Fails early when the folder is missing or not
 * writable. mdm_file_discard removes the temporary file and frees (accepts NULL). */
int mdm_file_create(const char *path, mdm_file **out, mdm_error *err);
int mdm_file_commit(mdm_file *file, mdm_error *err); /* flush, close, rename, free; on failure everything is discarded */
void mdm_file_discard(mdm_file *file);

/* Root attributes: schema_version, version, commit, dirty, compiler, blas, hdf5, arguments, config (YAML of every
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

/* Reading. mdm_file_open checks that it is a moedmft file of a schema that this version reads. Close with
 * mdm_file_discard. */
int mdm_file_open(const char *path, mdm_file **out, mdm_error *err);
/* From here on arrays with a dimension for blocks (of residual stacks) are read as those of one block, counted from 0, or from −1 for the
 * last; of the stream (h, r), as it is before that block. MDM_ERR_USAGE: there is no such block, or no blocks. */
int mdm_file_choose_block(mdm_file *file, long block, mdm_error *err);
/* All floating-point datasets below group, recursively, except groups named width_* (they are records of their own), as a
 * record; NAME_stderr becomes the error of NAME. Arrays larger than max_elements elements are left out (0: no limit). */
int mdm_file_read_record(mdm_file *file, const char *group, size_t max_elements, mdm_record **out, mdm_error *err);
/* The widths N for which the file holds a group /width_N, ascending; *out is malloc'd (NULL when there are none). */
int mdm_file_widths(mdm_file *file, long **out, size_t *n, mdm_error *err);
/* Attribute values; MDM_ERR_DATA when missing. */
int mdm_file_get_text(mdm_file *file, const char *group, const char *name, char *buf, size_t size, mdm_error *err);
int mdm_file_get_real(mdm_file *file, const char *group, const char *name, double *value, mdm_error *err);
int mdm_file_has_group(mdm_file *file, const char *group);

/* ---- outcomes ---- */

/* Writes an outcome to an HDF5 file (docs/output.md). command: "solve", "simulate", "compare" or "coordcheck". */
int mdm_outcome_write(const mdm_outcome *o, const mdm_config *cfg, const char *command, const char *arguments,
                      const char *path, mdm_error *err);

/* Complete runs of an interrupted file. */
typedef struct mdm_resume mdm_resume;

/* Complete runs that the output file at path was left with when the same program was stopped on the same configuration and data;
 * NULL in *out when there are none, or no such file. Free with mdm_resume_free (accepts NULL). */
int mdm_resume_open(const char *path, const mdm_config *cfg, const mdm_data *data, mdm_resume **out, mdm_error *err);
void mdm_resume_free(mdm_resume *r);
/* How many runs it holds (NULL: 0). */
size_t mdm_resume_runs(const mdm_resume *r);

/* The record of one run, or NULL in *out when it has to be done: mdm_monitor.earlier for a store that is an mdm_resume. */
int mdm_resume_take(const void *store, long width, unsigned index, mdm_record **out, mdm_error *err);

/* ---- sweeps ---- */

/* Takes over every cell that the file at path holds, with values that refinement added; no file there is no failure. The file may be
 * part of this sweep (values or widths were added). MDM_ERR_CONFIG: it holds another sweep; names the first key that differs. MDM_ERR_IO:
 * it is no sweep. */
int mdm_sweep_resume(mdm_sweep *s, const char *path, mdm_error *err);

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
