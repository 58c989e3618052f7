# moedmft: build, test, install. `make help` lists the targets.
VERSION := 0.1.0
SOVERSION := 0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share/moedmft
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
CC ?= cc
CFLAGS ?= -O3 -g
BUILD ?= build
# make splits names at blanks; those of the folder that it runs in, of PREFIX and of DESTDIR may have some.
ifneq (1,$(words $(BUILD)))
$(error BUILD='$(BUILD)' has blanks, or is empty: choose a path without)
endif
# The interpreter that has Debian's python3-numpy, python3-h5py and python3-matplotlib.
PYTHON ?= /usr/bin/python3

# MPI=1: runs on the ranks of mpirun (docs/cluster.md), by Open MPI.
MPI ?=
ifneq (,$(filter-out 0 1,$(MPI)))
$(error MPI='$(MPI)': allowed are 1 and 0)
endif
TRANSPORT := $(if $(filter 1,$(MPI)),ranks_mpi,ranks_alone)

OBJCOPY ?= objcopy
PKG := pkg-config
DEPS := openblas lapacke gsl hdf5 yaml-0.1 sleef zlib
# GSL brings its own cblas in its pkg-config entry; OpenBLAS provides that interface.
DEP_CFLAGS := $(shell $(PKG) --cflags $(DEPS))
DEP_LIBS := $(filter-out -lgslcblas,$(shell $(PKG) --libs $(DEPS))) -fopenmp -lpthread -lm
MPI_DEPS := ompi-c
HAS_MPI := $(shell $(PKG) --exists $(MPI_DEPS) && echo 1)
MPI_LIBS = $(shell $(PKG) --libs $(MPI_DEPS))
ifeq (1,$(MPI))
ifneq (1,$(HAS_MPI))
$(error MPI=1, and pkg-config finds no Open MPI ($(MPI_DEPS)): sh scripts/install-packages.sh mpi)
endif
DEP_LIBS += $(MPI_LIBS)
endif

ALL_CFLAGS = -std=c11 -ffp-contract=off -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wvla -fPIC -pthread -fopenmp -MMD -MP \
             -Iinclude -Isrc -I. -I$(BUILD)/generated $(DEP_CFLAGS) $(CFLAGS)

# These folders hold the arithmetic; they are compiled once for each precision.
CORE := $(wildcard src/kernels/*.c src/realization/*.c models/*.c src/training/*.c)
CLI := $(wildcard src/cli/*.c)
COMMON := $(filter-out $(CORE) $(CLI) src/cluster/ranks_%,$(wildcard src/*/*.c)) src/cluster/$(TRANSPORT).c
TESTS := $(filter-out tests/fuzz/%,$(wildcard tests/*.c tests/*/*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))

OBJ := $(COMMON:%.c=$(BUILD)/obj/%.o) $(CORE:%.c=$(BUILD)/obj/f64/%.o) $(CORE:%.c=$(BUILD)/obj/f32/%.o)
CLI_OBJ := $(CLI:%.c=$(BUILD)/obj/%.o)
TEST_OBJ := $(TESTS:%.c=$(BUILD)/obj/%.o)

LIB := $(BUILD)/libmoedmft.a
SOLIB := $(BUILD)/libmoedmft.so.$(SOVERSION)
BIN := $(BUILD)/moedmft
TEST := $(BUILD)/run-tests

.PHONY: all fuzz fuzz-programs test-corpus test test-reference test-interface test-unit test-cli asan tsan valgrind analyze test-clang mutation check-all validate bench bench-quick demo install clean help format FORCE
all: $(LIB) $(SOLIB) $(BIN) $(BUILD)/moedmft.pc ## library (static and shared) and program

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

# Tests look inside the arithmetic in double precision; their headers are included by folder, too.
$(TEST_OBJ): ALL_CFLAGS += -DMDM_SINGLE=0 -Itests

# Provenance is fixed at build time; the file changes only when its content does. The commit is that of this folder as a repository of its
# own, not of one that it was unpacked in. The sum over sources and flags tells builds of one commit apart, changed or not.
BUILDINFO := $(BUILD)/generated/file/buildinfo.h
FLAGS_TEXT = '$(subst ','\'',$(CFLAGS) $(LDFLAGS))'
SOURCES := $(sort $(wildcard src/*/*.[ch] models/*.[ch] include/moedmft/*.h) Makefile)
$(BUILDINFO): FORCE
	@mkdir -p $(@D)
	@commit=unknown dirty=0; \
	if top=$$(git rev-parse --show-cdup 2>/dev/null) && [ -z "$$top" ]; then \
	  commit=$$(git rev-parse HEAD 2>/dev/null || echo unknown); \
	  [ -z "$$(git status --porcelain --untracked-files=no)" ] || dirty=1; \
	fi; \
	sum=$$({ printf '%s\n' $(FLAGS_TEXT); cat $(SOURCES); } | sha256sum | cut -c1-16); \
	printf '#define MDM_VERSION "%s"\n#define MDM_COMMIT "%s"\n#define MDM_DIRTY %s\n#define MDM_SOURCES "%s"\n' \
	  '$(VERSION)' "$$commit" "$$dirty" "$$sum" > $@.new; \
	cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/obj/src/file/provenance.o: $(BUILDINFO)

$(BUILD)/obj/src/base/vecmath.o $(BUILD)/obj/src/base/vecmath_avx2.o $(BUILD)/obj/src/base/vecmath_avx512.o $(BUILD)/obj/src/base/random.o: ALL_CFLAGS += -fno-math-errno
# Vector mathematics for processors that have AVX2 or AVX-512; chosen at run time (src/base/vecmath.c).
ifneq (,$(filter x86_64%,$(shell $(CC) -dumpmachine)))
$(BUILD)/obj/src/base/vecmath_avx2.o: ALL_CFLAGS += -mavx2 -mfma
$(BUILD)/obj/src/base/vecmath_avx512.o: ALL_CFLAGS += -mavx512f -mavx2 -mfma
# Products and entrywise steps for the same, and for AVX-512 (src/kernels/products.c and entrywise.c choose).
$(BUILD)/obj/f32/src/kernels/avx2.o $(BUILD)/obj/f64/src/kernels/avx2.o: ALL_CFLAGS += -mavx2 -mfma -ffp-contract=fast
$(BUILD)/obj/f32/src/kernels/avx512.o $(BUILD)/obj/f64/src/kernels/avx512.o: ALL_CFLAGS += -mavx512f -mavx2 -mfma -ffp-contract=fast
$(BUILD)/obj/f32/src/kernels/entrywise_avx2.o $(BUILD)/obj/f64/src/kernels/entrywise_avx2.o: ALL_CFLAGS += -mavx2 -mfma
$(BUILD)/obj/f32/src/kernels/entrywise_avx512.o $(BUILD)/obj/f64/src/kernels/entrywise_avx512.o: ALL_CFLAGS += -mavx512f -mavx2 -mfma
endif

# make fuzz: no sanitizers in the products, which read no input and take minutes to compile with them.
KERNEL_CFLAGS ?=
$(BUILD)/obj/f32/src/kernels/%.o $(BUILD)/obj/f64/src/kernels/%.o: ALL_CFLAGS += $(KERNEL_CFLAGS)

# Programs and libraries that were made with another MPI= are made anew.
USED := $(BUILD)/generated/transport
$(USED): FORCE
	@mkdir -p $(@D)
	@echo '$(TRANSPORT)' | cmp -s - $@ || echo '$(TRANSPORT)' > $@
$(BUILD)/obj/src/cluster/ranks_mpi.o: ALL_CFLAGS += $(shell $(PKG) --cflags $(MPI_DEPS) 2>/dev/null)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@
$(BUILD)/obj/f64/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -DMDM_SINGLE=0 -c $< -o $@
$(BUILD)/obj/f32/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -DMDM_SINGLE=1 -c $< -o $@

# Both libraries show the functions that the public headers declare, and nothing else of theirs.
PUBLIC := $(BUILD)/generated/public.txt
$(PUBLIC): $(wildcard include/moedmft/*.h)
	@mkdir -p $(@D)
	@$(CC) -E -P -Iinclude include/moedmft/moedmft.h | grep -oE '\bmdm_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u > $@
$(PUBLIC:.txt=.map): $(PUBLIC)
	@{ echo '{ global:'; sed 's/$$/;/' $<; echo 'local: *; };'; } > $@

$(BUILD)/obj/moedmft.o: $(OBJ) $(PUBLIC) $(USED)
	$(CC) -r -nostdlib -o $@ $(OBJ)
	$(OBJCOPY) --keep-global-symbols=$(PUBLIC) $@
$(LIB): $(BUILD)/obj/moedmft.o
	rm -f $@
	$(AR) rcs $@ $<
$(SOLIB): $(OBJ) $(PUBLIC:.txt=.map) $(USED)
	$(CC) -shared -Wl,-soname,libmoedmft.so.$(SOVERSION) -Wl,--version-script=$(PUBLIC:.txt=.map) $(LDFLAGS) -o $@ $(OBJ) $(DEP_LIBS)
$(BIN): $(CLI_OBJ) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $(CLI_OBJ) $(LIB) $(DEP_LIBS)
# Tests look behind the public functions, too.
$(TEST): $(TEST_OBJ) $(OBJ) $(USED)
	$(CC) $(LDFLAGS) -o $@ $(TEST_OBJ) $(OBJ) $(DEP_LIBS) -lcunit

# Readers of hostile input (tests/fuzz): each harness beside a main that replays files, or beside libFuzzer. The guard of HDF5 files is replaced
# by one without a child, so that coverage and sanitizers see what it would do.
FUZZ_OBJ := $(filter-out %/base/guard.o,$(OBJ)) $(BUILD)/obj/tests/fuzz/support/guard_here.o $(BUILD)/obj/tests/fuzz/support/fuzz.o $(BUILD)/obj/tests/fuzz/support/edit.o $(BUILD)/obj/tests/fuzz/support/sets.o $(BUILD)/obj/src/cli/arguments.o $(BUILD)/obj/src/cli/words.o
FUZZ_MAIN ?= $(BUILD)/obj/tests/fuzz/support/replay.o
FUZZ_BIN := $(FUZZ:%=$(BUILD)/fuzz/%)
.PRECIOUS: $(BUILD)/obj/tests/fuzz/%.o
$(BUILD)/obj/tests/fuzz/%.o: ALL_CFLAGS += -DMDM_SINGLE=0 -Itests
$(FUZZ_BIN): $(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_OBJ) $(FUZZ_MAIN)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(DEP_LIBS)
fuzz-programs: $(FUZZ_BIN)

# Empty arrays are NULL, and NULL + 0 is NULL: what clang calls an overflow of pointers there is none.
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=pointer-overflow -fno-sanitize-recover=undefined
fuzz: ## fuzzers of every reader, with sanitizers, in build-fuzz/fuzz (clang; sh tests/fuzz/run.sh runs them)
	$(MAKE) BUILD=build-fuzz CC=clang CFLAGS='$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link' LDFLAGS='-fsanitize=address,undefined,fuzzer' KERNEL_CFLAGS=-fno-sanitize=all FUZZ_MAIN= fuzz-programs

# The program with MPI beside one without, for the tests: one object differs.
MPI_BIN := $(BUILD)/mpi/moedmft
MPI_WIRE := $(BUILD)/mpi/wire
MPI_OBJ := $(filter-out %/$(TRANSPORT).o,$(OBJ)) $(BUILD)/obj/src/cluster/ranks_mpi.o
$(MPI_BIN): $(CLI_OBJ) $(MPI_OBJ)
$(MPI_WIRE): $(BUILD)/obj/validation/wire.o $(MPI_OBJ)
$(MPI_BIN) $(MPI_WIRE):
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(DEP_LIBS) $(MPI_LIBS)
MPI_TESTED := $(if $(HAS_MPI),$(MPI_BIN) $(MPI_WIRE))

# Written anew each time: it depends on PREFIX.
$(BUILD)/moedmft.pc: FORCE
	@mkdir -p $(BUILD)
	@printf 'prefix=%s\nlibdir=%s\nincludedir=%s\n\nName: moedmft\nDescription: limiting training dynamics of mixture-of-experts networks\nVersion: %s\nLibs: -L"$${libdir}" -lmoedmft\nRequires.private: %s\nLibs.private: -fopenmp -lpthread -lm\nCflags: -I"$${includedir}"\n' \
	  '$(PREFIX)' '$(LIBDIR)' '$(INCLUDEDIR)' '$(VERSION)' '$(DEPS)$(if $(filter 1,$(MPI)), $(MPI_DEPS))' > $@

demo: ## the main job on real data: out/fashion.h5 and out/fashion.png
	sh scripts/demo.sh

test: all $(TEST) $(MPI_TESTED) ## build and run every test (the groups below, side by side)
	@$(MAKE) --no-print-directory -j3 --output-sync=target test-unit test-interface test-cli test-reference test-corpus

test-reference: all
	sh tests/reference.sh $(BIN) $(PYTHON)
	MOEDMFT_BIN=$(BIN) $(PYTHON) validation/official.py --quick

test-interface: all $(MPI_TESTED)
	sh tests/manual.sh $(BIN)
	sh tests/links.sh
	sh tests/format.sh
	sh tests/readme.sh $(BIN)
	bash tests/completion.sh $(BIN)
	sh tests/symbols.sh $(BUILD)
	sh tests/ranks.sh $(BUILD)
	sh tests/install.sh $(BUILD) $(PYTHON)
	sh tests/layers_test.sh $(CC)
	sh tests/layers.sh $(BUILD)
	$(PYTHON) validation/mutation.py --check
	MOEDMFT_BIN=$(BIN) PYTHONPATH=python $(PYTHON) -m unittest discover -s python/tests

# The suites in C: those that run the program, and the others. Each group runs on one thread or two for most of its time.
test-unit: all $(TEST)
	MOEDMFT_BIN=$(BIN) $(TEST) -cli/
test-cli: all $(TEST) $(MPI_TESTED)
	$(if $(HAS_MPI),,@echo "test-cli: no Open MPI: the tests of ranks are left out (sh scripts/install-packages.sh mpi)")
	MOEDMFT_BIN=$(BIN) MOEDMFT_MPI_BIN=$(if $(HAS_MPI),$(MPI_BIN)) $(TEST) cli/

# ---------------------------------------------------------------- builds that check themselves, each in a folder of its own
# Packages: sh scripts/install-packages.sh checks. Warnings are for other builds: at -O1 gcc sees texts cut that are not. What is left out, and why, stands in tests/checked.sh.
CHECKED = $(MAKE) --no-print-directory -s MPI= BUILD=build-$@

asan: ## the tests under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer, minutes
	$(CHECKED) CFLAGS="-O1 -g -w -fno-omit-frame-pointer -fsanitize=address,undefined" LDFLAGS="-fsanitize=address,undefined" all build-asan/run-tests
	sh tests/checked.sh asan build-asan $(PYTHON)

tsan: ## the tests under ThreadSanitizer, with clang, minutes
	$(CHECKED) CC=clang CFLAGS="-O1 -g -fsanitize=thread" LDFLAGS="-fsanitize=thread" build-tsan/moedmft build-tsan/run-tests
	sh tests/checked.sh tsan build-tsan $(PYTHON)

valgrind: ## the quick part of the tests under valgrind, minutes
	$(CHECKED) CFLAGS="-O1 -g -w" build-valgrind/moedmft build-valgrind/run-tests
	sh tests/checked.sh valgrind build-valgrind $(PYTHON)

analyze: all ## clang-tidy, cppcheck and gcc -fanalyzer; what stays, and why, is in .clang-tidy and tests/analyze.txt
	sh tests/analyze.sh $(BUILD) $(DEP_CFLAGS)

mutation: ## breaks formulas one at a time and looks whether the tests notice (SAMPLE=n: n of them), an hour
	$(PYTHON) validation/mutation.py --python $(PYTHON) $(if $(SAMPLE),--sample $(SAMPLE))

test-clang: ## the tests in C with a build by clang, without warnings
	$(MAKE) --no-print-directory -s MPI= BUILD=build-clang CC=clang CFLAGS="-O3 -g -Werror" build-clang/moedmft build-clang/run-tests
	MOEDMFT_BIN=build-clang/moedmft build-clang/run-tests

check-all: test test-clang asan tsan valgrind analyze ## every test, then clang, sanitizers, analyzers and a sample of mutants: hours
	$(MAKE) --no-print-directory mutation SAMPLE=20

# Inputs that once broke a reader, or reach far into one (docs/reliability.md).
test-corpus: $(FUZZ_BIN)
	sh tests/corpus.sh $(BUILD)

validate: all ## long statistical studies behind the numbers in docs (see validation/README.md)
	sh validation/run.sh

# What the machine can do, for `make bench`: products in single precision.
$(BUILD)/bench-floor: validation/bench/floor.c $(OBJ)
	$(CC) $(ALL_CFLAGS) -DMDM_SINGLE=1 $(LDFLAGS) -o $@ $< $(OBJ) $(DEP_LIBS)

bench: all $(BUILD)/bench-floor ## costs beside the machine's ceilings (OLD=PROGRAM: beside another build's), about half an hour
	BUILD=$(BUILD) $(PYTHON) validation/bench/bench.py --new $(BIN) $(if $(OLD),--old $(OLD))

bench-quick: all $(BUILD)/bench-floor ## the same in two minutes: fewer rows and repetitions
	BUILD=$(BUILD) $(PYTHON) validation/bench/bench.py --quick --new $(BIN) $(if $(OLD),--old $(OLD))

format: ## clang-format every source file in place
	clang-format -i src/*/*.[ch] models/*.[ch] tests/*.[ch] tests/*/*.[ch] include/moedmft/*.h

install: all ## install below $(DESTDIR)$(PREFIX)
	install -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(INCLUDEDIR)/moedmft" "$(DESTDIR)$(DATADIR)/python/moedmft"
	install -m 755 $(BIN) "$(DESTDIR)$(BINDIR)/"
	install -m 644 $(LIB) "$(DESTDIR)$(LIBDIR)/"
	install -m 755 $(SOLIB) "$(DESTDIR)$(LIBDIR)/"
	ln -sf libmoedmft.so.$(SOVERSION) "$(DESTDIR)$(LIBDIR)/libmoedmft.so"
	install -m 644 $(BUILD)/moedmft.pc "$(DESTDIR)$(LIBDIR)/pkgconfig/"
	install -m 644 include/moedmft/*.h "$(DESTDIR)$(INCLUDEDIR)/moedmft/"
	cp -r data examples "$(DESTDIR)$(DATADIR)/"
	install -m 644 python/moedmft/*.py python/moedmft/py.typed "$(DESTDIR)$(DATADIR)/python/moedmft/"
	install -D -m 644 docs/moedmft.1 "$(DESTDIR)$(MANDIR)/man1/moedmft.1"
	install -D -m 644 completions/moedmft.bash "$(DESTDIR)$(COMPLETIONDIR)/moedmft"

clean: ## remove everything built
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
