build-clang/obj/src/data/select.o: src/data/select.c src/data/source.h \
  include/moedmft/data.h include/moedmft/config.h \
  include/moedmft/error.h src/base/random.h

src/data/source.h:

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/random.h:
