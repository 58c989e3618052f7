build-clang/obj/tests/scaling/test_enumerate.o: \
  tests/scaling/test_enumerate.c include/moedmft/classify.h \
  include/moedmft/config.h include/moedmft/error.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h tests/support/settings.h tests/support/suite.h

include/moedmft/classify.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

tests/support/settings.h:

tests/support/suite.h:
