build-clang/obj/tests/cli/test_earlier.o: tests/cli/test_earlier.c \
  include/moedmft/file.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h \
  tests/support/folder.h tests/support/refusals.h \
  tests/support/program.h tests/support/suite.h tests/support/results.h \
  tests/support/words.h

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

tests/support/folder.h:

tests/support/refusals.h:

tests/support/program.h:

tests/support/suite.h:

tests/support/results.h:

tests/support/words.h:
