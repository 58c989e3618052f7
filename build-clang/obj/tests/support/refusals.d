build-clang/obj/tests/support/refusals.o: tests/support/refusals.c \
  tests/support/refusals.h tests/support/program.h tests/support/suite.h \
  tests/support/folder.h tests/support/words.h

tests/support/refusals.h:

tests/support/program.h:

tests/support/suite.h:

tests/support/folder.h:

tests/support/words.h:
