build-clang/obj/tests/support/results.o: tests/support/results.c \
  tests/support/results.h include/moedmft/record.h \
  include/moedmft/error.h include/moedmft/file.h \
  include/moedmft/config.h include/moedmft/data.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h \
  tests/support/arrays.h tests/support/folder.h

tests/support/results.h:

include/moedmft/record.h:

include/moedmft/error.h:

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

tests/support/arrays.h:

tests/support/folder.h:
