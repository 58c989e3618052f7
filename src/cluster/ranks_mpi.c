/* Ranks by MPI. Packets go in pieces, so that no message is larger than MPI can count: all but the last are of PIECE bytes. Sending never
 * waits: two ranks that send each other large packets would wait for each other. */
#define _GNU_SOURCE
#include <errno.h>
#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/memory.h"
#include "cluster/launched.h"
#include "cluster/ranks.h"

enum { PIECE = 1 << 20, FIRST = 1, MORE = 2, EXCHANGED = 3 }; /* bytes; tags */
static const double PATIENCE = 0.5; /* seconds with those who have not come, once all is to stop */
static const double EAGER = 3e-4;   /* seconds that are waited without a pause: a pause may take 0.1 ms, and on a busy machine gives others the processor */

/* A packet on its way. */
typedef struct sending {
  mdm_packet packet;
  MPI_Request *request; /* pieces */
  size_t pieces;
  struct sending *next;
} sending;

static struct {
  MPI_Comm world; /* our own copy */
  int count, mine, on_a_node;
  int is_child; /* MPI belongs to the parent */
  sending *first; /* in order of time */
  size_t packets; /* sent and received */
  double bytes;
  int gathers;    /* several threads may use MPI, one at a time: whoever has the */
  pthread_mutex_t lock;
} ranks = {.count = 1, .on_a_node = 1, .lock = PTHREAD_MUTEX_INITIALIZER};

/* ---------------------------------------------------------------- beginning */

/* Whether a launcher started this process: without one MPI would start servers of its own. */
static int is_launched(void) {
  return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") || getenv("PMI_SIZE");
}

/* Ranks on this node, and their share of the processors that all of them together may use; the largest node counts for all. */
static void look_around(void) {
  MPI_Comm node;
  cpu_set_t mine, all;
  int here = 1;
  MPI_Comm_split_type(ranks.world, MPI_COMM_TYPE_SHARED, ranks.mine, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &here);
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof mine, &mine)) CPU_SET(0, &mine);
  MPI_Allreduce(&mine, &all, (int)sizeof mine, MPI_BYTE, MPI_BOR, node);
  int share = CPU_COUNT(&all) / here;
  mdm_processors_share(share > 1 ? share : 1);
  MPI_Allreduce(&here, &ranks.on_a_node, 1, MPI_INT, MPI_MAX, ranks.world);
  MPI_Comm_free(&node);
}

/* Copies that MPI knows nothing of. */
static int refuse_copies(mdm_error *err) {
  ranks.mine = mdm_launched_rank();
  return mdm_fail(err, MDM_ERR_USAGE, "the %d copies that were started cannot see each other: use mpirun of %s, or srun --mpi=pmix (docs/cluster.md)", mdm_launched_copies(), mdm_ranks_library());
}

/* Large messages between ranks of a node would be read out of the sender's memory, by Open MPI's shared-memory transport; if the sender dies
 * meanwhile, the reader is aborted with it, and what is complete would be lost. Through shared memory they are copied twice, which nothing here feels. */
static void survive_senders(void) { setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0); }

int mdm_ranks_start(mdm_error *err) {
  int given;
  if (!is_launched()) return mdm_launched_copies() > 1 ? refuse_copies(err) : MDM_OK;
  survive_senders();
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &given)) return mdm_fail(err, MDM_ERR_INTERNAL, "MPI_Init_thread failed");
  MPI_Comm_dup(MPI_COMM_WORLD, &ranks.world);
  MPI_Comm_set_errhandler(ranks.world, MPI_ERRORS_RETURN);
  MPI_Comm_size(ranks.world, &ranks.count);
  MPI_Comm_rank(ranks.world, &ranks.mine);
  if (ranks.count == 1 && mdm_launched_copies() > 1) return refuse_copies(err);
  if (given < MPI_THREAD_FUNNELED) return mdm_fail(err, MDM_ERR_INTERNAL, "this MPI library (%s) does not allow threads", mdm_ranks_library());
  ranks.gathers = ranks.count > 1 && given >= MPI_THREAD_SERIALIZED;
  if (ranks.count > 1) look_around();
  return MDM_OK;
}

int mdm_ranks_count(void) { return ranks.count; }
int mdm_ranks_mine(void) { return ranks.mine; }
int mdm_ranks_on_a_node(void) { return ranks.on_a_node; }

const char *mdm_ranks_library(void) {
  static char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length;
  if (!*text && MPI_Get_library_version(text, &length)) snprintf(text, sizeof text, "unknown");
  text[strcspn(text, ",\n")] = '\0'; /* then come packager, identifier, dates */
  return text;
}

/* ---------------------------------------------------------------- packets */

static void release(sending *s) {
  mdm_packet_clear(&s->packet);
  free(s->request);
  free(s);
}

/* Releases the packets that have gone. */
static void sweep_up(void) {
  for (sending **at = &ranks.first; *at;) {
    sending *s = *at;
    int gone = 0;
    if (MPI_Testall((int)s->pieces, s->request, &gone, MPI_STATUSES_IGNORE)) gone = 1; /* an error: the other rank is no more */
    if (gone) *at = s->next, release(s);
    else at = &s->next;
  }
}

static void count(size_t bytes) {
  ranks.packets++;
  ranks.bytes += (double)bytes;
}

void mdm_ranks_traffic(size_t *packets, double *bytes) {
  *packets = ranks.packets;
  *bytes = ranks.bytes;
}

static int send_packet(int to, mdm_packet *p, mdm_error *err) {
  int status = mdm_packet_check(p, err), failed = 0;
  sending *s = status ? NULL : calloc(1, sizeof *s), **end = &ranks.first;
  if (s) s->request = mdm_alloc(p->size / PIECE + 1, 1, 1, sizeof *s->request);
  if (!s || !s->request) {
    free(s);
    mdm_packet_clear(p);
    return status ? status : mdm_no_memory(err, "a message to rank %d", to);
  }
  s->packet = *p;
  *p = (mdm_packet){0};
  for (size_t at = 0; s->pieces == 0 || at <= s->packet.size; at += PIECE) {
    size_t n = s->packet.size - at < PIECE ? s->packet.size - at : PIECE;
    failed |= MPI_Isend(s->packet.bytes + at, (int)n, MPI_BYTE, to, at ? MORE : FIRST, ranks.world, &s->request[s->pieces++]);
  }
  while (*end) end = &(*end)->next;
  *end = s;
  count(s->packet.size);
  return failed ? mdm_fail(err, MDM_ERR_INTERNAL, "rank %d cannot be reached", to) : MDM_OK;
}

int mdm_ranks_send(int to, mdm_packet *p, mdm_error *err) {
  pthread_mutex_lock(&ranks.lock);
  int status = send_packet(to, p, err);
  pthread_mutex_unlock(&ranks.lock);
  return status;
}

/* The pieces that follow a whole first one. */
static int receive_more(int from, mdm_packet *p) {
  for (int n = PIECE; n == PIECE;) {
    MPI_Status state;
    unsigned char *to = mdm_packet_extend(p, PIECE);
    if (!to || MPI_Recv(to, PIECE, MPI_BYTE, from, MORE, ranks.world, &state)) return 0;
    MPI_Get_count(&state, MPI_BYTE, &n);
    p->size -= (size_t)(PIECE - n);
  }
  return 1;
}

static int receive_packet(int *from, mdm_packet *p) {
  int there = 0, n = 0;
  MPI_Message message;
  MPI_Status state;
  *p = (mdm_packet){0};
  if (ranks.count == 1) return 0;
  sweep_up();
  if (MPI_Improbe(MPI_ANY_SOURCE, FIRST, ranks.world, &there, &message, &state) || !there) return 0;
  *from = state.MPI_SOURCE;
  MPI_Get_count(&state, MPI_BYTE, &n);
  unsigned char *to = mdm_packet_extend(p, (size_t)n);
  int whole = to && !MPI_Mrecv(to, n, MPI_BYTE, &message, MPI_STATUS_IGNORE) && (n < PIECE || receive_more(*from, p));
  if (whole) count(p->size);
  else mdm_packet_clear(p);
  return whole;
}

