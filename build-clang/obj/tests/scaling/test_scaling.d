build-clang/obj/tests/scaling/test_scaling.o: \
  tests/scaling/test_scaling.c src/scaling/scaling.h \
  include/moedmft/error.h src/scaling/parameterizations.h \
  src/scaling/power.h tests/support/suite.h

src/scaling/scaling.h:

include/moedmft/error.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

tests/support/suite.h:
