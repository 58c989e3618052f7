build-clang/obj/tests/base/test_fit.o: tests/base/test_fit.c \
  src/base/fit.h src/base/gsl.h tests/support/suite.h

src/base/fit.h:

src/base/gsl.h:

tests/support/suite.h:
