/* The seal (seal.h): CRC-32 of the whole file, checked before HDF5 parses any of it. HDF5 ignores what follows its end of file, and
 * cuts it off when another program opens the file for writing. */
#include "file/seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"

enum { BLOCK = 1 << 20 };
static const char mark[] = "\nmoedmft seal: ";

static void format(unsigned long long n, unsigned long crc, char seal[MDM_SEAL_SIZE + 1]) {
  snprintf(seal, MDM_SEAL_SIZE + 1, "%s%025llu bytes, CRC-32 %08lx\n", mark, n, crc);
}

void mdm_seal_write(const unsigned char *bytes, size_t n, char seal[MDM_SEAL_SIZE + 1]) {
  uLong crc = crc32(0, NULL, 0);
  for (size_t done = 0; done < n; done += BLOCK) crc = crc32(crc, bytes + done, (uInt)(n - done < BLOCK ? n - done : BLOCK));
  format(n, crc, seal);
}

static int unreadable(const char *path, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_IO, "cannot read %s: %s", path, errno ? strerror(errno) : "it became shorter");
}

/* Exactly n bytes from `at` on. */
static int read_at(int fd, unsigned char *to, size_t n, off_t at) {
  for (size_t done = 0; done < n;) {
    errno = 0;
    ssize_t got = pread(fd, to + done, n - done, at + (off_t)done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    done += (size_t)got;
  }
  return 1;
}

static int checksum(int fd, const char *path, size_t n, uLong *crc, mdm_error *err) {
  unsigned char *block = malloc(BLOCK); /* BLOCK bytes */
  if (!block) return mdm_no_memory(err, "reading %s", path);
  int status = MDM_OK;
  *crc = crc32(0, NULL, 0);
  for (size_t done = 0; done < n && !status; done += BLOCK) {
    size_t size = n - done < BLOCK ? n - done : BLOCK;
    if (!read_at(fd, block, size, (off_t)done)) status = unreadable(path, err);
    else *crc = crc32(*crc, block, (uInt)size);
  }
  free(block);
  return status;
}

static int damaged(const char *path, const char *how, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_IO, "%s is damaged: %s; take a copy of it, or compute it anew", path, how);
}

/* Whether a seal begins where there is no room for it. */
static int is_cut(const char found[MDM_SEAL_SIZE]) {
  for (size_t i = 1; i + sizeof mark - 1 <= MDM_SEAL_SIZE; i++)
    if (!memcmp(found + i, mark, sizeof mark - 1)) return 1;
  return 0;
}

int mdm_seal_check(int fd, const char *path, int *sealed, mdm_error *err) {
  struct stat s;
  char found[MDM_SEAL_SIZE], right[MDM_SEAL_SIZE + 1];
  uLong crc = 0;
  *sealed = 0;
  if (fstat(fd, &s) != 0) return unreadable(path, err);
  if (!S_ISREG(s.st_mode) || s.st_size < MDM_SEAL_SIZE) return MDM_OK;
  size_t n = (size_t)s.st_size - MDM_SEAL_SIZE;
  if (!read_at(fd, (unsigned char *)found, sizeof found, (off_t)n)) return unreadable(path, err);
  if (memcmp(found, mark, sizeof mark - 1)) return is_cut(found) ? damaged(path, "it ends too early", err) : MDM_OK;
  int status = checksum(fd, path, n, &crc, err);
  if (status) return status;
  format(n, crc, right);
  *sealed = !memcmp(found, right, sizeof found);
  return *sealed ? MDM_OK : damaged(path, "its content does not match its checksum", err);
}
