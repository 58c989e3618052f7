build-clang/obj/src/plot/spectra.o: src/plot/spectra.c src/base/lapack.h \
  src/plot/pictures.h include/moedmft/file.h include/moedmft/config.h \
  include/moedmft/error.h include/moedmft/data.h \
  include/moedmft/record.h include/moedmft/run.h \
  include/moedmft/monitor.h include/moedmft/sweep.h \
  include/moedmft/plot.h src/plot/gnuplot.h src/plot/canvas.h \
  src/plot/kernel_names.h src/plot/source.h

src/base/lapack.h:

src/plot/pictures.h:

include/moedmft/file.h:

include/moedmft/config.h:

include/moedmft/error.h:

include/moedmft/data.h:

include/moedmft/record.h:

include/moedmft/run.h:

include/moedmft/monitor.h:

include/moedmft/sweep.h:

include/moedmft/plot.h:

src/plot/gnuplot.h:

src/plot/canvas.h:

src/plot/kernel_names.h:

src/plot/source.h:
