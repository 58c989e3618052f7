build-clang/obj/src/cli/summary.o: src/cli/summary.c src/cli/summary.h \
  include/moedmft/run.h include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/monitor.h \
  include/moedmft/record.h include/moedmft/compare.h src/base/fit.h \
  src/base/text.h

src/cli/summary.h:

include/moedmft/run.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

include/moedmft/compare.h:

src/base/fit.h:

src/base/text.h:
