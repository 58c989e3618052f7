build-clang/obj/src/cli/plot.o: src/cli/plot.c include/moedmft/plot.h \
  include/moedmft/error.h src/cli/command.h src/cli/arguments.h \
  src/cli/output.h include/moedmft/config.h include/moedmft/file.h \
  include/moedmft/data.h include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h src/cli/signals.h

include/moedmft/plot.h:

include/moedmft/error.h:

src/cli/command.h:

src/cli/arguments.h:

src/cli/output.h:

include/moedmft/config.h:

include/moedmft/file.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

src/cli/signals.h:
