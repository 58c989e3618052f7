/* Waiting for packets. A rank whose threads compute must not spin: it looks again after a pause, which grows while nothing happens. */
#ifndef MOEDMFT_WAIT_H
#define MOEDMFT_WAIT_H

/* Sleeps; *pause (seconds; 0 at first, and whenever something has happened) is how long, and grows. */
void mdm_wait(double *pause);

#endif
