build-clang/obj/tests/base/test_random.o: tests/base/test_random.c \
  src/base/random.h tests/support/suite.h

src/base/random.h:

tests/support/suite.h:
