build-clang/obj/src/data/samples.o: src/data/samples.c src/data/source.h \
  include/moedmft/data.h include/moedmft/config.h \
  include/moedmft/error.h src/base/random.h src/base/memory.h

src/data/source.h:

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/random.h:

src/base/memory.h:
