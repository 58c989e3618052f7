build-clang/obj/src/base/lapack.o: src/base/lapack.c src/base/lapack.h \
  src/base/memory.h include/moedmft/error.h src/base/lapack_calls.h

src/base/lapack.h:

src/base/memory.h:

include/moedmft/error.h:

src/base/lapack_calls.h:
