/* Ranks that share one solution of the limit: each holds some rows of every large population, and all hold what is small.
 *
 * The rows that rank r answers for begin at the r-th of so many cuts of a population. Sums over particles are sums over fixed pieces
 * (share.h): a piece belongs to the rank in whose rows it begins, which holds those of the longest piece beyond its last row as well and
 * computes them, too; what the pieces gave goes to every rank, which adds it in the order of the pieces. So nothing depends on the number of
 * ranks. What is done row by row needs no word.
 *
 * A process is in one crew at a time, for the length of a run; otherwise it is alone and holds all. Which populations are spread is a matter of
 * their size: arrays of n particles have mdm_rows(n) rows, the leading dimension, wherever n is the size of such a population. */
#ifndef MOEDMFT_CREW_H
#define MOEDMFT_CREW_H

#include <moedmft/error.h>
#include <stddef.h>

#include "base/share.h"

enum {
  MDM_SPREAD_FROM = 32768, /* stream particles from which on a solution is large, and particles of its large populations */
  MDM_CREW_MOST = 1024,    /* ranks */
  MDM_CREW_SIZES = 5       /* sizes of populations that are spread */
};

typedef struct mdm_parcel {
  int rank, out; /* to that rank, else from it */
  void *data;
  size_t bytes;
} mdm_parcel;

typedef struct mdm_crew {
  int mine, ranks;             /* this rank, of so many */
  size_t size[MDM_CREW_SIZES]; /* particles of the populations that are spread; 0: none */
  size_t unit[MDM_CREW_SIZES]; /* rows that stay together, so many at a time: of a head. Populations of as many units are cut at the same ones. 0: 1 */
  size_t more;                 /* rows that are held beyond one's own, at least */
  /* n parcels between this rank and others, which do the same with theirs at the same time; between two ranks in the same order on both sides. 0, or not 0
   * where a rank was lost or all is to stop. */
  int (*exchange)(void *context, size_t n, mdm_parcel *parcel);
  void *context;
  int failed;                  /* since a gathering failed: numbers mean nothing any more */
  size_t gatherings;           /* and bytes that came from others, without checkpoints; processor time spent with them, waiting included */
  double bytes, seconds;
} mdm_crew;

/* Joins; NULL: alone again. No other thread may be at work. */
void mdm_crew_join(mdm_crew *crew);
const mdm_crew *mdm_crew_joined(void);
/* Whether this process is alone or the first of its crew, which speaks and writes for all. */
int mdm_crew_leads(void);

/* Rows that are held here: first … first + count − 1; from … to − 1 are this rank's own. */
typedef struct mdm_held {
  size_t first, count, from, to;
} mdm_held;

/* Whether the solution at work on this thread is large; before, after. Returns what it was. */
enum { MDM_LARGE = 1, MDM_LARGE_COUNTED /* and its experts are counted */ };
int mdm_solution_is_large(int is);
/* Whether a population of n particles of that solution is large: then all its sums are sums over pieces of particles, on one rank as on many. (In small
 * ones some are cut into pieces of entries, or not at all.) */
int mdm_is_large(size_t n);
/* And whether its experts, whose neurons these n are, are counted: as few, they are long, and sums over one expert's neurons are sums over parts of it. */
int mdm_cuts_experts(size_t n);

int mdm_is_spread(size_t n);
mdm_held mdm_held_of(size_t n);
/* Their number: the leading dimension of arrays. */
size_t mdm_rows(size_t n);
/* Pieces of about so many of the rows that are held here, for work row by row. Those of a large population begin at the same rows on any number of ranks:
 * BLAS, whose bits may depend on where rows are cut, then does the same everywhere. */
typedef struct mdm_cuts {
  size_t rows, pieces, each; /* each: 0: about as many rows in each piece */
} mdm_cuts;
mdm_cuts mdm_cut_rows(size_t n, size_t size);
/* Where piece i begins, from the first row here on; piece `pieces` begins at their end. */
static inline size_t mdm_cut_at(const mdm_cuts *c, size_t i) {
  return !c->each ? mdm_piece(c->rows, c->pieces, i) : c->each * i < c->rows ? c->each * i : c->rows;
}
/* Of so many pieces (share.h) of n particles, those that begin among this rank's own rows: *first … *end − 1. */
void mdm_own_pieces(size_t n, size_t pieces, size_t *first, size_t *end);

/* data: what each piece gave, bytes of each. Where n is spread, the others' come from them. */
void mdm_gather_pieces(size_t n, size_t pieces, size_t bytes, void *data);
/* The same of blocks of `each` particles, n/each of them. *first … *end − 1 are those that begin here. */
void mdm_own_blocks(size_t n, size_t each, size_t *first, size_t *end);
void mdm_gather_blocks(size_t n, size_t each, size_t bytes, void *data);
/* The same of pieces of E experts with J neurons each, which lie among the neurons' rows: piece i has the experts from mdm_expert_piece(E, pieces, i) on. */
size_t mdm_expert_pieces(size_t E, size_t J);
size_t mdm_expert_piece(size_t E, size_t pieces, size_t i);
void mdm_own_expert_pieces(size_t E, size_t J, size_t pieces, size_t *first, size_t *end);
void mdm_gather_expert_pieces(size_t E, size_t J, size_t pieces, size_t bytes, void *data);
/* The same of parts of experts, mdm_expert_parts(E, J) of each: neurons mdm_piece(J, parts, i) and on of one expert, all parts of which follow each other. */
size_t mdm_expert_parts(size_t E, size_t J);
void mdm_own_expert_parts(size_t E, size_t J, size_t *first, size_t *end);
void mdm_gather_expert_parts(size_t E, size_t J, size_t bytes, void *data);
/* Sums as long as an expert, whose parts are many: data is `length` elements of each piece of experts (pieces × length). Afterwards this rank has all pieces of
 * elements *first … *end − 1, which it is to sum; then all receive the others' (data: length). */
void mdm_swap_expert_pieces(size_t E, size_t J, size_t pieces, size_t length, size_t element, void *data, size_t *first, size_t *end);
void mdm_gather_slices(size_t n, size_t length, size_t element, void *data);
/* Pieces of such sums. */
size_t mdm_few_expert_pieces(size_t E);
/* data: count blocks of bytes, block k about particle index[k] of n. Where n is spread, those of others' rows come from them. */
void mdm_gather_particles(size_t n, size_t count, const size_t *index, size_t bytes, void *data);
/* The largest of what ranks found in their rows of n particles; NaN where one found that. */
double mdm_crew_largest(size_t n, double here);
/* What any rank says, of a byte of flags; 1 as well where gatherings failed. */
int mdm_crew_any(int flags);
int mdm_crew_failed(void);
/* The status and text of the first rank that has failed, for all; MDM_OK: none has. */
int mdm_crew_agree(int status, mdm_error *why);
/* The first rank's bytes become everybody's. */
void mdm_crew_tell(size_t bytes, void *data);
/* A column of a spread population of n, all of which only the first rank has (column: n elements; the others may give NULL), and the rows that are held
 * here: out: from there to the ranks, else from their own rows to there. */
void mdm_crew_deal(int out, size_t n, size_t element, void *column, void *rows);

#endif
