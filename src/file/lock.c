/* One writer for each output file: a lock (flock) on FILE.lock, which stands beside FILE while somebody works for it. A process that
 * dies loses the lock; the file that it leaves is taken over by the next. */
#include <moedmft/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "file/temp.h"

#define SUFFIX ".lock"
#define MARK "moedmft process "
enum { TRIES = 100 };

struct mdm_lock {
  char *name; /* of FILE.lock */
  int fd;     /* locked */
};

/* Who holds it, as its file says. */
static void read_holder(int fd, char *buf, size_t size) {
  ssize_t n = pread(fd, buf, size - 1, 0);
  buf[n > 0 ? n : 0] = '\0';
  buf[strcspn(buf, "\n")] = '\0';
}

static void write_holder(int fd) {
  char host[256] = "?", text[400];
  gethostname(host, sizeof host - 1);
  int n = snprintf(text, sizeof text, MARK "%ld on %s\n", (long)getpid(), host);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) return; /* it serves messages only */
}

/* Whether name still stands for the file that fd is: the holder before us removes it. */
static int is_there(int fd, const char *name) {
  struct stat a, b;
  return fstat(fd, &a) == 0 && lstat(name, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A file of that name that is not ours stays as it is. */
static int check_content(int fd, const char *name, mdm_error *err) {
  char text[sizeof MARK];
  ssize_t n = pread(fd, text, sizeof MARK - 1, 0);
  if (n == 0 || (n == sizeof MARK - 1 && !memcmp(text, MARK, sizeof MARK - 1))) return MDM_OK;
  return mdm_fail(err, MDM_ERR_IO, "cannot lock the output: %s exists and is no lock of moedmft; choose another -o, or rename it", name);
}

static int refuse(int fd, const char *path, mdm_error *err) {
  char holder[300];
  read_holder(fd, holder, sizeof holder);
  return mdm_fail(err, MDM_ERR_IO, "%s is being written by another %s; wait until it ends, or choose another -o", path, *holder ? holder : "moedmft");
}

/* One attempt: *fd is the locked file, or −1 when its holder has just removed it. Where the file system has no locks, whoever comes
 * takes it. */
static int attempt(const char *path, const char *name, int *fd, mdm_error *err) {
  *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (*fd < 0) return mdm_fail(err, MDM_ERR_IO, "cannot write %s: cannot create %s: %s", path, name, strerror(errno));
  int status = check_content(*fd, name, err);
  if (!status && flock(*fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) status = refuse(*fd, path, err);
  if (!status && is_there(*fd, name)) return MDM_OK;
  close(*fd);
  *fd = -1;
  return status;
}

int mdm_lock_take(const char *path, mdm_lock **out, mdm_error *err) {
  *out = NULL;
  int status = mdm_temp_check(path, err);
  if (status) return status;
  char *target = mdm_temp_target(path);
  if (!target) return mdm_fail(err, MDM_ERR_IO, "cannot write %s: its symbolic links cannot be followed", path);
  mdm_lock *lock = calloc(1, sizeof *lock);
  size_t size = strlen(target) + sizeof SUFFIX;
  if (!lock || !(lock->name = malloc(size))) {
    free(lock);
    free(target);
    return mdm_no_memory(err, "the lock of %s", path);
  }
  snprintf(lock->name, size, "%s" SUFFIX, target);
  free(target);
  lock->fd = -1;
  for (int i = 0; i < TRIES && lock->fd < 0 && !status; i++) status = attempt(path, lock->name, &lock->fd, err);
  if (!status && lock->fd < 0) status = mdm_fail(err, MDM_ERR_IO, "cannot lock %s: others take and leave %s all the time", path, lock->name);
  if (status) {
    free(lock->name);
    free(lock);
    return status;
  }
  write_holder(lock->fd);
  *out = lock;
  return MDM_OK;
}

void mdm_lock_release(mdm_lock *lock) {
  if (!lock) return;
  unlink(lock->name);
  close(lock->fd);
  free(lock->name);
  free(lock);
}
