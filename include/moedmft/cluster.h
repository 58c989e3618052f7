/* Many processes (ranks) that share the runs of one program: replicas of the limit, networks, cells of a sweep. For programs that mpirun
 * starts and that are linked to a library built with make MPI=1; with any other, a process is alone, and these functions say so.
 *
 *   int main(void) {
 *     if (mdm_cluster_join(&err)) …                                 on every rank, before anything else
 *     if (mdm_cluster_rank() > 0) return mdm_cluster_serve(&stop);  all but rank 0 do runs until rank 0 leaves
 *     … mdm_run, mdm_compare_run, mdm_sweep_run …                   rank 0 goes on as if it were alone
 *     mdm_cluster_leave(status);
 *   }
 *
 * Results are bit for bit those of one process. When a signal ends the work, rank 0 goes on in a child process, since mpirun kills soon: there
 * mdm_run returns MDM_INTERRUPTED, and the parent waits for the child and ends with its exit status. Call all of these on the thread that calls mdm_run. docs/cluster.md has the rest. */
#ifndef MOEDMFT_CLUSTER_H
#define MOEDMFT_CLUSTER_H

#include <signal.h>
#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Joins the other ranks, if there are any. MDM_ERR_USAGE when mpirun started several copies of a program that has no MPI, or another one;
 * MDM_ERR_INTERNAL when MPI fails. */
int mdm_cluster_join(mdm_error *err);
/* Ranks, and this one: 0 … ranks − 1. */
int mdm_cluster_ranks(void);
int mdm_cluster_rank(void);
/* Ranks that share the memory of one node, on the node that has most of them. */
int mdm_cluster_ranks_on_a_node(void);
/* The MPI library, or that there is none; one line. */
const char *mdm_cluster_library(void);

/* On ranks other than 0: does runs until rank 0 leaves, and leaves, too; returns 0. *stop (as in mdm_monitor) becomes non-zero: the runs of
 * all ranks stop, and rank 0 goes on as after an interruption. */
int mdm_cluster_serve(const volatile sig_atomic_t *stop);
/* On rank 0, as the last thing: the others leave. status: exit status, in case that some of them no longer answer and have to be ended,
 * which ends this process, too. */
void mdm_cluster_leave(int status);

#ifdef __cplusplus
}
#endif
#endif
