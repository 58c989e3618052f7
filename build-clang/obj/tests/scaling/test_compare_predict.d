build-clang/obj/tests/scaling/test_compare_predict.o: \
  tests/scaling/test_compare_predict.c src/scaling/compare_predict.h \
  include/moedmft/config.h include/moedmft/error.h src/scaling/parts.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h tests/support/settings.h tests/support/suite.h

src/scaling/compare_predict.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/parts.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

tests/support/settings.h:

tests/support/suite.h:
