build-clang/obj/tests/support/settings.o: tests/support/settings.c \
  tests/support/settings.h include/moedmft/config.h \
  include/moedmft/error.h tests/support/folder.h

tests/support/settings.h:

include/moedmft/config.h:

include/moedmft/error.h:

tests/support/folder.h:
