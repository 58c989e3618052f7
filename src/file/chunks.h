/* Datasets in chunks: shuffle, deflate and fletcher32 as HDF5's own filters apply them, for less time. */
#ifndef MOEDMFT_FILE_CHUNKS_H
#define MOEDMFT_FILE_CHUNKS_H

#include <hdf5.h>
#include <stddef.h>

/* Numbers of an array, in order (the last dimension runs fastest), that lie in pieces of equal length. */
typedef struct {
  const double *const *piece; /* as many as the array needs, `size` numbers each */
  size_t size;                /* > 0 */
} mdm_pieces;

/* Sets layout and filters of a dataset of this shape, of at least one number. Leading dimensions are cut first, so that a chunk holds whole rows: one reads a
 * step or a kernel block at a time. Negative: HDF5 failed. */
herr_t mdm_chunks_layout(hid_t plist, int rank, const size_t *dim);

/* Writes a whole dataset that mdm_chunks_layout laid out: 64-bit numbers, little-endian. Bytes that look random, as most of a mantissa's do, are stored as they
 * are inside the deflate stream, which any reader unpacks: compressing them takes most of the time and gains nothing. Negative: HDF5 failed, or there is no
 * memory (MDM_CHUNKS_MEMORY). */
herr_t mdm_chunks_write(hid_t set, int rank, const size_t *dim, mdm_pieces values);

enum { MDM_CHUNKS_MEMORY = -2, MDM_CHUNK_ELEMENTS = 1 << 16 /* largest chunk: 512 KiB, half of HDF5's chunk cache */ };

#endif
