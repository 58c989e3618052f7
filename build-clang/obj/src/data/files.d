build-clang/obj/src/data/files.o: src/data/files.c src/data/source.h \
  include/moedmft/data.h include/moedmft/config.h \
  include/moedmft/error.h src/base/random.h src/base/sort.h \
  src/base/text.h

src/data/source.h:

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/random.h:

src/base/sort.h:

src/base/text.h:
