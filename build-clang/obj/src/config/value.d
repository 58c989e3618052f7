build-clang/obj/src/config/value.o: src/config/value.c \
  src/config/internal.h include/moedmft/config.h include/moedmft/error.h \
  src/base/number.h

src/config/internal.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/number.h:
