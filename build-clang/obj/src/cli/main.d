build-clang/obj/src/cli/main.o: src/cli/main.c include/moedmft/error.h \
  src/cli/arguments.h src/cli/check.h src/cli/command.h src/cli/help.h

include/moedmft/error.h:

src/cli/arguments.h:

src/cli/check.h:

src/cli/command.h:

src/cli/help.h:
