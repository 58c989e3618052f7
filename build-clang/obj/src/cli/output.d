build-clang/obj/src/cli/output.o: src/cli/output.c src/cli/output.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/file.h include/moedmft/data.h include/moedmft/record.h \
  include/moedmft/run.h include/moedmft/monitor.h \
  include/moedmft/sweep.h src/cli/arguments.h src/cli/signals.h

src/cli/output.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/file.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

src/cli/arguments.h:

src/cli/signals.h:
