/* One block of a residual stack, read from a file that holds all of them. */
#include <stdio.h>
#include <string.h>

#include <moedmft/moedmft.h>

#include "base/record.h"
#include "support/folder.h"
#include "support/program.h"
#include "support/suite.h"
#include "support/words.h"

static mdm_record *read_block(long block) {
  mdm_file *file;
  mdm_record *rec = NULL;
  mdm_error err = {0};
  CU_ASSERT_EQUAL_FATAL(mdm_file_open(in_folder("deep.h5"), &file, &err), MDM_OK);
  if (block >= -10) CU_ASSERT_EQUAL_FATAL(mdm_file_choose_block(file, block, &err), MDM_OK);
  int status = mdm_file_read_record(file, "/", 0, &rec, &err);
  if (status) CU_ASSERT(status == MDM_ERR_DATA && strstr(err.text, "output.blocks"));
  mdm_file_discard(file);
  return rec;
}

/* Every array with a dimension for blocks is the slice of the whole one; the others are untouched. */
static void check_slices(const mdm_record *all, const mdm_record *one, size_t block, int stored_at) {
  int sliced = 0;
  for (size_t i = 0; i < mdm_record_count(all); i++) {
    const mdm_array *a = mdm_record_at(all, i), *b = mdm_record_find(one, a->path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    int leveled = !strncmp(a->dims, "block", 5);
    size_t size = mdm_elements(b->rank, b->dim), at = !leveled ? 0 : a->dim[0] == 1 && stored_at >= 0 ? (size_t)stored_at : block;
    sliced += leveled;
    CU_ASSERT(a->rank - leveled == b->rank && !memcmp(a->value + at * size, b->value, size * sizeof *b->value));
    CU_ASSERT(!leveled || !b->error || !memcmp(a->error + at * size, b->error, size * sizeof *b->error));
    CU_ASSERT(strncmp(b->dims, "block", 5));
  }
  CU_ASSERT(sliced > 20);
}

static void slices_are_blocks(void) {
  succeeds("solve - -q -o @/deep.h5 " SMALL "-s model.depth=3 -s model.norm=rms -s output.blocks=[1]");
  mdm_record *all = read_block(-100), *one = read_block(1), *other = read_block(-3);
  check_slices(all, one, 1, 0);
  CU_ASSERT_PTR_NULL(other); /* kernels of block 0 were not stored */
  mdm_record_free(all);
  mdm_record_free(one);
  succeeds("solve - -q -o @/deep.h5 " SMALL "-s model.depth=3 -s model.norm=rms");
  all = read_block(-100), one = read_block(-1);
  check_slices(all, one, 2, -1);
  mdm_record_free(all);
  mdm_record_free(one);
  succeeds("plot @/deep.h5 -q -o @/a.png --what kernels --block 0");
  const result *r = run("plot @/deep.h5 -o @/b.png --block 3");
  CU_ASSERT(r->code == MDM_ERR_USAGE && mentions(r->err, "blocks 0 to 2") && !exists("b.png"));
  succeeds("solve - -q -o @/flat.h5 " SMALL);
  r = run("plot @/flat.h5 -o @/b.png --block 0");
  CU_ASSERT(r->code == MDM_ERR_USAGE && mentions(r->err, "no residual blocks"));
}

static const test_case tests[] = {
    {"slices are blocks", slices_are_blocks},
};

SUITE_IN_FOLDER("file/block", tests)
