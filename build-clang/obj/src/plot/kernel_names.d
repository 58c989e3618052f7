build-clang/obj/src/plot/kernel_names.o: src/plot/kernel_names.c \
  src/plot/kernel_names.h

src/plot/kernel_names.h:
