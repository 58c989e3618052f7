build-clang/obj/src/run/self_consistency_residual.o: \
  src/run/self_consistency_residual.c \
  src/run/self_consistency_residual.h src/problem/orders.h \
  src/scaling/scaling.h include/moedmft/error.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/problem.h include/moedmft/config.h include/moedmft/data.h \
  include/moedmft/record.h src/scaling/model.h src/scaling/optimizer.h \
  src/problem/task.h src/run/self_consistency_plan.h src/run/runner.h \
  src/base/board.h include/moedmft/monitor.h src/base/memory.h \
  src/run/self_consistency_replicas.h

src/run/self_consistency_residual.h:

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

src/problem/task.h:

src/run/self_consistency_plan.h:

src/run/runner.h:

src/base/board.h:

include/moedmft/monitor.h:

src/base/memory.h:

src/run/self_consistency_replicas.h:
