build-clang/obj/src/base/record.o: src/base/record.c \
  include/moedmft/record.h include/moedmft/error.h src/base/memory.h \
  src/base/record.h

include/moedmft/record.h:

include/moedmft/error.h:

src/base/memory.h:

src/base/record.h:
