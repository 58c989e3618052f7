build-clang/obj/src/cli/options.o: src/cli/options.c \
  include/moedmft/config.h include/moedmft/error.h src/cli/command.h \
  src/cli/arguments.h

include/moedmft/config.h:

include/moedmft/error.h:

src/cli/command.h:

src/cli/arguments.h:
