/* HDF5 files in memory (image.h): the "core" driver, whose buffer is ours when the file is closed.
 *
 * H5Fget_file_image would copy the buffer, and (1.10) changes a byte of a version 2 superblock without its checksum. */
#include "file/image.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { INCREMENT = 1 << 20 /* bytes by which a file in memory grows */ };

/* ---- the buffer ---- */

static int of_file(H5FD_file_image_op_t op) { return op == H5FD_FILE_IMAGE_OP_FILE_OPEN || op == H5FD_FILE_IMAGE_OP_FILE_RESIZE; }

static void *image_allocate(size_t size, H5FD_file_image_op_t op, void *image) {
  if (of_file(op)) ((mdm_image *)image)->room = size;
  return malloc(size);
}

static void *image_resize(void *bytes, size_t size, H5FD_file_image_op_t op, void *image) {
  void *grown = realloc(bytes, size);
  if (grown && of_file(op)) ((mdm_image *)image)->room = size;
  return grown;
}

/* The file's own buffer is kept, copies in property lists are not. */
static herr_t image_release(void *bytes, H5FD_file_image_op_t op, void *image) {
  if (op == H5FD_FILE_IMAGE_OP_FILE_CLOSE) ((mdm_image *)image)->bytes = bytes;
  else free(bytes);
  return 0;
}

static void *same_image(void *image) { return image; }
static herr_t leave_image(void *image) { return (void)image, 0; }

/* ---- files ---- */

/* How files are accessed. Objects in the format of HDF5 1.8, which every reader knows and in which all metadata have checksums. */
static hid_t access_properties(mdm_image *image) {
  H5FD_file_image_callbacks_t callbacks = {.image_malloc = image_allocate, .image_realloc = image_resize, .image_free = image_release,
                                           .udata_copy = same_image, .udata_free = leave_image, .udata = image};
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  *image = (mdm_image){0};
  if (access >= 0 && (H5Pset_fapl_core(access, INCREMENT, 0) < 0 || H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 ||
                      H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0 || H5Pset_file_image_callbacks(access, &callbacks) < 0))
    return -1;
  return access;
}

hid_t mdm_image_create(const char *name, mdm_image *image) {
  hid_t access = access_properties(image), creation = H5Pcreate(H5P_FILE_CREATE), id = -1;
  /* attributes of the root outside its header, where they may be long: a command line, a configuration */
  if (access >= 0 && creation >= 0 && H5Pset_attr_phase_change(creation, 0, 0) >= 0) id = H5Fcreate(name, H5F_ACC_TRUNC, creation, access);
  if (id >= 0) H5Pclose(creation), H5Pclose(access); /* closing would clear the error stack, which explains a failure */
  return id;
}

hid_t mdm_image_open(const unsigned char *bytes, size_t n, mdm_image *image) {
  static const char name[] = "/dev/null/image"; /* HDF5 insists that no file of its name exists: there none can */
  hid_t access = access_properties(image), id = -1;
  unsigned char *copy = malloc(n); /* n: HDF5 wants to be allowed to change it */
  if (copy) memcpy(copy, bytes, n);
  if (access >= 0 && copy && H5Pset_file_image(access, copy, n) >= 0) id = H5Fopen(name, H5F_ACC_RDWR, access);
  if (id >= 0) H5Pclose(access);
  free(copy);
  return id;
}

/* Where a version 2 superblock says that the file ends (HDF5 File Format Specification, II.A: signature, version, size of offsets,
 * size of lengths, flags, base address, extension, end of file, …). The buffer is longer. 0: it is none. */
static size_t end_of_file(const mdm_image *image) {
  enum { VERSION = 8, SIZE_OF_OFFSETS = 9, END = 28, LEAST = 48 };
  static const unsigned char signature[8] = "\x89HDF\r\n\x1a\n";
  uint64_t end = 0;
  if (!image->bytes || image->room < LEAST || memcmp(image->bytes, signature, sizeof signature)) return 0;
  if (image->bytes[VERSION] != 2 || image->bytes[SIZE_OF_OFFSETS] != sizeof end) return 0;
  for (int i = sizeof end; i-- > 0;) end = end << 8 | image->bytes[END + i];
  return end <= image->room ? (size_t)end : 0;
}

herr_t mdm_image_close(hid_t file, mdm_image *image) {
  if (H5Fclose(file) < 0) return -1;
  image->size = end_of_file(image);
  return image->size ? 0 : -1;
}

void mdm_image_clear(mdm_image *image) {
  free(image->bytes);
  *image = (mdm_image){0};
}
