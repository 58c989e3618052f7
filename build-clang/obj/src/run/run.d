build-clang/obj/src/run/run.o: src/run/run.c include/moedmft/run.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/monitor.h \
  include/moedmft/record.h src/base/board.h src/run/collect.h \
  src/run/plan.h src/config/networks.h src/problem/problem.h \
  src/scaling/model.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/scaling/optimizer.h src/problem/task.h src/problem/orders.h \
  src/run/runner.h src/run/self_consistency_plan.h src/run/execute.h \
  src/run/saturation.h src/run/tolerance.h

include/moedmft/run.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

src/base/board.h:

src/run/collect.h:

src/run/plan.h:

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

src/run/execute.h:

src/run/saturation.h:

src/run/tolerance.h:
