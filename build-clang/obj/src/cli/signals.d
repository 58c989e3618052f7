build-clang/obj/src/cli/signals.o: src/cli/signals.c src/cli/signals.h

src/cli/signals.h:
