build-clang/obj/src/run/collect.o: src/run/collect.c src/run/collect.h \
  src/run/plan.h include/moedmft/run.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/monitor.h include/moedmft/record.h src/base/board.h \
  src/config/networks.h src/problem/problem.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h src/problem/task.h \
  src/problem/orders.h src/run/runner.h src/run/self_consistency_plan.h \
  src/base/memory.h src/run/advice.h

src/run/collect.h:

src/run/plan.h:

include/moedmft/run.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

src/base/board.h:

src/config/networks.h:

src/problem/problem.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:

src/problem/task.h:

src/problem/orders.h:

src/run/runner.h:

src/run/self_consistency_plan.h:

src/base/memory.h:

src/run/advice.h:
