/* Own output files, changed (edit.h). */
#include "fuzz/support/edit.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/image.h"
#include "file/seal.h"

enum { MOST = 4 << 20, PATHS = 1000, EDITS = 8 };

typedef struct base {
  const char *command, *settings;
  mdm_config *cfg;
  mdm_data *data;
  unsigned char *bytes; /* size: without the seal */
  size_t size, paths;
  char path[PATHS][120];
} base;

#define SMALL "solve.particles=60 solve.expert_particles=30 solve.replicas=2 train.steps=2 simulate.widths=[8,12] simulate.seeds=2 data.test=2 output.every=2"
/* Reading an array takes longest, and all are read alike: of most bases few remain. */
#define LESS " output.kernels=false output.statistics=false data.test=0"
static const char *const left_out[] = {"comparison/each/rms", "comparison/each/overlap", "comparison/each/router"};
static base bases[EDIT_BASES] = {[EDIT_COMPARE] = {.command = "compare", .settings = SMALL LESS},
                                 [EDIT_COORDCHECK] = {.command = "coordcheck", .settings = SMALL LESS " output.parts=true model.depth=2 train.steps=3"},
                                 [EDIT_SWEEP] = {.command = "sweep", .settings = SMALL},
                                 [EDIT_FULL] = {.command = "compare", .settings = SMALL}};
static const char *const over[] = {"train.lr=0.1,0.3", "model.parameterization=mup,mssp"};

/* ---- making them ---- */

static void must(int status, const mdm_error *err) {
  if (!status) return;
  fprintf(stderr, "fuzz: %s\n", err->text);
  abort();
}

static void configure(base *b) {
  char text[512], *rest = NULL;
  mdm_error err = {0};
  snprintf(text, sizeof text, "%s", b->settings);
  must(mdm_config_create(&b->cfg, &err), &err);
  for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) must(mdm_config_set(b->cfg, word, &err), &err);
  must(mdm_data_load(b->cfg, &b->data, &err), &err);
}

mdm_sweep *edit_sweep(void) {
  mdm_sweep *s;
  mdm_error err = {0};
  must(mdm_sweep_create(bases[EDIT_SWEEP].cfg, over, 2, 1, MDM_MEASURE_AUTO, &s, &err), &err);
  return s;
}

static void compute(base *b, const char *path) {
  const mdm_monitor monitor = {.threads = 1};
  mdm_outcome o;
  mdm_error err = {0};
  if (!strcmp(b->command, "sweep")) {
    mdm_sweep *s = edit_sweep();
    must(mdm_sweep_run(s, &monitor, path, "fuzz", &err), &err);
    mdm_sweep_free(s);
    return;
  }
  must(mdm_compare_run(b->cfg, b->data, &monitor, &o, &err), &err);
  if (!strcmp(b->command, "coordcheck")) must(mdm_coordcheck_fit(b->cfg, &o, &err), &err);
  must(mdm_outcome_write(&o, b->cfg, b->command, "fuzz", NULL, path, &err), &err);
  mdm_outcome_clear(&o);
}

static herr_t note_path(hid_t object, const char *name, const H5O_info_t *info, void *context) {
  base *b = context;
  (void)object;
  (void)info;
  if (b->paths < PATHS && strlen(name) < sizeof b->path[0]) strcpy(b->path[b->paths++], name);
  return 0;
}

static void take(base *b, const char *path) {
  FILE *f = fopen(path, "rb");
  b->bytes = malloc(MOST); /* MOST */
  if (!f || !b->bytes) abort();
  b->size = fread(b->bytes, 1, MOST, f) - MDM_SEAL_SIZE;
  fclose(f);
}

/* The paths in the file, and the file without what is left out. */
static void look(base *b) {
  mdm_image image;
  hid_t file = mdm_image_open(b->bytes, b->size, &image);
  for (size_t i = 0; i < sizeof left_out / sizeof *left_out && b != &bases[EDIT_FULL]; i++)
    if (H5Lexists(file, "comparison", H5P_DEFAULT) > 0 && H5Ldelete(file, left_out[i], H5P_DEFAULT) < 0) abort();
  if (file < 0 || H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, note_path, b) < 0) abort();
  if (mdm_image_close(file, &image) < 0 || image.size > MOST) abort();
  memcpy(b->bytes, image.bytes, b->size = image.size);
  mdm_image_clear(&image);
}

void edit_prepare(void) {
  static int done;
  for (int i = 0; i < EDIT_BASES && !done; i++) {
    configure(&bases[i]);
    compute(&bases[i], fuzz_file("base.h5", NULL, 0));
    take(&bases[i], fuzz_file("base.h5", NULL, 0));
    look(&bases[i]);
  }
  done = 1;
}

int edit_which(input *in) {
  static const int often[] = {EDIT_COMPARE, EDIT_COMPARE, EDIT_COMPARE, EDIT_SWEEP, EDIT_COORDCHECK, EDIT_SWEEP, EDIT_COMPARE, EDIT_FULL};
  return often[fuzz_below(in, sizeof often / sizeof *often)];
}

const mdm_config *edit_config(int i) { return bases[i].cfg; }
const mdm_data *edit_data(int i) { return bases[i].data; }

/* ---- changing them ---- */

static const char *some_path(const base *b, input *in) {
  unsigned i = fuzz_byte(in);
  i = i << 8 | fuzz_byte(in);
  return b->path[i % b->paths];
}

