build-clang/obj/src/cli/sweep.o: src/cli/sweep.c include/moedmft/file.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h \
  include/moedmft/report.h src/base/text.h src/cli/command.h \
  src/cli/arguments.h src/cli/memory.h src/cli/output.h \
  src/cli/progress.h src/cli/signals.h src/cli/training.h \
  src/cli/configuration.h

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

include/moedmft/report.h:

src/base/text.h:

src/cli/command.h:

src/cli/arguments.h:

src/cli/memory.h:

src/cli/output.h:

src/cli/progress.h:

src/cli/signals.h:

src/cli/training.h:

src/cli/configuration.h:
