build-clang/obj/src/scaling/parts.o: src/scaling/parts.c \
  src/scaling/parts.h src/scaling/scaling.h include/moedmft/error.h \
  src/scaling/parameterizations.h src/scaling/power.h

src/scaling/parts.h:

src/scaling/scaling.h:

include/moedmft/error.h:

src/scaling/parameterizations.h:

src/scaling/power.h:
