build-clang/obj/src/study/distance.o: src/study/distance.c \
  src/study/distance.h include/moedmft/error.h src/base/fit.h \
  src/base/memory.h

src/study/distance.h:

include/moedmft/error.h:

src/base/fit.h:

src/base/memory.h:
