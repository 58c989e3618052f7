build-clang/obj/tests/base/test_lapack.o: tests/base/test_lapack.c \
  src/base/lapack.h src/base/memory.h include/moedmft/error.h \
  tests/support/suite.h

src/base/lapack.h:

src/base/memory.h:

include/moedmft/error.h:

tests/support/suite.h:
