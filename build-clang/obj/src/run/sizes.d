build-clang/obj/src/run/sizes.o: src/run/sizes.c src/run/sizes.h \
  include/moedmft/config.h include/moedmft/error.h src/problem/problem.h \
  include/moedmft/data.h include/moedmft/record.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h src/problem/task.h \
  src/problem/orders.h

src/run/sizes.h:

include/moedmft/config.h:

include/moedmft/error.h:

src/problem/problem.h:

include/moedmft/data.h:

include/moedmft/record.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:

src/problem/task.h:

src/problem/orders.h:
