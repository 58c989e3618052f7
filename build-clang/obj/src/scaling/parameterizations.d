build-clang/obj/src/scaling/parameterizations.o: \
  src/scaling/parameterizations.c src/scaling/parameterizations.h \
  src/scaling/power.h include/moedmft/error.h

src/scaling/parameterizations.h:

src/scaling/power.h:

include/moedmft/error.h:
