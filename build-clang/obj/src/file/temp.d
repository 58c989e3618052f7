build-clang/obj/src/file/temp.o: src/file/temp.c src/file/temp.h \
  include/moedmft/error.h src/base/memory.h

src/file/temp.h:

include/moedmft/error.h:

src/base/memory.h:
