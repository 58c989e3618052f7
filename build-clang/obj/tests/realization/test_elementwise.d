build-clang/obj/tests/realization/test_elementwise.o: \
  tests/realization/test_elementwise.c src/realization/elementwise.h \
  src/realization/real.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  tests/support/suite.h

src/realization/elementwise.h:

src/realization/real.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

tests/support/suite.h:
