/* The configuration object: create, copy, free, changing it as a whole, and the typed getters.
 *
 * Values lie in an array parallel to the option table. Reading YAML is in read.c, one value and its text in
 * value.c, writing in write.c. A change is made on a copy that replaces the original only when all of it
 * succeeded; pointers from getters are therefore good until the next load or set.
 */
#include "config/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#define FILE_MAX ((size_t)1 << 20) /* a configuration is a page long; more is the wrong file */
#define KEY_SIZE 256

/* ---- life of a configuration ---- */

static mdm_config *new_config(void) {
  mdm_config *cfg = calloc(1, sizeof *cfg);
  if (!cfg) return NULL;
  mdm_options(&cfg->count);
  cfg->values = calloc(cfg->count, sizeof *cfg->values);
  if (!cfg->values) {
    free(cfg);
    return NULL;
  }
  return cfg;
}

void mdm_config_free(mdm_config *cfg) {
  if (!cfg) return;
  for (size_t i = 0; cfg->values && i < cfg->count; i++) {
    free(cfg->values[i].text);
    free(cfg->values[i].list);
  }
  free(cfg->values);
  free(cfg);
}

static int out_of_memory(mdm_error *err) {
  return mdm_no_memory(err, "the configuration");
}

int mdm_config_create(mdm_config **out, mdm_error *err) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  *out = NULL;
  mdm_config *cfg = new_config();
  if (!cfg) return out_of_memory(err);
  for (size_t i = 0; i < n; i++) {
    int status = mdm_config_read(cfg, "default value", o[i].key, o[i].preset, strlen(o[i].preset), err);
    if (status != MDM_OK) {
      mdm_config_free(cfg);
      if (err && status == MDM_ERR_CONFIG) err->code = MDM_ERR_INTERNAL; /* the table contradicts itself */
      return status == MDM_ERR_CONFIG ? MDM_ERR_INTERNAL : status;
    }
    cfg->values[i].is_set = 0;
  }
  *out = cfg;
  return MDM_OK;
}

static int copy_value(const mdm_value *src, mdm_value *dst) {
  *dst = *src;
  dst->text = NULL;
  dst->list = NULL;
  if (src->text && !(dst->text = strdup(src->text))) return 0;
  if (src->count == 0) return 1;
  dst->list = calloc(src->count, sizeof *dst->list);
  if (dst->list) memcpy(dst->list, src->list, src->count * sizeof *dst->list);
  return dst->list != NULL;
}

int mdm_config_copy(const mdm_config *src, mdm_config **out, mdm_error *err) {
  *out = NULL;
  mdm_config *cfg = new_config();
  if (!cfg) return out_of_memory(err);
  for (size_t i = 0; i < cfg->count; i++)
    if (!copy_value(&src->values[i], &cfg->values[i])) {
      mdm_config_free(cfg);
      return out_of_memory(err);
    }
  *out = cfg;
  return MDM_OK;
}

/* ---- changing it ---- */

/* mdm_config_read that leaves cfg alone on failure. */
static int change(mdm_config *cfg, const char *name, const char *key, const char *text, size_t length, mdm_error *err) {
  mdm_config *work;
  int status = mdm_config_copy(cfg, &work, err);
  if (status != MDM_OK) return status;
  status = mdm_config_read(work, name, key, text, length, err);
  if (status == MDM_OK) {
    mdm_config old = *cfg;
    *cfg = *work;
    *work = old;
  }
  mdm_config_free(work);
  return status;
}

int mdm_config_load_text(mdm_config *cfg, const char *name, const char *yaml, mdm_error *err) {
  return change(cfg, name, NULL, yaml, strlen(yaml), err);
}

static int is_same_file(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Without detours ("examples/../data"), unless a symbolic link makes that another file. */
static void shorten(char *path) {
  char *shorter = strdup(path);
  if (!shorter) return;
  mdm_path_tidy(shorter);
  if (is_same_file(path, shorter)) strcpy(path, shorter);
  free(shorter);
}

/* A configuration means the same wherever it is used: names of files that it gives are seen from its folder. */
static int resolve(const char *path, const mdm_value *before, mdm_value *v, mdm_error *err) {
  const char *slash = strrchr(path, '/');
  size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
  int is_new = v->text && (!before->text || strcmp(v->text, before->text));
  if (!folder || !is_new || !*v->text || *v->text == '/') return MDM_OK;
  char *name = malloc(folder + strlen(v->text) + 1);
  if (!name) return out_of_memory(err);
  memcpy(name, path, folder);
  strcpy(name + folder, v->text);
  if (access(name, F_OK) != 0) return free(name), MDM_OK;
  shorten(name);
  free(v->text);
  v->text = name;
  return MDM_OK;
}

static int load_text(mdm_config *cfg, const char *path, const char *text, size_t length, mdm_error *err) {
  mdm_config *before;
  size_t n;
  const mdm_option *o = mdm_options(&n);
  int status = mdm_config_copy(cfg, &before, err);
  if (status) return status;
  status = change(cfg, path, NULL, text, length, err);
  for (size_t i = 0; i < n && !status; i++)
    if (mdm_option_is_path(&o[i])) status = resolve(path, &before->values[i], &cfg->values[i], err);
  mdm_config_free(before);
  return status;
}

int mdm_config_load(mdm_config *cfg, const char *path, mdm_error *err) {
  int status = MDM_OK;
  char shown[MDM_NAME_SIZE], *text = malloc(FILE_MAX + 1);
  if (!text) return out_of_memory(err);
  mdm_show(shown, sizeof shown, *path ? path : "''", *path ? strlen(path) : 2);
  errno = 0; /* a failing stdio call need not set it */
  FILE *file = fopen(path, "rb");
  size_t n = file ? fread(text, 1, FILE_MAX + 1, file) : 0;
  if (!file || ferror(file))
    status = mdm_fail(err, MDM_ERR_CONFIG, "%s: cannot read the configuration file: %s", shown,
                      errno ? strerror(errno) : "read error");
  else if (n > FILE_MAX)
    status = mdm_fail(err, MDM_ERR_CONFIG, "%s: larger than 1 MiB, not a configuration file", shown);
  if (file) fclose(file);
  if (status == MDM_OK) status = load_text(cfg, path, text, n, err);
  free(text);
  return status;
}

/* The part of an assignment before '=', without blanks around it; 0 if there is none. */
static int key_of(const char *assignment, char key[KEY_SIZE]) {
  size_t end = strcspn(assignment, "="), start = strspn(assignment, " \t");
  if (assignment[end] != '=') return 0;
  while (end > start && strchr(" \t", assignment[end - 1])) end--;
  if (end <= start || end - start >= KEY_SIZE) return 0;
  memcpy(key, assignment + start, end - start);
  key[end - start] = '\0';
  return 1;
}

/* 1 if the value is a list without its brackets: 64,128 */
static int is_bare_list(const char *key, const char *value) {
  size_t n;
  long i = mdm_option_find(key);
  return i >= 0 && mdm_option_is_list(&mdm_options(&n)[i]) && strchr(value, ',') &&
         value[strspn(value, " \t")] != '[';
}

int mdm_config_set(mdm_config *cfg, const char *assignment, mdm_error *err) {
  char key[KEY_SIZE];
  size_t n = strlen(assignment), size = n + sizeof "--set ";
  char *name = malloc(size), *value = malloc(size);
  int status;
  if (!name || !value)
    status = out_of_memory(err);
  else if (!key_of(assignment, key)) {
    char shown[MDM_NAME_SIZE];
    mdm_show(shown, sizeof shown, assignment, n);
    status = mdm_fail(err, MDM_ERR_CONFIG, "--set %s: expected key=value, for example --set train.lr=0.1", shown);
  } else {
    const char *text = strchr(assignment, '=') + 1;
    snprintf(name, size, "--set %s", assignment);
    snprintf(value, size, is_bare_list(key, text) ? "[%s]" : "%s", text);
    status = change(cfg, name, key, value, strlen(value), err);
  }
  free(name);
  free(value);
  return status;
}

/* ---- getters ---- */

#define IS(type) (1u << (type))

/* The value of key, whose type must be one of the set types. Without assertions a wrong request
 * reads zeros. */
static const mdm_value *get(const mdm_config *cfg, const char *key, unsigned types) {
  static const mdm_value nothing = {.word = -1};
  size_t n;
  long i = mdm_option_find(key);
  assert(i >= 0 && "no such option");
  if (i < 0) return &nothing;
  int fits = (types & IS(mdm_options(&n)[i].type)) != 0;
  assert(fits && "option of another type");
  return fits ? &cfg->values[i] : &nothing;
}

/* 0 when a WORD_INT holds a word. */
long mdm_config_int(const mdm_config *cfg, const char *key) {
  return get(cfg, key, IS(MDM_OPT_INT) | IS(MDM_OPT_WORD_INT))->integer;
}

double mdm_config_real(const mdm_config *cfg, const char *key) { return get(cfg, key, IS(MDM_OPT_REAL))->real; }

int mdm_config_bool(const mdm_config *cfg, const char *key) { return (int)get(cfg, key, IS(MDM_OPT_BOOL))->integer; }

const char *mdm_config_text(const mdm_config *cfg, const char *key) {
  const char *text = get(cfg, key, IS(MDM_OPT_TEXT) | IS(MDM_OPT_ENUM) | IS(MDM_OPT_WORD_INT))->text;
  return text ? text : "";
}

const long *mdm_config_int_list(const mdm_config *cfg, const char *key, size_t *n) {
  const mdm_value *v = get(cfg, key, IS(MDM_OPT_INT_LIST) | IS(MDM_OPT_WORD_LIST));
  *n = v->count;
  return v->list;
}

int mdm_config_enum(const mdm_config *cfg, const char *key) {
  return get(cfg, key, IS(MDM_OPT_ENUM) | IS(MDM_OPT_WORD_INT))->word;
}

int mdm_config_is_set(const mdm_config *cfg, const char *key) { return get(cfg, key, ~0u)->is_set; }
