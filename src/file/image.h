/* HDF5 files in memory: HDF5 builds or changes them there, and their bytes go to disk by our own writes (src/file/image.c). */
#ifndef MOEDMFT_FILE_IMAGE_H
#define MOEDMFT_FILE_IMAGE_H

#include <hdf5.h>
#include <stddef.h>

typedef struct mdm_image {
  unsigned char *bytes; /* size; NULL before the HDF5 file is closed */
  size_t size;          /* bytes of the HDF5 file */
  size_t room;          /* bytes that are allocated */
} mdm_image;

/* A new HDF5 file (name serves HDF5's messages), or one with the content of n bytes (copied), to be changed; −1 on failure, with a reason
 * on HDF5's error stack. *image must outlive it. */
hid_t mdm_image_create(const char *name, mdm_image *image);
hid_t mdm_image_open(const unsigned char *bytes, size_t n, mdm_image *image);
/* Closes the file and all that is open in it; its bytes are then in *image. Negative on failure. Free with mdm_image_clear, also then. */
herr_t mdm_image_close(hid_t file, mdm_image *image);
void mdm_image_clear(mdm_image *image);

#endif
