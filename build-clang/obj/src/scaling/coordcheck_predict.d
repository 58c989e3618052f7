build-clang/obj/src/scaling/coordcheck_predict.o: \
  src/scaling/coordcheck_predict.c src/scaling/coordcheck_predict.h \
  include/moedmft/config.h include/moedmft/error.h src/scaling/parts.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/classify.h include/moedmft/classify.h \
  src/scaling/model.h src/scaling/parameterization_config.h \
  src/scaling/optimizer.h

src/scaling/coordcheck_predict.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/parts.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/classify.h:

include/moedmft/classify.h:

src/scaling/model.h:

src/scaling/parameterization_config.h:

src/scaling/optimizer.h:
