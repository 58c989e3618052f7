build-clang/obj/src/base/sort.o: src/base/sort.c src/base/sort.h

src/base/sort.h:
