build-clang/obj/src/data/arrays.o: src/data/arrays.c \
  include/moedmft/data.h include/moedmft/config.h \
  include/moedmft/error.h src/base/memory.h src/base/text.h \
  src/data/source.h src/base/random.h

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/memory.h:

src/base/text.h:

src/data/source.h:

src/base/random.h:
