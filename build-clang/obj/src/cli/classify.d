build-clang/obj/src/cli/classify.o: src/cli/classify.c \
  include/moedmft/classify.h include/moedmft/config.h \
  include/moedmft/error.h src/cli/answer.h src/cli/command.h \
  src/cli/arguments.h src/cli/configuration.h

include/moedmft/classify.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/cli/answer.h:

src/cli/command.h:

src/cli/arguments.h:

src/cli/configuration.h:
