/* Packets: what is put in comes out, and what is cut short is told. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/record.h"
#include "cluster/packet.h"
#include "support/arrays.h"
#include "support/suite.h"

/* Arrays with and without errors, of every rank, empty ones, and values that are no numbers. */
static mdm_record *make_record(void) {
  static const size_t dim[MDM_MAX_RANK] = {2, 3, 1, 2, 1, 2}, none[1] = {0};
  static const char *const dims[MDM_MAX_RANK + 1] = {"", "a", "a, b", "a, b, c", "a, b, c, d", "a, b, c, d, e", "a, b, c, d, e, f"};
  mdm_record *rec;
  mdm_array *a;
  double *v;
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  for (int rank = 0; rank <= MDM_MAX_RANK; rank++) {
    char path[] = "group/x0";
    path[7] = (char)('0' + rank);
    if (rank % 2) {
      CU_ASSERT_EQUAL_FATAL(mdm_record_add_pair(rec, path, rank, dim, dims[rank], "with an error; unit: none", &a, NULL), MDM_OK);
      for (size_t i = 0; i < mdm_elements(rank, dim); i++) a->value[i] = (double)i - 0.1, a->error[i] = i ? INFINITY : NAN;
    } else {
      CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, path, rank, dim, dims[rank], "", &v, NULL), MDM_OK);
      for (size_t i = 0; i < mdm_elements(rank, dim); i++) v[i] = i ? 1e-310 : -0.0;
    }
  }
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "empty", 1, none, "nothing", "", &v, NULL), MDM_OK);
  return rec;
}

static void test_records(void) {
  mdm_record *rec = make_record(), *back, *nothing;
  mdm_packet p = {0};
  mdm_put_number(&p, 7);
  mdm_put_record(&p, rec);
  mdm_put_record(&p, NULL);
  mdm_put_text(&p, "end");
  CU_ASSERT_EQUAL(mdm_get_number(&p), 7);
  CU_ASSERT_EQUAL_FATAL(mdm_get_record(&p, &back, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_get_record(&p, &nothing, NULL), MDM_OK);
  CU_ASSERT_PTR_NULL(nothing);
  CU_ASSERT_STRING_EQUAL(mdm_get_text_in_place(&p), "end");
  CU_ASSERT_EQUAL(p.at, p.size);
  CU_ASSERT_EQUAL(mdm_packet_check(&p, NULL), MDM_OK);
  check_same(rec, back);
  for (size_t i = 0; i < mdm_record_count(rec); i++) {
    const mdm_array *a = mdm_record_at(rec, i), *b = mdm_record_at(back, i);
    CU_ASSERT(!strcmp(a->path, b->path) && !strcmp(a->dims, b->dims) && !strcmp(a->text, b->text) && mdm_same_shape(a, b));
    CU_ASSERT_EQUAL(a->error == NULL, b->error == NULL);
  }
  mdm_record_free(rec);
  mdm_record_free(back);
  mdm_packet_clear(&p);
}

/* Every packet that ends too early is an internal error, and leaves nothing behind. */
static void test_short(void) {
  mdm_record *rec = make_record();
  mdm_packet p = {0};
  mdm_put_record(&p, rec);
  size_t whole = p.size;
  for (size_t n = 0; n < whole; n++) {
    mdm_record *back = rec;
    mdm_error err = {0};
    mdm_packet cut = {.bytes = p.bytes, .size = n, .room = p.room};
    CU_ASSERT_EQUAL(mdm_get_record(&cut, &back, &err), MDM_ERR_INTERNAL);
    CU_ASSERT_PTR_NULL(back);
    CU_ASSERT(strstr(err.text, "ends too early") != NULL);
  }
  mdm_record_free(rec);
  mdm_packet_clear(&p);
}

/* Sizes that cannot be are no reason to ask for memory; and a text is cut at the room that there is. */
static void test_limits(void) {
  mdm_packet p = {0};
  char small[4];
  mdm_put_text(&p, "longer");
  mdm_get_text(&p, small, sizeof small);
  CU_ASSERT_STRING_EQUAL(small, "lon");
  CU_ASSERT_PTR_NULL(mdm_packet_extend(&p, (size_t)-1));
  mdm_put_number(&p, 1);
  CU_ASSERT_EQUAL(mdm_packet_check(&p, NULL), MDM_ERR_MEMORY);
  mdm_packet_clear(&p);
}

static const test_case tests[] = {
    {"records", test_records},
    {"packets that end too early", test_short},
    {"limits", test_limits},
};

SUITE("cluster/packet", tests)
