build-clang/obj/tests/training/test_coordcheck.o: \
  tests/training/test_coordcheck.c src/scaling/parts.h \
  src/scaling/scaling.h include/moedmft/error.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  tests/support/arrays.h include/moedmft/record.h tests/support/bench.h \
  models/moe.h src/problem/problem.h include/moedmft/config.h \
  include/moedmft/data.h src/scaling/model.h src/scaling/optimizer.h \
  src/realization/realization.h src/base/memory.h src/base/random.h \
  src/problem/orders.h src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  tests/support/cosine.h tests/support/near.h tests/support/runs.h \
  include/moedmft/moedmft.h include/moedmft/classify.h \
  include/moedmft/compare.h include/moedmft/run.h \
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

tests/support/arrays.h:

include/moedmft/record.h:

tests/support/bench.h:

models/moe.h:

src/problem/problem.h:

include/moedmft/config.h:

include/moedmft/data.h:

src/scaling/model.h:

src/scaling/optimizer.h:

src/realization/realization.h:

src/base/memory.h:

src/base/random.h:

src/problem/orders.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

tests/support/cosine.h:

tests/support/near.h:

tests/support/runs.h:

include/moedmft/moedmft.h:

include/moedmft/classify.h:

include/moedmft/compare.h:

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
