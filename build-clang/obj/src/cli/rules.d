build-clang/obj/src/cli/rules.o: src/cli/rules.c include/moedmft/data.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/rules.h src/cli/answer.h src/cli/command.h \
  src/cli/arguments.h src/cli/configuration.h

include/moedmft/data.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/rules.h:

src/cli/answer.h:

src/cli/command.h:

src/cli/arguments.h:

src/cli/configuration.h:
