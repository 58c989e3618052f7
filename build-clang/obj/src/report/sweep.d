build-clang/obj/src/report/sweep.o: src/report/sweep.c \
  src/study/sweep_internal.h include/moedmft/sweep.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/run.h include/moedmft/monitor.h \
  include/moedmft/record.h src/config/grid.h src/study/best_value.h \
  src/base/fit.h src/base/text.h src/report/number.h

src/study/sweep_internal.h:

include/moedmft/sweep.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

src/config/grid.h:

src/study/best_value.h:

src/base/fit.h:

src/base/text.h:

src/report/number.h:
