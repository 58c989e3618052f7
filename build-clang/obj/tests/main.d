build-clang/obj/tests/main.o: tests/main.c tests/support/suite.h

tests/support/suite.h:
