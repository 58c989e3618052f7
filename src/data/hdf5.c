/* Reader of HDF5 files: inputs (P × D; further dimensions are flattened into D) and targets (P, or P × C), of any integer or
 * floating-point type or an enumeration (h5py's booleans). Inputs stay as small as they are where bytes or single precision hold them exactly; targets
 * become double.
 *
 * HDF5 does not survive every damaged file, and files of others have no checksum that could be looked at first: a child process (base/guard.h)
 * reads them, and sends shapes and numbers. It costs a process and the way through a pipe (docs/reliability.md). */
#include "data/source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hdf5.h>

#include "base/guard.h"
#include "base/regular.h"

enum { BAND = 1 << 20 /* numbers that are read at a time */ };

typedef struct dataset {
  const char *name, *option; /* "/x", and the option that names it */
  hid_t id;                  /* negative: not open */
  int rank;
  size_t rows, rest; /* first extent; product of the others */
  mdm_held_as type;  /* in which its numbers are read */
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

/* Whether numbers of a floating-point type are numbers of single precision. */
static int fits_single(hid_t type) {
  size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
  if (H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) < 0 || H5Tget_norm(type) != H5T_NORM_IMPLIED) return 0;
  return exponent_bits <= 8 && mantissa_bits <= 23 && H5Tget_ebias(type) == ((size_t)1 << (exponent_bits - 1)) - 1;
}

/* The smallest type that holds the numbers of a data set exactly. */
static mdm_held_as smallest_type(hid_t set) {
  hid_t type = H5Dget_type(set);
  H5T_class_t class = H5Tget_class(type);
  size_t size = H5Tget_size(type);
  mdm_held_as held = MDM_HELD_DOUBLE;
  if (class == H5T_INTEGER && size <= 2) held = size == 1 && H5Tget_sign(type) == H5T_SGN_NONE ? MDM_HELD_BYTE : MDM_HELD_SINGLE;
  if (class == H5T_FLOAT && fits_single(type)) held = MDM_HELD_SINGLE;
  if (type >= 0) H5Tclose(type);
  return held;
}

static hid_t in_memory(mdm_held_as type) { return type == MDM_HELD_BYTE ? H5T_NATIVE_UCHAR : type == MDM_HELD_SINGLE ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE; }

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
  if (src->sequences && x->rank != 2)
    return mdm_fail(err, MDM_ERR_DATA, "%s: %s is an array of rank %d, it must be sequences x T (rank 2); reshape it for %s", src->path, x->name, x->rank, src->option);
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

/* ---- the child: numbers, band by band ---- */

/* Rows of a band: of whole chunks, which would otherwise be decompressed again for each band that they reach into. */
static size_t band_rows(const dataset *d) {
  hsize_t chunk[H5S_MAX_RANK] = {1};
  size_t rows = d->rest < BAND ? BAND / d->rest : 1;
  hid_t list = H5Dget_create_plist(d->id);
  if (list < 0 || H5Pget_layout(list) != H5D_CHUNKED || H5Pget_chunk(list, H5S_MAX_RANK, chunk) < 1 || !chunk[0]) chunk[0] = 1;
  if (list >= 0) H5Pclose(list);
  if (rows % chunk[0]) rows += (size_t)chunk[0] - rows % (size_t)chunk[0];
  return rows < d->rows ? rows : d->rows;
}

/* Rows first … first + n − 1 to `to`. */
static int read_rows(const dataset *d, size_t first, size_t n, void *to) {
  hsize_t from[H5S_MAX_RANK] = {first}, extent[H5S_MAX_RANK], numbers = n * d->rest;
  hid_t space = H5Dget_space(d->id), memory = H5Screate_simple(1, &numbers, NULL);
  int good = space >= 0 && memory >= 0 && H5Sget_simple_extent_dims(space, extent, NULL) == d->rank;
  extent[0] = n;
  good = good && H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, extent, NULL) >= 0 &&
         H5Dread(d->id, in_memory(d->type), memory, space, H5P_DEFAULT, to) >= 0;
  if (space >= 0) H5Sclose(space);
  if (memory >= 0) H5Sclose(memory);
  return good;
}

static int send_values(mdm_guard *g, const mdm_source *src, const dataset *d, mdm_error *err) {
  size_t rows = band_rows(d);
  void *band = mdm_array(rows, d->rest, mdm_held_size(d->type), err); /* rows × rest */
  int status = band ? MDM_OK : MDM_ERR_MEMORY;
  for (size_t m = 0, n; m < d->rows && !status; m += n) {
    n = d->rows - m < rows ? d->rows - m : rows;
    if (read_rows(d, m, n, band)) status = mdm_guard_send(g, band, n * d->rest * mdm_held_size(d->type), err);
    else
      status = mdm_fail(err, MDM_ERR_DATA, "%s: %s cannot be read (truncated file, or a missing compression filter); check %s", src->path, d->name,
                        src->option);
  }
  free(band);
  return status;
}

/* What the child sends first. */
typedef struct shape {
  size_t rows, x_columns, y_columns;
  mdm_held_as type; /* of x */
} shape;

static int send_file(mdm_guard *g, const mdm_source *src, hid_t file, mdm_error *err) {
  dataset x = {.name = src->x_name, .option = src->x_option, .id = -1}, y = {.name = src->y_name, .option = src->y_option, .id = -1, .type = MDM_HELD_DOUBLE};
  int status = open_dataset(src, file, &x, err);
  if (!status) status = open_dataset(src, file, &y, err);
  if (!status) status = check_shapes(src, &x, &y, err);
  if (!status) x.type = smallest_type(x.id);
  if (!status) status = mdm_guard_send(g, &(shape){x.rows, x.rest, y.rest, x.type}, sizeof(shape), err);
  if (!status) status = send_values(g, src, &x, err);
  if (!status) status = send_values(g, src, &y, err);
  if (x.id >= 0) H5Dclose(x.id);
  if (y.id >= 0) H5Dclose(y.id);
  return status;
}

static int read_in_child(mdm_guard *g, void *context, mdm_error *err) {
  const mdm_source *src = context;
  int status;
  H5E_BEGIN_TRY {
    hid_t file = H5Fopen(src->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    status = file < 0 ? mdm_fail(err, MDM_ERR_DATA, "%s: is not an HDF5 file, or is truncated or in use; check %s and data.source", src->path, src->option)
                      : send_file(g, src, file, err);
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY
  return status;
}

/* ---- the parent ---- */

static int receive_targets(mdm_guard *g, size_t rows, size_t columns, double **to, mdm_error *err) {
  *to = mdm_array(rows, columns, sizeof **to, err); /* rows × columns */
  return *to ? mdm_guard_receive(g, *to, rows * columns * sizeof **to, err) : MDM_ERR_MEMORY;
}

static int receive_inputs(mdm_guard *g, const shape *s, mdm_stored **to, mdm_error *err) {
  int status = mdm_stored_create(to, s->type, s->rows, s->x_columns, err);
  return status ? status : mdm_guard_receive(g, (*to)->value, s->rows * s->x_columns * mdm_held_size(s->type), err);
}

static int receive(mdm_guard *g, mdm_source *src, mdm_error *err) {
  shape s;
  int status = mdm_guard_receive(g, &s, sizeof s, err);
  if (!status) status = receive_inputs(g, &s, &src->x, err);
  if (!status) status = receive_targets(g, s.rows, s.y_columns, &src->y, err);
  if (status) return status;
  src->count = s.rows;
  src->dimension = s.x_columns;
  src->outputs = s.y_columns;
  return MDM_OK;
}

int mdm_source_read_hdf5(mdm_source *src, mdm_error *err) {
  mdm_guard g;
  size_t size;
  const char *why;
  int fd = mdm_open_regular(src->path, &size, &why);
  if (fd < 0) return mdm_fail(err, MDM_ERR_DATA, "%s: cannot be opened (%s); check %s", src->path, why, src->option);
  close(fd);
  int status = mdm_guard_start(&g, src->path, read_in_child, src, err);
  return status ? status : mdm_guard_end(&g, receive(&g, src, err), err);
}
