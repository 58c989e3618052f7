build-clang/obj/src/scaling/model.o: src/scaling/model.c \
  src/scaling/model.h include/moedmft/config.h include/moedmft/error.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/parameterization_config.h

src/scaling/model.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/parameterization_config.h:
