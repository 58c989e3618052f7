build-clang/obj/src/config/grid.o: src/config/grid.c src/config/grid.h \
  include/moedmft/config.h include/moedmft/error.h src/base/memory.h \
  src/config/internal.h src/base/number.h

src/config/grid.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/memory.h:

src/config/internal.h:

src/base/number.h:
