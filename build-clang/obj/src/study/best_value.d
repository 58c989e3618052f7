build-clang/obj/src/study/best_value.o: src/study/best_value.c \
  src/study/best_value.h include/moedmft/error.h src/base/fit.h \
  src/base/memory.h src/base/random.h

src/study/best_value.h:

include/moedmft/error.h:

src/base/fit.h:

src/base/memory.h:

src/base/random.h:
