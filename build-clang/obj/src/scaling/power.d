build-clang/obj/src/scaling/power.o: src/scaling/power.c \
  src/scaling/power.h include/moedmft/error.h src/config/internal.h \
  include/moedmft/config.h src/base/number.h

src/scaling/power.h:

include/moedmft/error.h:

src/config/internal.h:

include/moedmft/config.h:

src/base/number.h:
