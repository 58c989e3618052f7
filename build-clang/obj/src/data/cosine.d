build-clang/obj/src/data/cosine.o: src/data/cosine.c \
  include/moedmft/data.h include/moedmft/config.h \
  include/moedmft/error.h src/base/text.h src/data/source.h \
  src/base/random.h

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/text.h:

src/data/source.h:

src/base/random.h:
