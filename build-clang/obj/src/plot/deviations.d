build-clang/obj/src/plot/deviations.o: src/plot/deviations.c \
  src/plot/deviations.h include/moedmft/record.h include/moedmft/error.h \
  src/plot/canvas.h

src/plot/deviations.h:

include/moedmft/record.h:

include/moedmft/error.h:

src/plot/canvas.h:
