/* Reading HDF5 output (moedmft/file.h): datasets back into records, attributes, and the widths a file holds. */
#include <errno.h>
#include <gsl/gsl_sort_long.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/record.h"
#include "base/regular.h"
#include "file/internal.h"
#include "file/seal.h"
#include "file/trial.h"

#define WIDTH "width_"

/* ---- opening ---- */

/* Nothing of a file whose seal is broken gets to HDF5, which does not survive everything; what has no seal is read on trial first. */
static int check_readable(mdm_file *file, mdm_error *err) {
  size_t size;
  const char *why;
  int fd = mdm_open_regular(file->path, &size, &why);
  if (fd < 0) return mdm_fail(err, MDM_ERR_IO, "cannot open %s: %s", file->path, why);
  int status = mdm_seal_check(fd, file->path, &file->sealed, err);
  close(fd);
  if (!status && H5Fis_hdf5(file->path) <= 0) status = mdm_fail(err, MDM_ERR_IO, "%s is not an HDF5 file", file->path);
  if (!status && !file->sealed) status = mdm_file_trial(file->path, err);
  return status;
}

/* A finished file never changes in place, so no lock is needed; some network file systems have none to give. */
static hid_t open_read_only(const char *path) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), id = -1;
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access, 0, 1);
#endif
  if (access >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0) id = H5Fopen(path, H5F_ACC_RDONLY, access);
  if (id >= 0) H5Pclose(access);
  return id;
}

static int check_schema(mdm_file *file, mdm_error *err) {
  char *format = NULL;
  double schema = NAN;
  mdm_file_dup_text(file, "/", "format", &format, NULL);
  int ours = format && strcmp(format, "moedmft") == 0;
  free(format);
  if (!ours || mdm_file_get_real(file, "/", "schema_version", &schema, NULL) != MDM_OK)
    return mdm_fail(err, MDM_ERR_IO, "%s is an HDF5 file, but not one that moedmft wrote", file->path);
  if (schema == MDM_SCHEMA_VERSION) return MDM_OK;
  char version[64] = "?", commit[64] = "?";
  mdm_file_get_text(file, "/", "version", version, sizeof version, NULL);
  mdm_file_get_text(file, "/", "commit", commit, sizeof commit, NULL);
  return mdm_fail(err, MDM_ERR_IO, "%s has schema version %g, this moedmft reads version %d: read it with the moedmft that wrote it (version %s, commit %.12s), or compute it anew",
                  file->path, schema, MDM_SCHEMA_VERSION, version, commit);
}

static int open_checked(mdm_file *file, mdm_error *err) {
  int status = check_readable(file, err);
  if (status != MDM_OK) return status;
  file->id = open_read_only(file->path);
  return file->id < 0 ? mdm_hdf5_failed(file, "read", "the head", err) : check_schema(file, err);
}

int mdm_file_open(const char *path, mdm_file **out, mdm_error *err) {
  *out = NULL;
  mdm_file *file;
  int status = mdm_file_allocate(path, &file, err);
  if (status != MDM_OK) return status;
  H5E_BEGIN_TRY { status = open_checked(file, err); }
  H5E_END_TRY
  if (status == MDM_OK)
    *out = file;
  else
    mdm_file_discard(file);
  return status;
}

/* ---- attributes ---- */

static const char *root_if_empty(const char *group) { return group[0] ? group : "/"; }

static hid_t open_attribute(const mdm_file *file, const char *group, const char *name) {
  return H5Aopen_by_name(file->id, root_if_empty(group), name, H5P_DEFAULT, H5P_DEFAULT);
}

static int is_scalar(hid_t attr) {
  hid_t space = H5Aget_space(attr);
  int one = space >= 0 && H5Sget_simple_extent_npoints(space) == 1;
  H5Sclose(space);
  return one;
}

static char *read_string(hid_t attr, hid_t stored) {
  char *text = NULL;
  if (H5Tis_variable_str(stored) > 0) {
    char *owned = NULL; /* HDF5's memory */
    if (H5Aread(attr, stored, &owned) >= 0 && owned) text = strdup(owned);
    if (owned) H5free_memory(owned);
  } else if ((text = calloc(H5Tget_size(stored) + 1, 1)) && H5Aread(attr, stored, text) < 0) {
    free(text);
    text = NULL;
  }
  return text;
}

static char *read_number_as_text(hid_t attr, hid_t stored) {
  char text[64];
  long whole;
  double real;
  if (H5Tget_class(stored) == H5T_INTEGER && H5Aread(attr, H5T_NATIVE_LONG, &whole) >= 0)
    snprintf(text, sizeof text, "%ld", whole);
  else if (H5Tget_class(stored) == H5T_FLOAT && H5Aread(attr, H5T_NATIVE_DOUBLE, &real) >= 0)
    mdm_real_text(real, text);
  else
    return NULL;
  return strdup(text);
}

static char *attribute_text(hid_t attr) {
  if (!is_scalar(attr)) return NULL;
  hid_t stored = H5Aget_type(attr);
  if (stored < 0) return NULL;
  char *text = H5Tget_class(stored) == H5T_STRING ? read_string(attr, stored) : read_number_as_text(attr, stored);
  H5Tclose(stored);
  return text;
}

static int no_attribute(const mdm_file *file, const char *group, const char *name, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_DATA, "%s: group %s has no attribute %s of the expected type", file->path,
                  root_if_empty(group), name);
}

int mdm_file_dup_text(mdm_file *file, const char *group, const char *name, char **out, mdm_error *err) {
  *out = NULL;
  H5E_BEGIN_TRY {
    hid_t attr = open_attribute(file, group, name);
    if (attr >= 0) {
      *out = attribute_text(attr);
      H5Aclose(attr);
    }
  }
  H5E_END_TRY
  return *out ? MDM_OK : no_attribute(file, group, name, err);
}

int mdm_file_get_text(mdm_file *file, const char *group, const char *name, char *buf, size_t size, mdm_error *err) {
  char *text;
  int status = mdm_file_dup_text(file, group, name, &text, err);
  if (status != MDM_OK) return status;
  if (strlen(text) >= size)
    status = mdm_fail(err, MDM_ERR_DATA, "%s: attribute %s has %zu characters, expected fewer than %zu", file->path,
                      name, strlen(text), size);
  else
    strcpy(buf, text);
  free(text);
  return status;
}

int mdm_file_get_real(mdm_file *file, const char *group, const char *name, double *value, mdm_error *err) {
  int found = 0;
  H5E_BEGIN_TRY {
    hid_t attr = open_attribute(file, group, name);
    if (attr >= 0) {
      found = is_scalar(attr) && H5Aread(attr, H5T_NATIVE_DOUBLE, value) >= 0;
      H5Aclose(attr);
    }
  }
  H5E_END_TRY
  return found ? MDM_OK : no_attribute(file, group, name, err);
}

int mdm_file_has_group(mdm_file *file, const char *group) {
  hid_t g;
  H5E_BEGIN_TRY {
    g = H5Gopen2(file->id, root_if_empty(group), H5P_DEFAULT);
    if (g >= 0) H5Gclose(g);
  }
  H5E_END_TRY
  return g >= 0;
}

/* ---- links of a group ---- */

static size_t link_count(hid_t group) {
  H5G_info_t info;
  return H5Gget_info(group, &info) < 0 ? 0 : (size_t)info.nlinks;
}

/* Names in alphabetical order; 0 when the name does not fit. */
static int link_name(hid_t group, size_t i, char *buf, size_t size) {
  ssize_t n = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, buf, size, H5P_DEFAULT);
  return n > 0 && (size_t)n < size;
}

static int width_of(const char *name, long *width) {
  if (strncmp(name, WIDTH, sizeof WIDTH - 1) != 0) return 0;
  char *end;
  errno = 0;
  *width = strtol(name + sizeof WIDTH - 1, &end, 10);
  return errno == 0 && *end == '\0' && *width > 0;
}

int mdm_file_widths(mdm_file *file, long **out, size_t *n, mdm_error *err) {
  char name[64];
  size_t found = 0;
  *out = NULL;
  *n = 0;
  H5E_BEGIN_TRY {
    size_t links = link_count(file->id);
    long *widths = malloc((links + 1) * sizeof *widths);
    for (size_t i = 0; widths && i < links; i++)
      if (link_name(file->id, i, name, sizeof name) && width_of(name, &widths[found])) found++;
    *out = widths;
  }
  H5E_END_TRY
  if (!*out) return mdm_no_memory(err, "the widths of %s", file->path);
  *n = found;
  if (found) {
    gsl_sort_long(*out, 1, found);
  } else {
    free(*out);
    *out = NULL;
  }
  return MDM_OK;
}

/* ---- datasets ---- */

typedef struct {
  mdm_file *file;
  size_t limit; /* elements; larger arrays are left out; 0: none is */
  mdm_record *rec;
  mdm_error *err;
} reader;

/* Rank and extents of a dataset of 64-bit floating-point numbers; 0 when it is something else, or what a record cannot hold. */
static int dataset_shape(hid_t set, mdm_array *shape) {
  hid_t type = H5Dget_type(set), space = H5Dget_space(set);
  hsize_t extent[H5S_MAX_RANK];
  int real = type >= 0 && H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == sizeof(double);
  shape->rank = space >= 0 && H5Sget_simple_extent_type(space) != H5S_NULL ? H5Sget_simple_extent_dims(space, extent, NULL) : -1;
  int fits = real && shape->rank >= 0 && shape->rank <= MDM_MAX_RANK;
  for (int i = 0; fits && i < shape->rank; i++) shape->dim[i] = (size_t)extent[i];
  H5Sclose(space);
  H5Tclose(type);
  return fits;
}

char *mdm_dataset_text(hid_t set, const char *name) {
  hid_t attr = H5Aexists(set, name) > 0 ? H5Aopen(set, name, H5P_DEFAULT) : -1;
  if (attr < 0) return NULL;
  char *text = attribute_text(attr);
  H5Aclose(attr);
  return text;
}

/* Whether the file can hold the numbers that the dataset's shape promises: deflate makes them 1032 times smaller at most. */
static int is_stored(hid_t set, const mdm_array *shape) {
  double bytes = (double)mdm_elements(shape->rank, shape->dim) * sizeof(double);
  return bytes <= 1032.0 * (double)H5Dget_storage_size(set);
}

static int read_values(reader *r, hid_t set, const char *path, double *values) {
  if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) return MDM_OK;
  return mdm_hdf5_failed(r->file, "read", path, r->err);
}

/* Errors of a, from its twin. */
static int read_twin(reader *r, hid_t twin, mdm_array *a) {
  mdm_array shape = {.rank = 0};
  if (!dataset_shape(twin, &shape) || !mdm_same_shape(&shape, a))
    return mdm_fail(r->err, MDM_ERR_IO, "%s: the standard error of %s has another shape", r->file->path, a->path);
  return read_values(r, twin, a->path, a->error);
}

static int append_array(reader *r, hid_t group, const char *name, hid_t set, const mdm_array *shape) {
  char twin[sizeof shape->path + sizeof MDM_TWIN];
  mdm_array *a;
  snprintf(twin, sizeof twin, "%s" MDM_TWIN, name);
  int has_twin = H5Lexists(group, twin, H5P_DEFAULT) > 0;
  int status = mdm_record_append(r->rec, shape, has_twin, &a, r->err);
  if (status == MDM_OK) status = read_values(r, set, a->path, a->value);
  if (status != MDM_OK || !has_twin) return status;
  hid_t errors = H5Dopen2(group, twin, H5P_DEFAULT);
  if (errors < 0) return mdm_hdf5_failed(r->file, "read", twin, r->err);
  status = read_twin(r, errors, a);
  H5Dclose(errors);
  return status;
}

static int read_dataset(reader *r, hid_t group, const char *name, const char *path, hid_t set) {
  mdm_array shape = {.rank = 0};
  if (!dataset_shape(set, &shape)) return MDM_OK;
  if (r->limit && mdm_elements(shape.rank, shape.dim) > r->limit) return MDM_OK;
  if (!is_stored(set, &shape)) return mdm_fail(r->err, MDM_ERR_IO, "%s: %s has fewer numbers than its shape says", r->file->path, path);
  char *dims = mdm_dataset_text(set, "dims"), *text = mdm_dataset_text(set, "description");
  snprintf(shape.path, sizeof shape.path, "%s", path);
  snprintf(shape.dims, sizeof shape.dims, "%s", dims ? dims : "");
  shape.text = text;
  int status = append_array(r, group, name, set, &shape);
  free(dims);
  free(text);
  return status;
}

int mdm_is_twin(hid_t group, const char *name) {
  char base[256];
  size_t length = strlen(name), tail = sizeof MDM_TWIN - 1;
  if (length <= tail || length - tail >= sizeof base || strcmp(name + length - tail, MDM_TWIN) != 0) return 0;
  snprintf(base, sizeof base, "%.*s", (int)(length - tail), name);
  return H5Lexists(group, base, H5P_DEFAULT) > 0;
}

/* Groups from the one that is read up to where reading began. */
typedef struct level {
  hid_t group;
  const struct level *above;
} level;

int mdm_same_object(hid_t a, hid_t b) {
  H5O_info_t x, y;
#if H5_VERSION_GE(1, 12, 0)
  int order = 1;
  return H5Oget_info(a, &x, H5O_INFO_BASIC) >= 0 && H5Oget_info(b, &y, H5O_INFO_BASIC) >= 0 && H5Otoken_cmp(a, &x.token, &y.token, &order) >= 0 && order == 0;
#else
  return H5Oget_info(a, &x) >= 0 && H5Oget_info(b, &y) >= 0 && x.fileno == y.fileno && x.addr == y.addr;
#endif
}

static int read_group(reader *r, const level *at, const char *prefix);

/* A group that contains itself would be read for ever. */
static int read_subgroup(reader *r, const level *above, hid_t group, const char *path) {
  for (const level *l = above; l; l = l->above)
    if (mdm_same_object(l->group, group)) return mdm_fail(r->err, MDM_ERR_IO, "%s: group %s contains itself", r->file->path, path);
  return read_group(r, &(level){group, above}, path);
}

static int read_link(reader *r, const level *at, const char *name, const char *prefix) {
  char path[2 * sizeof((mdm_array *)0)->path];
  int status = MDM_OK;
  snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "/" : "", name);
  if (strlen(path) >= sizeof((mdm_array *)0)->path)
    return mdm_fail(r->err, MDM_ERR_IO, "%s: the name %s is too long for a record", r->file->path, path);
  hid_t object = H5Oopen(at->group, name, H5P_DEFAULT);
  if (object < 0) return mdm_hdf5_failed(r->file, "read", path, r->err);
  H5I_type_t type = H5Iget_type(object);
  int separate = !strncmp(name, WIDTH, sizeof WIDTH - 1) || !strcmp(path, MDM_RESUME) || !strcmp(path, MDM_RUNS); /* not part of an ensemble's record */
  if (type == H5I_GROUP && !separate) status = read_subgroup(r, at, object, path);
  if (type == H5I_DATASET && !mdm_is_twin(at->group, name)) status = read_dataset(r, at->group, name, path, object);
  H5Oclose(object);
  return status;
}

static int read_group(reader *r, const level *at, const char *prefix) {
  char name[sizeof((mdm_array *)0)->path];
  int status = MDM_OK;
  size_t n = link_count(at->group);
  for (size_t i = 0; status == MDM_OK && i < n; i++) {
    if (!link_name(at->group, i, name, sizeof name))
      return mdm_fail(r->err, MDM_ERR_IO, "%s: a name below /%s is too long for a record", r->file->path, prefix);
    status = read_link(r, at, name, prefix);
  }
  return status;
}

static int read_all(reader *r, const char *group) {
  hid_t g = H5Gopen2(r->file->id, root_if_empty(group), H5P_DEFAULT);
  if (g < 0) return mdm_fail(r->err, MDM_ERR_DATA, "%s has no group %s", r->file->path, group);
  int status = read_group(r, &(level){g, NULL}, "");
  H5Gclose(g);
  return status;
}

int mdm_file_read_record(mdm_file *file, const char *group, size_t max_elements, mdm_record **out, mdm_error *err) {
  *out = NULL;
  reader r = {.file = file, .limit = max_elements, .err = err};
  int status = mdm_record_create(&r.rec, err);
  if (status != MDM_OK) return status;
  H5E_BEGIN_TRY { status = read_all(&r, group); }
  H5E_END_TRY
  if (status == MDM_OK) status = mdm_file_slice(file, r.rec, err);
  if (status == MDM_OK)
    *out = r.rec;
  else
    mdm_record_free(r.rec);
  return status;
}

static int read_if_present(reader *r, const char *group, const char *path) {
  hid_t g = H5Gopen2(r->file->id, root_if_empty(group), H5P_DEFAULT);
  hid_t set = g >= 0 ? H5Dopen2(g, path, H5P_DEFAULT) : -1;
  int status = set >= 0 ? read_dataset(r, g, path, path, set) : MDM_OK;
  if (set >= 0) H5Dclose(set);
  if (g >= 0) H5Gclose(g);
  return status;
}

int mdm_file_read_some(mdm_file *file, const char *group, const char *const *paths, size_t n, mdm_record **out,
                       mdm_error *err) {
  *out = NULL;
  reader r = {.file = file, .err = err};
  int status = mdm_record_create(&r.rec, err);
  H5E_BEGIN_TRY {
    for (size_t i = 0; status == MDM_OK && i < n; i++) status = read_if_present(&r, group, paths[i]);
  }
  H5E_END_TRY
  if (status == MDM_OK) status = mdm_file_slice(file, r.rec, err);
  if (status == MDM_OK)
    *out = r.rec;
  else
    mdm_record_free(r.rec);
  return status;
}