static void write_attribute(hid_t file, const char *path, const char *name, hid_t type, size_t n, const void *value) {
  hid_t object = H5Oopen(file, path, H5P_DEFAULT);
  hid_t space = n == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, (hsize_t[]){n}, NULL);
  if (object >= 0) H5Adelete(object, name);
  hid_t attribute = object >= 0 ? H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
  if (attribute >= 0) H5Awrite(attribute, type, value), H5Aclose(attribute);
  if (object >= 0) H5Oclose(object);
  H5Sclose(space);
}

static void write_text(hid_t file, const char *path, const char *name, const char *text) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, strlen(text) + 1);
  write_attribute(file, path, name, type, 1, text);
  H5Tclose(type);
}

static const char *some_attribute(input *in) {
  static const char *const names[] = {"config", "status", "command", "runs", "version", "schema_version", "dims", "description", "over_1", "over_2", "added", "limit", "measure",
                                      "optimum_of", "data", "exponent", "exponent_stderr", "predicted", "predicted_lowest", "config:model.depth", "config:output.blocks",
                                      "diverged_at_step", "interrupted_at_step", "sweeps", "converged", "refine", "created", "arguments", "tolerance_bias", "not_self_averaging",
                                      "config:model.parameterization", "config:train.optimizer", "seed", "cell_0"};
  return names[fuzz_below(in, sizeof names / sizeof *names)];
}

/* Another value of an option in the configuration. */
static void change_config(const base *b, hid_t file, input *in) {
  char word[200];
  mdm_config *cfg;
  mdm_error err = {0};
  must(mdm_config_copy(b->cfg, &cfg, &err), &err);
  fuzz_text(in, word, sizeof word);
  char *text = mdm_config_set(cfg, word, &err) ? NULL : mdm_config_to_yaml(cfg);
  if (text) write_text(file, "/", "config", text);
  free(text);
  mdm_config_free(cfg);
}

static void poke(hid_t file, const char *path, input *in) {
  hid_t set = H5Dopen2(file, path, H5P_DEFAULT), space = set >= 0 ? H5Dget_space(set) : -1;
  hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
  double *value = n > 0 && n < MOST ? malloc((size_t)n * sizeof *value) : NULL; /* n */
  if (value && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0) {
    size_t at = fuzz_byte(in), many = fuzz_byte(in);
    double x = fuzz_number(in);
    for (size_t i = 0; i <= many; i++) value[(at + i) % (size_t)n] = x;
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value);
  }
  free(value);
  if (space >= 0) H5Sclose(space);
  if (set >= 0) H5Dclose(set);
}

/* A data set of another shape in its place. */
static void reshape(hid_t file, const char *path, input *in) {
  hsize_t extent[8];
  char dims[60];
  int rank = (int)fuzz_below(in, 9);
  for (int k = 0; k < rank; k++) extent[k] = fuzz_below(in, 7);
  H5Ldelete(file, path, H5P_DEFAULT);
  hid_t space = rank ? H5Screate_simple(rank, extent, NULL) : H5Screate(H5S_SCALAR), list = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(list, 1);
  hid_t set = H5Dcreate2(file, path, fuzz_byte(in) % 8 ? H5T_IEEE_F64LE : H5T_STD_I32LE, space, list, H5P_DEFAULT, H5P_DEFAULT);
  if (set >= 0) H5Dclose(set);
  H5Sclose(space);
  H5Pclose(list);
  fuzz_text(in, dims, sizeof dims);
  if (set >= 0) write_text(file, path, "dims", dims), write_text(file, path, "description", "another");
}

static void edit(const base *b, hid_t file, input *in) {
  char text[200];
  const char *path = some_path(b, in);
  double x[2];
  switch (fuzz_below(in, 9)) {
  case 0: H5Ldelete(file, path, H5P_DEFAULT); break;
  case 1: fuzz_text(in, text, sizeof text), write_text(file, fuzz_byte(in) % 2 ? "/" : path, some_attribute(in), text); break;
  case 2: x[0] = fuzz_number(in), write_attribute(file, fuzz_byte(in) % 2 ? "/" : path, some_attribute(in), H5T_IEEE_F64LE, 1, x); break;
  case 3: reshape(file, path, in); break;
  case 4: poke(file, path, in); break;
  case 5: H5Lcreate_hard(file, path, file, some_path(b, in), H5P_DEFAULT, H5P_DEFAULT); break;
  case 6: fuzz_text(in, text, 60), H5Lmove(file, path, file, text, H5P_DEFAULT, H5P_DEFAULT); break;
  case 7: change_config(b, file, in); break;
  default: x[0] = x[1] = fuzz_number(in), write_attribute(file, path, some_attribute(in), H5T_IEEE_F64LE, 2, x); break;
  }
}

const char *edit_file(int which, input *in, int *changed) {
  base *b = &bases[which];
  mdm_image image;
  hid_t file = mdm_image_open(b->bytes, b->size, &image);
  *changed = in->at < in->end;
  if (file < 0) abort();
  H5E_BEGIN_TRY {
    for (int i = 0; i < EDITS && in->at < in->end; i++) edit(b, file, in);
  }
  H5E_END_TRY
  if (mdm_image_close(file, &image) < 0) abort();
  unsigned char *all = malloc(image.size + MDM_SEAL_SIZE + 1);
  if (!all) abort();
  memcpy(all, image.bytes, image.size);
  mdm_seal_write(image.bytes, image.size, (char *)all + image.size);
  const char *path = fuzz_file("a.h5", all, image.size + MDM_SEAL_SIZE);
  free(all);
  mdm_image_clear(&image);
  return path;
}
