build-clang/obj/tests/support/words.o: tests/support/words.c \
  tests/support/words.h

tests/support/words.h:
