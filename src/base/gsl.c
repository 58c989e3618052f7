/* The handler is global: it is put aside once, however many threads ask. */
#include "base/gsl.h"

#include <gsl/gsl_errno.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int users;                       /* under lock */
static gsl_error_handler_t *of_caller;  /* under lock */

void mdm_gsl_begin(void) {
  pthread_mutex_lock(&lock);
  if (!users++) of_caller = gsl_set_error_handler_off();
  pthread_mutex_unlock(&lock);
}

void mdm_gsl_end(void) {
  pthread_mutex_lock(&lock);
  if (!--users) gsl_set_error_handler(of_caller);
  pthread_mutex_unlock(&lock);
}
