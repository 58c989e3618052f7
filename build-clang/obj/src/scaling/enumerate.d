build-clang/obj/src/scaling/enumerate.o: src/scaling/enumerate.c \
  src/base/text.h include/moedmft/error.h src/config/internal.h \
  include/moedmft/config.h src/base/number.h src/scaling/classify.h \
  include/moedmft/classify.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h

src/base/text.h:

include/moedmft/error.h:

src/config/internal.h:

include/moedmft/config.h:

src/base/number.h:

src/scaling/classify.h:

include/moedmft/classify.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:
