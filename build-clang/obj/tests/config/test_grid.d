build-clang/obj/tests/config/test_grid.o: tests/config/test_grid.c \
  src/config/grid.h include/moedmft/config.h include/moedmft/error.h \
  tests/support/comma.h tests/support/settings.h tests/support/suite.h

src/config/grid.h:

include/moedmft/config.h:

include/moedmft/error.h:

tests/support/comma.h:

tests/support/settings.h:

tests/support/suite.h:
