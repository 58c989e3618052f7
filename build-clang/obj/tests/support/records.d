build-clang/obj/tests/support/records.o: tests/support/records.c \
  tests/support/records.h include/moedmft/file.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h \
  tests/support/folder.h tests/support/settings.h

tests/support/records.h:

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

tests/support/folder.h:

tests/support/settings.h:
