build-clang/obj/src/study/sweep.o: src/study/sweep.c \
  src/study/sweep_internal.h include/moedmft/sweep.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/run.h include/moedmft/monitor.h \
  include/moedmft/record.h src/config/grid.h src/study/best_value.h \
  src/base/memory.h src/base/record.h src/config/condition.h \
  src/config/networks.h src/problem/problem.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h src/study/depths.h \
  include/moedmft/compare.h

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

src/base/memory.h:

src/base/record.h:

src/config/condition.h:

src/config/networks.h:

src/problem/problem.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:

src/study/depths.h:

include/moedmft/compare.h:
