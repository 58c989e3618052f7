build-clang/obj/src/scaling/rules.o: src/scaling/rules.c \
  include/moedmft/rules.h include/moedmft/config.h \
  include/moedmft/error.h src/base/text.h src/config/internal.h \
  src/base/number.h src/scaling/model.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/scaling/optimizer.h

include/moedmft/rules.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/base/text.h:

src/config/internal.h:

src/base/number.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:
