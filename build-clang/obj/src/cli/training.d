build-clang/obj/src/cli/training.o: src/cli/training.c src/cli/training.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/run.h include/moedmft/monitor.h \
  include/moedmft/record.h src/cli/arguments.h src/cli/configuration.h \
  include/moedmft/classify.h include/moedmft/compare.h \
  include/moedmft/file.h include/moedmft/sweep.h src/base/text.h \
  src/cli/memory.h src/cli/output.h src/cli/progress.h src/cli/signals.h \
  src/cli/summary.h

src/cli/training.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

src/cli/arguments.h:

src/cli/configuration.h:

include/moedmft/classify.h:

include/moedmft/compare.h:

include/moedmft/file.h:

include/moedmft/sweep.h:

src/base/text.h:

src/cli/memory.h:

src/cli/output.h:

src/cli/progress.h:

src/cli/signals.h:

src/cli/summary.h:
