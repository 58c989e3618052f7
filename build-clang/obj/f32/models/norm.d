build-clang/obj/f32/models/norm.o: models/norm.c models/norm.h \
  src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/scaling/model.h include/moedmft/config.h include/moedmft/error.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h

models/norm.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/scaling/model.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:
