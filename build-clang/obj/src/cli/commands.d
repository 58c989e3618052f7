build-clang/obj/src/cli/commands.o: src/cli/commands.c src/cli/commands.h \
  src/cli/command.h include/moedmft/error.h src/cli/arguments.h \
  src/cli/words.h

src/cli/commands.h:

src/cli/command.h:

include/moedmft/error.h:

src/cli/arguments.h:

src/cli/words.h:
