build-clang/obj/tests/study/test_coordcheck.o: \
  tests/study/test_coordcheck.c src/scaling/parts.h \
  src/scaling/scaling.h include/moedmft/error.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  tests/support/runs.h include/moedmft/moedmft.h \
  include/moedmft/classify.h include/moedmft/config.h \
  include/moedmft/compare.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/coordcheck.h \
  include/moedmft/file.h include/moedmft/sweep.h include/moedmft/plot.h \
  include/moedmft/report.h include/moedmft/rules.h \
  include/moedmft/version.h tests/support/settings.h \
  tests/support/suite.h

src/scaling/parts.h:

src/scaling/scaling.h:

include/moedmft/error.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

tests/support/runs.h:

include/moedmft/moedmft.h:

include/moedmft/classify.h:

include/moedmft/config.h:

include/moedmft/compare.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/coordcheck.h:

include/moedmft/file.h:

include/moedmft/sweep.h:

include/moedmft/plot.h:

include/moedmft/report.h:

include/moedmft/rules.h:

include/moedmft/version.h:

tests/support/settings.h:

tests/support/suite.h:
