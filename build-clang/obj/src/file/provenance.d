build-clang/obj/src/file/provenance.o: src/file/provenance.c \
  include/moedmft/version.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h \
  /usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h \
  build-clang/generated/file/buildinfo.h

include/moedmft/version.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h:

/usr/include/x86_64-linux-gnu/openblas-pthread/openblas_config.h:

build-clang/generated/file/buildinfo.h:
