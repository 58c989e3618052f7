build-clang/obj/tests/scaling/test_power.o: tests/scaling/test_power.c \
  src/scaling/power.h include/moedmft/error.h tests/support/suite.h

src/scaling/power.h:

include/moedmft/error.h:

tests/support/suite.h:
