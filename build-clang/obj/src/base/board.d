build-clang/obj/src/base/board.o: src/base/board.c src/base/board.h \
  include/moedmft/monitor.h include/moedmft/error.h \
  include/moedmft/record.h src/base/blas.h

src/base/board.h:

include/moedmft/monitor.h:

include/moedmft/error.h:

include/moedmft/record.h:

src/base/blas.h:
