build-clang/obj/src/cli/info.o: src/cli/info.c include/moedmft/report.h \
  include/moedmft/error.h include/moedmft/record.h \
  include/moedmft/sweep.h include/moedmft/config.h \
  include/moedmft/data.h include/moedmft/run.h include/moedmft/monitor.h \
  src/cli/answer.h src/cli/command.h src/cli/arguments.h

include/moedmft/report.h:

include/moedmft/error.h:

include/moedmft/record.h:

include/moedmft/sweep.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

src/cli/answer.h:

src/cli/command.h:

src/cli/arguments.h:
