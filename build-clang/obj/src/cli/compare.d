build-clang/obj/src/cli/compare.o: src/cli/compare.c \
  include/moedmft/compare.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h src/cli/command.h src/cli/arguments.h \
  src/cli/training.h src/cli/configuration.h

include/moedmft/compare.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

src/cli/command.h:

src/cli/arguments.h:

src/cli/training.h:

src/cli/configuration.h:
