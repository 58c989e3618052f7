build-clang/obj/f64/src/realization/limit.o: src/realization/limit.c \
  src/base/memory.h include/moedmft/error.h src/realization/limit.h \
  src/realization/dense.h src/realization/basis.h \
  src/realization/particles.h src/base/random.h \
  src/realization/realization.h src/scaling/optimizer.h \
  include/moedmft/config.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/orders.h src/problem/problem.h include/moedmft/data.h \
  include/moedmft/record.h src/scaling/model.h src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/realization/table.h src/realization/pairs.h src/realization/thin.h

src/base/memory.h:

include/moedmft/error.h:

src/realization/limit.h:

src/realization/dense.h:

src/realization/basis.h:

src/realization/particles.h:

src/base/random.h:

src/realization/realization.h:

src/scaling/optimizer.h:

include/moedmft/config.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/problem/orders.h:

src/problem/problem.h:

include/moedmft/data.h:

include/moedmft/record.h:

src/scaling/model.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/realization/table.h:

src/realization/pairs.h:

src/realization/thin.h:
