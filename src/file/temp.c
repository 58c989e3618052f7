/* Files that appear whole (temp.h).
 *
 * A temporary file is called TARGET.tmp.PID and stays locked (flock) while its process lives. So one that can be locked was left
 * behind by a process that died, on whatever machine of a shared folder: it is removed when the next one is made. */
#include "file/temp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define SUFFIX ".tmp."
enum { TRIES = 100, MOST_LINKS = 40 };

/* ---- names ---- */

/* "folder/" of a path, empty where it has none: its length. */
static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) + 1 : 0;
}

/* What the link at path holds, seen from where path is; malloc'd, NULL when it is no link (errno EINVAL) or memory is out. */
static char *follow(const char *path) {
  char text[4096];
  ssize_t n = readlink(path, text, sizeof text);
  if (n == (ssize_t)sizeof text) errno = ENAMETOOLONG;
  if (n < 0 || n == (ssize_t)sizeof text) return NULL;
  size_t folder = text[0] == '/' ? 0 : folder_length(path);
  char *next = malloc(folder + (size_t)n + 1);
  if (!next) return NULL;
  memcpy(next, path, folder);
  memcpy(next + folder, text, (size_t)n);
  next[folder + (size_t)n] = '\0';
  return next;
}

char *mdm_temp_target(const char *path) {
  char *name = strdup(path);
  for (int i = 0; name && i < MOST_LINKS; i++) {
    struct stat s;
    if (lstat(name, &s) != 0 || !S_ISLNK(s.st_mode)) return name;
    char *next = follow(name);
    free(name);
    name = next;
  }
  free(name);
  return NULL;
}

/* ---- what is there ---- */

int mdm_temp_check(const char *path, mdm_error *err) {
  struct stat s;
  if (path[0] == '\0') return mdm_fail(err, MDM_ERR_IO, "cannot write a file without a name");
  if (stat(path, &s) != 0) return MDM_OK; /* what is wrong with its folder shows when the file is made */
  if (!S_ISREG(s.st_mode)) return mdm_fail(err, MDM_ERR_IO, "cannot write %s: it exists and is not a regular file", path);
  if (!(s.st_mode & 0222)) /* root could, but somebody has said no */
    return mdm_fail(err, MDM_ERR_IO, "cannot write %s: it is write-protected; chmod u+w it, or choose another name", path);
  if (access(path, W_OK) != 0) return mdm_fail(err, MDM_ERR_IO, "cannot write %s: %s", path, strerror(errno));
  return MDM_OK;
}

/* Whether name is BASE.tmp.PID or BASE.tmp.PID.NUMBER. */
static int is_temporary(const char *name, const char *base) {
  static const char digit[] = "0123456789";
  size_t length = strlen(base), n;
  if (strncmp(name, base, length) || strncmp(name + length, SUFFIX, sizeof SUFFIX - 1)) return 0;
  name += length + sizeof SUFFIX - 1;
  if (!(n = strspn(name, digit)) || !name[n]) return n > 0;
  if (name[n] != '.') return 0;
  name += n + 1;
  n = strspn(name, digit);
  return n && !name[n];
}

static void remove_if_left_behind(int folder, const char *name) {
  struct stat s;
  int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return;
  if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0) unlinkat(folder, name, 0);
  close(fd);
}

static void remove_left_behind(const char *target) {
  size_t length = folder_length(target);
  char *folder = length ? strndup(target, length) : strdup(".");
  DIR *d = folder ? opendir(folder) : NULL;
  for (struct dirent *e; d && (e = readdir(d));)
    if (is_temporary(e->d_name, target + length)) remove_if_left_behind(dirfd(d), e->d_name);
  if (d) closedir(d);
  free(folder);
}

/* ---- making it ---- */

/* Locks a new file before anybody takes it for one that was left behind; 0 when that was too late. File systems without locks: 1. */
static int claim(int fd) {
  struct stat s;
  return (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && fstat(fd, &s) == 0 && s.st_nlink > 0;
}

/* Process ids come back: a number is appended until the name is new. */
static int create(const char *target, char *name, size_t size) {
  int fd = -1;
  for (int i = 0; i < TRIES && fd < 0; i++) {
    snprintf(name, size, i ? "%s" SUFFIX "%ld.%d" : "%s" SUFFIX "%ld", target, (long)getpid(), i);
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST) break;
    if (fd >= 0 && !claim(fd)) close(fd), fd = -1;
  }
  return fd;
}

int mdm_temp_open(const char *path, char **temp, int *fd, mdm_error *err) {
  *temp = NULL;
  *fd = -1;
  int status = mdm_temp_check(path, err);
  if (status != MDM_OK) return status;
  char *target = mdm_temp_target(path);
  if (!target) return mdm_fail(err, MDM_ERR_IO, "cannot write %s: its symbolic links cannot be followed", path);
  size_t size = strlen(target) + 48;
  *temp = malloc(size);
  if (!*temp) status = mdm_no_memory(err, "the name of %s", path);
  if (!status && (*fd = create(target, *temp, size)) < 0)
    status = mdm_fail(err, MDM_ERR_IO, "cannot write %s: cannot create %s: %s", path, *temp, strerror(errno));
  if (!status) remove_left_behind(target);
  if (status) free(*temp), *temp = NULL;
  free(target);
  return status;
}

/* ---- putting it in place ---- */

/* Owner and mode of the file that is replaced. An owner that we cannot give leaves the file ours. */
static void inherit(int fd, const char *target) {
  struct stat old, new;
  if (stat(target, &old) != 0 || fstat(fd, &new) != 0) return;
  int same = old.st_uid == new.st_uid && old.st_gid == new.st_gid;
  if (!same && fchown(fd, old.st_uid, old.st_gid) != 0 && fchown(fd, (uid_t)-1, old.st_gid) != 0) old.st_mode &= (mode_t)~070; /* another group */
  fchmod(fd, old.st_mode & 0777);
}

/* So that the new name outlives a crash of the machine. */
static void sync_folder(const char *target) {
  size_t length = folder_length(target);
  char *folder = length ? strndup(target, length) : strdup(".");
  int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd >= 0) fsync(fd), close(fd);
  free(folder);
}

int mdm_temp_commit(int fd, const char *temp, const char *path, mdm_error *err) {
  char *target = mdm_temp_target(path);
  int failed = target ? 0 : errno;
  if (target) inherit(fd, target);
  if (fsync(fd) != 0 && !failed) failed = errno;
  if (!failed && rename(temp, target) != 0) failed = errno;
  if (failed) unlink(temp);
  else sync_folder(target);
  close(fd); /* its lock has kept the temporary file from being taken for one that was left behind */
  free(target);
  return failed ? mdm_fail(err, MDM_ERR_IO, "cannot write %s: %s", path, strerror(failed)) : MDM_OK;
}
