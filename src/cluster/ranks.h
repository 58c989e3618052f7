/* Ranks: the processes that one mpirun starts, and packets between them. Two files implement this: ranks_mpi.c in programs that were built
 * with MPI=1, ranks_alone.c in all others, where a process is always rank 0 of 1. Nothing else knows MPI.
 *
 * All functions but mdm_ranks_exchange belong to the thread that called mdm_ranks_start, none of them blocks for longer than a transfer takes, and
 * packets between two ranks arrive in the order in which they were sent. */
#ifndef MOEDMFT_RANKS_H
#define MOEDMFT_RANKS_H

#include <moedmft/error.h>

#include "base/crew.h"
#include "cluster/packet.h"

/* Joins the others, where mpirun (or srun) started several; alone, does nothing. MDM_ERR_USAGE where mpirun started several copies of a
 * program that cannot talk to each other. */
int mdm_ranks_start(mdm_error *err);
int mdm_ranks_count(void);
/* This process: 0 … count − 1; also where mdm_ranks_start refused, so that one of the copies can say so. */
int mdm_ranks_mine(void);
/* Ranks on the node that has most of them, which share its memory. */
int mdm_ranks_on_a_node(void);
/* "Open MPI v4.1.4", or "none: built without MPI=1". */
const char *mdm_ranks_library(void);

/* Sends a packet, which becomes empty: its bytes go as soon as the other rank takes them. MDM_ERR_INTERNAL, MDM_ERR_MEMORY. */
int mdm_ranks_send(int to, mdm_packet *p, mdm_error *err);
/* 1: *p (the caller's to clear) has come from rank *from; 0: nothing has. Sending goes on meanwhile. */
int mdm_ranks_receive(int *from, mdm_packet *p);

/* Whether ranks can share one solution: there are several, and another thread than the first may gather. */
int mdm_ranks_gathers(void);
/* n parcels between this rank and others, which do the same with theirs, on any thread; between two ranks in the same order on both sides. 0; else not all
 * have come, and `stopped` has said so long enough that they will not. */
int mdm_ranks_exchange(size_t n, const mdm_parcel *parcel, int (*stopped)(void *context), void *context);

/* Packets that this rank has sent and received so far, and their bytes. */
void mdm_ranks_traffic(size_t *packets, double *bytes);

/* Goes on in a child process that is alone (1 rank) and that a signal to this one's group does not reach. In the child 0; in the parent, once
 * the child has ended, 1, with its exit status; also 0, and nothing has changed, where no process could be made. */
int mdm_ranks_detach(int *status);
/* Leaves. together: every rank does so, and waits for the others; else the others are ended, and so is this process, with the exit
 * status. Does not return where the others are ended, and in a child. */
void mdm_ranks_end(int together, int status);

#endif
