build-clang/obj/src/run/runner.o: src/run/runner.c src/run/runner.h \
  include/moedmft/error.h src/base/board.h include/moedmft/monitor.h \
  include/moedmft/record.h src/problem/problem.h \
  include/moedmft/config.h include/moedmft/data.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h src/problem/task.h \
  src/problem/orders.h

src/run/runner.h:

include/moedmft/error.h:

src/base/board.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

src/problem/problem.h:

include/moedmft/config.h:

include/moedmft/data.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:

src/problem/task.h:

src/problem/orders.h:
