/* The seal: whatever happens to the bytes of a file, it is found before HDF5 sees them, or does no harm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/file.h>
#include <moedmft/report.h>

#include "file/internal.h"
#include "file/seal.h"
#include "support/arrays.h"
#include "support/folder.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"
#include "support/words.h"

static char bytes[1 << 21];

/* A small file of a comparison; its length. */
static size_t write_file(void) {
  static const char settings[] = "solve.particles=200 solve.replicas=2 train.steps=2 simulate.widths=[8,12] simulate.seeds=3 output.kernels=false output.statistics=false";
  mdm_outcome o;
  mdm_config *cfg = configure(settings);
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 1, settings, &o);
  CU_ASSERT_EQUAL_FATAL(mdm_outcome_write(&o, cfg, "compare", "test", NULL, in_folder("a.h5"), NULL), MDM_OK);
  mdm_outcome_clear(&o);
  mdm_config_free(cfg);
  size_t n = slurp("a.h5", bytes, sizeof bytes);
  CU_ASSERT_FATAL(n > 10000 && n < sizeof bytes - 1);
  return n;
}

/* 1: b.h5 is refused as damaged; 0: it is read, without a checksum, and holds the same numbers as a.h5. */
static int is_refused(void) {
  mdm_file *file, *right;
  mdm_record *x, *y;
  mdm_error err;
  if (mdm_file_open(in_folder("b.h5"), &file, &err)) {
    CU_ASSERT(err.code == MDM_ERR_IO && strstr(err.text, "b.h5 is damaged") && strstr(err.text, "checksum"));
    return 1;
  }
  CU_ASSERT(!file->sealed);
  CU_ASSERT_EQUAL_FATAL(mdm_file_open(in_folder("a.h5"), &right, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_file_read_record(file, "/", 0, &x, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_file_read_record(right, "/", 0, &y, NULL), MDM_OK);
  check_same(x, y);
  mdm_record_free(x);
  mdm_record_free(y);
  mdm_file_discard(file);
  mdm_file_discard(right);
  return 0;
}

/* Single bits: 2000 spread over the file, and all of the seal; of its first words one in each byte, as without them a file is read as others' are. */
static void test_bits(void) {
  enum { SPREAD = 2000 };
  const char *const first = "\nmoedmft seal: ";
  size_t n = write_file(), words = strlen(first), refused = 0, expected = SPREAD + 8 * (MDM_SEAL_SIZE - words);
  FILE *f = fopen(in_folder("b.h5"), "wb+"); /* one byte is changed at a time, and put back */
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  CU_ASSERT_EQUAL_FATAL(fwrite(bytes, 1, n, f), n);
  CU_ASSERT_FATAL(!memcmp(bytes + n - MDM_SEAL_SIZE, first, words));
  for (size_t i = 0; i < expected + words; i++) {
    size_t byte = n - MDM_SEAL_SIZE + (i - expected), bit = i < SPREAD ? (size_t)((double)i / SPREAD * 8 * (double)(n - MDM_SEAL_SIZE)) : 8 * n - 1 - (i - SPREAD);
    if (i >= expected) bit = 8 * byte + byte % 8;
    fseek(f, (long)(bit / 8), SEEK_SET);
    fputc((unsigned char)bytes[bit / 8] ^ 1 << bit % 8, f);
    fflush(f);
    refused += (size_t)is_refused();
    fseek(f, (long)(bit / 8), SEEK_SET);
    fputc((unsigned char)bytes[bit / 8], f);
    fflush(f);
  }
  fclose(f);
  CU_ASSERT_EQUAL(refused, expected); /* without its first words a seal is none */
}

/* Ends that are missing, cut in the middle, or belong to other content. */
static void test_ends(void) {
  size_t n = write_file();
  mdm_file *file;
  mdm_error err;
  char *text;
  spit("b.h5", bytes, n - MDM_SEAL_SIZE);
  CU_ASSERT_EQUAL(is_refused(), 0);
  CU_ASSERT_EQUAL_FATAL(mdm_file_info(in_folder("b.h5"), 1, &text, NULL), MDM_OK);
  check_mentions(text, "checksum   none");
  free(text);
  spit("b.h5", bytes, n - 7);
  CU_ASSERT(mdm_file_open(in_folder("b.h5"), &file, &err) == MDM_ERR_IO && strstr(err.text, "ends too early"));
  memmove(bytes + 1000, bytes + n - MDM_SEAL_SIZE, MDM_SEAL_SIZE);
  spit("b.h5", bytes, 1000 + MDM_SEAL_SIZE);
  CU_ASSERT(mdm_file_open(in_folder("b.h5"), &file, &err) == MDM_ERR_IO && strstr(err.text, "does not match its checksum"));
  spit("b.h5", bytes + 1000, MDM_SEAL_SIZE); /* of nothing at all */
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("b.h5"), &file, &err), MDM_ERR_IO);
}

/* Changing a file keeps what is in it, and seals it again. */
static void test_change(void) {
  mdm_file *file;
  mdm_record *rec;
  double v = 7, found = 0;
  write_file();
  CU_ASSERT_EQUAL_FATAL(mdm_file_change(in_folder("a.h5"), &file, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_remove(file, "/comparison", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_remove(file, "/nowhere", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_array(file, "/resume/x", 0, NULL, "", "a number", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_file_open(in_folder("a.h5"), &file, NULL), MDM_OK);
  CU_ASSERT(file->sealed && !mdm_file_has_group(file, "/comparison") && mdm_file_has_group(file, "/width_12/members"));
  CU_ASSERT(!mdm_file_get_real(file, "/width_12", "runs", &found, NULL) && found == 3);
  CU_ASSERT_EQUAL_FATAL(mdm_file_read_record(file, "/resume", 0, &rec, NULL), MDM_OK);
  CU_ASSERT(mdm_record_find(rec, "x") && mdm_record_find(rec, "x")->value[0] == 7);
  mdm_record_free(rec);
  mdm_file_discard(file);
}

static const test_case tests[] = {
    {"any single bit that is wrong", test_bits},
    {"seals that are missing, cut or of other content", test_ends},
    {"a file that is changed", test_change},
};

SUITE_IN_FOLDER("file/seal", tests)
