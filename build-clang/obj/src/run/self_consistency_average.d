build-clang/obj/src/run/self_consistency_average.o: \
  src/run/self_consistency_average.c src/run/self_consistency_average.h \
  include/moedmft/record.h include/moedmft/error.h src/problem/task.h \
  src/scaling/optimizer.h include/moedmft/config.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/orders.h src/problem/problem.h include/moedmft/data.h \
  src/scaling/model.h src/run/self_consistency_plan.h src/run/runner.h \
  src/base/board.h include/moedmft/monitor.h src/base/memory.h \
  src/base/record.h src/run/self_consistency_replicas.h

src/run/self_consistency_average.h:

include/moedmft/record.h:

include/moedmft/error.h:

src/problem/task.h:

src/scaling/optimizer.h:

include/moedmft/config.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/problem/orders.h:

src/problem/problem.h:

include/moedmft/data.h:

src/scaling/model.h:

src/run/self_consistency_plan.h:

src/run/runner.h:

src/base/board.h:

include/moedmft/monitor.h:

src/base/memory.h:

src/base/record.h:

src/run/self_consistency_replicas.h:
