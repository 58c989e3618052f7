build-clang/obj/src/config/write.o: src/config/write.c \
  src/config/internal.h include/moedmft/config.h include/moedmft/error.h \
  src/base/number.h

src/config/internal.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/number.h:
