build-clang/obj/src/run/self_consistency.o: src/run/self_consistency.c \
  src/run/self_consistency.h include/moedmft/run.h \
  include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/monitor.h \
  include/moedmft/record.h src/base/board.h src/problem/task.h \
  src/scaling/optimizer.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/orders.h src/problem/problem.h src/scaling/model.h \
  src/run/self_consistency_plan.h src/run/runner.h src/base/memory.h \
  src/run/self_consistency_average.h src/run/self_consistency_mixing.h \
  src/run/self_consistency_replicas.h \
  src/run/self_consistency_residual.h

src/run/self_consistency.h:

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

src/run/self_consistency_plan.h:

src/run/runner.h:

src/base/memory.h:

src/run/self_consistency_average.h:

src/run/self_consistency_mixing.h:

src/run/self_consistency_replicas.h:

src/run/self_consistency_residual.h:
