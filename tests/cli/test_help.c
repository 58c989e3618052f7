/* The help of the program and of every command: what it lists is what is taken, and its examples work. */
#include <stdio.h>
#include <string.h>

#include "support/folder.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/suite.h"
#include "support/words.h"

/* The help of a command, kept; NULL when there is none of the form "moedmft NAME: …, usage:, options:, example:". */
static const char *help_of(const char *command) {
  static char help[sizeof((result *)0)->out];
  const result *r = run("%s --help", command);
  snprintf(help, sizeof help, "%s", r->out);
  int good = r->code == 0 && !*r->err && !strncmp(help, "moedmft ", 8) && mentions(help, command) && mentions(help, "\nusage:\n  moedmft |\noptions:\n|\nexample:\n  moedmft ");
  check(good, "expected usage, options and an example", command, r);
  return good ? help : NULL;
}

/* Options of the program: a command takes those that its help lists, and refuses others with the commands that they go with. */
static void takes_what_it_lists(const char *command, const char *help, const char *program_help) {
  const char *input = strstr(help, "CONFIG") ? "@/none.yaml" : strstr(help, "FILE.h5") || strstr(help, "fit FILE ") ? "@/none.h5" : "", *output = strstr(help, "--output") ? "-o @/x.h5" : "";
  for (const char *at = strstr(program_help, "\noptions:"); (at = strstr(at, " --"));) {
    char name[40] = "", entry[48], line[200];
    sscanf(at += 3, "%39[a-z-]", name);
    const char *end = at + strlen(name);
    if (!strcmp(name, "help") || !strcmp(name, "version")) continue;
    snprintf(entry, sizeof entry, " --%s ", name);
    snprintf(line, sizeof line, "%s %s %s --%s%s", command, input, output, name, *end == ' ' && end[1] != ' ' && end[1] != '[' ? " 1" : "");
    const result *r = run("%s", line);
    int refused_it = r->code == MDM_ERR_USAGE && (strstr(r->err, " go with ") || strstr(r->err, " goes with ") || strstr(r->err, "writes no file"));
    check(refused_it == !strstr(help, entry), refused_it ? "its help lists what it refuses" : "its help does not list what it takes", line, r);
  }
}

/* The example as it stands, but with files in the folder of the test, and small. */
static void example_works(const char *command, const char *help) {
  char words[400], line[1200] = "", *rest = words;
  snprintf(words, sizeof words, "%s", strstr(help, "\nexample:\n  moedmft ") + 20);
  for (char *word; (word = strtok_r(rest, " \n", &rest));) {
    const char *ending = strrchr(word, '.');
    size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "%s%s ", ending && (!strcmp(ending, ".h5") || !strcmp(ending, ".png")) ? "@/" : "", word);
  }
  const result *r = run("%s%s", line, strstr(help, " --set ") && !strstr(help, "moedmft rerun FILE") ? SMALL : "");
  check(r->code == 0, "the example of its help fails", command, r);
}

static void test_command_help(void) {
  static char program_help[sizeof((result *)0)->out];
  int commands = 0;
  snprintf(program_help, sizeof program_help, "%s", run("--help")->out);
  for (const char *at = program_help; (at = strstr(at, "\n  moedmft ")); commands++) {
    char name[40] = "";
    sscanf(at += 11, "%39[a-z]", name);
    const char *help = help_of(name);
    if (!help) continue;
    takes_what_it_lists(name, help, program_help);
    example_works(name, help);
  }
  CU_ASSERT(commands >= 10);
  static const refusal unknown[] = {{"dance --help", "unknown command 'dance'"}};
  REFUSED(MDM_ERR_USAGE, "", unknown);
  const result *r = run("--help sweep --wibble");
  CU_ASSERT(r->code == 0 && !strncmp(r->out, "moedmft sweep: ", 15));
}

/* Words that the help shows for an option are those that are allowed when it is given another one. */
static void test_words_of_options(void) {
  static const struct {
    const char *option, *line;
  } list[] = {{"\n      --what ", "plot @/a.h5 -o @/a.png"},
              {"\n      --format ", "rules - --width 8"},
              {"\n      --measure ", "sweep - -o @/s.h5 --over train.lr=1,2"}};
  succeeds("solve - -q -o @/a.h5 " SMALL);
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    char words[200] = "", *rest = words;
    const char *entry = strstr(run("--help")->out, list[i].option);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    sscanf(entry + strlen(list[i].option), "%199[a-z|]", words);
    const result *r = run("%s%s?", list[i].line, list[i].option + 1);
    const char *allowed = strstr(r->err, "allowed");
    int known = 0, separators = 0;
    for (char *word; (word = strtok_r(rest, "|", &rest)); known++) check(allowed && strstr(allowed, word), word, list[i].line, r);
    for (const char *c = allowed; c && *c; c++) separators += *c == ',' || !strncmp(c, " and ", 5);
    check(r->code == MDM_ERR_USAGE && known > 2 && separators == known - 1, "allowed are others than its help shows", list[i].line, r);
  }
}

static const test_case tests[] = {
    {"help of a command", test_command_help},
    {"words of options", test_words_of_options},
};

SUITE_IN_FOLDER("cli/help", tests)
