build-clang/obj/src/data/data.o: src/data/data.c include/moedmft/data.h \
  include/moedmft/config.h include/moedmft/error.h src/base/memory.h \
  src/data/source.h src/base/random.h

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/memory.h:

src/data/source.h:

src/base/random.h:
