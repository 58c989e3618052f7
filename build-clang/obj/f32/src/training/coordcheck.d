build-clang/obj/f32/src/training/coordcheck.o: src/training/coordcheck.c \
  src/training/coordcheck.h include/moedmft/record.h \
  include/moedmft/error.h src/problem/problem.h include/moedmft/config.h \
  include/moedmft/data.h src/scaling/model.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/scaling/optimizer.h models/moe.h src/realization/realization.h \
  src/base/memory.h src/base/random.h src/problem/orders.h \
  src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/record.h src/base/summary.h src/scaling/parts.h

src/training/coordcheck.h:

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

models/moe.h:

src/realization/realization.h:

src/base/memory.h:

src/base/random.h:

src/problem/orders.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/base/record.h:

src/base/summary.h:

src/scaling/parts.h:
