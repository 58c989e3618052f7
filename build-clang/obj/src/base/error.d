build-clang/obj/src/base/error.o: src/base/error.c \
  include/moedmft/error.h

include/moedmft/error.h:
