build-clang/obj/src/scaling/optimizer.o: src/scaling/optimizer.c \
  src/scaling/optimizer.h include/moedmft/config.h \
  include/moedmft/error.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h

src/scaling/optimizer.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:
