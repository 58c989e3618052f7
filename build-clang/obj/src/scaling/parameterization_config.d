build-clang/obj/src/scaling/parameterization_config.o: \
  src/scaling/parameterization_config.c \
  src/scaling/parameterization_config.h include/moedmft/config.h \
  include/moedmft/error.h src/scaling/parameterizations.h \
  src/scaling/power.h

src/scaling/parameterization_config.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/parameterizations.h:

src/scaling/power.h:
