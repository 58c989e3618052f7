build-clang/obj/src/scaling/compare_predict.o: \
  src/scaling/compare_predict.c src/scaling/compare_predict.h \
  include/moedmft/config.h include/moedmft/error.h src/scaling/parts.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/coordcheck_predict.h \
  src/scaling/model.h src/scaling/parameterization_config.h \
  src/scaling/optimizer.h src/scaling/vanishing.h

src/scaling/compare_predict.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/parts.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/coordcheck_predict.h:

src/scaling/model.h:

src/scaling/parameterization_config.h:

src/scaling/optimizer.h:

src/scaling/vanishing.h:
