build-clang/obj/src/cli/coordcheck.o: src/cli/coordcheck.c \
  include/moedmft/coordcheck.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/data.h include/moedmft/monitor.h \
  include/moedmft/report.h include/moedmft/sweep.h src/cli/answer.h \
  src/cli/command.h src/cli/arguments.h src/cli/training.h \
  src/cli/configuration.h

include/moedmft/coordcheck.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/data.h:

include/moedmft/monitor.h:

include/moedmft/report.h:

include/moedmft/sweep.h:

src/cli/answer.h:

src/cli/command.h:

src/cli/arguments.h:

src/cli/training.h:

src/cli/configuration.h:
