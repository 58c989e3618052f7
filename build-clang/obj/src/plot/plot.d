build-clang/obj/src/plot/plot.o: src/plot/plot.c include/moedmft/plot.h \
  include/moedmft/error.h src/base/number.h src/plot/canvas.h \
  src/plot/gnuplot.h src/plot/pictures.h include/moedmft/file.h \
  include/moedmft/config.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h \
  src/plot/kernel_names.h src/plot/source.h

include/moedmft/plot.h:

include/moedmft/error.h:

src/base/number.h:

src/plot/canvas.h:

src/plot/gnuplot.h:

src/plot/pictures.h:

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

src/plot/kernel_names.h:

src/plot/source.h:
