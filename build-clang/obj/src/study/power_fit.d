build-clang/obj/src/study/power_fit.o: src/study/power_fit.c \
  src/study/power_fit.h src/base/gsl.h

src/study/power_fit.h:

src/base/gsl.h:
