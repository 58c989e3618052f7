build-clang/obj/src/study/coordcheck.o: src/study/coordcheck.c \
  include/moedmft/coordcheck.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/data.h include/moedmft/monitor.h \
  include/moedmft/classify.h src/base/fit.h src/base/memory.h \
  src/base/record.h src/config/networks.h \
  src/scaling/coordcheck_predict.h src/scaling/parts.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/study/depths.h include/moedmft/compare.h

include/moedmft/coordcheck.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/data.h:

include/moedmft/monitor.h:

include/moedmft/classify.h:

src/base/fit.h:

src/base/memory.h:

src/base/record.h:

src/config/networks.h:

src/scaling/coordcheck_predict.h:

src/scaling/parts.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/study/depths.h:

include/moedmft/compare.h:
