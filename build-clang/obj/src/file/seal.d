build-clang/obj/src/file/seal.o: src/file/seal.c src/file/seal.h \
  include/moedmft/error.h src/base/memory.h

src/file/seal.h:

include/moedmft/error.h:

src/base/memory.h:
