build-clang/obj/src/study/depths.o: src/study/depths.c src/study/depths.h \
  include/moedmft/compare.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h src/base/memory.h src/base/record.h \
  src/config/networks.h src/scaling/depth.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h

src/study/depths.h:

include/moedmft/compare.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

src/base/memory.h:

src/base/record.h:

src/config/networks.h:

src/scaling/depth.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:
