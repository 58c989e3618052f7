/* The state of something that goes on, on its way to a file or back. Each module lists what it keeps in one function, which walks over its
 * buffers in order: the same function saves and loads, so that the two cannot drift apart. In the file every item has its name (as a hash),
 * size and number; what does not fit is refused before it is read. */
#ifndef MOEDMFT_STATE_H
#define MOEDMFT_STATE_H

#include <moedmft/error.h>
#include <moedmft/record.h>
#include <stddef.h>
#include <stdio.h>

typedef struct mdm_state {
  FILE *file;        /* not owned */
  int loads;         /* 1: from the file, 0: into it */
  unsigned long crc; /* CRC-32 of what went through so far */
  size_t left;       /* loading: bytes still to come, which bounds what is allocated */
  int status;        /* MDM_OK, or the first failure: nothing moves after it */
  mdm_error why;
  int shared, over;  /* it is of a run that ranks share; all of them know that it failed */
} mdm_state;

mdm_state mdm_state_saving(FILE *file);
/* bytes: that the file holds from here on. */
mdm_state mdm_state_loading(FILE *file, size_t bytes);
/* The state is that of a run that ranks share (base/crew.h): all of them walk over it together, and what each holds goes to the file of the first, as if that
 * had it all, and comes from there; the others' file is NULL. They begin and end together. */
void mdm_state_share(mdm_state *s);
void mdm_state_end(mdm_state *s);

/* n elements at p, whose number the caller knows. */
void mdm_state_array(mdm_state *s, const char *name, void *p, size_t n, size_t element);
void mdm_state_count(mdm_state *s, const char *name, size_t *value);
void mdm_state_flag(mdm_state *s, const char *name, int *value);
void mdm_state_real(mdm_state *s, const char *name, double *value);
void mdm_state_id(mdm_state *s, const char *name, unsigned long *value);
/* k columns on n particles, of which ranks may hold some rows each: leading dimension mdm_rows(n). */
void mdm_state_rows(mdm_state *s, const char *name, void *p, size_t n, size_t k, size_t element);
/* An array of n elements that may not be there yet (NULL): loading makes it where the file has it. The second: columns on n particles. */
void mdm_state_kept(mdm_state *s, const char *name, void **p, size_t n, size_t element);
void mdm_state_kept_rows(mdm_state *s, const char *name, void **p, size_t n, size_t k, size_t element);
/* The first k columns on n particles of an array that grows (base/memory.h); k is what the walk has just saved or loaded. The second: it may be NULL. */
void mdm_state_columns(mdm_state *s, const char *name, void **p, size_t n, size_t k, size_t element, size_t *capacity);
void mdm_state_kept_columns(mdm_state *s, const char *name, void **p, size_t n, size_t k, size_t element, size_t *capacity);
/* Text of at most size − 1 bytes. */
void mdm_state_text(mdm_state *s, const char *name, char *text, size_t size);
/* Text of any length; loading mallocs it (NULL after a failure, where it was NULL). */
void mdm_state_string(mdm_state *s, const char *name, char **text);
/* Every array of a record; loading, arrays that it has already are filled where they are, and must agree in shape, others are added. */
void mdm_state_record(mdm_state *s, mdm_record *rec);
/* Records that something does not fit, unless something failed before; that a number which was loaded exceeds the largest that can be. */
void mdm_state_refuse(mdm_state *s, const char *what);
void mdm_state_bound(mdm_state *s, const char *what, size_t value, size_t most);

#endif
