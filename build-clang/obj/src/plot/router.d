build-clang/obj/src/plot/router.o: src/plot/router.c src/plot/curves.h \
  include/moedmft/file.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h src/plot/canvas.h \
  src/plot/pictures.h include/moedmft/plot.h src/plot/gnuplot.h \
  src/plot/kernel_names.h src/plot/source.h

src/plot/curves.h:

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

src/plot/canvas.h:

src/plot/pictures.h:

include/moedmft/plot.h:

src/plot/gnuplot.h:

src/plot/kernel_names.h:

src/plot/source.h:
