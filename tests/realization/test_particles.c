/* Bases of visited directions: by tokens or by particles, and whatever the units of the field; directions of large populations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/share.h"
#include "realization/basis.h"
#include "realization/gram.h"
#include "realization/parallel.h"
#include "support/suite.h"

enum { PARTICLES = 60, RANK = 5 };
static const double TOLERANCE = 1e-3;

/* A field of PARTICLES × P: RANK random directions of sizes 1, ½, ¼ …, in random combinations, and much weaker noise. */
static real *random_field(size_t P) {
  double left[PARTICLES * RANK], *right = malloc(P * RANK * sizeof *right), *noise = malloc(PARTICLES * P * sizeof *noise); /* P × RANK; PARTICLES × P */
  real *v = malloc(PARTICLES * P * sizeof *v);                                                                           /* PARTICLES × P */
  CU_ASSERT_FATAL(right && noise && v);
  mdm_normals((mdm_stream){.seed = 3, .purpose = 1}, 0, PARTICLES * RANK, left);
  mdm_normals((mdm_stream){.seed = 3, .purpose = 2}, 0, P * RANK, right);
  mdm_normals((mdm_stream){.seed = 3, .purpose = 3}, 0, PARTICLES * P, noise);
  for (size_t t = 0; t < P; t++)
    for (size_t i = 0; i < PARTICLES; i++) {
      v[i + PARTICLES * t] = 1e-6 * noise[i + PARTICLES * t];
      for (int k = 0; k < RANK; k++) v[i + PARTICLES * t] += ldexp(left[i + PARTICLES * k] * right[t + P * (size_t)k], -k);
    }
  free(right);
  free(noise);
  return v;
}

/* A basis of its own that has absorbed the field. */
typedef struct {
  X(population) pop;
  X(basis) basis;
} absorbed;

static absorbed *absorb(size_t P, real *v) {
  absorbed *a = calloc(1, sizeof *a);
  mdm_error err;
  CU_ASSERT_FATAL(a != NULL);
  CU_ASSERT_FATAL(!X(population_init)(&a->pop, "test", PARTICLES, &err));
  X(basis_init)(&a->basis, &a->pop, 0, TOLERANCE);
  CU_ASSERT_FATAL(!X(basis_absorb)(&a->basis, &(X(field)){.n = PARTICLES, .P = P, .v = v, .id = 1}, &err));
  return a;
}

static void release(absorbed *a) {
  X(basis_clear)(&a->basis);
  X(population_clear)(&a->pop);
  free(a);
}

/* Largest entry of v − U c. */
static double left_out(const absorbed *a, size_t P, const real *v) {
  const X(basis) *b = &a->basis;
  double worst = 0;
  for (size_t t = 0; t < P; t++)
    for (size_t i = 0; i < PARTICLES; i++) {
      double sum = v[i + PARTICLES * t];
      for (size_t k = 0; k < b->k; k++) sum -= b->U[i + PARTICLES * k] * b->c[k + b->k_c * t];
      worst = fmax(worst, fabs(sum));
    }
  return worst;
}

/* As many tokens as particles go one way; a last token of zeros, which changes no direction, makes it the other. */
static void both_ways_find_the_same_directions(void) {
  size_t P = PARTICLES;
  real *v = random_field(P), *more = calloc(PARTICLES * (P + 1), sizeof *more);
  CU_ASSERT_FATAL(more != NULL);
  memcpy(more, v, PARTICLES * P * sizeof *v);
  absorbed *tokens = absorb(P, v), *particles = absorb(P + 1, more);
  CU_ASSERT_EQUAL(tokens->basis.k, RANK);
  CU_ASSERT_EQUAL(particles->basis.k, RANK);
  CU_ASSERT_PTR_NULL(tokens->basis.rest); /* each went its way */
  CU_ASSERT_PTR_NOT_NULL(particles->basis.rest);
  for (size_t k = 0; k < RANK; k++) {
    double overlap = 0;
    for (size_t i = 0; i < PARTICLES; i++) overlap += tokens->basis.U[i + PARTICLES * k] * particles->basis.U[i + PARTICLES * k] / PARTICLES;
    CU_ASSERT_DOUBLE_EQUAL(fabs(overlap), 1, 1e-10); /* the sign is the eigensolver's */
    for (size_t t = 0; t < P; t++)
      CU_ASSERT_DOUBLE_EQUAL(tokens->basis.c[k + RANK * t], copysign(1, overlap) * particles->basis.c[k + RANK * t], 1e-5);
  }
  CU_ASSERT(left_out(tokens, P, v) < 1e-4 && left_out(particles, P, v) < 1e-4);
  release(tokens);
  release(particles);
  free(v);
  free(more);
}

/* Far more tokens than particles, in two portions: the basis is orthonormal and spans both. */
static void many_tokens(void) {
  size_t P = 20 * PARTICLES;
  real *v = random_field(P);
  absorbed *a = absorb(P / 2, v);
  mdm_error err;
  CU_ASSERT_FATAL(!X(basis_absorb)(&a->basis, &(X(field)){.n = PARTICLES, .P = P, .v = v, .id = 2}, &err));
  CU_ASSERT_EQUAL(a->basis.k, RANK);
  CU_ASSERT(left_out(a, P, v) < 1e-4);
  for (size_t j = 0; j < RANK; j++)
    for (size_t k = 0; k <= j; k++) {
      double overlap = 0;
      for (size_t i = 0; i < PARTICLES; i++) overlap += a->basis.U[i + PARTICLES * j] * a->basis.U[i + PARTICLES * k] / PARTICLES;
      CU_ASSERT_DOUBLE_EQUAL(overlap, j == k, 1e-12);
    }
  release(a);
  free(v);
}

/* In other units, a power of two whose square is no double: the same directions bit by bit, coordinates in those units. */
static void units_do_not_matter(void) {
  for (size_t P = PARTICLES / 2; P <= 2 * PARTICLES; P += 3 * PARTICLES / 2)
    for (int power = -600; power <= 600; power += 1200) {
      real *v = random_field(P), *scaled = malloc(PARTICLES * P * sizeof *scaled);
      CU_ASSERT_FATAL(scaled != NULL);
      for (size_t i = 0; i < PARTICLES * P; i++) scaled[i] = ldexp(v[i], power);
      absorbed *plain = absorb(P, v), *other = absorb(P, scaled);
      CU_ASSERT_EQUAL_FATAL(other->basis.k, plain->basis.k);
      CU_ASSERT(!memcmp(plain->basis.U, other->basis.U, PARTICLES * plain->basis.k * sizeof(real)));
      for (size_t i = 0; i < plain->basis.k * P; i++) CU_ASSERT_EQUAL(ldexp(plain->basis.c[i], power), other->basis.c[i]);
      release(plain);
      release(other);
      free(v);
      free(scaled);
    }
}

/* So for twins, side by side: the neighbour's value is the second sample. Values and noise enter the kernel. */
static void units_of_twins_do_not_matter(void) {
  enum { P = 4 };
  double gram[2][P * P];
  size_t k[2];
  for (int scaled = 0; scaled < 2; scaled++) {
    real *v = random_field(P), *twin = malloc(PARTICLES * P * sizeof *twin);
    mdm_error err;
    X(population) pop;
    X(basis) basis;
    CU_ASSERT_FATAL(twin != NULL);
    for (size_t i = 0; i < PARTICLES * P && scaled; i++) v[i] = ldexp(v[i], 508);
    for (size_t i = 0; i < PARTICLES * P; i++) twin[i] = v[i ^ 1];
    CU_ASSERT_FATAL(!X(population_init)(&pop, "test", PARTICLES / 2, &err));
    X(basis_init)(&basis, &pop, 1, TOLERANCE);
    X(field) field = {.n = PARTICLES, .P = P, .v = v, .twin = twin, .id = 1};
    CU_ASSERT_FATAL(!X(basis_absorb)(&basis, &field, &err));
    k[scaled] = basis.k;
    field.noise = twin;
    CU_ASSERT_FATAL(!X(gram)(&field, P, gram[scaled], &err));
    X(basis_clear)(&basis);
    X(population_clear)(&pop);
    free(v);
    free(twin);
  }
  CU_ASSERT(k[0] > 0);
  CU_ASSERT_EQUAL(k[0], k[1]);
  for (size_t i = 0; i < P * P; i++) CU_ASSERT_EQUAL(gram[1][i], ldexp(gram[0][i], 1016));
}

/* Kernels likewise, where the kernel itself is a double. */
static void kernels_in_other_units(void) {
  enum { P = 4 };
  real *v = random_field(P);
  double plain[P * P], scaled[P * P];
  mdm_error err;
  CU_ASSERT_FATAL(!X(gram)(&(X(field)){.n = PARTICLES, .P = P, .v = v, .id = 1}, P, plain, &err));
  for (size_t i = 0; i < PARTICLES * P; i++) v[i] = ldexp(v[i], 508); /* sums over particles overflow, means do not */
  CU_ASSERT_FATAL(!X(gram)(&(X(field)){.n = PARTICLES, .P = P, .v = v, .id = 1}, P, scaled, &err));
  for (size_t i = 0; i < P * P; i++) CU_ASSERT_EQUAL(scaled[i], ldexp(plain[i], 1016));
  free(v);
}

/* A population whose last piece is longer than the others (share.h), by 69 particles. */
static void long_last_pieces_are_whitened(void) {
  enum { MANY = 59333, COUNT = 16 };
  real *v = malloc(MANY * COUNT * sizeof *v), gram[COUNT * COUNT]; /* MANY × COUNT */
  mdm_error err;
  size_t pieces = mdm_pieces(MANY, MDM_PARTICLES);
  CU_ASSERT_FATAL(v != NULL);
  CU_ASSERT(MANY - mdm_piece(MANY, pieces, pieces - 1) == MDM_PARTICLES + 69);
  X(normal_columns)((mdm_stream){.seed = 3, .purpose = 1}, 0, MANY, COUNT, v);
  CU_ASSERT_FATAL(!X(whiten)(&(X(population)){.name = "test", .n = MANY}, 1, COUNT, v, &err));
  CU_ASSERT_FATAL(!X(parallel_gram)(MANY, COUNT, 1.0 / MANY, v, MANY, 0, gram, &err));
  for (size_t j = 0; j < COUNT; j++)
    for (size_t k = 0; k < COUNT; k++) CU_ASSERT_DOUBLE_EQUAL(gram[k + COUNT * j], j == k, 1e-12);
  free(v);
}

static const test_case tests[] = {
    {"directions by tokens and by particles", both_ways_find_the_same_directions},
    {"many more tokens than particles", many_tokens},
    {"units of a field do not matter", units_do_not_matter},
    {"units of twins do not matter", units_of_twins_do_not_matter},
    {"kernels in other units", kernels_in_other_units},
    {"last pieces that are longer are whitened", long_last_pieces_are_whitened},
};

SUITE("realization/particles", tests)
