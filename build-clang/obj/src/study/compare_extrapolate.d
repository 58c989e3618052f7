build-clang/obj/src/study/compare_extrapolate.o: \
  src/study/compare_extrapolate.c src/study/compare_extrapolate.h \
  include/moedmft/error.h src/base/fit.h src/base/gsl.h \
  src/base/memory.h src/base/summary.h

src/study/compare_extrapolate.h:

include/moedmft/error.h:

src/base/fit.h:

src/base/gsl.h:

src/base/memory.h:

src/base/summary.h:
