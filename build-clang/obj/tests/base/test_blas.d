build-clang/obj/tests/base/test_blas.o: tests/base/test_blas.c \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/blas.h src/base/board.h include/moedmft/monitor.h \
  include/moedmft/error.h include/moedmft/record.h tests/support/runs.h \
  include/moedmft/moedmft.h include/moedmft/classify.h \
  include/moedmft/config.h include/moedmft/compare.h \
  include/moedmft/data.h include/moedmft/run.h \
  include/moedmft/coordcheck.h include/moedmft/file.h \
  include/moedmft/sweep.h include/moedmft/plot.h \
  include/moedmft/report.h include/moedmft/rules.h \
  include/moedmft/version.h tests/support/suite.h

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/base/blas.h:

src/base/board.h:

include/moedmft/monitor.h:

include/moedmft/error.h:

include/moedmft/record.h:

tests/support/runs.h:

include/moedmft/moedmft.h:

include/moedmft/classify.h:

include/moedmft/config.h:

include/moedmft/compare.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/coordcheck.h:

include/moedmft/file.h:

include/moedmft/sweep.h:

include/moedmft/plot.h:

include/moedmft/report.h:

include/moedmft/rules.h:

include/moedmft/version.h:

tests/support/suite.h:
