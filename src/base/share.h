/* Work inside one solution: fixed pieces that threads without a run of their own help with.
 *
 * Long loops (over particles, rows of a network, entries of fields) are cut into pieces that depend on their length alone, and sums over
 * pieces are added in their order: results depend neither on the number of threads nor on who did what. Pieces are tasks of the team that
 * mdm_parallel (board.h) started, so runs that are left over at the end, or one large run, occupy all of it:
 *
 *   #pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(work))
 *   for (size_t i = 0; i < mdm_pieces(n, MDM_PARTICLES); i++) work_on(mdm_piece(…, i), …);
 */
#ifndef MOEDMFT_SHARE_H
#define MOEDMFT_SHARE_H

#include <stddef.h>

enum {
  MDM_TASKS = 64,       /* of a loop, into which its pieces go: libgomp runs a loop of more than 64 tasks a thread on the thread that meets it */
  MDM_PARTICLES = 1024, /* particles of a piece: some columns of them fit in the first cache */
  MDM_MOST_PIECES = 256, /* of a sum over particles */
  MDM_ENTRIES = 16384   /* entries of a field of a piece of elementwise work */
};

/* Pieces of about `size` of n things; at least one. */
static inline size_t mdm_pieces(size_t n, size_t size) { return n <= size ? 1 : (n + size - 1) / size; }
/* Where piece i of so many begins; a multiple of 16, so that vectors stay whole. Piece `pieces` begins at n. What the pieces' number does not divide
 * goes to the last, which may exceed `size`: by 69 of 1024 at n = 59,333, by half at a million. */
static inline size_t mdm_piece(size_t n, size_t pieces, size_t i) { return i == pieces ? n : n / pieces * i / 16 * 16; }

/* Whether the calling thread has a team to share so much work with (floating-point operations, about): less is done before it is handed
 * over. */
int mdm_shares(double work);

#endif
