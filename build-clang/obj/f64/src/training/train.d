build-clang/obj/f64/src/training/train.o: src/training/train.c \
  src/training/train.h include/moedmft/record.h include/moedmft/error.h \
  src/problem/problem.h include/moedmft/config.h include/moedmft/data.h \
  src/scaling/model.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/scaling/optimizer.h src/problem/task.h src/problem/orders.h \
  src/realization/realization.h src/base/memory.h src/base/random.h \
  src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/board.h include/moedmft/monitor.h src/base/clock.h \
  src/base/record.h src/scaling/vanishing.h models/moe.h \
  src/training/coordcheck.h src/training/measure.h \
  src/training/observe.h src/training/response.h src/realization/thin.h \
  src/realization/basis.h src/realization/particles.h \
  src/training/statistics.h src/training/tangent.h

src/training/train.h:

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

src/problem/task.h:

src/problem/orders.h:

src/realization/realization.h:

src/base/memory.h:

src/base/random.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/base/board.h:

include/moedmft/monitor.h:

src/base/clock.h:

src/base/record.h:

src/scaling/vanishing.h:

models/moe.h:

src/training/coordcheck.h:

src/training/measure.h:

src/training/observe.h:

src/training/response.h:

src/realization/thin.h:

src/realization/basis.h:

src/realization/particles.h:

src/training/statistics.h:

src/training/tangent.h:
