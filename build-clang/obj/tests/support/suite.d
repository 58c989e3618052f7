build-clang/obj/tests/support/suite.o: tests/support/suite.c \
  tests/support/suite.h tests/support/folder.h

tests/support/suite.h:

tests/support/folder.h:
