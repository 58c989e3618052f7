build-clang/obj/tests/training/test_tangent.o: \
  tests/training/test_tangent.c src/training/tangent.h \
  include/moedmft/record.h include/moedmft/error.h src/problem/problem.h \
  include/moedmft/config.h include/moedmft/data.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h models/moe.h \
  src/realization/realization.h src/base/memory.h src/base/random.h \
  src/problem/orders.h src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  tests/support/bench.h tests/support/cosine.h tests/support/runs.h \
  include/moedmft/moedmft.h include/moedmft/classify.h \
  include/moedmft/compare.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/coordcheck.h \
  include/moedmft/file.h include/moedmft/sweep.h include/moedmft/plot.h \
  include/moedmft/report.h include/moedmft/rules.h \
  include/moedmft/version.h tests/support/settings.h \
  tests/support/suite.h

src/training/tangent.h:

include/moedmft/record.h:

include/moedmft/error.h:

src/problem/problem.h:

include/moedmft/config.h:

include/moedmft/data.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:

models/moe.h:

src/realization/realization.h:

src/base/memory.h:

src/base/random.h:

src/problem/orders.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

tests/support/bench.h:

tests/support/cosine.h:

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
