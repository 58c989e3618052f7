build-clang/obj/tests/base/test_vecmath.o: tests/base/test_vecmath.c \
  src/base/vecmath.h src/base/vecmath_table.h tests/support/suite.h

src/base/vecmath.h:

src/base/vecmath_table.h:

tests/support/suite.h:
