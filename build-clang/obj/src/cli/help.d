build-clang/obj/src/cli/help.o: src/cli/help.c src/cli/help.h \
  src/cli/command.h include/moedmft/error.h src/cli/arguments.h \
  include/moedmft/version.h src/cli/commands.h

src/cli/help.h:

src/cli/command.h:

include/moedmft/error.h:

src/cli/arguments.h:

include/moedmft/version.h:

src/cli/commands.h:
