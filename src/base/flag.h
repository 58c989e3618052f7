/* Flags that a signal handler or one thread sets and other threads read: by atomic reads and writes, which volatile alone does not make. */
#ifndef MOEDMFT_FLAG_H
#define MOEDMFT_FLAG_H

#include <signal.h>

static inline int mdm_flag_is_set(const volatile sig_atomic_t *flag) { return __atomic_load_n(flag, __ATOMIC_RELAXED) != 0; }
/* May be called in a signal handler. */
static inline void mdm_flag_set(volatile sig_atomic_t *flag, int on) { __atomic_store_n(flag, on, __ATOMIC_RELAXED); }

#endif
