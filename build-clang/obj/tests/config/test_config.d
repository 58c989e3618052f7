build-clang/obj/tests/config/test_config.o: tests/config/test_config.c \
  include/moedmft/config.h include/moedmft/error.h \
  tests/support/folder.h tests/support/suite.h tests/support/words.h

include/moedmft/config.h:

include/moedmft/error.h:

tests/support/folder.h:

tests/support/suite.h:

tests/support/words.h:
