/* Flavours of the BLAS library: how many workers there are, and that their BLAS calls stay with them. The two calls that tell and set it are
 * defined here, before the library's own. */
#define _GNU_SOURCE
#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/blas.h"
#include "base/board.h"
#include "support/runs.h"
#include "support/suite.h"

enum { SERIAL, PTHREAD, OPENMP, AS_IT_IS };
static int flavour = AS_IT_IS;
static _Thread_local int asked; /* what this thread asked for last */

int openblas_get_parallel(void) {
  int (*real)(void);
  *(void **)&real = dlsym(RTLD_NEXT, "openblas_get_parallel");
  return flavour == AS_IT_IS ? real() : flavour;
}

void openblas_set_num_threads(int n) {
  void (*real)(int);
  *(void **)&real = dlsym(RTLD_NEXT, "openblas_set_num_threads");
  asked = n;
  real(n);
}

static void workers_by_flavour(void) {
  const char *why;
  for (flavour = SERIAL; flavour < AS_IT_IS; flavour++) {
    int safe = flavour != SERIAL;
    CU_ASSERT_EQUAL(mdm_workers(7, &why), safe ? 7 : 1);
    CU_ASSERT(safe ? why == NULL : why && strstr(why, "libopenblas0-pthread"));
    CU_ASSERT_EQUAL(mdm_workers(0, NULL), safe ? mdm_processors() : 1);
    CU_ASSERT_EQUAL(mdm_workers(1, &why), 1);
    CU_ASSERT_PTR_NULL(why); /* nobody asked for more */
  }
  flavour = AS_IT_IS;
}

/* A run's threads and lines. */
typedef struct {
  pthread_t thread;
  int others, lines;
} seen;

static void see(void *context, const mdm_progress *p) {
  seen *s = context;
  (void)p;
  s->others += !pthread_equal(s->thread, pthread_self());
}

static void hear(void *context, const char *line) {
  (void)line;
  ((seen *)context)->lines++;
}

static void runs_under_the_serial_flavour(void) {
  mdm_config *cfg = NULL;
  mdm_data *data = NULL;
  mdm_outcome out;
  mdm_error err;
  CU_ASSERT_FATAL(!mdm_config_create(&cfg, &err) && !mdm_config_set(cfg, "solve.particles=200", &err) && !mdm_config_set(cfg, "train.steps=3", &err) &&
                  !mdm_data_load(cfg, &data, &err));
  for (flavour = SERIAL; flavour <= PTHREAD; flavour++) {
    seen s = {.thread = pthread_self()};
    const mdm_monitor monitor = {.report = see, .message = hear, .context = &s, .threads = 3};
    CU_ASSERT_FATAL(!mdm_run(cfg, data, MDM_RUN_LIMIT, &monitor, &out, &err));
    CU_ASSERT_EQUAL(s.lines, flavour == SERIAL);
    if (flavour == SERIAL) CU_ASSERT_EQUAL(s.others, 0);
    mdm_outcome_clear(&out);
  }
  flavour = AS_IT_IS;
  mdm_data_free(data);
  mdm_config_free(cfg);
}

static atomic_int alone, shared;
static pthread_barrier_t all;

static void work(void *context, size_t i) {
  (void)i;
  pthread_barrier_wait(&all); /* one for each worker */
  if (pthread_equal(*(pthread_t *)context, pthread_self())) return;
  if (asked == 1) alone++;
  else shared++;
}

/* Helpers of the OpenMP flavour are told themselves; the pthread flavour was told for all. */
static void helpers_keep_to_themselves(void) {
  pthread_t me = pthread_self();
  for (flavour = PTHREAD; flavour <= OPENMP; flavour++) {
    alone = shared = 0;
    pthread_barrier_init(&all, NULL, 3);
    int before = mdm_blas_enter();
    mdm_parallel(3, 3, work, &me);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), 1);
    mdm_blas_leave(before);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), before);
    CU_ASSERT_EQUAL(alone, flavour == OPENMP ? 2 : 0);
    CU_ASSERT_EQUAL(shared, flavour == OPENMP ? 0 : 2);
    pthread_barrier_destroy(&all);
  }
  flavour = AS_IT_IS;
}

static const test_case tests[] = {
    {"workers by flavour", workers_by_flavour},
    {"a run under the serial flavour", runs_under_the_serial_flavour},
    {"helpers' BLAS calls stay with them", helpers_keep_to_themselves},
};

SUITE("base/blas", tests)
