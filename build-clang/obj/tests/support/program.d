build-clang/obj/tests/support/program.o: tests/support/program.c \
  tests/support/program.h tests/support/folder.h tests/support/words.h

tests/support/program.h:

tests/support/folder.h:

tests/support/words.h:
