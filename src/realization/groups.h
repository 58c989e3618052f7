/* Products over the groups of a population, n/groups particles one after the other in each (particles.h): what parallel.h does, group by group. Where the
 * population is large, sums are sums over fixed parts of groups (base/crew.h), and one gathering serves all groups. */
#ifndef MOEDMFT_GROUPS_H
#define MOEDMFT_GROUPS_H

#include <moedmft/error.h>

#include "base/crew.h"
#include "kernels/real.h"

/* out (groups of k × P) = s Aᵀ B in each group;  A: n × k, B: n × P. Returns a status. */
int X(group_inner)(size_t n, size_t groups, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, real *out, mdm_error *err);
/* out (groups of P × P, at least the lower triangles) = s vᵀ v in each group;  v: n × P. Returns a status. */
int X(group_gram)(size_t n, size_t groups, size_t P, double s, const real *v, size_t ldv, real *out, mdm_error *err);
/* out (n × P) = keep out + s A c in each group;  A: n × k, c: groups of k × P. */
void X(group_combine)(size_t n, size_t groups, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, double keep, real *out, size_t ldo);
/* out (groups × count): Euclidean norms of the columns of a (mdm_rows(n) × count) in each group. Returns a status. */
int X(group_norms)(size_t n, size_t groups, size_t count, const real *a, real *out, mdm_error *err);
/* a ← a times a factor of each group (factor: groups × count). */
void X(group_scale)(size_t n, size_t groups, size_t count, const real *factor, real *a);

/* Rows of one group, among those that are held here: `count` from local row `at` on. */
typedef struct mdm_group_rows {
  size_t group, at, count;
} mdm_group_rows;

/* The rows behind those, up to local row `end`; own: particles of a group. Returns 0 where there are none. */
static inline int mdm_next_group_rows(const mdm_held *h, size_t own, size_t end, mdm_group_rows *r) {
  r->at += r->count;
  if (r->at >= end) return 0;
  r->group = (h->first + r->at) / own;
  size_t to = (r->group + 1) * own - h->first;
  r->count = (to < end ? to : end) - r->at;
  return 1;
}

/* Pieces of the rows that are held here, which begin at the same rows on any number of ranks; piece i: local rows i · MDM_PARTICLES … *end − 1. */
static inline size_t mdm_group_pieces(const mdm_held *h) { return (h->count + MDM_PARTICLES - 1) / MDM_PARTICLES; }
static inline size_t mdm_group_piece_end(const mdm_held *h, size_t i) { return (i + 1) * MDM_PARTICLES < h->count ? (i + 1) * MDM_PARTICLES : h->count; }

#endif
