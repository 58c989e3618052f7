build-clang/obj/src/plot/canvas.o: src/plot/canvas.c src/plot/canvas.h

src/plot/canvas.h:
