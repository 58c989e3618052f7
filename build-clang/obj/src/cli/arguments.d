build-clang/obj/src/cli/arguments.o: src/cli/arguments.c \
  src/cli/arguments.h include/moedmft/error.h src/cli/words.h

src/cli/arguments.h:

include/moedmft/error.h:

src/cli/words.h:
