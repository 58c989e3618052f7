/* Files of work in progress (checkpoint.h): mark, `about`, whether the run is complete, its state, CRC-32 of all that. */
#include "run/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/crew.h"
#include "base/memory.h"

#define SUFFIX ".run"
#define UNFINISHED ".run.tmp"
static const char mark[16] = "moedmft state 1\n"; /* the last number counts formats */

static const double SHORT_RUN = 0.02; /* seconds: hardly more than writing a file */
static const double UNASKED = 600;    /* seconds, where no interval is given */

enum { BLOCK = 1 << 20 };

/* ---------------------------------------------------------------- names */

/* FNV-1a over bytes, with more mixing. */
static uint64_t mix(uint64_t h, const void *bytes, size_t n) {
  const unsigned char *b = bytes;
  for (size_t i = 0; i < n; i++) h = (h ^ b[i]) * 0x100000001B3u;
  return h ^ h >> 29;
}

static uint64_t mix_text(uint64_t h, const char *text) { return mix(h, text, strlen(text) + 1); }

/* Options that say how many runs there are, where and how often results are kept, or name files (whose content counts), are no part of a run. */
static int is_part(const mdm_option *o, int limit) {
  static const char *const others[] = {"simulate.widths", "simulate.seeds", "simulate.depths", "solve.replicas", "solve.accuracy", "solve.depths", "solve.bias_check",
                                       "output.every_seed", "output.checkpoint"};
  if (mdm_option_is_path(o)) return 0;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (!strcmp(o->key, others[i])) return 0;
  return strncmp(o->key, limit ? "simulate." : "solve.", limit ? 9 : 6) != 0;
}

static uint64_t mix_samples(uint64_t h, const mdm_samples *s, size_t D, size_t C) {
  const uint64_t sizes[] = {s->count, D, C};
  const unsigned long sums[] = {mdm_samples_crc(s, D, 0), crc32_z(0, (const Bytef *)s->y, s->count * C * sizeof *s->y)};
  return mix(mix(h, sizes, sizeof sizes), sums, sizeof sums);
}

uint64_t mdm_checkpoint_identity(const mdm_config *cfg, const mdm_data *data, int limit) {
  enum { SHOWN = 1 << 16 };
  size_t n;
  const mdm_option *o = mdm_options(&n);
  char *text = malloc(SHOWN); /* SHOWN bytes */
  uint64_t h = 0xCBF29CE484222325u;
  for (size_t i = 0; i < n && text; i++) {
    if (!is_part(&o[i], limit)) continue;
    mdm_config_format(cfg, o[i].key, text, SHOWN);
    h = mix_text(mix_text(h, o[i].key), text);
  }
  free(text);
  h = mix_samples(h, &data->train, data->dimension, data->outputs);
  return mix_samples(h, &data->test, data->dimension, data->outputs);
}

mdm_kept mdm_kept_of(mdm_checkpoint *c, uint64_t identity, const char *label, const void *key, size_t bytes, mdm_board *board) {
  mdm_kept k = {.c = c, .board = board, .begun = mdm_clock()};
  k.saved = k.begun;
  snprintf(k.name, sizeof k.name, "%016llx-%.40s-%016llx" SUFFIX, (unsigned long long)identity, label, (unsigned long long)mix(mix_text(identity, label), key, bytes));
  return k;
}

/* folder/name, with what is appended; malloc'd. */
static char *path_of(const char *folder, const char *name, const char *append) {
  size_t size = strlen(folder) + strlen(name) + strlen(append) + 2;
  char *path = malloc(size);
  if (path) snprintf(path, size, "%s/%s%s", folder, name, append);
  return path;
}

/* ---------------------------------------------------------------- the folder */

int mdm_checkpoint_create(const char *folder, const char *about, double interval, mdm_checkpoint **out, mdm_error *err) {
  mdm_checkpoint *c = *out = calloc(1, sizeof *c);
  if (!c) return mdm_no_memory(err, "checkpoints");
  c->folder = strdup(folder);
  c->about = strdup(about);
  c->interval = interval;
  pthread_mutex_init(&c->lock, NULL);
  if (c->folder && c->about) return MDM_OK;
  mdm_checkpoint_free(c);
  *out = NULL;
  return mdm_no_memory(err, "checkpoints");
}

void mdm_checkpoint_free(mdm_checkpoint *c) {
  if (!c) return;
  pthread_mutex_destroy(&c->lock);
  free(c->folder);
  free(c->about);
  free(c);
}

static int ends_with(const char *name, const char *end) {
  size_t n = strlen(name), m = strlen(end);
  return n > m && !strcmp(name + n - m, end);
}

/* Removes files of the folder: those that were not finished, and (finished) all others that are ours. */
static void remove_files(const char *folder, int finished) {
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));)
    if ((finished && ends_with(e->d_name, SUFFIX)) || ends_with(e->d_name, UNFINISHED)) unlinkat(dirfd(d), e->d_name, 0);
  if (d) closedir(d);
}

void mdm_checkpoint_remove(const char *folder) {
  remove_files(folder, 1);
  rmdir(folder); /* unless somebody has put something else there */
}

void mdm_checkpoint_forget(mdm_checkpoint *c, uint64_t identity, long width, size_t runs) {
  char beginning[64];
  size_t n = (size_t)snprintf(beginning, sizeof beginning, "%016llx-", (unsigned long long)identity);
  n += (size_t)(width ? snprintf(beginning + n, sizeof beginning - n, "N%ld-", width) : snprintf(beginning + n, sizeof beginning - n, "limit-"));
  DIR *d = opendir(c->folder);
  for (struct dirent *e; d && (e = readdir(d));) {
    unsigned index;
    if (!strncmp(e->d_name, beginning, n) && sscanf(e->d_name + n, "%u-", &index) == 1 && index < runs && ends_with(e->d_name, SUFFIX)) unlinkat(dirfd(d), e->d_name, 0);
  }
  if (d) closedir(d);
}

int mdm_checkpoint_each(const char *folder, int (*look)(void *context, const char *path, mdm_error *err), void *context, mdm_error *err) {
  int status = MDM_OK;
  remove_files(folder, 0);
  DIR *d = opendir(folder);
  if (!d && errno != ENOENT) return mdm_fail(err, MDM_ERR_IO, "cannot read %s: %s", folder, strerror(errno));
  for (struct dirent *e; d && !status && (e = readdir(d));) {
    if (!ends_with(e->d_name, SUFFIX)) continue;
    char *path = path_of(folder, e->d_name, "");
    status = path ? look(context, path, err) : mdm_no_memory(err, "the checkpoints in %s", folder);
    free(path);
  }
  if (d) closedir(d);
  return status;
}

/* ---------------------------------------------------------------- reading */

static int damaged(const char *path, const char *how, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_IO, "%s is damaged: %s; remove it (then its run begins anew), or start all anew with --force", path, how);
}

/* Whether the file ends with the checksum of what stands before; *bytes: how many that are. */
static int check(FILE *f, const char *path, size_t *bytes, mdm_error *err) {
  struct stat s;
  uint64_t found = 0;
  unsigned long crc = crc32(0, NULL, 0);
  if (fstat(fileno(f), &s) != 0) return mdm_fail(err, MDM_ERR_IO, "cannot read %s: %s", path, strerror(errno));
  if (s.st_size < (off_t)(sizeof mark + sizeof found)) return damaged(path, "it ends too early", err);
  *bytes = (size_t)s.st_size - sizeof found;
  unsigned char *block = malloc(BLOCK); /* BLOCK bytes */
  if (!block) return mdm_no_memory(err, "reading %s", path);
  int whole = 1;
  for (size_t done = 0, some; done < *bytes && whole; done += some) {
    some = *bytes - done < BLOCK ? *bytes - done : BLOCK;
    whole = fread(block, 1, some, f) == some;
    if (whole && !done && memcmp(block, mark, sizeof mark - 2)) whole = -1;
    else if (whole && !done && memcmp(block, mark, sizeof mark)) whole = -2;
    if (whole > 0) crc = crc32(crc, block, (uInt)some);
    if (whole < 0) break;
  }
  free(block);
  if (whole == -1) return damaged(path, "it does not begin as one of our files", err);
  if (whole == -2) return mdm_fail(err, MDM_ERR_CONFIG, "%s is a checkpoint of another format than this version reads; start anew with --force", path);
  if (!whole || fread(&found, sizeof found, 1, f) != 1) return damaged(path, "it ends too early", err);
  return found == crc ? MDM_OK : damaged(path, "its content does not match its checksum", err);
}

/* An open file that is whole, behind its mark; NULL in *f: there is none. */
static int open_whole(const char *path, FILE **f, size_t *bytes, mdm_error *err) {
  *f = fopen(path, "rb");
  if (!*f && errno == ENOENT) return MDM_OK;
  if (!*f) return mdm_fail(err, MDM_ERR_IO, "cannot read %s: %s", path, strerror(errno));
  int status = check(*f, path, bytes, err);
  if (!status && fseek(*f, sizeof mark, SEEK_SET) != 0) status = mdm_fail(err, MDM_ERR_IO, "cannot read %s: %s", path, strerror(errno));
  *bytes -= sizeof mark;
  if (status) fclose(*f), *f = NULL;
  return status;
}

int mdm_checkpoint_about(const char *path, char **about, mdm_error *err) {
  FILE *f;
  size_t bytes;
  *about = NULL;
  int status = open_whole(path, &f, &bytes, err);
  if (status || !f) return status ? status : damaged(path, "it is not there any more", err);
  mdm_state s = mdm_state_loading(f, bytes);
  mdm_state_string(&s, "about", about);
  fclose(f);
  if (!s.status) return MDM_OK;
  free(*about);
  *about = NULL;
  return damaged(path, s.why.text, err);
}

/* The file behind what says which one it is; NULL in *f: there is none of that kind. */
static int open_kept(mdm_kept *k, const char *path, int complete, FILE **f, mdm_state *s, mdm_error *err) {
  char *about = NULL;
  size_t bytes;
  int is_complete = 0, status = open_whole(path, f, &bytes, err);
  k->is_there = *f != NULL;
  if (!*f) return status;
  *s = mdm_state_loading(*f, bytes);
  mdm_state_string(s, "about", &about);
  mdm_state_flag(s, "complete", &is_complete);
  free(about);
  if (s->status || is_complete != complete) fclose(*f), *f = NULL;
  if (!s->status) return MDM_OK;
  return s->status == MDM_ERR_MEMORY ? mdm_fail(err, s->status, "%s", s->why.text) : damaged(path, s->why.text, err);
}

/* Ranks that share a run load what is not complete together: the first one reads. */
int mdm_kept_load(mdm_kept *k, int complete, mdm_walk *walk, void *what, int *found, mdm_error *err) {
  char *path = path_of(k->c->folder, k->name, "");
  FILE *f = NULL;
  mdm_state s = mdm_state_loading(NULL, 0);
  int status = !path ? mdm_no_memory(err, "a checkpoint") : mdm_crew_leads() ? open_kept(k, path, complete, &f, &s, err) : MDM_OK, there = f != NULL;
  if (!complete) mdm_state_share(&s);
  if (s.shared && (status = mdm_crew_agree(status, err)) == MDM_OK) there = mdm_crew_any(there);
  if (found) *found = there && !status;
  if (there && !status) {
    walk(what, &s);
    if (!s.status && s.left) mdm_state_refuse(&s, "its end");
    mdm_state_end(&s);
    if (s.status) status = s.status == MDM_ERR_MEMORY ? mdm_fail(err, s.status, "%s", s.why.text) : damaged(path, s.why.text, err);
  }
  if (f) fclose(f);
  free(path);
  return status;
}

/* ---------------------------------------------------------------- writing */

int mdm_kept_due(const mdm_kept *k) { return k->c->interval > 0 && mdm_clock() - k->saved >= k->c->interval; }

int mdm_kept_skips(mdm_kept *k) {
  mdm_checkpoint *c = k->c;
  double seconds = mdm_clock() - k->begun;
  pthread_mutex_lock(&c->lock);
  int skips = !k->is_there && seconds < SHORT_RUN && c->skipped + seconds < (c->interval > 0 ? c->interval : UNASKED) / 2;
  if (skips) c->skipped += seconds;
  pthread_mutex_unlock(&c->lock);
  return skips;
}

/* Told once; a later one may succeed again. */
static void tell(mdm_kept *k, const char *path, const char *why) {
  mdm_checkpoint *c = k->c;
  char line[sizeof c->notice];
  pthread_mutex_lock(&c->lock);
  int told = c->told++;
  pthread_mutex_unlock(&c->lock);
  const mdm_monitor *m = k->board ? k->board->monitor : NULL;
  if (told) return;
  snprintf(line, sizeof line, "cannot write the checkpoint %.300s: %.120s; the run goes on, and is lost if it is ended before one can be written", path, why);
  if (!m || !m->message) {
    pthread_mutex_lock(&c->lock);
    memcpy(c->notice, line, sizeof c->notice);
    pthread_mutex_unlock(&c->lock);
    return;
  }
  pthread_mutex_lock(&k->board->lock);
  m->message(m->context, line);
  pthread_mutex_unlock(&k->board->lock);
}

int mdm_checkpoint_notice(mdm_checkpoint *c, char *line, size_t size) {
  if (!c) return 0;
  pthread_mutex_lock(&c->lock);
  int there = *c->notice != '\0';
  if (there) snprintf(line, size, "%s", c->notice);
  *c->notice = '\0';
  pthread_mutex_unlock(&c->lock);
  return there;
}

static int write_file(mdm_kept *k, FILE *f, int complete, mdm_walk *walk, void *what, mdm_error *err) {
  mdm_state s = mdm_state_saving(f);
  if (fwrite(mark, 1, sizeof mark, f) != sizeof mark) s.status = mdm_fail(&s.why, MDM_ERR_IO, "%s", strerror(errno));
  s.crc = crc32(s.crc, (const Bytef *)mark, sizeof mark);
  mdm_state_string(&s, "about", &k->c->about);
  mdm_state_flag(&s, "complete", &complete);
  if (!complete) mdm_state_share(&s);
  walk(what, &s);
  mdm_state_end(&s);
  if (s.status) return mdm_fail(err, s.status, "%s", s.why.text);
  const uint64_t crc = s.crc;
  if (fwrite(&crc, sizeof crc, 1, f) != 1 || fflush(f) != 0) return mdm_fail(err, MDM_ERR_IO, "%s", strerror(errno));
  int is_short = complete && mdm_clock() - k->begun < 1; /* a crash of the machine costs a second */
  return is_short || fsync(fileno(f)) == 0 ? MDM_OK : mdm_fail(err, MDM_ERR_IO, "%s", strerror(errno));
}

/* An unfinished file in the folder, which is made if need be; NULL: it cannot be, for a reason that errno tells. */
static FILE *begin_file(const mdm_kept *k, const char *temp) {
  FILE *f = temp ? fopen(temp, "wb") : NULL;
  if (!f && temp && errno == ENOENT && (mkdir(k->c->folder, 0777) == 0 || errno == EEXIST)) f = fopen(temp, "wb");
  return f;
}

static void save_file(mdm_kept *k, const char *path, const char *temp, FILE *f, int complete, mdm_walk *walk, void *what) {
  mdm_error why = {0};
  int status = f ? write_file(k, f, complete, walk, what, &why) : mdm_fail(&why, MDM_ERR_IO, "%s", strerror(errno));
  if (f && fclose(f) != 0 && !status) status = mdm_fail(&why, MDM_ERR_IO, "%s", strerror(errno));
  if (!status && rename(temp, path) != 0) status = mdm_fail(&why, MDM_ERR_IO, "%s", strerror(errno));
  if (!status) k->is_there = 1;
  else unlink(temp), rmdir(k->c->folder); /* an empty folder goes */
  if (status && !mdm_crew_failed()) tell(k, path, why.text);
}

/* What the others hold of a run that ranks share goes to the first one's file. */
static void send_rest(mdm_walk *walk, void *what) {
  mdm_state s = mdm_state_saving(NULL);
  mdm_state_share(&s);
  walk(what, &s);
  mdm_state_end(&s);
}

void mdm_kept_save(mdm_kept *k, int complete, mdm_walk *walk, void *what) {
  int shared = !complete && mdm_crew_joined() != NULL, writes = !shared || mdm_crew_leads();
  char *path = path_of(k->c->folder, k->name, ""), *temp = path_of(k->c->folder, k->name, ".tmp");
  FILE *f = writes && path ? begin_file(k, temp) : NULL;
  int why = errno, none = shared && mdm_crew_any(writes && !f);
  k->saved = mdm_clock();
  errno = why;
  if (writes && path && temp) save_file(k, path, temp, f, complete, walk, what);
  else if (!writes && !none) send_rest(walk, what);
  free(path);
  free(temp);
}

void mdm_kept_forget(const mdm_kept *k) {
  char *path = path_of(k->c->folder, k->name, "");
  if (path) unlink(path);
  free(path);
}
