build-clang/obj/tests/config/test_check.o: tests/config/test_check.c \
  include/moedmft/config.h include/moedmft/error.h \
  src/config/condition.h src/config/internal.h src/base/number.h \
  tests/support/settings.h tests/support/suite.h tests/support/words.h

include/moedmft/config.h:

include/moedmft/error.h:

src/config/condition.h:

src/config/internal.h:

src/base/number.h:

tests/support/settings.h:

tests/support/suite.h:

tests/support/words.h:
