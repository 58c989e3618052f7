/* The table of commands: dispatch, help, messages, the manual page's test and completion all follow from it. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/words.h"

/* To add a command: its file, which defines NAME_command, and a line here. */
#define COMMANDS(_) \
  _(solve)          \
  _(simulate)       \
  _(compare)        \
  _(rerun)          \
  _(info)           \
  _(plot)           \
  _(options)        \
  _(rules)          \
  _(classify)       \
  _(coordcheck)     \
  _(sweep)          \
  _(fit)

#define DECLARE(name) extern const command name##_command;
#define ENTRY(name) &name##_command,
COMMANDS(DECLARE)
static const command *const commands[] = {COMMANDS(ENTRY)};
enum { COUNT = sizeof commands / sizeof *commands };
_Static_assert((int)COUNT <= (int)COMMANDS_MAX, "sets of commands are bits of an unsigned");

const command *const *commands_all(size_t *n) {
  *n = COUNT;
  return commands;
}

const command *commands_find(const char *name) {
  for (size_t i = 0; i < COUNT; i++)
    if (!strcmp(commands[i]->name, name)) return commands[i];
  return NULL;
}

void commands_list(unsigned set, const char *last, char *out, size_t size) {
  const char *names[COUNT];
  size_t n = 0;
  for (size_t i = 0; i < COUNT; i++)
    if (set >> i & 1) names[n++] = commands[i]->name;
  words_join(names, n, last, out, size);
}

unsigned commands_with(option_id option) {
  unsigned set = 0;
  for (size_t i = 0; i < COUNT; i++)
    if (command_options(commands[i]) >> option & 1) set |= 1u << i;
  return set;
}

option_set command_options(const command *c) { return c->needs | c->takes | BIT(HELP) | BIT(VERSION); }

void command_usage(const command *c, char *out, size_t size) {
  size_t used = (size_t)snprintf(out, size, "moedmft %s%s%s", c->name, c->input ? " " : "", c->input ? c->input : "");
  for (int id = 0; id < OPTIONS && used < size; id++) {
    char option[80];
    if (!(c->needs >> id & 1)) continue;
    option_example(id, id == OPTION_OUTPUT ? c->output : NULL, option, sizeof option);
    used += (size_t)snprintf(out + used, size - used, " %s", option);
  }
}
