build-clang/obj/tests/problem/test_orders.o: tests/problem/test_orders.c \
  src/problem/orders.h src/scaling/scaling.h include/moedmft/error.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/problem.h include/moedmft/config.h include/moedmft/data.h \
  include/moedmft/record.h src/scaling/model.h src/scaling/optimizer.h \
  tests/support/suite.h

src/problem/orders.h:

src/scaling/scaling.h:

include/moedmft/error.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/problem/problem.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/record.h:

src/scaling/model.h:

src/scaling/optimizer.h:

tests/support/suite.h:
