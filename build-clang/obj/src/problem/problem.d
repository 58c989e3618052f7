build-clang/obj/src/problem/problem.o: src/problem/problem.c \
  src/problem/problem.h include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/record.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h src/base/blas.h \
  src/base/lapack.h src/base/memory.h src/base/random.h

src/problem/problem.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

src/scaling/model.h:

src/scaling/scaling.h:

src/scaling/parameterizations.h:

src/scaling/power.h:

src/scaling/optimizer.h:

src/base/blas.h:

src/base/lapack.h:

src/base/memory.h:

src/base/random.h:
