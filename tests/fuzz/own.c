/* Own output files as `info` and `plot` read them; pictures end at the script for gnuplot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/internal.h"
#include "fuzz/support/edit.h"
#include "plot/pictures.h"

static const mdm_picture *const pictures[] = {&mdm_picture_loss, &mdm_picture_kernels, &mdm_picture_spectra, &mdm_picture_rates, &mdm_picture_router, &mdm_picture_ntk,
                                              &mdm_picture_parts, &mdm_picture_depths, &mdm_picture_sweep};

static void draw(const char *path, const mdm_picture *p, long block) {
  mdm_file *file;
  mdm_error err = {0};
  int status = mdm_file_open(path, &file, &err), holds = 0;
  fuzz_judge(status, &err);
  if (status) return;
  mdm_file_choose_block(file, block, NULL);
  void *figure = calloc(1, p->size);
  FILE *out = fopen("/dev/null", "w");
  if (!figure || !out) abort();
  status = mdm_plot_holds(file, &p->needs, &holds, &err);
  if (!status && holds) status = p->read(file, NULL, figure, &err);
  fuzz_judge(status, &err);
  mdm_file_discard(file);
  if (!status && holds) p->draw(out, figure, mdm_plot_look("a.svg"), "a.svg");
  p->release(figure);
  free(figure);
  fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  input in = {data, data + n};
  mdm_error err = {0};
  char *text = NULL;
  int changed;
  edit_prepare();
  int base = edit_which(&in);
  unsigned picture = fuzz_byte(&in);
  const char *path = edit_file(base, &in, &changed);
  int status = mdm_file_info(path, picture % 2, &text, &err);
  fuzz_judge(status, &err);
  free(text);
  draw(path, pictures[picture % (sizeof pictures / sizeof *pictures)], (long)(picture % 4) - 1);
  return 0;
}
