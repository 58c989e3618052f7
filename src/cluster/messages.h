/* What rank 0 and the others say to each other. A packet begins with its kind; then comes the number of the job, but for BYE and SIGNALLED.
 *
 *   to others                                          to rank 0
 *   BEGIN   threads asked for, pieces at once          READY     threads, arithmetic (base/blas.h)
 *   WORK    piece, what it takes to do it              DONE      piece, seconds, what was found
 *   STOP    finish the step at hand                    PROGRESS  work since the last, task, step, steps, loss; empty: a sign of life
 *   END     forget the job                             SIGNALLED this rank received a signal to stop
 *   BYE     leave */
#ifndef MOEDMFT_MESSAGES_H
#define MOEDMFT_MESSAGES_H

enum { MDM_SAY_BEGIN, MDM_SAY_WORK, MDM_SAY_STOP, MDM_SAY_END, MDM_SAY_BYE, MDM_SAY_READY, MDM_SAY_DONE, MDM_SAY_PROGRESS, MDM_SAY_SIGNALLED };

#endif
