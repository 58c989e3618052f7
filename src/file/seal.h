/* The seal: a line at the end of a file with its length and checksum, behind what HDF5 reads (docs/output.md, Checksum). */
#ifndef MOEDMFT_FILE_SEAL_H
#define MOEDMFT_FILE_SEAL_H

#include <stddef.h>
#include <moedmft/error.h>

enum { MDM_SEAL_SIZE = 64 }; /* bytes, the newline at its end included */

/* The seal of n bytes. */
void mdm_seal_write(const unsigned char *bytes, size_t n, char seal[MDM_SEAL_SIZE + 1]);
/* Whether the file has a seal (*sealed), and whether it is that of its bytes: MDM_ERR_IO when it is not. path is for messages. Without
 * a seal (other programs cut it off when they change a file) nothing is checked. */
int mdm_seal_check(int fd, const char *path, int *sealed, mdm_error *err);

#endif
