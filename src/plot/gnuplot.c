/* Gnuplot as a process (plot/gnuplot.h). The script goes through a socket, never through a shell; MSG_NOSIGNAL keeps a gnuplot
 * that dies early from raising SIGPIPE in the caller. */
#include "plot/gnuplot.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file/internal.h"

extern char **environ;

/* ---- the conversation ---- */

/* posix_spawnp in a process group of its own: Ctrl-C would make gnuplot drop the panel at hand and draw the others. */
static int spawn(pid_t *pid, const posix_spawn_file_actions_t *actions) {
  static char *const argv[] = {"gnuplot", "--default-settings", "-", NULL};
  posix_spawnattr_t attributes;
  int failed = posix_spawnattr_init(&attributes);
  if (failed) return failed;
  failed = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  if (!failed) failed = posix_spawnattr_setpgroup(&attributes, 0);
  if (!failed) failed = posix_spawnp(pid, argv[0], actions, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  return failed;
}

/* Starts gnuplot with all three standard streams on one socket; *fd is our end. */
static int start(pid_t *pid, int *fd, mdm_error *err) {
  posix_spawn_file_actions_t actions;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return mdm_fail(err, MDM_ERR_IO, "cannot talk to gnuplot: %s", strerror(errno));
  int failed = posix_spawn_file_actions_init(&actions);
  if (!failed) {
    for (int i = 0; i < 3 && !failed; i++) failed = posix_spawn_file_actions_adddup2(&actions, pair[1], i);
    if (!failed) failed = spawn(pid, &actions);
    posix_spawn_file_actions_destroy(&actions);
  }
  close(pair[1]);
  *fd = pair[0];
  if (!failed) return MDM_OK;
  close(pair[0]);
  if (failed == ENOENT)
    return mdm_fail(err, MDM_ERR_IO,
                    "cannot draw: the program gnuplot is not installed (Debian, Ubuntu: apt install gnuplot-nox; "
                    "Fedora, Homebrew, conda-forge: gnuplot)");
  return mdm_fail(err, MDM_ERR_IO, "cannot start gnuplot: %s", strerror(failed));
}

/* Sends what fits of the script; returns how much is left, and closes our direction at the end or when nobody reads. */
static size_t send_some(int fd, const char *script, size_t left) {
  ssize_t n = send(fd, script, left, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0) left -= (size_t)n;
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) left = 0;
  if (left == 0) shutdown(fd, SHUT_WR);
  return left;
}

/* Sends the script and keeps the first size − 1 bytes of what gnuplot says, until it closes its end. */
static void converse(int fd, const char *script, size_t length, char *reply, size_t size) {
  size_t left = length, said = 0;
  char waste[1024];
  for (;;) {
    struct pollfd p = {.fd = fd, .events = (short)(POLLIN | (left ? POLLOUT : 0))};
    if (poll(&p, 1, -1) < 0 && errno != EINTR) break;
    if (left && (p.revents & (POLLOUT | POLLERR))) left = send_some(fd, script + length - left, left);
    if (!(p.revents & (POLLIN | POLLHUP | POLLERR))) continue;
    int full = said + 1 >= size;
    ssize_t n = recv(fd, full ? waste : reply + said, full ? sizeof waste : size - 1 - said, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) break;
    if (n > 0 && !full) said += (size_t)n;
  }
  reply[said] = '\0';
}

/* One line: runs of white space become one blank. */
static void flatten(char *s) {
  char *to = s;
  for (const char *from = s; *from; from++) {
    char c = isspace((unsigned char)*from) ? ' ' : *from;
    if (c != ' ' || (to > s && to[-1] != ' ')) *to++ = c;
  }
  if (to > s && to[-1] == ' ') to--;
  *to = '\0';
}

static int run_gnuplot(const char *script, size_t length, const char *picture, mdm_error *err) {
  pid_t pid;
  int fd = -1, exit_status = 0;
  char reply[1024];
  int status = start(&pid, &fd, err);
  if (status != MDM_OK) return status;
  converse(fd, script, length, reply, sizeof reply);
  close(fd);
  while (waitpid(pid, &exit_status, 0) < 0 && errno == EINTR) {}
  flatten(reply);
  if (WIFSIGNALED(exit_status))
    return mdm_fail(err, MDM_ERR_IO, "cannot draw %s: gnuplot was ended by signal %d", picture, WTERMSIG(exit_status));
  if (exit_status != 0)
    return mdm_fail(err, MDM_ERR_IO, "cannot draw %s: gnuplot says: %s", picture, *reply ? reply : "(nothing)");
  return MDM_OK;
}

/* ---- the picture ---- */

/* gnuplot does not mind a full disk; whether the last bytes hold the format's end shows it. */
static int is_complete(const char *picture, const char *end) {
  char tail[64];
  size_t length = strlen(end), n = 0;
  FILE *f = fopen(picture, "rb");
  if (f && (!fseek(f, -(long)sizeof tail, SEEK_END) || !fseek(f, 0, SEEK_SET))) n = fread(tail, 1, sizeof tail, f);
  if (f) fclose(f);
  for (size_t i = 0; i + length <= n; i++)
    if (!memcmp(tail + i, end, length)) return 1;
  return 0;
}

static int check_drawn(const char *temp, const mdm_look *look, const char *picture, mdm_error *err) {
  struct stat s;
  if (stat(temp, &s) != 0 || s.st_size == 0)
    return mdm_fail(err, MDM_ERR_IO, "cannot draw %s: gnuplot wrote nothing; is the disk full?", picture);
  if (!is_complete(temp, look->end))
    return mdm_fail(err, MDM_ERR_IO, "cannot draw %s: gnuplot wrote half a picture; is the disk full?", picture);
  return MDM_OK;
}

/* Writes the script, has gnuplot draw it as temp, and looks at what came of it. */
static int draw(mdm_plot_writer *write, const void *figure, const mdm_look *look, const char *temp, const char *picture, mdm_error *err) {
  char *script = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&script, &length);
  if (!out) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory to draw %s", picture);
  write(out, figure, look, temp);
  fprintf(out, "unset multiplot\nunset output\n");
  int status = fclose(out) == 0 ? MDM_OK : mdm_fail(err, MDM_ERR_MEMORY, "out of memory to draw %s", picture);
  if (status == MDM_OK) status = run_gnuplot(script, length, picture, err);
  free(script);
  return status == MDM_OK ? check_drawn(temp, look, picture, err) : status;
}

int mdm_gnuplot_draw(mdm_plot_writer *write, const void *figure, const char *picture, mdm_error *err) {
  char *temp = NULL;
  int fd = -1, status = mdm_temp_open(picture, &temp, &fd, err);
  if (status != MDM_OK) return status;
  status = draw(write, figure, mdm_plot_look(picture), temp, picture, err);
  if (status == MDM_OK) {
    status = mdm_temp_commit(fd, temp, picture, err);
  } else {
    close(fd);
    unlink(temp);
  }
  free(temp);
  return status;
}
