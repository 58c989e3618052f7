build-clang/obj/src/config/config.o: src/config/config.c \
  src/config/internal.h include/moedmft/config.h include/moedmft/error.h \
  src/base/number.h src/base/memory.h src/base/text.h

src/config/internal.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/number.h:

src/base/memory.h:

src/base/text.h:
