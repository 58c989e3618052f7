build-clang/obj/tests/study/test_sweep_grow.o: \
  tests/study/test_sweep_grow.c tests/support/arrays.h \
  include/moedmft/record.h include/moedmft/error.h \
  tests/support/folder.h tests/support/runs.h include/moedmft/moedmft.h \
  include/moedmft/classify.h include/moedmft/config.h \
  include/moedmft/compare.h include/moedmft/data.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/coordcheck.h \
  include/moedmft/file.h include/moedmft/sweep.h include/moedmft/plot.h \
  include/moedmft/report.h include/moedmft/rules.h \
  include/moedmft/version.h tests/support/settings.h \
  tests/support/suite.h tests/support/sweeps.h \
  src/study/sweep_internal.h src/config/grid.h src/study/best_value.h \
  tests/support/words.h src/study/sweep_grow.h

tests/support/arrays.h:

include/moedmft/record.h:

include/moedmft/error.h:

tests/support/folder.h:

tests/support/runs.h:

include/moedmft/moedmft.h:

include/moedmft/classify.h:

include/moedmft/config.h:

include/moedmft/compare.h:

include/moedmft/data.h:

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

tests/support/sweeps.h:

src/study/sweep_internal.h:

src/config/grid.h:

src/study/best_value.h:

tests/support/words.h:

src/study/sweep_grow.h:
