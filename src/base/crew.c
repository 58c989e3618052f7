/* Ranks that share one solution (crew.h). */
#include "base/crew.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
  ROUND = MDM_PARTICLES, /* rows: batches of normal draws (random.h), and pieces of mdm_cut_rows, are whole */
  NEURONS = 4096,   /* of a piece of experts */
  FEW_PIECES = 32
};

static mdm_crew *crew; /* of this process */

void mdm_crew_join(mdm_crew *c) { crew = c; }
const mdm_crew *mdm_crew_joined(void) { return crew; }
int mdm_crew_leads(void) { return !crew || crew->mine == 0; }

static _Thread_local int large; /* runs of one thread lie within each other, if at all: whoever comes back sets it back */

int mdm_solution_is_large(int is) {
  int was = large;
  large = is;
  return was;
}

int mdm_is_large(size_t n) { return large && n >= MDM_SPREAD_FROM; }
int mdm_cuts_experts(size_t n) { return large == MDM_LARGE_COUNTED && mdm_is_large(n); }

int mdm_is_spread(size_t n) {
  int is = 0;
  for (int i = 0; crew && i < MDM_CREW_SIZES; i++) is |= n > 0 && crew->size[i] == n;
  return is;
}

static size_t unit_of(size_t n) {
  size_t unit = 1;
  for (int i = 0; i < MDM_CREW_SIZES; i++)
    if (crew->size[i] == n && crew->unit[i] > unit) unit = crew->unit[i];
  return unit;
}

/* Cuts are made in units, a whole number of batches at a time: what lies beyond is as many units whatever rows they have. */
static size_t cut(size_t n, int rank) {
  size_t unit = unit_of(n);
  return rank == crew->ranks ? n : unit * (n / unit / (size_t)crew->ranks * (size_t)rank / ROUND * ROUND);
}

static mdm_held held_by(size_t n, int rank) {
  size_t unit = unit_of(n), from = cut(n, rank), to = cut(n, rank + 1), longest = n / unit / MDM_MOST_PIECES + MDM_PARTICLES + 32;
  size_t end = unit * ((to / unit + (longest > crew->more ? longest : crew->more) + ROUND - 1) / ROUND * ROUND);
  return (mdm_held){from, (end < n ? end : n) - from, from, to};
}

mdm_held mdm_held_of(size_t n) { return mdm_is_spread(n) ? held_by(n, crew->mine) : (mdm_held){0, n, 0, n}; }

size_t mdm_rows(size_t n) { return mdm_held_of(n).count; }

mdm_cuts mdm_cut_rows(size_t n, size_t size) {
  size_t rows = mdm_rows(n);
  return (mdm_cuts){rows, mdm_pieces(rows, size), mdm_is_large(n) ? size : 0};
}

/* Where the things that a population of n particles is cut into begin: thing i of so many, of `each` particles at a time. */
typedef size_t start_of(size_t n, size_t count, size_t each, size_t i);

static size_t piece_start(size_t n, size_t pieces, size_t each, size_t i) { return (void)each, mdm_piece(n, pieces, i); }
static size_t experts_start(size_t n, size_t pieces, size_t each, size_t i) { return each * mdm_expert_piece(n / each, pieces, i); }
static size_t block_start(size_t n, size_t blocks, size_t each, size_t i) { return (void)n, (void)blocks, each * i; }
static size_t part_start(size_t n, size_t count, size_t each, size_t i) {
  size_t parts = count / (n / each); /* of an expert */
  return each * (i / parts) + mdm_piece(each, parts, i % parts);
}

/* The first that begins at a row or behind it. */
static size_t first_from(size_t n, size_t count, size_t each, size_t row, start_of *start) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (start(n, count, each, middle) >= row) high = middle;
    else low = middle + 1;
  }
  return low;
}

static void own(size_t n, size_t count, size_t each, start_of *start, size_t *first, size_t *end) {
  mdm_held h = mdm_held_of(n);
  *first = first_from(n, count, each, h.from, start);
  *end = h.to == n ? count : first_from(n, count, each, h.to, start);
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

size_t mdm_expert_piece(size_t E, size_t pieces, size_t i) { return E * i / pieces; }
size_t mdm_expert_pieces(size_t E, size_t J) { return smaller(smaller(E, MDM_MOST_PIECES), mdm_pieces(E * J, NEURONS)); }
size_t mdm_few_expert_pieces(size_t E) { return smaller(E, FEW_PIECES); }
size_t mdm_expert_parts(size_t E, size_t J) { return E < MDM_MOST_PIECES ? smaller(mdm_pieces(J, MDM_PARTICLES), MDM_MOST_PIECES / E) : 1; }

void mdm_own_pieces(size_t n, size_t pieces, size_t *first, size_t *end) { own(n, pieces, 1, piece_start, first, end); }
void mdm_own_blocks(size_t n, size_t each, size_t *first, size_t *end) { own(n, n / each, each, block_start, first, end); }
void mdm_own_expert_pieces(size_t E, size_t J, size_t pieces, size_t *first, size_t *end) { own(E * J, pieces, J, experts_start, first, end); }
void mdm_own_expert_parts(size_t E, size_t J, size_t *first, size_t *end) { own(E * J, E * mdm_expert_parts(E, J), J, part_start, first, end); }

static void exchange(size_t n, mdm_parcel *parcel) {
  double before = mdm_clock_of_thread();
  for (size_t i = 0; i < n; i++) crew->bytes += parcel[i].out ? 0 : (double)parcel[i].bytes;
  if (!crew->failed) crew->failed = crew->exchange(crew->context, n, parcel) != 0;
  crew->seconds += mdm_clock_of_thread() - before;
}

/* What `count` ranks from `of` on have, around the circle. Returns how many parcels that makes with those before. */
static size_t add_parcels(mdm_parcel *parcel, size_t n, int rank, int out, int of, int count, const size_t *begin, unsigned char *data) {
  int end = of + count, beyond = end > crew->ranks ? end - crew->ranks : 0;
  parcel[n++] = (mdm_parcel){rank, out, data + begin[of], begin[end - beyond] - begin[of]};
  if (beyond) parcel[n++] = (mdm_parcel){rank, out, data, begin[beyond]};
  return n;
}

/* Bytes begin[r] … begin[r + 1] − 1 of data are rank r's, and become everybody's: in ⌈log₂ ranks⌉ rounds, in each of which ranks pass on all that they have
 * (Bruck et al. 1997, IEEE Trans. Parallel Distrib. Syst. 8, 1143). */
static void gather(const size_t *begin, void *data) {
  int ranks = crew->ranks, mine = crew->mine;
  crew->gatherings += !crew->failed;
  for (int have = 1; have < ranks && !crew->failed; have *= 2) {
    mdm_parcel parcel[4];
    int count = have < ranks - have ? have : ranks - have, to = (mine + ranks - have) % ranks, from = (mine + have) % ranks;
    size_t n = add_parcels(parcel, 0, to, 1, mine, count, begin, data);
    exchange(add_parcels(parcel, n, from, 0, from, count, begin, data), parcel);
  }
}

static void gather_of(size_t n, size_t count, size_t each, start_of *start, size_t bytes, void *data) {
  size_t begin[MDM_CREW_MOST + 1];
  if (!mdm_is_spread(n)) return;
  for (int r = 0; r < crew->ranks; r++) begin[r] = bytes * first_from(n, count, each, cut(n, r), start);
  begin[crew->ranks] = bytes * count;
  gather(begin, data);
}

void mdm_gather_pieces(size_t n, size_t pieces, size_t bytes, void *data) { gather_of(n, pieces, 1, piece_start, bytes, data); }
void mdm_gather_blocks(size_t n, size_t each, size_t bytes, void *data) { gather_of(n, n / each, each, block_start, bytes, data); }
void mdm_gather_expert_pieces(size_t E, size_t J, size_t pieces, size_t bytes, void *data) { gather_of(E * J, pieces, J, experts_start, bytes, data); }
void mdm_gather_expert_parts(size_t E, size_t J, size_t bytes, void *data) { gather_of(E * J, E * mdm_expert_parts(E, J), J, part_start, bytes, data); }

/* Elements of a long sum that rank r adds. */
static size_t slice(size_t length, int r) { return r == crew->ranks ? length : length / (size_t)crew->ranks * (size_t)r; }

void mdm_gather_slices(size_t n, size_t length, size_t element, void *data) {
  size_t begin[MDM_CREW_MOST + 1];
  if (!mdm_is_spread(n)) return;
  for (int r = 0; r <= crew->ranks; r++) begin[r] = element * slice(length, r);
  gather(begin, data);
}

/* Pieces of rank `of`, the slice of rank `whose`. */
static size_t add_slices(mdm_parcel *parcel, size_t n, int rank, int out, const size_t owned[2], int whose, size_t length, size_t element, unsigned char *data) {
  size_t at = slice(length, whose), count = slice(length, whose + 1) - at;
  for (size_t i = owned[0]; i < owned[1]; i++) parcel[n++] = (mdm_parcel){rank, out, data + element * (length * i + at), element * count};
  return n;
}

static void owned_by(int rank, size_t E, size_t J, size_t pieces, size_t owned[2]) {
  for (int i = 0; i < 2; i++) owned[i] = first_from(E * J, pieces, J, cut(E * J, rank + i), experts_start);
}

void mdm_swap_expert_pieces(size_t E, size_t J, size_t pieces, size_t length, size_t element, void *data, size_t *first, size_t *end) {
  *first = 0, *end = length;
  if (!mdm_is_spread(E * J)) return;
  *first = slice(length, crew->mine), *end = slice(length, crew->mine + 1);
  mdm_parcel *parcel = malloc((size_t)crew->ranks * pieces * 2 * sizeof *parcel); /* ranks × pieces × 2, at most */
  size_t n = 0, own[2], theirs[2];
  owned_by(crew->mine, E, J, pieces, own);
  crew->failed |= !parcel;
  for (int r = 0; r < crew->ranks && parcel; r++) {
    if (r == crew->mine) continue;
    owned_by(r, E, J, pieces, theirs);
    n = add_slices(parcel, n, r, 1, own, r, length, element, data);
    n = add_slices(parcel, n, r, 0, theirs, crew->mine, length, element, data);
  }
  if (parcel) exchange(n, parcel);
  free(parcel);
}

/* Blocks in the order of their owners (packed), and back. */
static void pack(size_t n, size_t count, const size_t *index, size_t bytes, unsigned char *data, unsigned char *packed, int back, size_t *begin) {
  size_t at = 0;
  for (int r = 0; r < crew->ranks; r++) {
    begin[r] = at;
    for (size_t k = 0; k < count; k++) {
      if (index[k] < cut(n, r) || index[k] >= cut(n, r + 1)) continue;
      if (back) memcpy(data + bytes * k, packed + at, bytes);
      else memcpy(packed + at, data + bytes * k, bytes);
      at += bytes;
    }
  }
  begin[crew->ranks] = at;
}

void mdm_gather_particles(size_t n, size_t count, const size_t *index, size_t bytes, void *data) {
  size_t begin[MDM_CREW_MOST + 1];
  if (!mdm_is_spread(n) || crew->failed) return;
  unsigned char *packed = malloc(count * bytes + 1); /* count × bytes */
  if (!packed) {
    crew->failed = 1;
    return;
  }
  pack(n, count, index, bytes, data, packed, 0, begin);
  gather(begin, packed);
  pack(n, count, index, bytes, data, packed, 1, begin);
  free(packed);
}

double mdm_crew_largest(size_t n, double here) {
  double found[MDM_CREW_MOST], most = here;
  size_t begin[MDM_CREW_MOST + 1];
  if (!mdm_is_spread(n)) return here;
  for (int r = 0; r <= crew->ranks; r++) begin[r] = (size_t)r * sizeof *found;
  found[crew->mine] = here;
  gather(begin, found);
  for (int r = 0; r < crew->ranks && !crew->failed; r++)
    if (isnan(found[r]) || found[r] > most) most = found[r];
  return most;
}

int mdm_crew_any(int flags) {
  unsigned char said[MDM_CREW_MOST];
  size_t begin[MDM_CREW_MOST + 1];
  if (!crew) return flags;
  for (int r = 0; r <= crew->ranks; r++) begin[r] = (size_t)r;
  said[crew->mine] = (unsigned char)flags;
  gather(begin, said);
  for (int r = 0; r < crew->ranks && !crew->failed; r++) flags |= said[r];
  return flags | crew->failed;
}

int mdm_crew_failed(void) { return crew && crew->failed; }

/* One rank's bytes become everybody's. */
static void tell(int whose, size_t bytes, void *data) {
  size_t begin[MDM_CREW_MOST + 1];
  for (int r = 0; r <= crew->ranks; r++) begin[r] = r > whose ? bytes : 0;
  gather(begin, data);
}

void mdm_crew_tell(size_t bytes, void *data) {
  if (crew && bytes) tell(0, bytes, data);
}

int mdm_crew_agree(int status, mdm_error *why) {
  int said[MDM_CREW_MOST], first = 0;
  size_t begin[MDM_CREW_MOST + 1];
  if (!crew) return status;
  for (int r = 0; r <= crew->ranks; r++) begin[r] = (size_t)r * sizeof *said;
  said[crew->mine] = status;
  gather(begin, said);
  while (first < crew->ranks && !crew->failed && !said[first]) first++;
  if (!crew->failed && first < crew->ranks) tell(first, sizeof *why, why);
  if (crew->failed) return mdm_fail(why, MDM_ERR_INTERNAL, "a rank that shares this run was lost");
  return first < crew->ranks ? said[first] : MDM_OK;
}

void mdm_crew_deal(int out, size_t n, size_t element, void *column, void *rows) {
  mdm_parcel parcel[MDM_CREW_MOST];
  mdm_held mine = mdm_held_of(n);
  unsigned char *first = column, *own = rows;
  size_t parcels = 0;
  double before = crew->bytes; /* of the work itself */
  for (int r = 0; r < crew->ranks; r++) {
    mdm_held h = held_by(n, r);
    size_t bytes = element * (out ? h.count : h.to - h.from);
    if (crew->mine == 0 && r == 0) memcpy(out ? own : first, out ? first : own, bytes);
    else if (crew->mine == 0) parcel[parcels++] = (mdm_parcel){r, out, first + element * h.from, bytes};
    else if (r == crew->mine) parcel[parcels++] = (mdm_parcel){0, !out, own + element * (mine.from - mine.first), bytes};
  }
  exchange(parcels, parcel);
  crew->bytes = before;
}
