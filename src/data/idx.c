/* Reader of IDX files (the format of the MNIST family), plain or gzip: two zero bytes, the element type (0x08 is
 * unsigned byte), the number of dimensions, each extent as a big-endian 32-bit integer, then the elements row-major.
 * zlib's gzopen reads plain files as they are. */
#include "data/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { UNSIGNED_BYTE = 0x08, MAX_RATIO = 1100 /* deflate cannot compress better than 1032 : 1 */ };

typedef struct idx_file {
  const char *path, *option; /* file, and the option that names it */
  gzFile stream;
  int rank;
  size_t first, rest;  /* first extent; product of the others */
  unsigned char *byte; /* first × rest */
} idx_file;

/* Reads exactly n bytes. */
static int read_bytes(idx_file *f, unsigned char *to, size_t n, mdm_error *err) {
  while (n) {
    unsigned piece = n < (1u << 28) ? (unsigned)n : 1u << 28;
    int got = gzread(f->stream, to, piece), code;
    const char *why = gzerror(f->stream, &code);
    if (!strncmp(why, f->path, strlen(f->path))) why += strlen(f->path); /* zlib begins with "path: " */
    why += strspn(why, ": ");
    if (got < 0 || (got == 0 && code != Z_OK && code != Z_BUF_ERROR))
      return mdm_fail(err, MDM_ERR_DATA, "%s: cannot be read (%s); check %s", f->path,
                      code == Z_ERRNO ? strerror(errno) : why, f->option);
    if (got == 0)
      return mdm_fail(err, MDM_ERR_DATA, "%s: is truncated, %zu bytes missing; fetch it again or change %s", f->path, n,
                      f->option);
    to += got;
    n -= (size_t)got;
  }
  return MDM_OK;
}

/* Refuses a header that promises more than the file can hold, before memory is taken for it. */
static int check_promise(const idx_file *f, size_t bytes, mdm_error *err) {
  struct stat s;
  if (stat(f->path, &s) || !S_ISREG(s.st_mode) || bytes / MAX_RATIO <= (size_t)s.st_size) return MDM_OK;
  return mdm_fail(err, MDM_ERR_DATA, "%s: is truncated, its header promises %zu bytes; fetch it again or change %s",
                  f->path, bytes, f->option);
}

static int read_header(idx_file *f, mdm_error *err) {
  unsigned char head[4], extent[4];
  int status = read_bytes(f, head, sizeof head, err);
  if (status) return status;
  if (head[0] || head[1] || head[3] == 0)
    return mdm_fail(err, MDM_ERR_DATA, "%s: is not an IDX file (it begins with %02x %02x %02x %02x); check %s", f->path,
                    head[0], head[1], head[2], head[3], f->option);
  if (head[2] != UNSIGNED_BYTE)
    return mdm_fail(err, MDM_ERR_DATA,
                    "%s: has elements of type 0x%02x, only unsigned bytes (0x08) can be read; "
                    "convert it, or use data.source: hdf5",
                    f->path, head[2]);
  f->rank = head[3];
  f->rest = 1;
  for (int k = 0; k < f->rank; k++) {
    if ((status = read_bytes(f, extent, sizeof extent, err))) return status;
    size_t n = (size_t)extent[0] << 24 | (size_t)extent[1] << 16 | (size_t)extent[2] << 8 | extent[3];
    if (k == 0)
      f->first = n;
    else if (!mdm_multiply(f->rest, n, &f->rest))
      return mdm_fail(err, MDM_ERR_DATA, "%s: the product of its extents overflows; check %s", f->path, f->option);
  }
  return MDM_OK;
}

static int read_elements(idx_file *f, mdm_error *err) {
  size_t bytes;
  unsigned char extra;
  if (f->first == 0 || f->rest == 0)
    return mdm_fail(err, MDM_ERR_DATA, "%s: holds no samples; check %s", f->path, f->option);
  if (!mdm_multiply(f->first, f->rest, &bytes))
    return mdm_fail(err, MDM_ERR_DATA, "%s: the product of its extents overflows; check %s", f->path, f->option);
  int status = check_promise(f, bytes, err);
  if (status) return status;
  if (!(f->byte = mdm_array(f->first, f->rest, 1, err))) return MDM_ERR_MEMORY;
  if ((status = read_bytes(f, f->byte, bytes, err))) return status;
  int more = gzread(f->stream, &extra, 1); /* also makes zlib compare the checksum */
  if (more > 0)
    return mdm_fail(err, MDM_ERR_DATA, "%s: is longer than its header says (%zu elements); check %s", f->path, bytes,
                    f->option);
  if (more < 0)
    return mdm_fail(err, MDM_ERR_DATA, "%s: is damaged at its end; fetch it again or change %s", f->path, f->option);
  return MDM_OK;
}

static int read_file(idx_file *f, mdm_error *err) {
  errno = 0;
  f->stream = gzopen(f->path, "rb");
  if (!f->stream)
    return mdm_fail(err, MDM_ERR_DATA, "%s: cannot be opened (%s); check %s", f->path,
                    errno ? strerror(errno) : "out of memory", f->option);
  int status = read_header(f, err);
  if (!status) status = read_elements(f, err);
  int close_status = gzclose(f->stream); /* finds a gzip file that stops before its checksum */
  if (!status && close_status != Z_OK)
    status = mdm_fail(err, MDM_ERR_DATA, "%s: is damaged at its end; fetch it again or change %s", f->path, f->option);
  return status;
}

static int check_pair(const idx_file *images, const idx_file *labels, mdm_error *err) {
  if (images->rank < 2)
    return mdm_fail(err, MDM_ERR_DATA,
                    "%s: has 1 dimension, images have 2 or more; check %s (labels belong to "
                    "data.labels and data.test_labels)",
                    images->path, images->option);
  if (labels->rank != 1)
    return mdm_fail(err, MDM_ERR_DATA, "%s: has %d dimensions, labels have 1; check %s", labels->path, labels->rank,
                    labels->option);
  if (images->first != labels->first)
    return mdm_fail(err, MDM_ERR_DATA, "%s holds %zu images but %s %zu labels; check %s and %s", images->path,
                    images->first, labels->path, labels->first, images->option, labels->option);
  return MDM_OK;
}

static int read_pair(mdm_source *src, idx_file *images, idx_file *labels, mdm_error *err) {
  int status = read_file(images, err);
  if (!status) status = read_file(labels, err);
  if (!status) status = check_pair(images, labels, err);
  if (status) return status;
  if (!(src->label = mdm_array(labels->first, 1, sizeof *src->label, err))) return MDM_ERR_MEMORY;
  for (size_t m = 0; m < labels->first; m++) src->label[m] = labels->byte[m];
  src->count = images->first;
  src->dimension = images->rest;
  src->outputs = 1;
  int created = mdm_stored_create(&src->x, MDM_HELD_BYTE, 0, images->rest, err);
  if (created) return created;
  free(src->x->value);
  src->x->value = images->byte;
  src->x->count = images->first;
  images->byte = NULL;
  return MDM_OK;
}

int mdm_source_read_idx(mdm_source *src, const char *images, const char *labels, int is_test, mdm_error *err) {
  idx_file x = {.path = images, .option = is_test ? "data.test_file" : "data.file"};
  idx_file y = {.path = labels, .option = is_test ? "data.test_labels" : "data.labels"};
  *src = (mdm_source){.path = images, .option = x.option};
  int status = read_pair(src, &x, &y, err);
  free(x.byte);
  free(y.byte);
  return status;
}
