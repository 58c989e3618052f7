build-clang/obj/src/cli/solve.o: src/cli/solve.c src/cli/command.h \
  include/moedmft/error.h src/cli/arguments.h src/cli/training.h \
  include/moedmft/config.h include/moedmft/data.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/record.h \
  src/cli/configuration.h

src/cli/command.h:

include/moedmft/error.h:

src/cli/arguments.h:

src/cli/training.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

src/cli/configuration.h:
