build-clang/obj/src/report/number.o: src/report/number.c \
  src/report/number.h

src/report/number.h:
