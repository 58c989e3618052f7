build-clang/obj/src/config/options.o: src/config/options.c \
  include/moedmft/config.h include/moedmft/error.h src/config/internal.h \
  src/base/number.h

include/moedmft/config.h:

include/moedmft/error.h:

src/config/internal.h:

src/base/number.h:
