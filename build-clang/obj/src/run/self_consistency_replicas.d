build-clang/obj/src/run/self_consistency_replicas.o: \
  src/run/self_consistency_replicas.c \
  src/run/self_consistency_replicas.h src/base/board.h \
  include/moedmft/monitor.h include/moedmft/error.h \
  include/moedmft/record.h src/problem/task.h src/scaling/optimizer.h \
  include/moedmft/config.h src/scaling/scaling.h \
  src/scaling/parameterizations.h src/scaling/power.h \
  src/problem/orders.h src/problem/problem.h include/moedmft/data.h \
  src/scaling/model.h src/run/self_consistency_plan.h src/run/runner.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/memory.h

src/run/self_consistency_replicas.h:

src/base/board.h:

include/moedmft/monitor.h:

include/moedmft/error.h:

include/moedmft/record.h:

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

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/base/memory.h:
