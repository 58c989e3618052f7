/* Chunks that are filtered here and handed to HDF5 as they will stand in the file (chunks.h).
 *
 * HDF5's deflate sees one stream of bytes and gives all of them the same effort. After the shuffle the eight bytes of a number stand in eight planes: of measured
 * numbers six are as good as random, which deflate finds out at 60 MB/s, and one or two (signs and exponents) hold all that there is to gain. */
#define _GNU_SOURCE /* memmem */
#include "file/chunks.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/record.h"

enum {
  BYTES = 8,                /* of a number */
  LEVEL = 1,                /* of deflate, which other readers are told; what pays is gained at once */
  SAMPLES = 8192,           /* bytes of a plane that are counted */
  WINDOW = 1 << 15,         /* how far back deflate sees */
  PROBES = 4,               /* places of a plane where repetitions are looked for */
  PROBE = 8                 /* bytes of each */
};
#define RANDOM_BITS 6   /* entropy of a byte above which counts gain less than a quarter of a plane, a fortieth of its numbers: not worth what they take */
#define COUNTED_BITS 5  /* above which, where nothing repeats, counts of the bytes are nearly all that can be used: twice as fast as looking for matches */

/* ---------------------------------------------------------------- shape */

static void chunk_shape(int rank, const size_t *dim, hsize_t *chunk) {
  hsize_t n = 1;
  for (int i = 0; i < rank; i++) n *= chunk[i] = dim[i];
  for (int i = 0; i < rank && n > MDM_CHUNK_ELEMENTS; i++) {
    hsize_t row = n / chunk[i];
    chunk[i] = row < MDM_CHUNK_ELEMENTS ? MDM_CHUNK_ELEMENTS / row : 1;
    n = row * chunk[i];
  }
}

herr_t mdm_chunks_layout(hid_t plist, int rank, const size_t *dim) {
  hsize_t chunk[H5S_MAX_RANK];
  chunk_shape(rank, dim, chunk);
  return H5Pset_chunk(plist, rank, chunk) < 0 || H5Pset_shuffle(plist) < 0 || H5Pset_deflate(plist, LEVEL) < 0 || H5Pset_fletcher32(plist) < 0 ? -1 : 0;
}

/* ---------------------------------------------------------------- filters */

/* Buffers for one chunk after the other. */
typedef struct {
  z_stream stream;
  size_t n, room;              /* numbers of a chunk; bytes of packed */
  unsigned char *plane, *packed; /* BYTES × n: first bytes of all numbers, then the second ones, …; room */
} filters;

static int filters_open(filters *f, size_t n) {
  *f = (filters){.n = n};
  if (deflateInit(&f->stream, LEVEL) != Z_OK) return 0;
  f->room = deflateBound(&f->stream, BYTES * n) + 64 * BYTES + sizeof(uint32_t); /* some bytes for every change of effort */
  f->plane = malloc(BYTES * n);
  f->packed = malloc(f->room);
  return f->plane && f->packed;
}

static void filters_close(filters *f) {
  deflateEnd(&f->stream);
  free(f->plane);
  free(f->packed);
}

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* One step of the transposition of 8 × 8 bytes: swaps the blocks of `width` bytes off the diagonal, in w[i] the high ones and in w[i + width] the low ones. */
static void swap_blocks(uint64_t *w, int width, uint64_t low) {
  for (int i = 0; i < BYTES; i++) {
    if (i & width) continue;
    uint64_t swapped = (w[i] >> 8 * width ^ w[i + width]) & low;
    w[i + width] ^= swapped;
    w[i] ^= swapped << 8 * width;
  }
}

/* Bytes b of eight numbers to to[b × stride + 0 … 7]. */
static void shuffle_eight(const double *x, unsigned char *to, size_t stride) {
  uint64_t w[BYTES];
  for (int i = 0; i < BYTES; i++) w[i] = bits_of(x[i]);
  swap_blocks(w, 4, 0x00000000ffffffff);
  swap_blocks(w, 2, 0x0000ffff0000ffff);
  swap_blocks(w, 1, 0x00ff00ff00ff00ff);
  for (size_t b = 0; b < BYTES; b++) {
    for (int i = 0; i < BYTES; i++) to[b * stride + (size_t)i] = (unsigned char)(w[b] >> 8 * i); /* the lowest byte first, on every machine */
  }
}

static void shuffle_some(const double *x, size_t n, unsigned char *to, size_t stride) {
  size_t i = 0;
  for (; i + BYTES <= n; i += BYTES) shuffle_eight(x + i, to + i, stride);
  for (; i < n; i++)
    for (size_t b = 0; b < BYTES; b++) to[b * stride + i] = (unsigned char)(bits_of(x[i]) >> 8 * b);
}

/* `count` numbers from the first on, the rest of the chunk zero. */
static void shuffle(filters *f, mdm_pieces values, size_t first, size_t count) {
  for (size_t done = 0; done < count;) {
    size_t from = (first + done) % values.size, n = values.size - from < count - done ? values.size - from : count - done;
    shuffle_some(values.piece[(first + done) / values.size] + from, n, f->plane + done, f->n);
    done += n;
  }
  for (size_t b = 0; b < BYTES; b++) memset(f->plane + b * f->n + count, 0, f->n - count);
}

/* Bits of a byte, by how often each value occurs among some of n. */
static double entropy(const unsigned char *plane, size_t n) {
  size_t step = n / SAMPLES | 1, count[256] = {0}, all = 0; /* odd, so that no period of two is all that is seen */
  double bits = 0;
  for (size_t i = 0; i < n; i += step, all++) count[plane[i]]++;
  for (int v = 0; v < 256; v++)
    if (count[v]) bits -= (double)count[v] / (double)all * log2((double)count[v] / (double)all);
  return bits;
}

/* Whether what stands at one of some places stands there again where deflate would find it. */
static int repeats(const unsigned char *plane, size_t n) {
  for (size_t i = 0; i < PROBES; i++) {
    size_t at = i * (n / PROBES), ahead = n - at;
    if (ahead > WINDOW) ahead = WINDOW;
    if (ahead > 2 * PROBE && memmem(plane + at + PROBE, ahead - PROBE, plane + at, PROBE)) return 1;
  }
  return 0;
}

/* How much effort a plane deserves. *random: one before it was as good as random and repeated nothing, and so will others like it: it is numbers that repeat. */
static void choose_effort(const unsigned char *plane, size_t n, int *random, int *level, int *strategy) {
  double bits = entropy(plane, n);
  int counts = bits > COUNTED_BITS && ((*random && bits > RANDOM_BITS) || !repeats(plane, n));
  *random |= counts && bits > RANDOM_BITS;
  *level = counts && bits > RANDOM_BITS ? Z_NO_COMPRESSION : LEVEL;
  *strategy = counts ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY;
}

/* Bytes in packed: one deflate stream, with its effort chosen for each plane. 0: zlib failed. */
static size_t deflate_planes(filters *f) {
  z_stream *s = &f->stream;
  int status = deflateReset(s), random = 0, level, strategy;
  s->next_out = f->packed;
  s->avail_out = (uInt)(f->room - sizeof(uint32_t));
  for (size_t b = 0; b < BYTES && status == Z_OK; b++) {
    unsigned char *plane = f->plane + b * f->n;
    choose_effort(plane, f->n, &random, &level, &strategy);
    s->avail_in = 0;
    status = deflateParams(s, level, strategy);
    s->next_in = plane;
    s->avail_in = (uInt)f->n;
    if (status == Z_OK || status == Z_BUF_ERROR) status = deflate(s, Z_NO_FLUSH); /* Z_BUF_ERROR: there was nothing to flush */
  }
  return status == Z_OK && deflate(s, Z_FINISH) == Z_STREAM_END ? s->total_out : 0;
}

/* The checksum of HDF5's filter: sums over big-endian words of 16 bits, modulo 2^16 − 1. */
static uint32_t fletcher32(const unsigned char *bytes, size_t n) {
  uint32_t sum1 = 0, sum2 = 0;
  for (size_t i = 0, words = n / 2; words;) {
    size_t some = words > 360 ? 360 : words; /* as many as cannot overflow */
    words -= some;
    for (; some; some--, i += 2) sum1 += (uint32_t)bytes[i] << 8 | bytes[i + 1], sum2 += sum1;
    sum1 = (sum1 & 0xffff) + (sum1 >> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >> 16);
  }
  if (n % 2) {
    sum1 += (uint32_t)bytes[n - 1] << 8, sum2 += sum1;
    sum1 = (sum1 & 0xffff) + (sum1 >> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >> 16);
  }
  sum1 = (sum1 & 0xffff) + (sum1 >> 16);
  sum2 = (sum2 & 0xffff) + (sum2 >> 16);
  return sum2 << 16 | sum1;
}

static size_t add_checksum(unsigned char *bytes, size_t n) {
  uint32_t sum = fletcher32(bytes, n);
  for (size_t b = 0; b < sizeof sum; b++) bytes[n + b] = (unsigned char)(sum >> 8 * b);
  return n + sizeof sum;
}

/* ---------------------------------------------------------------- chunks */

/* A chunk is a run of successive numbers: dimensions before `cut` are cut to one, those behind it are whole. */
typedef struct {
  hsize_t chunk[H5S_MAX_RANK];
  int cut;
  size_t inner, each; /* numbers behind one place of the dimension `cut`; places of it in a chunk */
} cutting;

static cutting cutting_of(int rank, const size_t *dim) {
  cutting c = {.inner = 1};
  chunk_shape(rank, dim, c.chunk);
  while (c.cut < rank - 1 && c.chunk[c.cut] == 1) c.cut++;
  c.each = (size_t)c.chunk[c.cut];
  for (int d = c.cut + 1; d < rank; d++) c.inner *= dim[d];
  return c;
}

/* Where place `at` of the dimension cut lies, of the places `outer` (as one number) before it. */
static void offset_of(const cutting *c, int rank, const size_t *dim, size_t outer, size_t at, hsize_t *offset) {
  memset(offset, 0, (size_t)rank * sizeof *offset);
  offset[c->cut] = at;
  for (int d = c->cut; d-- > 0; outer /= dim[d]) offset[d] = outer % dim[d];
}

static herr_t write_chunk(hid_t set, filters *f, const hsize_t *offset, mdm_pieces values, size_t first, size_t count) {
  shuffle(f, values, first, count);
  size_t n = deflate_planes(f);
  return n ? H5Dwrite_chunk(set, H5P_DEFAULT, 0, offset, add_checksum(f->packed, n), f->packed) : MDM_CHUNKS_MEMORY;
}

herr_t mdm_chunks_write(hid_t set, int rank, const size_t *dim, mdm_pieces values) {
  cutting c = cutting_of(rank, dim);
  hsize_t offset[H5S_MAX_RANK];
  filters f;
  herr_t status = filters_open(&f, c.each * c.inner) ? 0 : MDM_CHUNKS_MEMORY;
  size_t outer = mdm_elements(c.cut, dim), places = dim[c.cut];
  for (size_t o = 0; o < outer && status >= 0; o++)
    for (size_t at = 0; at < places && status >= 0; at += c.each) {
      size_t some = places - at < c.each ? places - at : c.each;
      offset_of(&c, rank, dim, o, at, offset);
      status = write_chunk(set, &f, offset, values, (o * places + at) * c.inner, some * c.inner);
    }
  filters_close(&f);
  return status;
}
