build-clang/obj/tests/base/test_record.o: tests/base/test_record.c \
  tests/support/records.h include/moedmft/file.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h \
  tests/support/suite.h

tests/support/records.h:

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

tests/support/suite.h:
