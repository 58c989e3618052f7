/* Options that have no effect (mdm_config_check): set to something else than their default where their condition does not hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/condition.h"
#include "config/grid.h"
#include "config/internal.h"

enum { VALUE_SIZE = 128, OBSTACLES_SIZE = 600, NAMES_SIZE = 1500, MORE_SIZE = 100 /* room for the end of the line */ };

typedef struct check {
  const mdm_config *cfg;
  mdm_grid grid;   /* of a sweep; no axes: the configuration alone */
  size_t count;    /* options */
  char *idle;      /* count: 1: has no effect anywhere on the grid */
  size_t suspects; /* how many of them are 1 */
} check;

static int is_default(const mdm_config *cfg, const mdm_config *defaults, const char *key) {
  char value[VALUE_SIZE], preset[VALUE_SIZE];
  mdm_config_format(cfg, key, value, sizeof value);
  mdm_config_format(defaults, key, preset, sizeof preset);
  return !strcmp(value, preset);
}

/* Options with a condition that are not at their default, or are an axis. */
static int find_suspects(check *c, mdm_error *err) {
  mdm_config *defaults;
  const mdm_option *o = mdm_options(&c->count);
  int status = mdm_config_create(&defaults, err);
  c->idle = mdm_alloc(c->count, 1, 1, sizeof *c->idle);
  if (!status && !c->idle) status = mdm_no_memory(err, "the check of a configuration");
  for (size_t i = 0; i < c->count && !status; i++) {
    c->idle[i] = o[i].applies && (mdm_grid_find(&c->grid, o[i].key) >= 0 || !is_default(c->cfg, defaults, o[i].key));
    c->suspects += (size_t)c->idle[i];
  }
  mdm_config_free(defaults);
  return status;
}

/* Clears those that have an effect at some point of the grid. */
static int clear_suspects(check *c, mdm_error *err) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  mdm_config *cfg;
  int status = mdm_config_copy(c->cfg, &cfg, err);
  for (size_t point = 0; point < mdm_grid_points(&c->grid) && c->suspects && !status; point++) {
    status = mdm_grid_apply(&c->grid, point, cfg, err);
    for (size_t i = 0; i < n && !status; i++)
      if (c->idle[i] && mdm_condition_holds(cfg, o[i].applies)) c->idle[i] = 0, c->suspects--;
  }
  mdm_config_free(cfg);
  return status;
}

/* "train.momentum = 0.5", or of an axis "--over train.momentum". */
static void name_one(const check *c, const mdm_option *o, char *out, size_t size) {
  char value[VALUE_SIZE];
  int is_axis = mdm_grid_find(&c->grid, o->key) >= 0;
  mdm_config_format(c->cfg, o->key, value, sizeof value);
  snprintf(out, size, is_axis ? "--over %s" : "%s = %s", o->key, value);
}

/* Idle options with the condition of the first, and why they are; they are told by that. */
static void describe(check *c, size_t first, char *out, size_t size) {
  char one[2 * VALUE_SIZE], obstacles[OBSTACLES_SIZE];
  size_t n, used = 0, told = 0, hidden = 0;
  const mdm_option *o = mdm_options(&n);
  for (size_t i = first; i < n; i++) {
    if (!c->idle[i] || strcmp(o[i].applies, o[first].applies)) continue;
    c->idle[i] = 0;
    name_one(c, &o[i], one, sizeof one);
    if (used + sizeof one > NAMES_SIZE) hidden++;
    else used += (size_t)snprintf(out + used, size - used, "%s%s", told++ ? ", " : "", one);
  }
  if (hidden) used += (size_t)snprintf(out + used, size - used, ", and %zu more", hidden);
  mdm_condition_obstacles(c->cfg, o[first].key, o[first].applies, obstacles, sizeof obstacles);
  snprintf(out + used, size - used, told > 1 ? " have no effect with %s (they apply when %s)" : " has no effect with %s (it applies when %s)", obstacles,
           o[first].applies);
}

/* All of them in one line; what does not fit is counted. */
static int report(check *c, mdm_error *err) {
  enum { SIZE = sizeof err->text };
  char text[SIZE] = "", some[NAMES_SIZE + 2 * OBSTACLES_SIZE];
  size_t n, used = 0, hidden = 0;
  mdm_options(&n);
  for (size_t i = 0; i < n; i++) {
    if (!c->idle[i]) continue;
    describe(c, i, some, sizeof some);
    if (hidden || used + strlen(some) + MORE_SIZE > SIZE) hidden++;
    else used += (size_t)snprintf(text + used, SIZE - used, "%s%s", used ? "; " : "", some);
  }
  if (hidden) snprintf(text + used, SIZE - used, "; and more of the kind");
  return mdm_fail(err, MDM_ERR_CONFIG, "%s; remove %s, or change what stands in the way", text, c->suspects > 1 ? "them" : "it");
}

int mdm_config_check(const mdm_config *cfg, const char *const *over, size_t n, mdm_error *err) {
  check c = {.cfg = cfg};
  int status = n ? mdm_grid_read(cfg, over, n, &c.grid, err) : MDM_OK;
  if (!status) status = find_suspects(&c, err);
  if (!status) status = clear_suspects(&c, err);
  if (!status && c.suspects) status = report(&c, err);
  mdm_grid_clear(&c.grid);
  free(c.idle);
  return status;
}
