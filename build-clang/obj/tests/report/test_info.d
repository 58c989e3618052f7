build-clang/obj/tests/report/test_info.o: tests/report/test_info.c \
  include/moedmft/report.h include/moedmft/error.h \
  include/moedmft/record.h include/moedmft/sweep.h \
  include/moedmft/config.h include/moedmft/data.h include/moedmft/run.h \
  include/moedmft/monitor.h tests/support/folder.h \
  tests/support/records.h include/moedmft/file.h tests/support/suite.h

include/moedmft/report.h:

include/moedmft/error.h:

include/moedmft/record.h:

include/moedmft/sweep.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

tests/support/folder.h:

tests/support/records.h:

include/moedmft/file.h:

tests/support/suite.h:
