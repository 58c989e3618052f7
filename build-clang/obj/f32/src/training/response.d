build-clang/obj/f32/src/training/response.o: src/training/response.c \
  src/training/response.h include/moedmft/record.h \
  include/moedmft/error.h src/problem/problem.h include/moedmft/config.h \
  include/moedmft/data.h src/scaling/model.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/scaling/optimizer.h src/realization/thin.h src/realization/basis.h \
  src/realization/particles.h src/base/random.h \
  src/realization/realization.h src/base/memory.h src/problem/orders.h \
  src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/lapack.h src/realization/gram.h

src/training/response.h:

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

src/realization/thin.h:

src/realization/basis.h:

src/realization/particles.h:

src/base/random.h:

src/realization/realization.h:

src/base/memory.h:

src/problem/orders.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/base/lapack.h:

src/realization/gram.h:
