build-clang/obj/src/base/random.o: src/base/random.c src/base/random.h \
  src/base/vecmath.h src/base/vecmath_table.h

src/base/random.h:

src/base/vecmath.h:

src/base/vecmath_table.h:
