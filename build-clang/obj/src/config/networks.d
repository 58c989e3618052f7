build-clang/obj/src/config/networks.o: src/config/networks.c \
  src/config/networks.h include/moedmft/config.h include/moedmft/error.h \
  src/base/memory.h

src/config/networks.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/memory.h:
