build-clang/obj/src/study/compare.o: src/study/compare.c \
  src/study/compare.h include/moedmft/compare.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h src/base/fit.h src/base/memory.h \
  src/base/record.h src/base/summary.h src/scaling/compare_predict.h \
  src/scaling/parts.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/study/compare_extrapolate.h src/study/depths.h \
  src/study/distance.h src/study/power_fit.h

src/study/compare.h:

include/moedmft/compare.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

src/base/fit.h:

src/base/memory.h:

src/base/record.h:

src/base/summary.h:

src/scaling/compare_predict.h:

src/scaling/parts.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/study/compare_extrapolate.h:

src/study/depths.h:

src/study/distance.h:

src/study/power_fit.h:
