build-clang/obj/src/report/compare.o: src/report/compare.c \
  include/moedmft/compare.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h src/report/compare.h src/base/fit.h \
  src/base/memory.h src/base/number.h src/study/compare.h

include/moedmft/compare.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

src/report/compare.h:

src/base/fit.h:

src/base/memory.h:

src/base/number.h:

src/study/compare.h:
