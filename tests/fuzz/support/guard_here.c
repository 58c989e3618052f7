/* base/guard.h without a child: the work is done at once, and what it sends is kept in memory. */
#include "base/guard.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 64 << 20 };
static char *sent; /* size */
static size_t size, taken;
static mdm_error said;

int mdm_guard_send(mdm_guard *g, const void *bytes, size_t n, mdm_error *err) {
  (void)g;
  if (size + n > MOST) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory"); /* where the parent would have refused, and ended the child */
  char *grown = n ? realloc(sent, size + n) : sent;
  if (n && !grown) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  if (n) memcpy(grown + size, bytes, n);
  sent = grown;
  size += n;
  return MDM_OK;
}

int mdm_guard_start(mdm_guard *g, const char *path, mdm_guard_work *work, void *context, mdm_error *err) {
  (void)err;
  *g = (mdm_guard){.path = path, .child = -1, .fd = -1};
  size = taken = 0;
  said = (mdm_error){0};
  g->status = work(g, context, &said);
  return MDM_OK;
}

int mdm_guard_receive(mdm_guard *g, void *to, size_t n, mdm_error *err) {
  if (size - taken < n) {
    if (!g->status) abort(); /* it has sent less than it was to send, and says that all is well */
    *err = said;
    return g->status;
  }
  if (n) memcpy(to, sent + taken, n);
  taken += n;
  return MDM_OK;
}

int mdm_guard_end(mdm_guard *g, int status, mdm_error *err) {
  if (!status && g->status) *err = said, status = g->status;
  else if (!status && taken != size) abort(); /* it has sent more than anybody wanted */
  free(sent);
  sent = NULL;
  return status;
}
