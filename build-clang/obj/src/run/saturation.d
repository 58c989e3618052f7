build-clang/obj/src/run/saturation.o: src/run/saturation.c \
  src/run/saturation.h include/moedmft/monitor.h include/moedmft/error.h \
  include/moedmft/record.h

src/run/saturation.h:

include/moedmft/monitor.h:

include/moedmft/error.h:

include/moedmft/record.h:
