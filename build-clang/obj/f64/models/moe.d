build-clang/obj/f64/models/moe.o: models/moe.c models/moe.h \
  src/problem/problem.h include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/record.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h \
  src/realization/realization.h src/base/memory.h src/base/random.h \
  src/problem/orders.h src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/realization/elementwise.h src/realization/gram.h \
  src/realization/table.h models/norm.h

models/moe.h:

src/problem/problem.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:

src/realization/realization.h:

src/base/memory.h:

src/base/random.h:

src/problem/orders.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/realization/elementwise.h:

src/realization/gram.h:

src/realization/table.h:

models/norm.h:
