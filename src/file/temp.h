/* Files that appear whole: written under a temporary name beside their target, then renamed. */
#ifndef MOEDMFT_FILE_TEMP_H
#define MOEDMFT_FILE_TEMP_H

#include <moedmft/error.h>

/* Whether a regular file can be written at path: nothing is there, or a regular file that may be written. */
int mdm_temp_check(const char *path, mdm_error *err);
/* Creates an empty file under a new name beside the file that path stands for, a symbolic link followed: *temp (malloc'd) and *fd.
 * Removes what processes that died left of earlier ones. */
int mdm_temp_open(const char *path, char **temp, int *fd, mdm_error *err);
/* Makes the temporary file durable and gives it the name that path stands for, with the mode and owner of the file that it replaces.
 * Closes fd in any case; on failure removes the temporary file. */
int mdm_temp_commit(int fd, const char *temp, const char *path, mdm_error *err);

/* The name at the end of a chain of symbolic links, malloc'd; path itself where it is none. NULL: out of memory, or a circle. */
char *mdm_temp_target(const char *path);

#endif
