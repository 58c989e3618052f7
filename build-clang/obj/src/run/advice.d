build-clang/obj/src/run/advice.o: src/run/advice.c src/run/advice.h \
  src/problem/problem.h include/moedmft/config.h include/moedmft/error.h \
  include/moedmft/data.h include/moedmft/record.h src/scaling/model.h \
  src/scaling/scaling.h src/scaling/parameterizations.h \
  src/scaling/power.h src/scaling/optimizer.h

src/run/advice.h:

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
