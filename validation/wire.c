/* What a packet costs between two ranks (src/cluster): latency and bandwidth, and whether packets of all sizes around those of the pieces
 * that MPI carries arrive whole. Built with MPI as build/mpi/wire.
 *   mpirun -n 2 build/mpi/wire [LOOKS]    LOOKS: rounds of the small packets (1000) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/packet.h"
#include "cluster/ranks.h"
#include "cluster/wait.h"

enum { PIECE = 1 << 20 }; /* as in ranks_mpi.c */

static unsigned char byte(size_t i, size_t size) { return (unsigned char)(i * 131 + size * 7 + (i >> 12)); }

static void fill(mdm_packet *p, size_t size) {
  unsigned char *to = mdm_packet_extend(p, size);
  for (size_t i = 0; to && i < size; i++) to[i] = byte(i, size);
}

static int is_whole(const mdm_packet *p, size_t size) {
  int good = p->size == size;
  for (size_t i = 0; good && i < size; i++) good = p->bytes[i] == byte(i, size);
  return good;
}

/* The next packet; polite: sleeping as the program does. */
static void next(mdm_packet *p, int polite) {
  int from;
  double pause = 0;
  while (!mdm_ranks_receive(&from, p))
    if (polite) mdm_wait(&pause);
}

static void send(mdm_packet *p) {
  mdm_error err = {0};
  if (mdm_ranks_send(1 - mdm_ranks_mine(), p, &err)) fprintf(stderr, "wire: %s\n", err.text), exit(1);
}

/* Seconds of one way: half of the fastest of so many rounds there and back, which others on the same cores disturbed least. */
static double one_way(size_t size, int rounds, int polite) {
  mdm_packet p = {0};
  if (mdm_ranks_mine() == 0) fill(&p, size);
  double seconds = 1e9;
  for (int i = 0; i < rounds; i++) {
    double start = mdm_clock();
    if (mdm_ranks_mine() == 0) send(&p);
    next(&p, polite);
    if (mdm_ranks_mine() == 1) send(&p);
    if ((mdm_clock() - start) / 2 < seconds) seconds = (mdm_clock() - start) / 2;
  }
  if (mdm_ranks_mine() == 0 && !is_whole(&p, size)) fprintf(stderr, "wire: a packet of %zu bytes did not arrive whole\n", size), exit(1);
  mdm_packet_clear(&p);
  return seconds;
}

/* Both send before they receive. */
static void cross(size_t size) {
  mdm_packet p = {0}, q = {0};
  fill(&p, size);
  send(&p);
  next(&q, 1);
  if (!is_whole(&q, size)) fprintf(stderr, "wire: packets of %zu bytes that crossed did not arrive whole\n", size), exit(1);
  mdm_packet_clear(&q);
}

int main(int argc, char **argv) {
  static const size_t around[] = {1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1, 5 * PIECE};
  int looks = argc > 1 ? atoi(argv[1]) : 1000;
  mdm_error err = {0};
  if (mdm_ranks_start(&err) || mdm_ranks_count() != 2) return fprintf(stderr, "wire: two ranks are needed: mpirun -n 2; %s\n", err.text), 1;
  for (size_t i = 0; i < sizeof around / sizeof *around; i++) one_way(around[i], 1, 1), cross(around[i]);
  double spinning = one_way(64, looks, 0), polite = one_way(64, looks, 1), megabyte = one_way(PIECE, looks / 20 + 1, 0), large = one_way((size_t)64 * PIECE, looks / 200 + 1, 0);
  if (mdm_ranks_mine() == 0)
    printf("%s\n64 bytes   %8.1f us one way; %.1f us where both sleep between looks, as the program does\n1 MiB      %8.1f us, %.2f GB/s\n64 MiB     %8.1f ms, %.2f GB/s\n",
           mdm_ranks_library(), 1e6 * spinning, 1e6 * polite, 1e6 * megabyte, PIECE / megabyte / 1e9, 1e3 * large, 64.0 * PIECE / large / 1e9);
  mdm_ranks_end(1, 0);
  return 0;
}
