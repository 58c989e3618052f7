/* The list of pictures, and the one that is asked for. */
#include <moedmft/plot.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/regular.h"
#include "plot/canvas.h"
#include "plot/gnuplot.h"
#include "plot/pictures.h"

static const mdm_picture *const pictures[] = {&mdm_picture_loss,   &mdm_picture_kernels, &mdm_picture_spectra, &mdm_picture_rates,
                                              &mdm_picture_router, &mdm_picture_heads,   &mdm_picture_ntk,     &mdm_picture_parts, &mdm_picture_depths, &mdm_picture_sweep};
enum { PICTURES = sizeof pictures / sizeof *pictures };

/* ---- words ---- */

/* NULL when there is none of that name. */
static const mdm_picture *find(const char *what) {
  for (size_t i = 0; i < PICTURES; i++)
    if (!strcmp(what, pictures[i]->about.name)) return pictures[i];
  return NULL;
}

const mdm_plot_about *mdm_plot_picture(size_t i) { return i < PICTURES ? &pictures[i]->about : NULL; }

const char *mdm_plot_field(const char *what, size_t i) {
  const mdm_picture *p = find(what);
  return p && p->fields && i < p->fields->n ? p->fields->name[i].field : NULL;
}

static const char *name_of(const char *unused, size_t i) {
  (void)unused;
  return mdm_plot_picture(i) ? mdm_plot_picture(i)->name : NULL;
}

/* "a, b and c": the words that word(of, i) gives for i = 0, 1, … until NULL. */
static void list(const char *(*word)(const char *of, size_t i), const char *of, char *to, size_t size) {
  size_t used = 0;
  to[0] = '\0';
  for (size_t i = 0; used < size && word(of, i); i++)
    used += (size_t)snprintf(to + used, size - used, "%s%s", !i ? "" : word(of, i + 1) ? ", " : " and ", word(of, i));
}

/* ---- checks ---- */

/* Whether there is an HDF5 file of that name: results, which a link with the name of a picture may stand for. */
static int holds_results(const char *target) {
  char head[8] = "";
  size_t size;
  const char *why;
  int fd = mdm_open_regular(target, &size, &why), holds = fd >= 0 && read(fd, head, sizeof head) == sizeof head && !memcmp(head, "\211HDF\r\n\032\n", sizeof head);
  if (fd >= 0) close(fd);
  return holds;
}

static int check_target(const char *target, mdm_error *err) {
  if (!mdm_plot_look(target))
    return mdm_fail(err, MDM_ERR_USAGE, "cannot draw %s: the name must end in .png, .svg or .pdf", target);
  for (const char *c = target; *c; c++)
    if (iscntrl((unsigned char)*c))
      return mdm_fail(err, MDM_ERR_USAGE, "cannot draw: the name of the picture contains a control character");
  if (holds_results(target)) return mdm_fail(err, MDM_ERR_IO, "cannot draw %s: it is an HDF5 file, or a link to one, and no picture; choose another name", target);
  return MDM_OK;
}

static int check_what(const char *what, const mdm_picture **p, mdm_error *err) {
  char allowed[256];
  if ((*p = find(what))) return MDM_OK;
  list(name_of, NULL, allowed, sizeof allowed);
  return mdm_fail(err, MDM_ERR_USAGE, "--what %s: allowed are %s", what, allowed);
}

static int check_field(const mdm_picture *p, const char *field, mdm_error *err) {
  char allowed[256];
  if (!field) return MDM_OK;
  if (!p->about.field) return mdm_fail(err, MDM_ERR_USAGE, "--what %s takes no --field", p->about.name);
  if (!p->fields || mdm_kernel_find(p->fields, field)) return MDM_OK;
  list(mdm_plot_field, p->about.name, allowed, sizeof allowed);
  return mdm_fail(err, MDM_ERR_USAGE, "--field %s: allowed are %s", field, allowed);
}

/* ---- drawing ---- */

/* Of a file that was made for one picture, that one; else the first of the list. */
static int usual_picture(mdm_file *file, const mdm_picture **p, mdm_error *err) {
  *p = pictures[0];
  for (size_t i = 0; i < PICTURES; i++) {
    int holds = 0, status = pictures[i]->usual ? mdm_plot_holds(file, &pictures[i]->needs, &holds, err) : MDM_OK;
    if (status != MDM_OK) return status;
    if (holds) return *p = pictures[i], MDM_OK;
  }
  return MDM_OK;
}

static int read_figure(mdm_file *file, const mdm_picture *p, const char *field, void *figure, mdm_error *err) {
  int holds, status = mdm_plot_holds(file, &p->needs, &holds, err);
  if (status != MDM_OK) return status;
  return holds ? p->read(file, field, figure, err) : mdm_plot_lacks(file, &p->needs, err);
}

/* Closes the file before gnuplot starts. */
static int draw(mdm_file *file, const mdm_picture *p, const char *target, const char *field, mdm_error *err) {
  void *figure = calloc(1, p->size);
  int status = figure ? read_figure(file, p, field, figure, err) : mdm_fail(err, MDM_ERR_MEMORY, "out of memory to draw %s", target);
  mdm_file_discard(file);
  if (status == MDM_OK) status = mdm_gnuplot_draw(p->draw, figure, target, err);
  if (figure) p->release(figure);
  free(figure);
  return status;
}

/* The block that was asked for; the last (of the picture's kind) where there are blocks and none was. */
static int choose_block(mdm_file *file, const mdm_picture *p, const int *block, mdm_error *err) {
  if (block) return mdm_file_choose_block(file, *block, err);
  if (p && p->block && !mdm_file_choose_kind(file, p->block, NULL)) return MDM_OK;
  mdm_file_choose_block(file, -1, NULL);
  return MDM_OK;
}

static int plot(const char *path, const char *picture, const char *what, const char *field, const int *block, mdm_error *err) {
  const mdm_picture *p = NULL;
  mdm_file *file;
  int status = check_target(picture, err);
  if (status == MDM_OK && what) status = check_what(what, &p, err);
  if (status == MDM_OK && what) status = check_field(p, field, err);
  if (status == MDM_OK) status = mdm_file_open(path, &file, err);
  if (status != MDM_OK) return status;
  status = choose_block(file, p, block, err);
  if (status == MDM_OK && !what) status = usual_picture(file, &p, err);
  if (status == MDM_OK && !what) status = check_field(p, field, err);
  if (status == MDM_OK) return draw(file, p, picture, field, err);
  mdm_file_discard(file);
  return status;
}

/* gnuplot reads decimal points, whatever the calling program writes. */
int mdm_plot_what(const char *path, const char *picture, const char *what, const char *field, const int *block, mdm_error *err) {
  mdm_locale l = mdm_locale_enter();
  int status = plot(path, picture, what, field, block, err);
  mdm_locale_leave(l);
  return status;
}

int mdm_plot(const char *path, const char *picture, mdm_error *err) { return mdm_plot_what(path, picture, NULL, NULL, NULL, err); }
