build-clang/obj/src/run/batch.o: src/run/batch.c src/run/batch.h \
  include/moedmft/run.h include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/monitor.h \
  include/moedmft/record.h src/base/board.h src/problem/task.h \
  src/scaling/optimizer.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/orders.h src/problem/problem.h src/scaling/model.h \
  src/base/memory.h src/scaling/vanishing.h src/run/plan.h \
  src/config/networks.h src/run/runner.h src/run/self_consistency_plan.h

src/run/batch.h:

include/moedmft/run.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/monitor.h:

include/moedmft/record.h:

src/base/board.h:

src/problem/task.h:

src/scaling/optimizer.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/problem/orders.h:

src/problem/problem.h:

src/scaling/model.h:

src/base/memory.h:

src/scaling/vanishing.h:

src/run/plan.h:

src/config/networks.h:

src/run/runner.h:

src/run/self_consistency_plan.h:
