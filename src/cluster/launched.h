/* What a launcher says about the processes that it starts, in their environment. */
#ifndef MOEDMFT_LAUNCHED_H
#define MOEDMFT_LAUNCHED_H

/* Copies of this process that mpirun or srun started; 1 where none did. */
int mdm_launched_copies(void);
/* Which of them this is, from 0. */
int mdm_launched_rank(void);

#endif
