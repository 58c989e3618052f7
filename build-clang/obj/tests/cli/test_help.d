build-clang/obj/tests/cli/test_help.o: tests/cli/test_help.c \
  tests/support/folder.h tests/support/refusals.h \
  tests/support/program.h tests/support/suite.h tests/support/results.h \
  include/moedmft/record.h include/moedmft/error.h tests/support/words.h

tests/support/folder.h:

tests/support/refusals.h:

tests/support/program.h:

tests/support/suite.h:

tests/support/results.h:

include/moedmft/record.h:

include/moedmft/error.h:

tests/support/words.h:
