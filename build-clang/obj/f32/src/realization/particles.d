build-clang/obj/f32/src/realization/particles.o: \
  src/realization/particles.c src/realization/particles.h \
  include/moedmft/error.h src/base/random.h \
  src/realization/realization.h src/base/memory.h \
  src/scaling/optimizer.h include/moedmft/config.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/orders.h src/problem/problem.h include/moedmft/data.h \
  include/moedmft/record.h src/scaling/model.h src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/lapack.h src/realization/gram.h

src/realization/particles.h:

include/moedmft/error.h:

src/base/random.h:

src/realization/realization.h:

src/base/memory.h:

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

src/base/lapack.h:

src/realization/gram.h:
