build-clang/obj/src/run/outcome.o: src/run/outcome.c \
  include/moedmft/run.h include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/monitor.h \
  include/moedmft/record.h

include/moedmft/run.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/monitor.h:

include/moedmft/record.h:
