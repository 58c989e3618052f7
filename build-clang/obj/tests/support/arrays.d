build-clang/obj/tests/support/arrays.o: tests/support/arrays.c \
  tests/support/arrays.h include/moedmft/record.h \
  include/moedmft/error.h

tests/support/arrays.h:

include/moedmft/record.h:

include/moedmft/error.h:
