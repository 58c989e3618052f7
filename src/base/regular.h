/* Files of bytes in a row: no folders, pipes or devices, which have no end or none that is known before. */
#ifndef MOEDMFT_REGULAR_H
#define MOEDMFT_REGULAR_H

#include <stddef.h>

/* Opens a regular file for reading, never waiting for a writer of a pipe: its descriptor, and *size in bytes. −1: *why says what stands in the way. */
int mdm_open_regular(const char *path, size_t *size, const char **why);

#endif
