build-clang/obj/f32/src/realization/elementwise.o: \
  src/realization/elementwise.c src/realization/elementwise.h \
  src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  src/base/vecmath.h src/base/vecmath_table.h

src/realization/elementwise.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

src/base/vecmath.h:

src/base/vecmath_table.h:
