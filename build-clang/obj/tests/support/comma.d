build-clang/obj/tests/support/comma.o: tests/support/comma.c \
  tests/support/comma.h

tests/support/comma.h:
