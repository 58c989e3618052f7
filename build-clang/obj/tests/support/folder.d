build-clang/obj/tests/support/folder.o: tests/support/folder.c \
  tests/support/folder.h

tests/support/folder.h:
