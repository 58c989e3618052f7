build-clang/obj/src/data/standardize.o: src/data/standardize.c \
  include/moedmft/data.h include/moedmft/config.h \
  include/moedmft/error.h src/data/source.h src/base/random.h

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/data/source.h:

src/base/random.h:
