build-clang/obj/src/cli/progress.o: src/cli/progress.c src/cli/progress.h \
  include/moedmft/run.h include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/monitor.h \
  include/moedmft/record.h

src/cli/progress.h:

include/moedmft/run.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/monitor.h:

include/moedmft/record.h:
