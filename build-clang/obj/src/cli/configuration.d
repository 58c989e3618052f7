build-clang/obj/src/cli/configuration.o: src/cli/configuration.c \
  src/cli/configuration.h include/moedmft/config.h \
  include/moedmft/error.h src/cli/arguments.h

src/cli/configuration.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/cli/arguments.h:
