/* The program from outside, in a process of its own. */
#include "support/program.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/words.h"

/* What the run prints, standard output and standard error: files without a name, read while it goes on. */
static FILE *printed[2];

static void read_printed(int which, char *to, size_t size) {
  ssize_t n = pread(fileno(printed[which]), to, size - 1, 0);
  to[n > 0 ? n : 0] = '\0';
}

const char *program(void) {
  const char *given = getenv("MOEDMFT_BIN");
  return given && *given ? given : "build/moedmft";
}

int has_ranks(void) {
  const char *given = getenv("MOEDMFT_MPI_BIN");
  return given && *given;
}

/* The words before the program's own arguments; how many. */
static int begin_words(const start *how, char **argv) {
  static char ranks[16];
  const char *const mpirun[] = {"/usr/bin/env", "mpirun", "-q", "--allow-run-as-root", "--oversubscribe", "-n", ranks};
  int n = how->ranks ? (int)(sizeof mpirun / sizeof *mpirun) : 0;
  snprintf(ranks, sizeof ranks, "%d", how->ranks);
  memcpy(argv, mpirun, (size_t)n * sizeof *argv);
  argv[n] = how->ranks && !how->alone ? getenv("MOEDMFT_MPI_BIN") : (char *)program();
  return n + 1;
}

static void become_program(char **argv, const start *how) {
  int in = open("/dev/null", O_RDONLY), out = how->out ? open(how->out, O_WRONLY) : fileno(printed[0]);
  struct rlimit limit = {how->file_size, how->file_size};
  dup2(in, 0), dup2(out, 1), dup2(fileno(printed[1]), 2);
  if (how->path) setenv("PATH", how->path, 1);
  if (how->vectors) setenv("MOEDMFT_VECTORS", how->vectors, 1);
  if (how->blas) setenv("OPENBLAS_CORETYPE", how->blas, 1);
  if (how->ranks) setenv("OMP_WAIT_POLICY", "passive", 1); /* more threads than cores: waiting for one another, they would keep others from working */
  if (how->file_size) setrlimit(RLIMIT_FSIZE, &limit);
  execv(argv[0], argv);
  _exit(127);
}

static pid_t launch(const start *how, int n, const char *const *words) {
  static char text[MAX_ARGS][6000];
  char *argv[MAX_ARGS + 10] = {0};
  int before = begin_words(how, argv);
  CU_ASSERT_FATAL(n <= MAX_ARGS);
  for (int i = 0; i < n; i++) {
    const char *at = strchr(words[i], '@');
    snprintf(text[i], sizeof text[i], "%.*s%s%s", at ? (int)(at - words[i]) : 5999, words[i], at ? folder : "",
             at ? at + 1 : "");
    argv[before + i] = text[i];
  }
  for (int i = 0; i < 2; i++) printed[i] = tmpfile();
  fflush(NULL);
  pid_t pid = printed[0] && printed[1] ? fork() : -1;
  CU_ASSERT_FATAL(pid >= 0);
  if (pid == 0) become_program(argv, how);
  return pid;
}

/* Peak memory of a process so far, in bytes; 0 when it has ended. What wait4 tells counts the memory of these tests, too, from which it was
 * forked. */
static double peak_of(pid_t pid) {
  char path[64], line[200];
  double kB = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *f = fopen(path, "r");
  while (f && fgets(line, sizeof line, f)) sscanf(line, "VmHWM: %lf", &kB);
  if (f) fclose(f);
  return 1024 * kB;
}

static const result *finish(pid_t pid) {
  static result r;
  int status = 0;
  struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN}; /* readable when the process ends; where there is none, poll waits all the same */
  r.peak = 0;
  for (double now; (now = peak_of(pid)) > 0; poll(&end, 1, 5)) r.peak = now;
  if (end.fd >= 0) close(end.fd);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  r.code = WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
  read_printed(0, r.out, sizeof r.out);
  read_printed(1, r.err, sizeof r.err);
  for (int i = 0; i < 2; i++) fclose(printed[i]);
  return &r;
}

/* Splits a line into at most MAX_ARGS words; one more stands for all that do not fit. */
static int split(char *line, const char **words) {
  int n = 0;
  while (*(line += strspn(line, " ")) && n <= MAX_ARGS) {
    const char *end = *line == '~' ? "~" : " ";
    line += *line == '~';
    words[n++] = line;
    line += strcspn(line, end);
    if (*line) *line++ = '\0';
  }
  return n;
}

static pid_t launch_line(const start *how, const char *line) {
  static char copy[20000];
  const char *words[MAX_ARGS + 1];
  snprintf(copy, sizeof copy, "%s", line);
  int n = split(copy, words);
  return launch(how, n, words);
}

const result *run_as(const start *how, const char *line) { return finish(launch_line(how, line)); }

const result *run_words(int n, const char *const *words) { return finish(launch(&(start){0}, n, words)); }

const result *run(const char *format, ...) {
  char line[16000];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  return run_as(&(start){0}, line);
}

static void doze(long milliseconds) {
  nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

static int has_ended(pid_t pid) {
  siginfo_t info = {0};
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* Processor time of all threads, in milliseconds: a busy machine makes them and us slow alike. */
static double spent(pid_t pid) {
  clockid_t clock;
  struct timespec t = {0};
  CU_ASSERT_FATAL(clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &t) == 0);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* Whether the environment of a process says that it is this rank, started by that mpirun. */
static int is_rank(pid_t pid, int rank, pid_t mpirun) {
  char path[64], wanted[64], text[1 << 15];
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
  FILE *f = fopen(path, "r");
  long parent = 0;
  int read = f ? fscanf(f, "%*d %*[^)]) %*c %ld", &parent) : 0;
  if (f) fclose(f);
  if (read != 1 || parent != mpirun) return 0;
  snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
  if (!(f = fopen(path, "r"))) return 0;
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = '\0';
  snprintf(wanted, sizeof wanted, "OMPI_COMM_WORLD_RANK=%d", rank);
  for (size_t at = 0; at < n; at += strlen(text + at) + 1)
    if (!strcmp(text + at, wanted)) return 1;
  return 0;
}

/* The process of a rank; the test ends where there is none. */
static pid_t find_rank(int rank, pid_t mpirun) {
  DIR *proc = opendir("/proc");
  pid_t found = 0;
  CU_ASSERT_FATAL(proc != NULL);
  for (struct dirent *e; (e = readdir(proc)) && !found;) {
    pid_t pid = (pid_t)atol(e->d_name);
    if (pid > 0 && is_rank(pid, rank, mpirun)) found = pid;
  }
  closedir(proc);
  CU_ASSERT_FATAL(found > 0);
  return found;
}

const result *run_and_stop(const char *line, int number, long milliseconds) { return run_and_stop_as(&(start){0}, line, -1, number, milliseconds); }

const result *run_and_stop_as(const start *how, const char *line, int rank, int number, long milliseconds) {
  enum { PATIENCE = 30000 }; /* times 4 ms */
  char said[2000] = "";
  pid_t pid = launch_line(how, line);
  for (int i = 0; i < PATIENCE && !strstr(said, "memory needed") && !has_ended(pid); i++) {
    doze(4);
    read_printed(1, said, sizeof said);
  }
  if (how->ranks) doze(milliseconds);
  double begin = has_ended(pid) ? 0 : spent(pid);
  for (int i = 0; i < PATIENCE && !how->ranks && !has_ended(pid) && spent(pid) - begin < (double)milliseconds; i++) doze(4);
  kill(rank < 0 ? pid : find_rank(rank, pid), number);
  return finish(pid);
}

void check(int good, const char *what, const char *line, const result *r) {
  if (!good) printf("\n    moedmft %.300s\n    %s; exit %d, said: %.600s\n", line, what, r->code, r->err);
  CU_ASSERT(good);
}

void succeeds(const char *format, ...) {
  char line[8000];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  const result *r = run("%s", line);
  check(r->code == 0 && !*r->err, "expected silent success", line, r);
}

int is_one_line(const char *text) {
  const char *end = strchr(text, '\n');
  for (const char *c = text; *c && *c != '\n'; c++)
    if ((unsigned char)*c < 0x20) return 0;
  return end && end[1] == '\0' && !strncmp(text, "moedmft: ", 9);
}

int last_line_mentions(const char *text, const char *phrases) {
  const char *line = text;
  for (const char *c = text; *c; c++)
    if (*c == '\n' && c[1]) line = c + 1;
  return is_one_line(line) && mentions(line, phrases);
}
