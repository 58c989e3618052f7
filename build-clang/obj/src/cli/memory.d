build-clang/obj/src/cli/memory.o: src/cli/memory.c src/cli/memory.h \
  include/moedmft/error.h

src/cli/memory.h:

include/moedmft/error.h:
