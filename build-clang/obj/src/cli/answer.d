build-clang/obj/src/cli/answer.o: src/cli/answer.c src/cli/answer.h

src/cli/answer.h:
