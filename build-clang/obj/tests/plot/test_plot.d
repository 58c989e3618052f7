build-clang/obj/tests/plot/test_plot.o: tests/plot/test_plot.c \
  include/moedmft/plot.h include/moedmft/error.h tests/support/comma.h \
  tests/support/folder.h tests/support/records.h include/moedmft/file.h \
  include/moedmft/config.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h \
  tests/support/suite.h tests/support/words.h

include/moedmft/plot.h:

include/moedmft/error.h:

tests/support/comma.h:

tests/support/folder.h:

tests/support/records.h:

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

tests/support/suite.h:

tests/support/words.h:
