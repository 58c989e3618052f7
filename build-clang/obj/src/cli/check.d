build-clang/obj/src/cli/check.o: src/cli/check.c src/cli/check.h \
  include/moedmft/error.h src/cli/command.h src/cli/arguments.h \
  src/cli/commands.h src/cli/words.h

src/cli/check.h:

include/moedmft/error.h:

src/cli/command.h:

src/cli/arguments.h:

src/cli/commands.h:

src/cli/words.h:
