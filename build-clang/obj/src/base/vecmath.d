build-clang/obj/src/base/vecmath.o: src/base/vecmath.c src/base/vecmath.h \
  src/base/vecmath_table.h src/base/vecmath_loops.h

src/base/vecmath.h:

src/base/vecmath_table.h:

src/base/vecmath_loops.h:
