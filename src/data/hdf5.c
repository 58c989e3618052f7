/* Reader of HDF5 files: inputs (P × D; further dimensions are flattened into D) and targets (P, or P × C), of any integer or
 * floating-point type or an enumeration (h5py's booleans), read as double. HDF5's own error printing is off while we read. */
#include "data/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hdf5.h>

typedef struct dataset {
  const char *name, *option; /* "/x", and the option that names it */
  hid_t id;                  /* negative: not open */
  int rank;
  size_t rows, rest; /* first extent; product of the others */
} dataset;

/* Extents of an open data set into d; each product checked. */
static int read_extents(const mdm_source *src, dataset *d, hid_t space, mdm_error *err) {
  hsize_t extent[H5S_MAX_RANK];
  d->rank = H5Sget_simple_extent_ndims(space);
  if (d->rank < 1 || H5Sget_simple_extent_dims(space, extent, NULL) < 0)
    return mdm_fail(err, MDM_ERR_DATA, "%s: %s is not an array; store inputs as P x D, targets as P or P x C for %s", src->path, d->name, src->option);
  d->rows = (size_t)extent[0];
  d->rest = 1;
  for (int k = 1; k < d->rank; k++)
    if (!mdm_multiply(d->rest, (size_t)extent[k], &d->rest))
      return mdm_fail(err, MDM_ERR_DATA, "%s: the product of the extents of %s overflows; check %s", src->path, d->name,
                      src->option);
  if (d->rows == 0 || d->rest == 0)
    return mdm_fail(err, MDM_ERR_DATA, "%s: %s is empty; check %s", src->path, d->name, src->option);
  return MDM_OK;
}

static int check_type(const mdm_source *src, const dataset *d, mdm_error *err) {
  hid_t type = H5Dget_type(d->id);
  H5T_class_t class = H5Tget_class(type);
  if (type >= 0) H5Tclose(type);
  if (class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM) return MDM_OK;
  return mdm_fail(err, MDM_ERR_DATA, "%s: %s is not of an integer, floating-point or boolean type; store it as such for %s",
                  src->path, d->name, src->option);
}

static int open_dataset(const mdm_source *src, hid_t file, dataset *d, mdm_error *err) {
  d->id = H5Dopen2(file, d->name, H5P_DEFAULT);
  if (d->id < 0)
    return mdm_fail(err, MDM_ERR_DATA, "%s: has no data set %s, which %s names; %s needs inputs (P x D) and targets (P or P x C)", src->path, d->name,
                    d->option, src->option);
  int status = check_type(src, d, err);
  if (status) return status;
  hid_t space = H5Dget_space(d->id);
  status = read_extents(src, d, space, err);
  if (space >= 0) H5Sclose(space);
  return status;
}

static int check_shapes(const mdm_source *src, const dataset *x, const dataset *y, mdm_error *err) {
  if (x->rank < 2)
    return mdm_fail(err, MDM_ERR_DATA, "%s: %s has 1 dimension, it must be P x D; reshape it (P x 1 for D = 1) for %s",
                    src->path, x->name, src->option);
  if (y->rank > 2)
    return mdm_fail(err, MDM_ERR_DATA, "%s: %s has %d dimensions, it must be P or P x C; reshape it for %s", src->path,
                    y->name, y->rank, src->option);
  if (x->rows != y->rows)
    return mdm_fail(err, MDM_ERR_DATA, "%s: %s has %zu rows but %s has %zu; there must be one per sample in both (%s)",
                    src->path, x->name, x->rows, y->name, y->rows, src->option);
  return MDM_OK;
}

/* The whole data set, rows × rest. */
static int read_values(const mdm_source *src, const dataset *d, double **to, mdm_error *err) {
  if (!(*to = mdm_array(d->rows, d->rest, sizeof **to, err))) return MDM_ERR_MEMORY;
  if (H5Dread(d->id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *to) >= 0) return MDM_OK;
  return mdm_fail(err, MDM_ERR_DATA,
                  "%s: %s cannot be read (truncated file, or a missing compression filter); check %s", src->path,
                  d->name, src->option);
}

static int read_file(mdm_source *src, hid_t file, mdm_error *err) {
  dataset x = {.name = src->x_name, .option = src->x_option, .id = -1}, y = {.name = src->y_name, .option = src->y_option, .id = -1};
  int status = open_dataset(src, file, &x, err);
  if (!status) status = open_dataset(src, file, &y, err);
  if (!status) status = check_shapes(src, &x, &y, err);
  if (!status) status = read_values(src, &x, &src->x, err);
  if (!status) status = read_values(src, &y, &src->y, err);
  src->count = x.rows;
  src->dimension = x.rest;
  src->outputs = y.rest;
  if (x.id >= 0) H5Dclose(x.id);
  if (y.id >= 0) H5Dclose(y.id);
  return status;
}

static int open_and_read(mdm_source *src, mdm_error *err) {
  if (access(src->path, R_OK))
    return mdm_fail(err, MDM_ERR_DATA, "%s: cannot be opened (%s); check %s", src->path, strerror(errno), src->option);
  hid_t file = H5Fopen(src->path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0)
    return mdm_fail(err, MDM_ERR_DATA, "%s: is not an HDF5 file, or is truncated or in use; check %s and data.source",
                    src->path, src->option);
  int status = read_file(src, file, err);
  H5Fclose(file);
  return status;
}

int mdm_source_read_hdf5(mdm_source *src, mdm_error *err) {
  H5E_auto2_t print = NULL;
  void *print_data = NULL;
  H5Eget_auto2(H5E_DEFAULT, &print, &print_data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  int status = open_and_read(src, err);
  H5Eset_auto2(H5E_DEFAULT, print, print_data);
  return status;
}
