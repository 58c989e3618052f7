build-clang/obj/src/report/coordcheck.o: src/report/coordcheck.c \
  include/moedmft/report.h include/moedmft/error.h \
  include/moedmft/record.h include/moedmft/sweep.h \
  include/moedmft/config.h include/moedmft/data.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/classify.h src/base/fit.h \
  src/base/text.h src/config/internal.h src/base/number.h \
  src/scaling/parts.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h

include/moedmft/report.h:

include/moedmft/error.h:

include/moedmft/record.h:

include/moedmft/sweep.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/classify.h:

src/base/fit.h:

src/base/text.h:

src/config/internal.h:

src/base/number.h:

src/scaling/parts.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:
