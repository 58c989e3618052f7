build-clang/obj/tests/scaling/test_rules.o: tests/scaling/test_rules.c \
  include/moedmft/rules.h include/moedmft/config.h \
  include/moedmft/error.h tests/support/settings.h tests/support/suite.h

include/moedmft/rules.h:

include/moedmft/config.h:

include/moedmft/error.h:

tests/support/settings.h:

tests/support/suite.h:
