build-clang/obj/tests/cli/test_pictures.o: tests/cli/test_pictures.c \
  include/moedmft/error.h tests/support/folder.h \
  tests/support/refusals.h tests/support/program.h tests/support/suite.h

include/moedmft/error.h:

tests/support/folder.h:

tests/support/refusals.h:

tests/support/program.h:

tests/support/suite.h:
