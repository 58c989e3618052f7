build-clang/obj/f64/src/realization/gram.o: src/realization/gram.c \
  src/realization/gram.h include/moedmft/error.h \
  src/realization/realization.h src/base/memory.h src/base/random.h \
  src/scaling/optimizer.h include/moedmft/config.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/orders.h src/problem/problem.h include/moedmft/data.h \
  include/moedmft/record.h src/scaling/model.h src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h

src/realization/gram.h:

include/moedmft/error.h:

src/realization/realization.h:

src/base/memory.h:

src/base/random.h:

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
