/* The temporary folder of a suite that is registered by SUITE_IN_FOLDER: empty at the start of each test, gone after the last.
 * Files are given by their names in it. */
#ifndef MOEDMFT_TESTS_FOLDER_H
#define MOEDMFT_TESTS_FOLDER_H

#include <stddef.h>

/* Its path. */
extern char folder[256];

/* Path of a file; the last four paths stay valid. */
const char *in_folder(const char *name);

/* Number of files and folders in it; their names, each after a blank, go to `names` as far as there is room (size 0: nowhere). */
int entries(char *names, size_t size);

/* Removes files, and folders with their files. */
void clear(void);

int exists(const char *name);

/* Writes n bytes, or a text; the test ends where that is impossible. */
void spit(const char *name, const void *bytes, size_t n);
void spit_text(const char *name, const char *text);

/* Reads at most size − 1 bytes and ends them with a zero. Returns how many; none when there is no such file. */
size_t slurp(const char *name, char *to, size_t size);

/* Whether the file begins with these bytes, at most 63. */
int holds(const char *name, const char *bytes, size_t n);

/* What suite_register hands to CUnit: before the suite, after each test, after the suite. The suite fails when one of its tests
 * left a file that the library was still writing. */
int make_folder(void);
void end_of_test(void);
int remove_folder(void);

#endif
