build-clang/obj/src/study/compare_verdict.o: src/study/compare_verdict.c \
  include/moedmft/compare.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h src/base/fit.h src/config/networks.h \
  src/study/compare.h

include/moedmft/compare.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

src/base/fit.h:

src/config/networks.h:

src/study/compare.h:
