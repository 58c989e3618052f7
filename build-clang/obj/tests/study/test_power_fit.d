build-clang/obj/tests/study/test_power_fit.o: \
  tests/study/test_power_fit.c include/moedmft/compare.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h src/study/power_fit.h tests/support/suite.h

include/moedmft/compare.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

src/study/power_fit.h:

tests/support/suite.h:
