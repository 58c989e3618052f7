build-clang/obj/src/plot/kernels.o: src/plot/kernels.c src/plot/heat.h \
  include/moedmft/file.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h src/plot/canvas.h \
  src/plot/kernel_names.h src/plot/source.h src/plot/pictures.h \
  include/moedmft/plot.h src/plot/gnuplot.h

src/plot/heat.h:

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

src/plot/canvas.h:

src/plot/kernel_names.h:

src/plot/source.h:

src/plot/pictures.h:

include/moedmft/plot.h:

src/plot/gnuplot.h:
