build-clang/obj/src/base/summary.o: src/base/summary.c src/base/summary.h \
  src/base/sort.h

src/base/summary.h:

src/base/sort.h:
