build-clang/obj/tests/cli/test_commands.o: tests/cli/test_commands.c \
  include/moedmft/report.h include/moedmft/error.h \
  include/moedmft/record.h include/moedmft/sweep.h \
  include/moedmft/config.h include/moedmft/data.h include/moedmft/run.h \
  include/moedmft/monitor.h tests/support/folder.h \
  tests/support/refusals.h tests/support/program.h tests/support/suite.h \
  tests/support/results.h tests/support/words.h

include/moedmft/report.h:

include/moedmft/error.h:

include/moedmft/record.h:

include/moedmft/sweep.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

tests/support/folder.h:

tests/support/refusals.h:

tests/support/program.h:

tests/support/suite.h:

tests/support/results.h:

tests/support/words.h:
