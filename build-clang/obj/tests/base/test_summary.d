build-clang/obj/tests/base/test_summary.o: tests/base/test_summary.c \
  src/base/summary.h tests/support/suite.h

src/base/summary.h:

tests/support/suite.h:
