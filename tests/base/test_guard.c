/* Work in a child process: what it sends, what it says at its end, and that nothing it does harms the parent. */
#include "base/guard.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"
#include "support/words.h"

enum { MANY = 300000 };

/* More than a pipe holds. */
static int send_numbers(mdm_guard *g, void *context, mdm_error *err) {
  double *x = malloc(MANY * sizeof *x); /* MANY */
  int status = x ? MDM_OK : MDM_ERR_MEMORY;
  (void)context;
  for (int i = 0; i < MANY && x; i++) x[i] = i;
  if (!status) status = mdm_guard_send(g, x, MANY / 3 * sizeof *x, err);
  if (!status) status = mdm_guard_send(g, x + MANY / 3, (MANY - MANY / 3) * sizeof *x, err);
  free(x);
  return status;
}

static void test_numbers(void) {
  mdm_guard g;
  mdm_error err;
  double *x = malloc(MANY * sizeof *x);
  CU_ASSERT_PTR_NOT_NULL_FATAL(x);
  CU_ASSERT_EQUAL_FATAL(mdm_guard_start(&g, "a.h5", send_numbers, NULL, &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_guard_receive(&g, x, MANY * sizeof *x, &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_guard_end(&g, MDM_OK, &err), MDM_OK);
  CU_ASSERT(x[0] == 0 && x[MANY / 3] == MANY / 3 && x[MANY - 1] == MANY - 1);
  CU_ASSERT_EQUAL_FATAL(mdm_guard_start(&g, "a.h5", send_numbers, NULL, &err), MDM_OK); /* a parent that wants no more ends it */
  CU_ASSERT_EQUAL(mdm_guard_end(&g, MDM_ERR_DATA, &err), MDM_ERR_DATA);
  CU_ASSERT(waitpid(-1, NULL, WNOHANG) < 0); /* no child is left */
  free(x);
}

static int fail(mdm_guard *g, void *context, mdm_error *err) {
  (void)context;
  int status = mdm_guard_send(g, "12345678", 8, err);
  return status ? status : mdm_fail(err, MDM_ERR_CONFIG, "what the child says");
}

static int end_by_signal(mdm_guard *g, void *context, mdm_error *err) {
  (void)g;
  (void)err;
  raise(*(int *)context);
  return MDM_OK;
}

static int stop_saying(mdm_guard *g, void *context, mdm_error *err) {
  (void)g;
  (void)context;
  (void)err;
  _exit(0);
}

/* Runs for ever, with a second to live. */
static int hang(mdm_guard *g, void *context, mdm_error *err) {
  (void)g;
  (void)context;
  (void)err;
  setrlimit(RLIMIT_CPU, &(struct rlimit){1, 1});
  for (volatile int i = 0;; i++) {}
  return MDM_OK;
}

/* Whether work that ends so is told with these words, both where bytes are waited for and at the end. */
static void ends(mdm_guard_work *work, void *context, int code, const char *words) {
  mdm_guard g;
  mdm_error err;
  char x[16];
  for (int wait = 0; wait < 2; wait++) {
    err = (mdm_error){0};
    CU_ASSERT_EQUAL_FATAL(mdm_guard_start(&g, "a.h5", work, context, &err), MDM_OK);
    int status = wait ? mdm_guard_receive(&g, x, sizeof x, &err) : MDM_OK;
    if (wait) CU_ASSERT_EQUAL(status, code);
    if (!wait && work == fail) status = mdm_guard_receive(&g, x, 8, &err);
    CU_ASSERT_EQUAL(mdm_guard_end(&g, status, &err), code);
    CU_ASSERT(err.code == code);
    check_mentions(err.text, words);
  }
  CU_ASSERT(waitpid(-1, NULL, WNOHANG) < 0);
}

static void test_ends(void) {
  static int segv = SIGSEGV, bus = SIGBUS, term = SIGTERM, killed = SIGKILL, aborted = SIGABRT;
  ends(fail, NULL, MDM_ERR_CONFIG, "what the child says");
  ends(end_by_signal, &aborted, MDM_ERR_DATA, "a.h5 is damaged|signal 6|HDF5");
  ends(end_by_signal, &segv, MDM_ERR_DATA, "a.h5 is damaged|signal 11");
  ends(end_by_signal, &bus, MDM_ERR_DATA, "a.h5 is damaged|signal 7");
  ends(end_by_signal, &killed, MDM_ERR_DATA, "a.h5 is damaged|signal 9");
  ends(end_by_signal, &term, MDM_INTERRUPTED, "stopped while a.h5 was read");
  ends(stop_saying, NULL, MDM_ERR_DATA, "a.h5 is damaged|came to no end");
}

static void test_hang(void) {
  mdm_guard g;
  mdm_error err;
  CU_ASSERT_EQUAL_FATAL(mdm_guard_start(&g, "a.h5", hang, NULL, &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_guard_end(&g, MDM_OK, &err), MDM_ERR_DATA);
  check_mentions(err.text, "a.h5 is damaged");
}

static const test_case tests[] = {{"numbers through the pipe", test_numbers}, {"failures, crashes, signals of the child", test_ends}, {"a child that hangs", test_hang}};
SUITE("base/guard", tests)
