build-clang/obj/tests/scaling/test_parameterization_config.o: \
  tests/scaling/test_parameterization_config.c src/scaling/model.h \
  include/moedmft/config.h include/moedmft/error.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/scaling/parameterization_config.h src/scaling/vanishing.h \
  src/scaling/optimizer.h tests/support/runs.h include/moedmft/moedmft.h \
  include/moedmft/classify.h include/moedmft/compare.h \
  include/moedmft/data.h include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/coordcheck.h \
  include/moedmft/file.h include/moedmft/sweep.h include/moedmft/plot.h \
  include/moedmft/report.h include/moedmft/rules.h \
  include/moedmft/version.h tests/support/settings.h \
  tests/support/suite.h

src/scaling/model.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/parameterization_config.h:

src/scaling/vanishing.h:

src/scaling/optimizer.h:

tests/support/runs.h:

include/moedmft/moedmft.h:

include/moedmft/classify.h:

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
