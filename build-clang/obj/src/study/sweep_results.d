build-clang/obj/src/study/sweep_results.o: src/study/sweep_results.c \
  src/study/sweep_internal.h include/moedmft/sweep.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/run.h include/moedmft/monitor.h \
  include/moedmft/record.h src/config/grid.h src/study/best_value.h \
  src/base/fit.h src/base/memory.h src/base/record.h

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

src/base/memory.h:

src/base/record.h:
