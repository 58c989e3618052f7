build-clang/obj/tests/support/cosine.o: tests/support/cosine.c \
  tests/support/cosine.h

tests/support/cosine.h:
