/* A file without a seal, read on trial. */
#ifndef MOEDMFT_FILE_TRIAL_H
#define MOEDMFT_FILE_TRIAL_H

#include <moedmft/error.h>

/* Has a child process read everything in the HDF5 file at path. MDM_ERR_DATA: HDF5 crashed, or came to no end. What HDF5 merely refuses is left to
 * whoever reads the file next. */
int mdm_file_trial(const char *path, mdm_error *err);

#endif