int mdm_ranks_receive(int *from, mdm_packet *p) {
  pthread_mutex_lock(&ranks.lock);
  int there = receive_packet(from, p);
  pthread_mutex_unlock(&ranks.lock);
  return there;
}

/* ---------------------------------------------------------------- one solution */

int mdm_ranks_gathers(void) { return ranks.gathers; }

static size_t pieces_of(size_t bytes) { return (bytes + PIECE - 1) / PIECE; }

/* The requests of a parcel, in pieces. */
static void begin_parcel(const mdm_parcel *p, MPI_Request *request) {
  for (size_t i = 0; i < pieces_of(p->bytes); i++) {
    unsigned char *at = (unsigned char *)p->data + i * PIECE;
    int size = (int)(p->bytes - i * PIECE < PIECE ? p->bytes - i * PIECE : PIECE);
    if (p->out) MPI_Isend(at, size, MPI_BYTE, p->rank, EXCHANGED, ranks.world, &request[i]);
    else MPI_Irecv(at, size, MPI_BYTE, p->rank, EXCHANGED, ranks.world, &request[i]);
  }
}

/* 1: all have come; 0: not yet; -1: one is no more. */
static int all_have_come(int count, MPI_Request *request) {
  int done = 0;
  pthread_mutex_lock(&ranks.lock);
  int failed = MPI_Testall(count, request, &done, MPI_STATUSES_IGNORE);
  pthread_mutex_unlock(&ranks.lock);
  return failed ? -1 : done;
}

int mdm_ranks_exchange(size_t n, const mdm_parcel *parcel, int (*stopped)(void *context), void *context) {
  enum { LOOKS = 50 }; /* before somebody else may have the processor */
  size_t most = 0;
  for (size_t i = 0; i < n; i++) most += pieces_of(parcel[i].bytes);
  MPI_Request *request = mdm_alloc(most, 1, 1, sizeof *request);
  if (!request) return -1;
  int count = (int)most, come = 0;
  pthread_mutex_lock(&ranks.lock);
  for (size_t i = 0, at = 0; i < n; at += pieces_of(parcel[i++].bytes)) begin_parcel(&parcel[i], request + at);
  pthread_mutex_unlock(&ranks.lock);
  double begun = mdm_clock(), since = 0;
  for (size_t looks = 1; !(come = all_have_come(count, request)); looks++) {
    if (looks % LOOKS) continue;
    if (mdm_clock() - begun < EAGER) {
      sched_yield();
      continue;
    }
    nanosleep(&(struct timespec){0, 50000}, NULL);
    if (!stopped(context)) continue;
    if (since == 0) since = mdm_clock();
    if (mdm_clock() - since > PATIENCE) break;
  }
  pthread_mutex_lock(&ranks.lock);
  for (int i = 0; i < count && come != 1; i++) /* nothing may be written to data any more */
    if (request[i] != MPI_REQUEST_NULL) MPI_Cancel(&request[i]);
  pthread_mutex_unlock(&ranks.lock);
  free(request);
  return come == 1 ? 0 : -1;
}

/* ---------------------------------------------------------------- the end */

int mdm_ranks_detach(int *status) {
  int how = 0;
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) return 0;
  if (child == 0) {
    setsid();
    ranks.is_child = 1;
    ranks.count = ranks.on_a_node = 1;
    return 0;
  }
  while (waitpid(child, &how, 0) < 0 && errno == EINTR) {}
  *status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
  return 1;
}

void mdm_ranks_end(int together, int status) {
  int on = 0;
  if (ranks.is_child) {
    fflush(NULL);
    _exit(status); /* what MPI would do at exit is the parent's */
  }
  MPI_Initialized(&on);
  if (!on) return;
  fflush(NULL);
  if (!together) MPI_Abort(MPI_COMM_WORLD, status);
  for (sending *s; (s = ranks.first); release(s)) {
    MPI_Waitall((int)s->pieces, s->request, MPI_STATUSES_IGNORE);
    ranks.first = s->next;
  }
  MPI_Comm_free(&ranks.world);
  MPI_Finalize();
}
