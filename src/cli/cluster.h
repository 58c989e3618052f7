/* The program on several ranks: mpirun -n R moedmft … */
#ifndef MOEDMFT_CLI_CLUSTER_H
#define MOEDMFT_CLI_CLUSTER_H

/* Whether this process is one of those that do what rank 0 asks for. It has done so by now, and *status is its exit status. */
int cluster_served(int *status);

#endif
