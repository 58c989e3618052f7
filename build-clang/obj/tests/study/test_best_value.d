build-clang/obj/tests/study/test_best_value.o: \
  tests/study/test_best_value.c src/study/best_value.h \
  include/moedmft/error.h tests/support/suite.h

src/study/best_value.h:

include/moedmft/error.h:

tests/support/suite.h:
