build-clang/obj/src/scaling/classify.o: src/scaling/classify.c \
  src/scaling/classify.h include/moedmft/classify.h \
  include/moedmft/config.h include/moedmft/error.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h src/base/text.h \
  src/config/internal.h src/base/number.h src/scaling/depth.h \
  src/scaling/model.h src/scaling/optimizer.h \
  src/scaling/parameterization_config.h src/scaling/vanishing.h

src/scaling/classify.h:

include/moedmft/classify.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/base/text.h:

src/config/internal.h:

src/base/number.h:

src/scaling/depth.h:

src/scaling/model.h:

src/scaling/optimizer.h:

src/scaling/parameterization_config.h:

src/scaling/vanishing.h:
