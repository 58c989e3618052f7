/* Counter-based normals: Philox words → uniforms → Box–Muller (Box & Muller 1958). */
#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>

#include "base/vecmath.h"

enum {
  BLOCK = MDM_NORMALS_BATCH, /* particles a batch of transcendental calls works on, at most */
  VECTOR = 8                 /* quads of particles that it always takes, so that all go through the same vectors of these functions */
};

static philox4x64_ctr_t draw(mdm_stream s, uint64_t column, uint64_t quad) {
  philox4x64_ctr_t counter = {{quad, column, s.width, s.block}};
  philox4x64_key_t key = {{s.seed, ((uint64_t)s.purpose << 32) | s.run}};
  return philox4x64(counter, key);
}

void mdm_words(mdm_stream stream, uint64_t column, size_t n, uint64_t *out) {
  for (size_t i = 0; i < n; i += 4) {
    philox4x64_ctr_t w = draw(stream, column, i / 4);
    for (size_t j = 0; j < 4 && i + j < n; j++) out[i + j] = w.v[j];
  }
}

/* (0, 1]: never zero, so that the logarithm is finite. */
static double uniform(uint64_t word) { return ((double)(word >> 11) + 1.0) * 0x1p-53; }

void mdm_normals_from(mdm_stream stream, uint64_t column, size_t first, size_t n, double *out) {
  const double two_pi = 6.283185307179586476925;
  double radius[BLOCK / 2], angle[BLOCK / 2], s[BLOCK / 2], c[BLOCK / 2];
  for (size_t start = 0; start < n; start += BLOCK) {
    size_t count = n - start < BLOCK ? n - start : BLOCK, quads = (count + 4 * VECTOR - 1) / (4 * VECTOR) * VECTOR, pairs = 2 * quads;
    for (size_t quad = 0; quad < quads; quad++) {
      philox4x64_ctr_t w = draw(stream, column, (first + start) / 4 + quad);
      for (size_t j = 0; j < 2; j++) {
        radius[2 * quad + j] = uniform(w.v[2 * j]);
        angle[2 * quad + j] = two_pi * uniform(w.v[2 * j + 1]);
      }
    }
    mdm_vec_log(pairs, radius, radius);
    mdm_vec_sincos(pairs, angle, s, c);
    for (size_t i = 0; i < pairs; i++) radius[i] = sqrt(-2.0 * radius[i]);
    for (size_t i = 0; i < count; i++) out[start + i] = radius[i / 2] * (i % 2 ? s[i / 2] : c[i / 2]);
  }
}

void mdm_normals(mdm_stream stream, uint64_t column, size_t n, double *out) { mdm_normals_from(stream, column, 0, n, out); }
