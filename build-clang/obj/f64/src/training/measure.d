build-clang/obj/f64/src/training/measure.o: src/training/measure.c \
  src/training/measure.h src/problem/orders.h src/scaling/scaling.h \
  include/moedmft/error.h src/scaling/parameterizations.h \
  src/scaling/power.h src/problem/problem.h include/moedmft/config.h \
  include/moedmft/data.h include/moedmft/record.h src/scaling/model.h \
  src/scaling/optimizer.h models/moe.h src/realization/realization.h \
  src/base/memory.h src/base/random.h src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/realization/gram.h src/realization/thin.h src/realization/basis.h \
  src/realization/particles.h

src/training/measure.h:

src/problem/orders.h:

src/scaling/scaling.h:

include/moedmft/error.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/problem/problem.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/record.h:

src/scaling/model.h:

src/scaling/optimizer.h:

models/moe.h:

src/realization/realization.h:

src/base/memory.h:

src/base/random.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/realization/gram.h:

src/realization/thin.h:

src/realization/basis.h:

src/realization/particles.h:
