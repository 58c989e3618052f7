build-clang/obj/src/scaling/vanishing.o: src/scaling/vanishing.c \
  src/scaling/vanishing.h src/scaling/model.h include/moedmft/config.h \
  include/moedmft/error.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/scaling/optimizer.h

src/scaling/vanishing.h:

src/scaling/model.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:
