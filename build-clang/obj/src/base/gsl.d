build-clang/obj/src/base/gsl.o: src/base/gsl.c src/base/gsl.h

src/base/gsl.h:
