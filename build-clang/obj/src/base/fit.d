build-clang/obj/src/base/fit.o: src/base/fit.c src/base/fit.h \
  src/base/gsl.h src/base/memory.h include/moedmft/error.h

src/base/fit.h:

src/base/gsl.h:

src/base/memory.h:

include/moedmft/error.h:
