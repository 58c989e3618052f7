build-clang/obj/tests/base/test_text.o: tests/base/test_text.c \
  src/base/text.h include/moedmft/error.h tests/support/suite.h

src/base/text.h:

include/moedmft/error.h:

tests/support/suite.h:
