/* A file without a seal, read on trial (trial.h): nothing says that its bytes are those that were written, and HDF5 does not survive everything. */
#include "file/trial.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/memory.h"

/* Memory for all values of a space; NULL: there are none, or it is more than there is. */
static void *room(hid_t type, hid_t space) {
  hssize_t n = H5Sget_simple_extent_npoints(space);
  size_t size = H5Tget_size(type);
  return n > 0 && size ? mdm_alloc((size_t)n, size, 1, 1) : NULL;
}

static herr_t read_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context) {
  (void)info;
  (void)context;
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  void *value = attribute >= 0 && type >= 0 && space >= 0 ? room(type, space) : NULL;
  if (value) H5Aread(attribute, type, value);
  free(value);
  H5Sclose(space);
  H5Tclose(type);
  H5Aclose(attribute);
  return 0;
}

static void read_values(hid_t set) {
  hid_t type = H5Dget_type(set), space = H5Dget_space(set);
  void *value = type >= 0 && space >= 0 ? room(type, space) : NULL;
  if (value) H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value);
  free(value);
  H5Sclose(space);
  H5Tclose(type);
}

#if H5_VERSION_GE(1, 12, 0)
typedef H5O_info1_t object_info;
#define visit H5Ovisit1
#else
typedef H5O_info_t object_info;
#define visit H5Ovisit
#endif

static herr_t read_object(hid_t root, const char *name, const object_info *info, void *context) {
  (void)context;
  hid_t object = H5Oopen(root, name, H5P_DEFAULT);
  if (object < 0) return 0;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, read_attribute, NULL);
  if (info->type == H5O_TYPE_DATASET) read_values(object);
  H5Oclose(object);
  return 0;
}

static int read_everything(mdm_guard *g, void *context, mdm_error *err) {
  (void)context;
  (void)err;
  H5E_BEGIN_TRY {
    hid_t file = H5Fopen(g->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file >= 0) visit(file, H5_INDEX_NAME, H5_ITER_INC, read_object, NULL);
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY
  return MDM_OK;
}

int mdm_file_trial(const char *path, mdm_error *err) {
  mdm_guard g;
  int status = mdm_guard_start(&g, path, read_everything, NULL, err);
  return status ? status : mdm_guard_end(&g, MDM_OK, err);
}
