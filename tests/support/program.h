/* The program from outside: every run gets its own process, without a shell. The suite needs a folder (support/folder.h); "@" in
 * an argument stands for its path. MOEDMFT_BIN is the program, build/moedmft where it is not set. */
#ifndef MOEDMFT_TESTS_PROGRAM_H
#define MOEDMFT_TESTS_PROGRAM_H

#include <sys/resource.h>
#include <sys/types.h>

/* Options of a small run, and of one whose verdicts are sure. */
#define SMALL                                                                                                          \
  "-s solve.particles=200 -s solve.replicas=2 -s train.steps=3 -s simulate.widths=[8,16] -s simulate.seeds=3 "
#define JUDGED                                                                                                         \
  "-s train.steps=12 -s solve.particles=2000 -s simulate.widths=[8,16,32] -s simulate.seeds=512 -s solve.precision=single " \
  "-s simulate.precision=single "

enum { MAX_ARGS = 64, KILLED = 1000 /* plus the signal: code of a run that did not exit */ };

/* How a run ended, and what it printed. */
typedef struct result {
  int code;
  double peak; /* bytes: the largest resident set; at least that of the tests themselves, from which the process was forked */
  char out[1 << 16], err[1 << 14];
} result;

/* How a run is started, beyond its arguments. */
typedef struct start {
  const char *path; /* PATH; NULL: as it is */
  const char *out;  /* standard output; NULL: collected */
  rlim_t file_size; /* 0: no limit */
  const char *vectors; /* MOEDMFT_VECTORS; NULL: as it is */
  const char *blas; /* OPENBLAS_CORETYPE; likewise */
  int ranks;        /* by mpirun on so many, the program with MPI unless `alone`; 0: without mpirun */
  int alone;        /* the program without MPI all the same */
} start;

/* Whether there is a program with MPI: MOEDMFT_MPI_BIN names it. Tests of ranks have nothing to test without. */
int has_ranks(void);

const char *program(void);

/* Runs a command line to its end. Blanks separate its words; what lies between two ~ keeps them. The result lasts until the next
 * run ends. */
const result *run_as(const start *how, const char *line);
const result *run(const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 1, 2)))
#endif
    ;

/* The same with words as they are. */
const result *run_words(int n, const char *const *words);

/* Sends the signal when the program has worked for so many milliseconds, of processor time, since it said that it begins; with ranks, to mpirun
 * (rank < 0) or to a rank, so many milliseconds later. */
const result *run_and_stop(const char *line, int number, long milliseconds);
const result *run_and_stop_as(const start *how, const char *line, int rank, int number, long milliseconds);

/* Asserts; says which command line it was when not good. */
void check(int good, const char *what, const char *line, const result *r);

/* Succeeds without a word (-q is in the line). */
void succeeds(const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 1, 2)))
#endif
    ;

/* One line of the program's: "moedmft: …", without control characters. */
int is_one_line(const char *text);

/* The last line is a message that mentions the phrases; before it come the remarks that -q would suppress. */
int last_line_mentions(const char *text, const char *phrases);

#endif
