build-clang/obj/src/scaling/depth.o: src/scaling/depth.c \
  src/scaling/depth.h src/scaling/model.h include/moedmft/config.h \
  include/moedmft/error.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/scaling/optimizer.h

src/scaling/depth.h:

src/scaling/model.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:
