build-clang/obj/src/scaling/scaling.o: src/scaling/scaling.c \
  src/scaling/scaling.h include/moedmft/error.h \
  src/scaling/parameterizations.h src/scaling/power.h

src/scaling/scaling.h:

include/moedmft/error.h:

src/scaling/parameterizations.h:

src/scaling/power.h:
