/* A run, repeated from its own file, and whether the numbers are the same. */
#ifndef MOEDMFT_RERUN_H
#define MOEDMFT_RERUN_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/error.h>
#include <moedmft/monitor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdm_rerun mdm_rerun;

/* Reads from the file at path all that its run takes: command, configuration, samples. The files hold the samples of a single run; those
 * of a sweep are read from data.file, and must have the checksum that the file holds. Relative names of files mean what is there seen from the
 * current directory, else from the folder of the file, or one that it lies in. set (n; NULL: none): "data.file=NAME", for data that have moved;
 * MDM_ERR_USAGE for keys that name no file. Of an interrupted run that is repeated which the file holds: its single runs, complete or as far as they came.
 * MDM_ERR_IO, MDM_ERR_DATA: no file of ours, nothing in it that can be compared, data of a sweep that are missing or others. Free with mdm_rerun_free
 * (accepts NULL). */
int mdm_rerun_open(const char *path, const char *const *set, size_t n, mdm_rerun **out, mdm_error *err);
void mdm_rerun_free(mdm_rerun *r);

/* The i-th line about what was read, NULL behind the last: what the file is (interrupted, diverged, without a checksum), whether its data are
 * still where they were. */
const char *mdm_rerun_note(const mdm_rerun *r, size_t i);
/* The configuration of the run. Owned by r. */
const mdm_config *mdm_rerun_config(const mdm_rerun *r);
/* Bytes that mdm_rerun_run needs at its peak, as mdm_memory_estimate. A sweep's data are loaded by then. */
int mdm_rerun_memory(mdm_rerun *r, const mdm_monitor *monitor, double *bytes, mdm_error *err);

/* Where the repeated runs are kept until they are compared, for mdm_monitor.checkpoint: BESIDE.checkpoint, which mdm_checkpoint_discard removes in the
 * end. What another rerun left there that does not fit is removed, with a note. After mdm_rerun_memory. Close with mdm_checkpoint_close. */
int mdm_rerun_checkpoint(mdm_rerun *r, const char *beside, struct mdm_checkpoint **out, mdm_error *err);

/* Repeats the run and compares it with the file. path: a file for the new results; NULL: none. A run that diverges as its file says agrees.
 * MDM_INTERRUPTED: stopped, nothing was compared or written. Other failures are those of the run. */
int mdm_rerun_run(mdm_rerun *r, const mdm_monitor *monitor, const char *path, const char *arguments, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
