/* Text that is printed into memory, and columns of UTF-8 text. */
#ifndef MOEDMFT_TEXT_H
#define MOEDMFT_TEXT_H

#include <moedmft/error.h>
#include <stdio.h>

typedef struct mdm_text {
  FILE *stream;     /* print here */
  const char *what; /* "the rules": for the message when memory is out */
  char *text;
  size_t size;
} mdm_text;

/* Opens t->stream; what must outlive it. */
int mdm_text_open(mdm_text *t, const char *what, mdm_error *err);
/* Closes it and hands out what was printed, malloc'd; *out is NULL after a failure. */
int mdm_text_close(mdm_text *t, char **out, mdm_error *err);

/* Takes "//", "/./" and "NAME/.." out of a path, in place, by its letters alone: where NAME is a symbolic link the result may be another file. */
void mdm_path_tidy(char *path);

/* The ending of a noun that stands behind n: "1 run", "2 runs". */
#define MDM_S(n) ((n) == 1 ? "" : "s")

/* Prints text and blanks up to `width` columns, as a terminal counts them; text that is as wide or wider is followed by one blank. */
void mdm_print_padded(FILE *out, const char *text, int width);
/* Columns that UTF-8 text takes: bytes that do not continue a character. */
int mdm_text_columns(const char *text);

#endif
