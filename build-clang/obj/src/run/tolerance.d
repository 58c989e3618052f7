build-clang/obj/src/run/tolerance.o: src/run/tolerance.c \
  src/run/tolerance.h include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/monitor.h include/moedmft/record.h \
  include/moedmft/run.h include/moedmft/data.h

src/run/tolerance.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/data.h:
