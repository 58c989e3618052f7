/* Work in a child process, which may crash, hang or run out of memory without harm: HDF5 does not survive every damaged file.
 *
 * The child sends bytes through a pipe; whatever it says is checked like the content of a file. */
#ifndef MOEDMFT_GUARD_H
#define MOEDMFT_GUARD_H

#include <stddef.h>
#include <sys/types.h>

#include <moedmft/error.h>

typedef struct mdm_guard {
  const char *path; /* the file, for messages; borrowed */
  pid_t child;
  int fd;       /* the parent's or the child's end of the pipe; -1: closed */
  int finished; /* the child has said how it ended: */
  int status;   /* so */
} mdm_guard;

/* What the child does, sending with mdm_guard_send; its status and explanation arrive in the parent. */
typedef int mdm_guard_work(mdm_guard *g, void *context, mdm_error *err);

/* Starts the child. It has the standard signals, no standard output and error, dies with its parent, and may use a minute of processor time
 * and another one for every 60 MB of the file, and as much memory as there is. Call mdm_guard_end after success. MDM_ERR_IO: there can be none. */
int mdm_guard_start(mdm_guard *g, const char *path, mdm_guard_work *work, void *context, mdm_error *err);
/* In the child: n bytes to the parent. MDM_ERR_IO: the parent has gone. */
int mdm_guard_send(mdm_guard *g, const void *bytes, size_t n, mdm_error *err);
/* In the parent: the next n bytes. The child's own failure when it ended before; MDM_ERR_DATA when it crashed, or gave no sign for two minutes
 * ("FILE is damaged: …"); MDM_INTERRUPTED when a signal to the whole process group ended it. */
int mdm_guard_receive(mdm_guard *g, void *to, size_t n, mdm_error *err);
/* The status of the child's work, as above; waits for it unless `status` says that the parent failed, and then ends it. Returns status, or the
 * child's. */
int mdm_guard_end(mdm_guard *g, int status, mdm_error *err);

#endif
