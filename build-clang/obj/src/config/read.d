build-clang/obj/src/config/read.o: src/config/read.c \
  src/config/internal.h include/moedmft/config.h include/moedmft/error.h \
  src/base/number.h src/base/memory.h

src/config/internal.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/number.h:

src/base/memory.h:
