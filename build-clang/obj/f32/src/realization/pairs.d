build-clang/obj/f32/src/realization/pairs.o: src/realization/pairs.c \
  src/realization/pairs.h src/realization/table.h \
  include/moedmft/error.h src/scaling/optimizer.h \
  include/moedmft/config.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/realization/thin.h src/realization/basis.h \
  src/realization/particles.h src/base/random.h \
  src/realization/realization.h src/base/memory.h src/problem/orders.h \
  src/problem/problem.h include/moedmft/data.h include/moedmft/record.h \
  src/scaling/model.h src/base/board.h include/moedmft/monitor.h \
  src/base/lapack.h

src/realization/pairs.h:

src/realization/table.h:

include/moedmft/error.h:

src/scaling/optimizer.h:

include/moedmft/config.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/realization/thin.h:

src/realization/basis.h:

src/realization/particles.h:

src/base/random.h:

src/realization/realization.h:

src/base/memory.h:

src/problem/orders.h:

src/problem/problem.h:

include/moedmft/data.h:

include/moedmft/record.h:

src/scaling/model.h:

src/base/board.h:

include/moedmft/monitor.h:

src/base/lapack.h:
