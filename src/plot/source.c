/* What pictures ask of a file (plot/source.h). */
#include "plot/source.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "file/internal.h"

/* ---- what a file holds ---- */

/* "/" for the limit, "/width_N" for networks. */
static void group_of(long width, char *group, size_t size) {
  if (width)
    snprintf(group, size, "/width_%ld", width);
  else
    snprintf(group, size, "/");
}

int mdm_plot_holds(mdm_file *file, const mdm_needs *needs, int *holds, mdm_error *err) {
  long *widths;
  size_t n;
  *holds = mdm_file_has_group(file, needs->group);
  if (*holds || needs->group[0] == '/') return MDM_OK;
  int status = mdm_file_widths(file, &widths, &n, err);
  if (status != MDM_OK) return status;
  for (size_t i = 0; i < n && !*holds; i++) {
    char base[64], group[160];
    group_of(widths[i], base, sizeof base);
    snprintf(group, sizeof group, "%s/%s", base, needs->group);
    *holds = mdm_file_has_group(file, group);
  }
  free(widths);
  return MDM_OK;
}

int mdm_plot_lacks(const mdm_file *file, const mdm_needs *needs, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_DATA, "%s holds no %s%s%s", file->path, needs->what, needs->remedy ? "; " : "",
                  needs->remedy ? needs->remedy : "");
}

/* ---- records ---- */

int mdm_plot_read_source(mdm_file *file, long width, const char *const *paths, size_t n, mdm_record **rec, mdm_error *err) {
  char group[64];
  group_of(width, group, sizeof group);
  return mdm_file_read_some(file, group, paths, n, rec, err);
}

double mdm_plot_freedom(mdm_file *file, long width) {
  char group[64];
  double runs;
  group_of(width, group, sizeof group);
  return mdm_file_get_real(file, group, "runs", &runs, NULL) ? NAN : runs - 1;
}

/* The largest width that the file holds networks of; 0: none. */
static int widest(mdm_file *file, long *width, mdm_error *err) {
  long *widths;
  size_t n;
  int status = mdm_file_widths(file, &widths, &n, err);
  *width = !status && n ? widths[n - 1] : 0;
  if (!status) free(widths);
  return status;
}

int mdm_plot_read_pair(mdm_file *file, const char *const *paths, size_t n, mdm_pair *pair, mdm_error *err) {
  int status = widest(file, &pair->width, err);
  if (!status) status = mdm_plot_read_source(file, 0, paths, n, &pair->rec[MDM_LIMIT], err);
  if (!status && pair->width) status = mdm_plot_read_source(file, pair->width, paths, n, &pair->rec[MDM_WIDEST], err);
  return status;
}

void mdm_plot_release_pair(mdm_pair *pair) {
  for (int s = 0; s < MDM_PAIR; s++) mdm_record_free(pair->rec[s]);
}

/* ---- title ---- */

static void option(mdm_file *file, const char *key, char *buf, size_t size) {
  char name[128];
  snprintf(name, sizeof name, "config:%s", key);
  if (mdm_file_get_text(file, "/", name, buf, size, NULL) != MDM_OK) snprintf(buf, size, "?");
}

static void uppercase(char *s) {
  for (; *s; s++) *s = (char)toupper((unsigned char)*s);
}

/* "cosine", or the file, without its folder where that is long. */
static void data_name(mdm_file *file, char *buf, size_t size) {
  char path[4096];
  option(file, "data.source", buf, size);
  option(file, "data.file", path, sizeof path);
  const char *slash = strrchr(path, '/'), *base = slash && strlen(path) > 60 ? slash + 1 : path;
  if (base[0] && strcmp(base, "?") != 0) snprintf(buf, size, "%.*s", (int)size - 1, base);
  for (char *c = buf; *c; c++)
    if (iscntrl((unsigned char)*c)) *c = ' ';
}

void mdm_plot_title(mdm_file *file, char *title, size_t size) {
  char regime[32], scaling[32], optimizer[32], fraction[32], routing[80], data[160];
  option(file, "model.regime", regime, sizeof regime);
  option(file, "model.parameterization", scaling, sizeof scaling);
  option(file, "train.optimizer", optimizer, sizeof optimizer);
  option(file, "model.active_fraction", fraction, sizeof fraction);
  data_name(file, data, sizeof data);
  uppercase(optimizer);
  if (strcmp(scaling, "mup") == 0)
    snprintf(scaling, sizeof scaling, "μP");
  else
    uppercase(scaling);
  if (mdm_real_parse(fraction) < 1 && fraction[0] != '?')
    snprintf(routing, sizeof routing, "top-K routing (K/M = %s)", fraction);
  else
    snprintf(routing, sizeof routing, "soft routing");
  snprintf(title, size, "Regime %s, %s, %s, %s, data: %s", regime, scaling, optimizer, routing, data);
}
