/* What is kept of work in progress: a folder beside the output file, with one file for each run that has begun or is complete (and for the
 * state of self-consistency sweeps). Each appears whole (a temporary name, then rename) and ends with a checksum. Runs are named by what they
 * are: a hash over every option and sample that they depend on, so that a file can serve no other run. */
#ifndef MOEDMFT_CHECKPOINT_H
#define MOEDMFT_CHECKPOINT_H

#include <moedmft/config.h>
#include <moedmft/data.h>
#include <pthread.h>
#include <stdint.h>

#include "base/board.h"
#include "base/state.h"

typedef struct mdm_checkpoint mdm_checkpoint;
typedef void mdm_walk(void *what, mdm_state *s);

struct mdm_checkpoint {
  char *folder;
  char *about;         /* program, command and configuration, as written in front of every file (src/file/checkpoint.c) */
  double interval;     /* seconds between two files of a run in progress; 0: only when work is stopped */
  pthread_mutex_t lock; /* of what follows */
  int told;            /* of a failure */
  char notice[600];    /* that failure where nobody listens, on other ranks: it goes with a result (run/remote_serve.c); "": none */
  double skipped;      /* seconds that complete runs took which are not in the folder */
  size_t runs;         /* files that it held when it was opened */
};

/* folder and about are copied. Nothing is made in the file system before something is saved. MDM_ERR_MEMORY. */
int mdm_checkpoint_create(const char *folder, const char *about, double interval, mdm_checkpoint **out, mdm_error *err);
void mdm_checkpoint_free(mdm_checkpoint *c); /* accepts NULL; the folder stays */
/* Removes the folder and what is ours in it. */
void mdm_checkpoint_remove(const char *folder);
/* Calls look(context, path) for every file of the folder that is ours, until it returns a status; removes files that were not finished. */
int mdm_checkpoint_each(const char *folder, int (*look)(void *context, const char *path, mdm_error *err), void *context, mdm_error *err);
/* Checks a file as a whole, and returns what stands in front (malloc'd). MDM_ERR_IO: it cannot be read, or is damaged; MDM_ERR_CONFIG: of another
 * format. */
int mdm_checkpoint_about(const char *path, char **about, mdm_error *err);

/* Of runs of the limit, or of networks, of a configuration: a hash over all options and samples that they depend on. */
uint64_t mdm_checkpoint_identity(const mdm_config *cfg, const mdm_data *data, int limit);
/* Forgets the first `runs` runs of that identity and width (0: the limit): they are in the output file. */
void mdm_checkpoint_forget(mdm_checkpoint *c, uint64_t identity, long width, size_t runs);

/* Takes the notice, where nobody listened: 1, or 0 when there is none. c may be NULL. */
int mdm_checkpoint_notice(mdm_checkpoint *c, char *line, size_t size);

/* One thing that is kept. */
typedef struct mdm_kept {
  mdm_checkpoint *c;
  char name[96];  /* of its file */
  mdm_board *board; /* whose monitor is told of a failure; NULL: nobody is */
  double begun, saved; /* times; last: or begun */
  int is_there;        /* a file of it was found or written */
} mdm_kept;

/* label: "limit-3" or "N64-0", for people; key: what else tells it from others of that identity. */
mdm_kept mdm_kept_of(mdm_checkpoint *c, uint64_t identity, const char *label, const void *key, size_t bytes, mdm_board *board);
/* Whether it is time to save it again. */
int mdm_kept_due(const mdm_kept *k);
/* Saves it. A failure is told once, and the work goes on. */
void mdm_kept_save(mdm_kept *k, int complete, mdm_walk *walk, void *what);
/* Loads it, if the folder has it in that form. *found (may be NULL): whether. MDM_ERR_IO, MDM_ERR_DATA: it is damaged, or does not fit. */
int mdm_kept_load(mdm_kept *k, int complete, mdm_walk *walk, void *what, int *found, mdm_error *err);
/* Whether a run that took so little since it began may be left out: what that adds up to stays below half an interval; and
 * nothing may where there is a file already. */
int mdm_kept_skips(mdm_kept *k);
void mdm_kept_forget(const mdm_kept *k);

#endif
