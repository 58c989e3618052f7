build-clang/obj/src/config/condition.o: src/config/condition.c \
  src/config/condition.h include/moedmft/config.h \
  include/moedmft/error.h src/config/internal.h src/base/number.h

src/config/condition.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/config/internal.h:

src/base/number.h:
