build-clang/obj/src/problem/orders.o: src/problem/orders.c \
  src/problem/orders.h src/scaling/scaling.h include/moedmft/error.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/problem.h include/moedmft/config.h include/moedmft/data.h \
  include/moedmft/record.h src/scaling/model.h src/scaling/optimizer.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/lapack.h src/base/memory.h

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

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/base/lapack.h:

src/base/memory.h:
