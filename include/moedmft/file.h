/* HDF5 output. Written under a temporary name in the same folder, flushed, then renamed: a reader never sees half a
 * file, and a failed run leaves an earlier file untouched. docs/output.md describes the schema. */
#ifndef MOEDMFT_FILE_H
#define MOEDMFT_FILE_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/record.h>

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
/* All floating-point datasets below group, recursively, except groups named width_* (they are records of their own), as a
 * record; NAME_stderr becomes the error of NAME. Arrays larger than max_elements elements are left out (0: no limit). */
int mdm_file_read_record(mdm_file *file, const char *group, size_t max_elements, mdm_record **out, mdm_error *err);
/* The widths N for which the file holds a group /width_N, ascending; *out is malloc'd (NULL when there are none). */
int mdm_file_widths(mdm_file *file, long **out, size_t *n, mdm_error *err);
/* Attribute values; MDM_ERR_DATA when missing. */
int mdm_file_get_text(mdm_file *file, const char *group, const char *name, char *buf, size_t size, mdm_error *err);
int mdm_file_get_real(mdm_file *file, const char *group, const char *name, double *value, mdm_error *err);
int mdm_file_has_group(mdm_file *file, const char *group);

/* Human-readable summary of a file (what `moedmft info` prints): provenance, the main results, the tree of datasets
 * with shapes and meanings. malloc'd text in *out. */
int mdm_file_info(const char *path, char **out, mdm_error *err);
/* Draws a picture; format from its ending: .png, .svg, .pdf. Uses gnuplot without a display. what (NULL: parts of a coordinate
 * check, else loss):
 *   loss     the limit as a line with its error band, networks of each width as points with error bars; train and test, with
 *            accuracy when present; the deviation against N
 *   kernels  a kernel at the last time: limit, widest networks, difference
 *   spectra  eigenvalues of kernels at every time, limit and widest networks
 *   rates    deviations of several observables against N, with fits; their exponents
 *   router   the logits' histogram; load and entropy over steps
 *   ntk      the tangent kernel as kernels, and its parts over time
 *   parts    of a coordinate check: RMS of parts against width
 * field (NULL: the usual choice): which kernel, matrix or observables. MDM_ERR_USAGE: unknown words; MDM_ERR_DATA: the file
 * does not hold it, with the option that would store it; MDM_ERR_IO: gnuplot is missing, with what to install. */
int mdm_plot_what(const char *path, const char *picture, const char *what, const char *field, mdm_error *err);
/* The usual picture of a file. */
int mdm_plot(const char *path, const char *picture, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
