build-clang/obj/tests/file/test_block.o: tests/file/test_block.c \
  include/moedmft/moedmft.h include/moedmft/classify.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/compare.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/coordcheck.h \
  include/moedmft/file.h include/moedmft/sweep.h include/moedmft/plot.h \
  include/moedmft/report.h include/moedmft/rules.h \
  include/moedmft/version.h src/base/record.h tests/support/folder.h \
  tests/support/program.h tests/support/suite.h tests/support/words.h

include/moedmft/moedmft.h:

include/moedmft/classify.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/compare.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/coordcheck.h:

include/moedmft/file.h:

include/moedmft/sweep.h:

include/moedmft/plot.h:

include/moedmft/report.h:

include/moedmft/rules.h:

include/moedmft/version.h:

src/base/record.h:

tests/support/folder.h:

tests/support/program.h:

tests/support/suite.h:

tests/support/words.h:
