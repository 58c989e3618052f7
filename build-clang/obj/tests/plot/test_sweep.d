build-clang/obj/tests/plot/test_sweep.o: tests/plot/test_sweep.c \
  include/moedmft/plot.h include/moedmft/error.h \
  include/moedmft/report.h include/moedmft/record.h \
  include/moedmft/sweep.h include/moedmft/config.h \
  include/moedmft/data.h include/moedmft/run.h include/moedmft/monitor.h \
  tests/support/folder.h tests/support/suite.h tests/support/sweeps.h \
  include/moedmft/moedmft.h include/moedmft/classify.h \
  include/moedmft/compare.h include/moedmft/coordcheck.h \
  include/moedmft/file.h include/moedmft/rules.h \
  include/moedmft/version.h src/study/sweep_internal.h src/config/grid.h \
  src/study/best_value.h

include/moedmft/plot.h:

include/moedmft/error.h:

include/moedmft/report.h:

include/moedmft/record.h:

include/moedmft/sweep.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

tests/support/folder.h:

tests/support/suite.h:

tests/support/sweeps.h:

include/moedmft/moedmft.h:

include/moedmft/classify.h:

include/moedmft/compare.h:

include/moedmft/coordcheck.h:

include/moedmft/file.h:

include/moedmft/rules.h:

include/moedmft/version.h:

src/study/sweep_internal.h:

src/config/grid.h:

src/study/best_value.h:
