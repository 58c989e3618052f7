build-clang/obj/src/base/vecmath_avx2.o: src/base/vecmath_avx2.c \
  src/base/vecmath_table.h src/base/vecmath_loops.h

src/base/vecmath_table.h:

src/base/vecmath_loops.h:
