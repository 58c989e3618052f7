build-clang/obj/src/base/text.o: src/base/text.c src/base/text.h \
  include/moedmft/error.h src/base/memory.h

src/base/text.h:

include/moedmft/error.h:

src/base/memory.h:
