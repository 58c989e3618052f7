/* Answers that the library gives as text. */
#include "cli/answer.h"

#include <stdio.h>
#include <stdlib.h>

int answer_print(int status, char *text) {
  if (!status && text) fputs(text, stdout);
  free(text);
  return status;
}
