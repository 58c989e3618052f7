build-clang/obj/src/config/check.o: src/config/check.c src/base/memory.h \
  include/moedmft/error.h src/config/condition.h \
  include/moedmft/config.h src/config/grid.h src/config/internal.h \
  src/base/number.h

src/base/memory.h:

include/moedmft/error.h:

src/config/condition.h:

include/moedmft/config.h:

src/config/grid.h:

src/config/internal.h:

src/base/number.h:
