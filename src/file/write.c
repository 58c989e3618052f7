/* Writing HDF5 output (moedmft/file.h).
 *
 * HDF5 builds the file in memory (image.c); mdm_file_commit writes the finished image and its seal to a temporary file in
 * the target's folder, fsyncs and renames. So a full disk is an ordinary failed write with a reason: HDF5's own disk
 * driver cannot close a file that it could not flush, and takes the program down with it. The temporary file is made at
 * mdm_file_create, so that a missing or read-only folder shows before the run and not after it.
 *
 * Whatever a file holds is under a checksum that every reader verifies: HDF5's own for metadata, which include attributes and small
 * (compact) datasets, fletcher32 for the others; and the seal over all of it, which moedmft checks first. Text has a fixed length:
 * text of variable length lies in heaps without a checksum, and HDF5 follows what damaged ones say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <moedmft/run.h>
#include <moedmft/version.h>

#include "base/memory.h"
#include "base/record.h"
#include "file/internal.h"
#include "file/seal.h"
#include "file/thinned.h"
#include "problem/problem.h"
#include "run/family.h"

enum {
  COMPACT_UP_TO = 4096 /* elements: 32 KiB in the dataset's header, which has room for 64 */
};

/* ---- the file ---- */

/* A handle whose temporary file is there. */
static int start(const char *path, mdm_file **out, mdm_error *err) {
  mdm_file *file;
  *out = NULL;
  int status = mdm_file_allocate(path, &file, err);
  if (!status) status = mdm_temp_open(path, &file->temp, &file->fd, err);
  if (status) return mdm_file_discard(file), status;
  *out = file;
  return MDM_OK;
}

/* The empty HDF5 file of a new handle, and what every file of ours begins with. */
static int begin(mdm_file *file, mdm_error *err) {
  int status = MDM_OK;
  H5E_BEGIN_TRY {
    file->id = mdm_image_create(file->temp ? file->temp : file->path, &file->image);
    if (file->id < 0) status = mdm_hdf5_failed(file, "write", "the head", err);
  }
  H5E_END_TRY
  if (status == MDM_OK) status = mdm_file_attr_text(file, "/", "format", "moedmft", err);
  return status ? status : mdm_file_attr_int(file, "/", "schema_version", MDM_SCHEMA_VERSION, err);
}

int mdm_file_create(const char *path, mdm_file **out, mdm_error *err) {
  mdm_file *file;
  *out = NULL;
  int status = start(path, &file, err);
  if (status) return status;
  status = begin(file, err);
  if (status) return mdm_file_discard(file), status;
  *out = file;
  return MDM_OK;
}

int mdm_file_memory(mdm_file **out, mdm_error *err) {
  int status = mdm_file_allocate("a file in memory", out, err);
  if (!status) status = begin(*out, err);
  if (status) mdm_file_discard(*out), *out = NULL;
  return status;
}

int mdm_file_flush(mdm_file *file, mdm_error *err) {
  int status = MDM_OK;
  H5E_BEGIN_TRY {
    if (H5Fflush(file->id, H5F_SCOPE_LOCAL) < 0) status = mdm_hdf5_failed(file, "write", "the content", err);
  }
  H5E_END_TRY
  return status;
}

/* All bytes of the file at path but its seal, malloc'd. */
static int read_sealed(const char *path, unsigned char **bytes, size_t *n, mdm_error *err) {
  FILE *f = fopen(path, "rb");
  long size = f && !fseek(f, 0, SEEK_END) ? ftell(f) : -1;
  *n = size > MDM_SEAL_SIZE ? (size_t)size - MDM_SEAL_SIZE : 0;
  *bytes = malloc(*n + 1); /* *n */
  int good = *bytes && *n && !fseek(f, 0, SEEK_SET) && fread(*bytes, 1, *n, f) == *n;
  if (f) fclose(f);
  return good ? MDM_OK : mdm_fail(err, MDM_ERR_IO, "cannot read %s again to change it", path);
}

int mdm_file_change(const char *path, mdm_file **out, mdm_error *err) {
  mdm_file *file;
  unsigned char *bytes = NULL;
  size_t n;
  *out = NULL;
  int status = start(path, &file, err);
  if (status) return status;
  status = read_sealed(path, &bytes, &n, err);
  if (!status) {
    H5E_BEGIN_TRY {
      file->id = mdm_image_open(bytes, n, &file->image);
      if (file->id < 0) status = mdm_hdf5_failed(file, "write", "the head", err);
    }
    H5E_END_TRY
  }
  free(bytes);
  if (status) return mdm_file_discard(file), status;
  *out = file;
  return MDM_OK;
}

static int write_bytes(const mdm_file *file, const void *bytes, size_t size, mdm_error *err) {
  for (size_t done = 0; done < size;) {
    ssize_t n = write(file->fd, (const char *)bytes + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return mdm_fail(err, MDM_ERR_IO, "cannot write %s: %s after %zu of %zu bytes", file->path,
                      n < 0 ? strerror(errno) : "no progress", done, size);
    done += (size_t)n;
  }
  return MDM_OK;
}

/* The file closed, its bytes in file->image. */
static int finish_image(mdm_file *file, mdm_error *err) {
  int status = MDM_OK;
  H5E_BEGIN_TRY {
    if (mdm_image_close(file->id, &file->image) < 0) status = mdm_hdf5_failed(file, "write", "the content", err);
    file->id = -1;
  }
  H5E_END_TRY
  return status;
}

int mdm_file_commit(mdm_file *file, mdm_error *err) {
  char seal[MDM_SEAL_SIZE + 1];
  int status = file->fd < 0 ? mdm_fail(err, MDM_ERR_INTERNAL, "%s is open for reading", file->path) : finish_image(file, err);
  if (status == MDM_OK) status = write_bytes(file, file->image.bytes, file->image.size, err);
  if (status == MDM_OK) {
    mdm_seal_write(file->image.bytes, file->image.size, seal);
    status = write_bytes(file, seal, MDM_SEAL_SIZE, err);
  }
  if (status == MDM_OK) {
    status = mdm_temp_commit(file->fd, file->temp, file->path, err);
    file->fd = -1; /* closed, and renamed or removed: nothing is left to discard */
  }
  mdm_file_discard(file);
  return status;
}

/* ---- attributes ---- */

/* A group for attributes: they lie outside its header, where they may be long. */
static hid_t create_groups(const mdm_file *file, const char *name) {
  hid_t links = H5Pcreate(H5P_LINK_CREATE), creation = H5Pcreate(H5P_GROUP_CREATE), group = -1;
  if (links >= 0 && creation >= 0 && H5Pset_create_intermediate_group(links, 1) >= 0 && H5Pset_attr_phase_change(creation, 0, 0) >= 0)
    group = H5Gcreate2(file->id, name, links, creation, H5P_DEFAULT);
  if (group >= 0) H5Pclose(links), H5Pclose(creation);
  return group;
}

static hid_t open_or_create_group(const mdm_file *file, const char *name) {
  if (name[0] == '\0') name = "/";
  hid_t group = H5Gopen2(file->id, name, H5P_DEFAULT);
  return group >= 0 ? group : create_groups(file, name);
}

/* Sets a scalar attribute of an open object, replacing an earlier value. */
static int set_attribute(hid_t object, const char *name, hid_t stored, hid_t native, const void *value) {
  if (H5Aexists(object, name) > 0 && H5Adelete(object, name) < 0) return -1;
  hid_t space = H5Screate(H5S_SCALAR), attr = -1;
  int failed = space < 0 || (attr = H5Acreate2(object, name, stored, space, H5P_DEFAULT, H5P_DEFAULT)) < 0 ||
               H5Awrite(attr, native, value) < 0;
  if (failed)
    return -1; /* closing would clear the error stack, which explains the failure; the ids are few and small */
  H5Aclose(attr);
  H5Sclose(space);
  return 0;
}

/* With a NUL at the end, so that text may be empty. */
static int set_text(hid_t object, const char *name, const char *value) {
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type < 0 || H5Tset_size(type, strlen(value) + 1) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
      set_attribute(object, name, type, type, value) < 0)
    return -1;
  H5Tclose(type);
  return 0;
}

typedef enum { ATTR_TEXT, ATTR_REAL, ATTR_INT } attr_kind;

static int set_any(hid_t object, const char *name, attr_kind kind, const void *value) {
  switch (kind) {
  case ATTR_TEXT:
    return set_text(object, name, value);
  case ATTR_REAL:
    return set_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, value);
  default:
    return set_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_LONG, value);
  }
}

static int attribute(mdm_file *file, const char *group, const char *name, attr_kind kind, const void *value,
                     mdm_error *err) {
  int status = MDM_OK;
  char what[256];
  snprintf(what, sizeof what, "attribute %s of group %s", name, group[0] ? group : "/");
  H5E_BEGIN_TRY {
    hid_t g = open_or_create_group(file, group);
    if (g < 0 || set_any(g, name, kind, value) < 0) status = mdm_hdf5_failed(file, "write", what, err);
    if (g >= 0) H5Gclose(g);
  }
  H5E_END_TRY
  return status;
}

int mdm_file_attr_text(mdm_file *file, const char *group, const char *name, const char *value, mdm_error *err) {
  return attribute(file, group, name, ATTR_TEXT, value, err);
}
int mdm_file_attr_real(mdm_file *file, const char *group, const char *name, double value, mdm_error *err) {
  return attribute(file, group, name, ATTR_REAL, &value, err);
}
int mdm_file_attr_int(mdm_file *file, const char *group, const char *name, long value, mdm_error *err) {
  return attribute(file, group, name, ATTR_INT, &value, err);
}

int mdm_file_remove(mdm_file *file, const char *group, mdm_error *err) {
  int status = MDM_OK;
  H5E_BEGIN_TRY {
    if (H5Lexists(file->id, group, H5P_DEFAULT) > 0 && H5Ldelete(file->id, group, H5P_DEFAULT) < 0) status = mdm_hdf5_failed(file, "write", group, err);
  }
  H5E_END_TRY
  return status;
}

/* ---- provenance ---- */

/* Numbers become numbers, everything else its canonical text. */
static int option_attribute(mdm_file *file, const mdm_config *cfg, const mdm_option *option, mdm_error *err) {
  char name[128], text[4096];
  snprintf(name, sizeof name, "config:%s", option->key);
  switch (option->type) {
  case MDM_OPT_INT:
    return mdm_file_attr_int(file, "/", name, mdm_config_int(cfg, option->key), err);
  case MDM_OPT_REAL:
    return mdm_file_attr_real(file, "/", name, mdm_config_real(cfg, option->key), err);
  case MDM_OPT_ENUM:
  case MDM_OPT_TEXT:
    return mdm_file_attr_text(file, "/", name, mdm_config_text(cfg, option->key), err);
  default:
    mdm_config_format(cfg, option->key, text, sizeof text);
    return mdm_file_attr_text(file, "/", name, text, err);
  }
}

static int options(mdm_file *file, const mdm_config *cfg, mdm_error *err) {
  size_t n;
  const mdm_option *table = mdm_options(&n);
  char *yaml = mdm_config_to_yaml(cfg);
  if (!yaml) return mdm_no_memory(err, "the configuration in %s", file->path);
  int status = mdm_file_attr_text(file, "/", "config", yaml, err);
  free(yaml);
  for (size_t i = 0; status == MDM_OK && i < n; i++) status = option_attribute(file, cfg, &table[i], err);
  return status;
}

static void now(char *buf, size_t size) {
  time_t seconds = time(NULL);
  struct tm utc;
  if (!gmtime_r(&seconds, &utc) || !strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &utc)) buf[0] = '\0';
}

static void hdf5_version(char *buf, size_t size) {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  snprintf(buf, size, "%u.%u.%u", major, minor, release);
}

int mdm_file_provenance(mdm_file *file, const mdm_config *cfg, const char *command, const char *arguments,
                        mdm_error *err) {
  char hdf5[32], created[32];
  hdf5_version(hdf5, sizeof hdf5);
  now(created, sizeof created);
  const struct {
    const char *name, *value;
  } text[] = {{"version", mdm_version()}, {"commit", mdm_commit()}, {"sources", mdm_sources()}, {"compiler", mdm_compiler()},
              {"blas", mdm_blas()},       {"hdf5", hdf5},           {"arguments", arguments},     {"command", command},
              {"created", created}};
  int status = MDM_OK;
  for (size_t i = 0; status == MDM_OK && i < sizeof text / sizeof *text; i++)
    status = mdm_file_attr_text(file, "/", text[i].name, text[i].value, err);
  if (status == MDM_OK) status = mdm_file_attr_int(file, "/", "dirty", mdm_dirty(), err);
  if (status == MDM_OK) status = mdm_file_attr_int(file, "/", "seed", mdm_config_int(cfg, "seed"), err);
  return status == MDM_OK ? options(file, cfg, err) : status;
}

int mdm_file_tolerance(mdm_file *file, const mdm_config *cfg, mdm_error *err) {
  double bias = mdm_by_networks(cfg) ? 0 : mdm_tolerance_bias(mdm_config_real(cfg, "solve.tolerance"));
  return bias > 0 ? mdm_file_attr_real(file, "/", "tolerance_bias", bias, err) : MDM_OK;
}

/* ---- datasets ---- */

/* No time stamps: the same run gives the same bytes. */
static hid_t creation_properties(int rank, const size_t *dim) {
  hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
  if (plist < 0 || H5Pset_obj_track_times(plist, 0) < 0) return -1;
  herr_t status = mdm_elements(rank, dim) <= COMPACT_UP_TO ? H5Pset_layout(plist, H5D_COMPACT) : mdm_chunks_layout(plist, rank, dim);
  return status < 0 ? -1 : plist;
}

static hid_t create_dataset(const mdm_file *file, const char *path, int rank, const size_t *dim) {
  hsize_t extent[MDM_MAX_RANK];
  for (int i = 0; i < rank; i++) extent[i] = dim[i];
  hid_t links = H5Pcreate(H5P_LINK_CREATE), plist = creation_properties(rank, dim);
  hid_t space = rank ? H5Screate_simple(rank, extent, NULL) : H5Screate(H5S_SCALAR);
  if (links < 0 || plist < 0 || space < 0 || H5Pset_create_intermediate_group(links, 1) < 0) return -1;
  hid_t set = H5Dcreate2(file->id, path, H5T_IEEE_F64LE, space, links, plist, H5P_DEFAULT);
  if (set < 0) return -1;
  H5Sclose(space);
  H5Pclose(plist);
  H5Pclose(links);
  return set;
}

/* Small ones are put together first. */
static herr_t write_values(hid_t set, int rank, const size_t *dim, mdm_pieces values) {
  double *joined, *to; /* n */
  size_t n = mdm_elements(rank, dim);
  if (n > COMPACT_UP_TO) return mdm_chunks_write(set, rank, dim, values);
  joined = to = malloc((n + 1) * sizeof *joined);
  if (!joined) return MDM_CHUNKS_MEMORY;
  for (size_t done = 0; done < n; done += values.size) memcpy(to + done, values.piece[done / values.size], values.size * sizeof *to);
  herr_t status = H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, joined);
  free(joined);
  return status;
}

int mdm_file_pieces(mdm_file *file, const char *path, int rank, const size_t *dim, const char *dims, const char *text, mdm_pieces values, mdm_error *err) {
  int status = MDM_OK;
  char what[256];
  snprintf(what, sizeof what, "dataset %s", path);
  if (rank < 0 || rank > MDM_MAX_RANK || mdm_elements(rank, dim) == (size_t)-1)
    return mdm_fail(err, MDM_ERR_INTERNAL, "%s of %s has an impossible shape", what, file->path);
  H5E_BEGIN_TRY {
    hid_t set = create_dataset(file, path, rank, dim);
    herr_t written = set < 0 ? -1 : write_values(set, rank, dim, values);
    if (written == MDM_CHUNKS_MEMORY) status = mdm_no_memory(err, "%s of %s", what, file->path);
    else if (written < 0 || set_text(set, "dims", dims) < 0 || set_text(set, "description", text ? text : "") < 0)
      status = mdm_hdf5_failed(file, "write", what, err);
    if (set >= 0) H5Dclose(set);
  }
  H5E_END_TRY
  return status;
}

int mdm_file_array(mdm_file *file, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                   const double *value, mdm_error *err) {
  size_t n = rank < 0 || rank > MDM_MAX_RANK ? 1 : mdm_elements(rank, dim);
  return mdm_file_pieces(file, path, rank, dim, dims, text, (mdm_pieces){&value, n ? n : 1}, err);
}

/* Rows first … first + n − 1 of an open dataset. */
static int write_rows(hid_t set, size_t first, size_t n, size_t columns, const double *value) {
  hsize_t from[2] = {first, 0}, extent[2] = {n, columns};
  hid_t space = H5Dget_space(set), memory = H5Screate_simple(2, extent, NULL);
  int good = space >= 0 && memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, extent, NULL) >= 0 &&
             H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, value) >= 0;
  if (space >= 0) H5Sclose(space);
  if (memory >= 0) H5Sclose(memory);
  return good;
}

/* band: rows of a chunk × D. */
static int write_bands(hid_t set, const mdm_samples *s, size_t rows, size_t dimension, double *band) {
  int good = 1;
  for (size_t first = 0; first < s->count && good; first += rows) {
    size_t n = s->count - first < rows ? s->count - first : rows;
    for (size_t m = 0; m < n; m++) mdm_samples_input(s, first + m, band + dimension * m);
    good = write_rows(set, first, n, dimension, band);
  }
  return good;
}

int mdm_file_inputs(mdm_file *file, const char *path, const mdm_samples *s, size_t dimension, mdm_error *err) {
  const size_t dim[2] = {s->count, dimension};
  size_t rows = dimension < MDM_CHUNK_ELEMENTS ? MDM_CHUNK_ELEMENTS / dimension : 1; /* of whole chunks */
  double *band = mdm_alloc(rows < s->count ? rows : s->count, dimension, 1, sizeof *band);
  int status = band ? MDM_OK : mdm_no_memory(err, "the inputs in %s", file->path);
  H5E_BEGIN_TRY {
    hid_t set = status ? -1 : create_dataset(file, path, 2, dim);
    if (!status && (set < 0 || !write_bands(set, s, rows, dimension, band) || set_text(set, "dims", "sample, input") < 0 ||
                    set_text(set, "description", "inputs, after standardization") < 0))
      status = mdm_hdf5_failed(file, "write", path, err);
    if (set >= 0) H5Dclose(set);
  }
  H5E_END_TRY
  free(band);
  return status;
}

static int write_array(mdm_file *file, const char *group, const mdm_array *a, mdm_error *err) {
  char path[512], text[128];
  snprintf(path, sizeof path, "%s/%s", group, a->path);
  int status = mdm_file_array(file, path, a->rank, a->dim, a->dims, a->text, a->value, err);
  if (status != MDM_OK || !a->error) return status;
  snprintf(path, sizeof path, "%s/%s" MDM_TWIN, group, a->path);
  snprintf(text, sizeof text, "standard error of %s", a->path);
  return mdm_file_array(file, path, a->rank, a->dim, a->dims, text, a->error, err);
}

static int write_thinned(mdm_file *file, const char *group, const mdm_array *a, size_t every, mdm_error *err) {
  mdm_array few;
  int status = mdm_thin(a, every, &few, err);
  if (status) return status;
  status = write_array(file, group, &few, err);
  mdm_thinned_free(&few);
  return status;
}

/* Steps of the predictions that are stored. */
static int write_prediction_steps(mdm_file *file, const char *group, const mdm_array *a, size_t every, mdm_error *err) {
  size_t steps = a->dim[0] - 1, n = mdm_test_count(steps, every);
  char path[512];
  double *step = mdm_alloc(n, 1, 1, sizeof *step); /* n */
  if (!step) return mdm_no_memory(err, "predictions of %zu steps", n);
  for (size_t i = 0; i < n; i++) step[i] = (double)mdm_test_step(steps, every, i);
  snprintf(path, sizeof path, "%s/%s" MDM_PREDICTION_STEPS, group, a->path);
  int status = mdm_file_array(file, path, 1, &n, "prediction step", "steps whose train predictions are stored", step, err);
  free(step);
  return status;
}

int mdm_file_summary(mdm_file *file, const char *group, const mdm_record *rec, size_t every, mdm_error *err) {
  int status = every > 1 ? MDM_OK : mdm_file_record(file, group, rec, err);
  for (size_t i = 0; every > 1 && i < mdm_record_count(rec) && !status; i++) {
    const mdm_array *a = mdm_record_at(rec, i);
    status = mdm_is_thinned(a) ? write_thinned(file, group, a, every, err) : write_array(file, group, a, err);
    if (!status && mdm_is_thinned(a) && !strncmp(a->path, "observables", 11)) status = write_prediction_steps(file, group, a, every, err);
  }
  return status;
}

int mdm_file_record(mdm_file *file, const char *group, const mdm_record *rec, mdm_error *err) {
  int status = MDM_OK;
  if (strlen(group) > 256) return mdm_fail(err, MDM_ERR_INTERNAL, "group name too long in %s", file->path);
  for (size_t i = 0; status == MDM_OK && i < mdm_record_count(rec); i++)
    status = write_array(file, group, mdm_record_at(rec, i), err);
  return status;
}
