build-clang/obj/src/data/idx.o: src/data/idx.c src/data/source.h \
  include/moedmft/data.h include/moedmft/config.h \
  include/moedmft/error.h src/base/random.h

src/data/source.h:

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/random.h:
