build-clang/obj/tests/scaling/test_optimizer.o: \
  tests/scaling/test_optimizer.c src/scaling/optimizer.h \
  include/moedmft/config.h include/moedmft/error.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  tests/support/settings.h tests/support/suite.h

src/scaling/optimizer.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

tests/support/settings.h:

tests/support/suite.h:
