/* Work in a child process (guard.h). Every piece in the pipe has a head, which says what it is and how long. */
#include "base/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <moedmft/monitor.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "base/memory.h"

enum { PATIENCE = 120 /* seconds without a sign */, PROCESSOR_SECONDS = 60, BYTES_A_SECOND = 1000000 };

typedef struct head {
  int status;  /* of the end: MDM_OK, or a failure whose explanation follows */
  int is_end;  /* 0: n bytes of data follow */
  size_t n;
} head;

/* ---- the child ---- */

static int write_all(int fd, const void *bytes, size_t n) {
  for (size_t done = 0; done < n;) {
    ssize_t sent = write(fd, (const char *)bytes + done, n - done);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return 0;
    done += (size_t)sent;
  }
  return 1;
}

int mdm_guard_send(mdm_guard *g, const void *bytes, size_t n, mdm_error *err) {
  head h = {.n = n};
  if (write_all(g->fd, &h, sizeof h) && write_all(g->fd, bytes, n)) return MDM_OK;
  return mdm_fail(err, MDM_ERR_IO, "cannot send what %s holds: %s", g->path, strerror(errno));
}

/* A core file, or glibc's words about a broken heap, would only repeat what the parent says in one line. */
static void be_quiet(void) {
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3 && null >= 0; fd++) dup2(null, fd);
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

static void limit_time(const char *path) {
  struct stat s;
  struct rlimit l;
  rlim_t most = PROCESSOR_SECONDS + (stat(path, &s) ? 0 : (rlim_t)s.st_size / BYTES_A_SECOND);
  if (getrlimit(RLIMIT_CPU, &l) || (l.rlim_cur != RLIM_INFINITY && l.rlim_cur <= most)) return;
  l.rlim_cur = most;
  setrlimit(RLIMIT_CPU, &l);
}

/* Signals that the caller handles would only set its flags. */
static void restore_signals(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGXCPU, SIGXFSZ, SIGALRM,
                                SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_DFL);
}

/* A child that outlived its parent would hold its locks. */
static void die_with(pid_t parent) {
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (getppid() != parent) _exit(1);
}

typedef struct start {
  mdm_guard *guard;
  mdm_guard_work *work;
  void *context;
  int pipe[2];
  pid_t parent;
} start;

static void be_child(start *s) {
  head end = {.is_end = 1};
  mdm_error err = {0};
  s->guard->fd = s->pipe[1];
  close(s->pipe[0]);
  restore_signals();
  die_with(s->parent);
  be_quiet();
  limit_time(s->guard->path);
  mdm_memory_limit(mdm_memory_held() + mdm_memory_available());
  end.status = s->work(s->guard, s->context, &err);
  end.n = end.status ? strlen(err.text) : 0;
  int sent = write_all(s->pipe[1], &end, sizeof end) && write_all(s->pipe[1], err.text, end.n);
  _exit(!sent);
}

/* ---- starting it ---- */

/* HDF5 (thread-safe builds) holds its lock while it calls this, so that no other thread has it when we fork: the child would wait for ever. */
static herr_t fork_locked(hid_t list, const char *name, void *context) {
  start *s = context;
  (void)list;
  (void)name;
  s->guard->child = fork();
  if (s->guard->child == 0) be_child(s);
  return 1; /* once */
}

/* Any list of properties that has one will do. */
static void fork_child(start *s) {
  H5E_BEGIN_TRY {
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    if (list >= 0) H5Piterate(list, NULL, fork_locked, s);
    if (list >= 0) H5Pclose(list);
  }
  H5E_END_TRY
}

int mdm_guard_start(mdm_guard *g, const char *path, mdm_guard_work *work, void *context, mdm_error *err) {
  *g = (mdm_guard){.path = path, .child = -1, .fd = -1};
  start s = {.guard = g, .work = work, .context = context, .parent = getpid()};
  if (pipe(s.pipe)) return mdm_fail(err, MDM_ERR_IO, "cannot read %s: no pipe: %s", path, strerror(errno));
  for (int i = 0; i < 2; i++) fcntl(s.pipe[i], F_SETFD, FD_CLOEXEC);
  errno = 0;
  fork_child(&s);
  int failed = errno;
  close(s.pipe[1]);
  if (g->child > 0) return g->fd = s.pipe[0], MDM_OK;
  close(s.pipe[0]);
  return mdm_fail(err, MDM_ERR_IO, "cannot read %s: no process to read it in: %s", path, failed ? strerror(failed) : "HDF5 gives no reason");
}

/* ---- the parent ---- */

static int damaged(const mdm_guard *g, const char *how, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_DATA, "%s is damaged: reading it %s; take a copy of it, or make it anew", g->path, how);
}

static void wait_for(mdm_guard *g, int *how) {
  *how = 0;
  while (g->child > 0 && waitpid(g->child, how, 0) < 0 && errno == EINTR) {}
  g->child = -1;
}

/* The child is gone without a word. */
static int explain_end(mdm_guard *g, mdm_error *err) {
  int how;
  char text[100];
  wait_for(g, &how);
  g->finished = 1;
  if (!WIFSIGNALED(how)) return g->status = damaged(g, "came to no end", err);
  switch (WTERMSIG(how)) {
  case SIGINT:
  case SIGTERM:
  case SIGHUP:
  case SIGQUIT:
  case SIGUSR1:
  case SIGUSR2:
    return g->status = mdm_fail(err, MDM_INTERRUPTED, "stopped while %s was read", g->path);
  case SIGXCPU:
    return g->status = damaged(g, "takes too long", err);
  default:
    snprintf(text, sizeof text, "ended with signal %d (%s) in the HDF5 library", WTERMSIG(how), strsignal(WTERMSIG(how)));
    return g->status = damaged(g, text, err);
  }
}

static int give_up(mdm_guard *g, mdm_error *err) {
  int how;
  if (g->child > 0) kill(g->child, SIGKILL);
  wait_for(g, &how);
  g->finished = 1;
  return g->status = damaged(g, "takes too long", err);
}

static int read_all(mdm_guard *g, void *to, size_t n, mdm_error *err) {
  for (size_t done = 0; done < n;) {
    struct pollfd p = {.fd = g->fd, .events = POLLIN};
    int ready = poll(&p, 1, 1000 * PATIENCE);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return give_up(g, err);
    ssize_t got = read(g->fd, (char *)to + done, n - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return explain_end(g, err);
    done += (size_t)got;
  }
  return MDM_OK;
}

/* The status and the explanation that the child sent last. */
static int take_end(mdm_guard *g, const head *h, mdm_error *err) {
  char text[sizeof err->text];
  size_t n = h->n < sizeof text ? h->n : sizeof text - 1;
  int status = read_all(g, text, n, err);
  if (status) return status;
  text[n] = '\0';
  g->finished = 1;
  g->status = h->status;
  return h->status ? mdm_fail(err, h->status, "%s", text) : MDM_OK;
}

int mdm_guard_receive(mdm_guard *g, void *to, size_t n, mdm_error *err) {
  while (n) {
    head h;
    int status = read_all(g, &h, sizeof h, err);
    if (!status && h.is_end) status = take_end(g, &h, err);
    else if (!status && (h.n > n || !h.n)) status = give_up(g, err);
    else if (!status) status = read_all(g, to, h.n, err);
    if (status) return status;
    if (g->finished) return damaged(g, "ended too early", err);
    to = (char *)to + h.n;
    n -= h.n;
  }
  return MDM_OK;
}

int mdm_guard_end(mdm_guard *g, int status, mdm_error *err) {
  int how;
  head h;
  if (!status && !g->finished) {
    status = read_all(g, &h, sizeof h, err);
    if (!status) status = h.is_end ? take_end(g, &h, err) : give_up(g, err);
  }
  if (status && g->child > 0) kill(g->child, SIGKILL);
  wait_for(g, &how);
  close(g->fd);
  g->fd = -1;
  return status;
}
