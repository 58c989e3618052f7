build-clang/obj/f32/src/realization/table.o: src/realization/table.c \
  src/realization/table.h include/moedmft/error.h \
  src/scaling/optimizer.h include/moedmft/config.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/board.h include/moedmft/monitor.h include/moedmft/record.h \
  src/base/memory.h src/base/vecmath.h src/base/vecmath_table.h

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

src/base/board.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

src/base/memory.h:

src/base/vecmath.h:

src/base/vecmath_table.h:
