/* Regular files (regular.h). */
#include "base/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int mdm_open_regular(const char *path, size_t *size, const char **why) {
  struct stat is;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), found = fd >= 0 && !fstat(fd, &is);
  if (found && S_ISREG(is.st_mode)) return *size = (size_t)is.st_size, fd;
  *why = found ? S_ISDIR(is.st_mode) ? strerror(EISDIR) : "no regular file" : strerror(errno);
  if (fd >= 0) close(fd);
  return -1;
}
