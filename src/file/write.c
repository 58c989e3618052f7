/* Writing HDF5 output (moedmft/file.h).
 *
 * HDF5 builds the file in memory (its "core" driver); mdm_file_commit writes the finished image to a temporary file in
 * the target's folder, fsyncs and renames. So a full disk is an ordinary failed write with a reason: HDF5's own disk
 * driver cannot close a file that it could not flush, and takes the program down with it. The temporary file is made at
 * mdm_file_create, so that a missing or read-only folder shows before the run and not after it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <moedmft/run.h>
#include <moedmft/version.h>

#include "base/memory.h"
#include "base/record.h"
#include "file/internal.h"

enum {
  MEMORY_INCREMENT = 1 << 20, /* bytes by which the file in memory grows */
  COMPRESS_ABOVE = 4096,      /* elements */
  CHUNK_ELEMENTS = 1 << 16,   /* largest chunk: 512 KiB, half of HDF5's chunk cache */
  DEFLATE_LEVEL = 4,
  TEMP_TRIES = 100
};

/* ---- temporary files ---- */

static int check_target(const char *path, mdm_error *err) {
  struct stat s;
  if (path[0] == '\0') return mdm_fail(err, MDM_ERR_IO, "cannot write a file without a name");
  if (stat(path, &s) == 0 && !S_ISREG(s.st_mode))
    return mdm_fail(err, MDM_ERR_IO, "cannot write %s: it exists and is not a regular file", path);
  return MDM_OK;
}

/* A killed run may have left its file behind, and process ids come back: a number is appended until the name is new. */
int mdm_temp_open(const char *path, char **temp, int *fd, mdm_error *err) {
  *temp = NULL;
  *fd = -1;
  int status = check_target(path, err);
  if (status != MDM_OK) return status;
  size_t size = strlen(path) + 48;
  char *name = malloc(size);
  if (!name) return mdm_no_memory(err, "the name of %s", path);
  for (int i = 0; i < TEMP_TRIES && *fd < 0; i++) {
    snprintf(name, size, i ? "%s.tmp.%ld.%d" : "%s.tmp.%ld", path, (long)getpid(), i);
    *fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (*fd < 0 && errno != EEXIST) break;
  }
  if (*fd < 0) {
    status = mdm_fail(err, MDM_ERR_IO, "cannot write %s: cannot create %s: %s", path, name, strerror(errno));
    free(name);
    return status;
  }
  *temp = name;
  return MDM_OK;
}

int mdm_temp_commit(int fd, const char *temp, const char *path, mdm_error *err) {
  int failed = fsync(fd) != 0 ? errno : 0;
  if (close(fd) != 0 && !failed) failed = errno;
  if (!failed && rename(temp, path) != 0) failed = errno;
  if (!failed) return MDM_OK;
  unlink(temp);
  return mdm_fail(err, MDM_ERR_IO, "cannot write %s: %s", path, strerror(failed));
}

/* ---- the file ---- */

static hid_t create_in_memory(const char *name) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), id = -1;
  if (access >= 0 && H5Pset_fapl_core(access, MEMORY_INCREMENT, 0) >= 0 &&
      H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
    id = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, access);
  if (access >= 0 && id >= 0) H5Pclose(access);
  return id;
}

int mdm_file_create(const char *path, mdm_file **out, mdm_error *err) {
  *out = NULL;
  mdm_file *file;
  int status = mdm_file_allocate(path, &file, err);
  if (status != MDM_OK) return status;
  status = mdm_temp_open(path, &file->temp, &file->fd, err);
  if (status == MDM_OK) {
    H5E_BEGIN_TRY {
      file->id = create_in_memory(file->temp);
      if (file->id < 0) status = mdm_hdf5_failed(file, "write", "the head", err);
    }
    H5E_END_TRY
  }
  if (status == MDM_OK) status = mdm_file_attr_text(file, "/", "format", "moedmft", err);
  if (status == MDM_OK) status = mdm_file_attr_int(file, "/", "schema_version", MDM_SCHEMA_VERSION, err);
  if (status != MDM_OK) {
    mdm_file_discard(file);
    return status;
  }
  *out = file;
  return MDM_OK;
}

/* The bytes of the file in a malloc'd buffer. */
static int image(const mdm_file *file, unsigned char **bytes, size_t *size, mdm_error *err) {
  *bytes = NULL;
  ssize_t n = H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(file->id, NULL, 0);
  if (n < 0) return mdm_hdf5_failed(file, "write", "the content", err);
  *size = (size_t)n;
  *bytes = malloc(*size);
  if (!*bytes) return mdm_no_memory(err, "the content of %s (%zu bytes)", file->path, *size);
  return H5Fget_file_image(file->id, *bytes, *size) < 0 ? mdm_hdf5_failed(file, "write", "the content", err) : MDM_OK;
}

static int write_all(const mdm_file *file, const unsigned char *bytes, size_t size, mdm_error *err) {
  for (size_t done = 0; done < size;) {
    ssize_t n = write(file->fd, bytes + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return mdm_fail(err, MDM_ERR_IO, "cannot write %s: %s after %zu of %zu bytes", file->path,
                      n < 0 ? strerror(errno) : "no progress", done, size);
    done += (size_t)n;
  }
  return MDM_OK;
}

int mdm_file_commit(mdm_file *file, mdm_error *err) {
  unsigned char *bytes = NULL;
  size_t size = 0;
  int status = file->fd < 0 ? mdm_fail(err, MDM_ERR_INTERNAL, "%s is open for reading", file->path) : MDM_OK;
  if (status == MDM_OK) {
    H5E_BEGIN_TRY { status = image(file, &bytes, &size, err); }
    H5E_END_TRY
  }
  if (status == MDM_OK) status = write_all(file, bytes, size, err);
  free(bytes);
  if (status == MDM_OK) {
    status = mdm_temp_commit(file->fd, file->temp, file->path, err);
    file->fd = -1; /* closed, and renamed or removed: nothing is left to discard */
  }
  mdm_file_discard(file);
  return status;
}

/* ---- attributes ---- */

static hid_t create_groups(const mdm_file *file, const char *name) {
  hid_t links = H5Pcreate(H5P_LINK_CREATE), group = -1;
  if (links >= 0 && H5Pset_create_intermediate_group(links, 1) >= 0)
    group = H5Gcreate2(file->id, name, links, H5P_DEFAULT, H5P_DEFAULT);
  if (group >= 0) H5Pclose(links);
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

/* Text has variable length: configurations may exceed what fits into a fixed-length attribute. */
static int set_text(hid_t object, const char *name, const char *value) {
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type < 0 || H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
      set_attribute(object, name, type, type, &value) < 0)
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
  } text[] = {{"version", mdm_version()}, {"commit", mdm_commit()}, {"compiler", mdm_compiler()},
              {"blas", mdm_blas()},       {"hdf5", hdf5},           {"arguments", arguments},
              {"command", command},       {"created", created}};
  int status = MDM_OK;
  for (size_t i = 0; status == MDM_OK && i < sizeof text / sizeof *text; i++)
    status = mdm_file_attr_text(file, "/", text[i].name, text[i].value, err);
  if (status == MDM_OK) status = mdm_file_attr_int(file, "/", "dirty", mdm_dirty(), err);
  if (status == MDM_OK) status = mdm_file_attr_int(file, "/", "seed", mdm_config_int(cfg, "seed"), err);
  return status == MDM_OK ? options(file, cfg, err) : status;
}

int mdm_file_tolerance(mdm_file *file, const mdm_config *cfg, mdm_error *err) {
  double bias = mdm_tolerance_bias(mdm_config_real(cfg, "solve.tolerance"));
  return bias > 0 ? mdm_file_attr_real(file, "/", "tolerance_bias", bias, err) : MDM_OK;
}

/* ---- datasets ---- */

/* Leading dimensions are cut first, so that a chunk holds whole rows: one reads a step or a kernel block at a time. */
static void chunk_shape(int rank, const size_t *dim, hsize_t *chunk) {
  hsize_t n = 1;
  for (int i = 0; i < rank; i++) n *= chunk[i] = dim[i];
  for (int i = 0; i < rank && n > CHUNK_ELEMENTS; i++) {
    hsize_t row = n / chunk[i];
    chunk[i] = row < CHUNK_ELEMENTS ? CHUNK_ELEMENTS / row : 1;
    n = row * chunk[i];
  }
}

/* No time stamps: the same run gives the same bytes. */
static hid_t creation_properties(int rank, const size_t *dim) {
  hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
  if (plist < 0 || H5Pset_obj_track_times(plist, 0) < 0) return -1;
  if (mdm_elements(rank, dim) <= COMPRESS_ABOVE) return plist;
  hsize_t chunk[MDM_MAX_RANK];
  chunk_shape(rank, dim, chunk);
  if (H5Pset_chunk(plist, rank, chunk) < 0 || H5Pset_shuffle(plist) < 0 || H5Pset_deflate(plist, DEFLATE_LEVEL) < 0)
    return -1;
  return plist;
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

int mdm_file_array(mdm_file *file, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                   const double *value, mdm_error *err) {
  int status = MDM_OK;
  char what[256];
  snprintf(what, sizeof what, "dataset %s", path);
  if (rank < 0 || rank > MDM_MAX_RANK || mdm_elements(rank, dim) == (size_t)-1)
    return mdm_fail(err, MDM_ERR_INTERNAL, "%s of %s has an impossible shape", what, file->path);
  H5E_BEGIN_TRY {
    hid_t set = create_dataset(file, path, rank, dim);
    if (set < 0 || H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) < 0 ||
        set_text(set, "dims", dims) < 0 || set_text(set, "description", text ? text : "") < 0)
      status = mdm_hdf5_failed(file, "write", what, err);
    if (set >= 0) H5Dclose(set);
  }
  H5E_END_TRY
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

int mdm_file_record(mdm_file *file, const char *group, const mdm_record *rec, mdm_error *err) {
  int status = MDM_OK;
  if (strlen(group) > 256) return mdm_fail(err, MDM_ERR_INTERNAL, "group name too long in %s", file->path);
  for (size_t i = 0; status == MDM_OK && i < mdm_record_count(rec); i++)
    status = write_array(file, group, mdm_record_at(rec, i), err);
  return status;
}
