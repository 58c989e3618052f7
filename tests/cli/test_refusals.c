/* What the program refuses: one line on standard error, an exit code, and files that stay as they were. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <moedmft/error.h>

#include "base/processor.h"
#include "support/folder.h"
#include "support/refusals.h"
#include "support/samples.h"
#include "support/suite.h"

static void test_usage(void) {
  static const refusal list[] = {
      {"", "command is missing|solve, simulate, compare, rerun, info, plot|--help"},
      {"dance", "unknown command 'dance'|solve, simulate, compare, rerun, info, plot, options"},
      {"~do\nit~", "unknown command 'do?it'"},
      {"solve", "one file|usage: moedmft solve CONFIG -o FILE.h5"},
      {"solve - -", "one file"},
      {"solve -", "-o FILE"},
      {"solve - -o", "option -o needs a value"},
      {"solve - --output", "option --output needs a value"},
      {"solve - -o @/earlier.h5 --wibble", "--wibble|--help"},
      {"solve - -o @/earlier.h5 -xq", "unknown option -x"},
      {"solve - -o @/earlier.h5 -qx", "unknown option -x"},
      {"solve - -o @/earlier.h5 --se", "--se"},
      {"solve - -o @/earlier.h5 --quiet=3", "--quiet=3"},
      {"solve - -o @/earlier.h5 -t 0", "--threads 0|1 to 256"},
      {"solve - -o @/earlier.h5 -t 257", "--threads 257|1 to 256"},
      {"solve - -o @/earlier.h5 -t 2x", "--threads 2x|1 to 256"},
      {"solve - -o @/earlier.h5 -t 99999999999999999999", "1 to 256"},
      {"solve - -o @/earlier.h5 --save-weights", "--save-weights|simulate"},
      {"info", "one file|usage"},
      {"info x -o @/earlier.h5", "info writes no file"},
      {"info x -s seed=2", "--set"},
      {"options x", "no file"},
      {"plot x", "-o FILE"},
      {"plot x -o @/earlier.h5", ".png, .svg or .pdf"},
      {"plot x -o ~@/two\nlines.png~", "control character"},
  };
  REFUSED(MDM_ERR_USAGE, "", list);
}

static void test_configuration(void) {
  static const refusal list[] = {
      {"@/many.yaml", "many.yaml|line 1|'modell'|'model'|'train.lrr'|'train.lr'|train.steps = '-4'|[0, 10000000]|"
                      "train.loss = 'mean'|mse, cross_entropy|'nonsense'"},
      {"@/none.yaml", "none.yaml|No such file"},
      {"@", "Is a directory"},
      {"~~", "''|No such file"},
      {"@/list.yaml", "list.yaml|line 1|a list"},
      {"@/open.yaml", "open.yaml|line 2|not valid YAML"},
      {"@/deep.yaml", "deep.yaml|brackets"},
      {"@/long.yaml", "long.yaml|1 MiB"},
      {"@/two.yaml", "two.yaml|line 2|second"},
      {"@/many.yaml -s solve.lr=3 -s train.steps=x --seed y",
       "'train.lrr'|'nonsense'|'solve.lr'|train.steps = 'x'|'y'"},
      {"- -s wibble", "wibble|key=value"},
      {"- -s train.stepps=3", "'train.stepps'|'train.steps'"},
      {"- -s train.lr=fast", "train.lr|'fast'|real number >= 0"},
      {"- -s train.lr=-1", "train.lr|>= 0"},
      {"- -s train.lr=", "train.lr|no value"},
      {"- -s model.active_fraction=1.5", "model.active_fraction|(0, 1]"},
      {"- --seed abc", "seed|'abc'|integer"},
      {"- --seed -1", "seed|[0, "},
      {"- -s model.active_fraction=0.01", "model.active_fraction = 0.01|K = 0|raise"},
      {"- -s model.experts_ratio=0.1 -s simulate.widths=[2,40]", "N = 2|M = 0"},
      {"- -s model.regime=III -s solve.expert_particles=100000 -s solve.neuron_particles=100000", "100000 expert particles|2147483647"},
      {"- -s simulate.widths=[8,16,8]", "simulate.widths|8 twice"},
      {"- -s simulate.widths=[]", "simulate.widths"},
      {"- -s simulate.seeds=[1,2,3]", "simulate.seeds|3 numbers for 2 widths"},
      {"- -s train.batch=5", "train.batch = 5|4 train samples"},
      {"- -s train.batch=0", "train.batch|full, or integer"},
      {"- -s output.times=[0,9]", "output.times|9|train.steps"},
      {"- -s output.times=[2,1]", "output.times|ascend"},
      {"- -s solve.tolerance=1e-9", "solve.tolerance|at least"},
      {"- -s solve.method=networks", "solve.particles = |no effect with solve.method = networks"},
      {"- -s solve.widths=[16,32]", "solve.widths = [16, 32]|solve.method = particles|networks|auto"},
      {"- -s solve.matched=false", "solve.matched = false|solve.method = particles"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.tolerance=0.1", "solve.tolerance = 0.1|solve.method = networks"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.sweeps=3", "solve.sweeps = 3|solve.method = networks"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.widths=[8,12]", "solve.widths|8 and 12|2, 4, 8, ... times the one before"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.widths=[8,24]", "solve.widths|8 and 24|2, 4, 8, ... times the one before"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.widths=[16,16]", "solve.widths|16 and 16|2, 4, 8, ... times the one before"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.widths=[8]", "solve.widths|1 numbers|two to 5"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.widths=[2,4,8,16,32,64]", "solve.widths|6 numbers|two to 5"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.widths=[3,6] -s model.experts_ratio=0.5", "N = 3|N = 6|do not fit"},
      {"- -s solve.method=networks -s solve.particles=0 -s solve.widths=[2,4] -s model.active_fraction=0.1", "N = 4|0 are active|raise"},
      {"- -s solve.expert_particles=937 -s model.active_fraction=0.25", "solve.expert_particles = 937|234.25|936"},
      {"- -s model.regime=III -s model.parameterization=mup -s solve.neuron_particles=7", "solve.neuron_particles = 7|4, 6"},
      {"- -s model.gate_temperature=1e-320", "model.gate_temperature"},
      {"- -s model.depth=1 -s model.blocks=[]", "model.blocks|moe, attention"},
      {"- -s model.depth=1 -s model.blocks=[attention,moe,attention]", "model.blocks|'attention'|twice"},
      {"- -s model.depth=1 -s model.blocks=[transformer]", "model.blocks|'transformer'|moe, attention"},
      {"- -s model.blocks=[attention]", "model.blocks|model.depth = 0"},
      {"- -s model.depth=1 -s model.head_width=8", "model.head_width = 8|model.blocks = [moe]"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.gate=softmax", "model.gate = softmax|model.blocks = [attention]"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.regime=III", "regime II|model.regime = III"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.regime=I", "no limit|d_k^0.5|model.attention_scale: full"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.regime=I -s model.query_groups=3", "model.query_groups = 3|model.heads = 4"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.regime=I -s model.head_width=2", "model.head_width = 2|model.regime = I"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.heads=2", "model.heads = 2|model.regime = II|model.heads_ratio"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.regime=I -s solve.head_particles=9", "solve.head_particles = 9|model.regime = I"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.regime=I -s model.attention_scale=full -s model.head_width_ratio=0.01 -s simulate.widths=[8]", "N = 8|model.head_width_ratio = 0.01|no neuron"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.regime=I -s model.attention_scale=full -s data.context=2 -s model.position=rotary -s simulate.widths=[12]", "N = 12|3 neurons|rotary"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.regime=I -s model.attention_scale=full -s solve.method=networks -s solve.particles=0", "solve.method|heads widen|particles"},
      {"- -s model.depth=1 -s model.blocks=[attention,moe] -s model.parameterization=custom -s model.custom.W_O.lr=N^x", "model.custom.W_O.lr|N^x"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.parameterization=custom -s model.custom.W1.lr=N", "model.custom.W1.lr = 'N'|model.blocks = [attention]"},
      {"- -s model.parameterization=custom -s model.custom.W_qkv.lr=N", "model.custom.W_qkv.lr = 'N'|model.blocks = [moe]"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.parameterization=custom -s model.custom.W_O.std=N -s model.attention_output=mup", "model.attention_output = mup|model.custom.W_O.std = 'N'"},
      {"- -s model.depth=1 -s model.blocks=[attention,moe] -s model.dense_blocks=[0]", "model.dense_blocks|block 0|attention"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.heads_ratio=0.01 -s simulate.widths=[8,16]", "N = 8|heads|model.heads_ratio"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.head_width=3 -s model.position=rotary -s data.context=2", "rotary|model.head_width = 3|even"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.causal=false -s model.query_key_norm=true", "model.causal = false|model.query_key_norm = true|data.context = 1"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.position=none", "model.position = none|data.context = 1"},
      {"- -s model.depth=1 -s model.blocks=[attention] -s model.attention_scale=full", "model.attention_scale = full|data.context = 1"},
      {"- -s data.context=3", "data.train = 4|data.context = 3"},
      {"- -s data.context=2 -s train.batch=3", "train.batch = 3|2 train sequences"},
      {"- -s data.source=hdf5", "data.file"},
      {"- -s data.file=x", "data.file|cosine"},
      {"@/idle.yaml -s data.file=x -s train.final_lr=0.5", "model.experts = 8|train.momentum = 0.5|train.final_lr = 0.5|data.file = |remove them"},
  };
  static const char many[] = "modell:\n  gate: sigmoid\ntrain:\n  lrr: 1\n  steps: -4\n  loss: mean\nnonsense: 1\n";
  char *text = malloc(3 << 20);
  CU_ASSERT_PTR_NOT_NULL_FATAL(text);
  spit_text("many.yaml", many);
  spit_text("idle.yaml", "model: {experts: 8}\ntrain: {momentum: 0.5}\n");
  spit_text("list.yaml", "- a\n- b\n");
  spit_text("open.yaml", "train: {steps: 2\n");
  spit_text("two.yaml", "seed: 1\n---\nseed: 2\n");
  memset(text, '[', 100000);
  spit("deep.yaml", text, 100000);
  memset(text, '#', 3 << 20);
  spit("long.yaml", text, 3 << 20);
  free(text);
  REFUSED(MDM_ERR_CONFIG, "compare -q --force -o @/earlier.h5 " SMALL, list);
}

static void test_data_refused(void) {
  static const refusal list[] = {
      {"data.file=@/none.h5", "none.h5|No such file|data.file"},
      {"data.file=@", "data.file"},
      {"data.file=@/text.h5", "text.h5|not an HDF5 file|data.file"},
      {"data.file=@/half.h5", "half.h5|truncated|data.file"},
      {"data.file=@/rows.h5", "rows.h5|7 rows|6"},
      {"data.file=@/flat.h5", "flat.h5|/x|P x D"},
      {"data.file=@/no_y.h5", "no_y.h5|/y"},
      {"data.file=@/nan_x.h5", "nan_x.h5|/x of sample 0|NaN"},
      {"data.file=@/nan_y.h5", "nan_y.h5|/y of sample 0|NaN"},
      {"data.file=@/infinite.h5", "infinite.h5|/x of sample|infinite"},
      {"data.file=@/good.h5 -s data.train=8", "good.h5|7 samples|data.train asks for 8"},
      {"data.file=@/good.h5 -s data.train=5 -s data.test=3", "7 samples|5 + 3|data.test"},
      {"data.file=@/zero.h5 -s data.standardize=global", "zero.h5|all inputs|data.standardize"},
      {"data.file=@/zero.h5 -s data.standardize=feature", "zero.h5|inputs are constant, all 5|data.standardize"},
      {"data.file=@/zero.h5 -s data.standardize=sample", "zero.h5|train samples are constant, all 7|data.standardize"},
      {"data.file=@/good.h5 -s data.y=/train/labels", "good.h5|no data set /train/labels|data.y"},
      {"data.file=@/good.h5 -s data.classes=[0,5]", "no sample has label|5|data.classes"},
  };
  char bytes[8000];
  write_samples("good.h5", 7, 5, 7, 0, 1, 0);
  write_samples("rows.h5", 7, 5, 6, 0, 1, 1);
  write_samples("flat.h5", 7, 0, 7, 0, 1, 1);
  write_samples("no_y.h5", 7, 5, 0, 0, 1, 1);
  write_samples("nan_x.h5", 7, 5, 7, 0, NAN, 1);
  write_samples("nan_y.h5", 7, 5, 7, 0, 1, NAN);
  write_samples("infinite.h5", 7, 5, 7, 0, INFINITY, 1);
  write_samples("zero.h5", 7, 5, 7, 0, 0, 1);
  spit_text("text.h5", "hello\n");
  size_t n = slurp("good.h5", bytes, sizeof bytes);
  spit("half.h5", bytes, n / 2);
  REFUSED(MDM_ERR_DATA, "simulate - -q --force -o @/earlier.h5 " SMALL "-s data.source=hdf5 -s ", list);
}

static void test_output_refused(void) {
  static const refusal list[] = {
      {"solve - -o @/none/x.h5", "none/x.h5|the folder|none does not exist|mkdir -p"},
      {"sweep - --over train.lr=1,2 -o @/none/below/x.h5", "none/below does not exist"},
      {"solve - -o @/loop/x.h5", "loop/x.h5|symbolic links"},
      {"solve - -o @", "not a regular file"},
      {"solve - -o @/earlier.h5/x.h5", "earlier.h5/x.h5|Not a directory"},
      {"solve - -o ~~", "without a name"},
      {"solve - -o /dev/null", "/dev/null|not a regular file"},
      {"solve - -o ~@/no\nfolder/x.h5~", "no?folder/x.h5"},
      {"solve @/run.yaml -o @/run.yaml", "run.yaml|configuration of this run"},
      {"solve - -o @/data.h5 -s data.source=hdf5 -s data.file=@/data.h5", "data.h5|data.file of this run"},
      {"plot @/good.h5 -o @/none/x.png", "none/x.png|none does not exist|mkdir -p"},
      {"plot @/good.h5 -o @/folder.png", "folder.png|not a regular file"},
  };
  static const refusal inputs[] = {
      {"@/none.h5", "none.h5|No such file"},
      {"@", "Is a directory"},
      {"@/run.yaml", "run.yaml|not an HDF5 file"},
      {"@/empty.h5", "empty.h5|not an HDF5 file"},
      {"@/data.h5", "data.h5|not one that moedmft wrote"},
  };
  write_samples("data.h5", 3, 5, 3, 0, 1, 1);
  spit_text("run.yaml", "seed: 3\n");
  spit_text("empty.h5", "");
  mkdir(in_folder("folder.png"), 0700);
  CU_ASSERT_EQUAL(symlink("loop", in_folder("loop")), 0);
  succeeds("solve - -q -o @/good.h5 " SMALL);
  REFUSED(MDM_ERR_IO, "", list);
  REFUSED(MDM_ERR_IO, "info ", inputs);
  REFUSED(MDM_ERR_IO, "plot -o @/x.png ", inputs);
  if (geteuid() != 0) { /* root may write anywhere */
    mkdir(in_folder("closed"), 0500);
    refused_as(&(start){0}, MDM_ERR_IO, "closed/x.h5|Permission denied", "solve - -o @/closed/x.h5");
  }
}

/* A file that ends too early, wherever it does. */
static void test_truncated(void) {
  static char bytes[1 << 20];
  succeeds("compare - -q -o @/good.h5 " SMALL);
  size_t n = slurp("good.h5", bytes, sizeof bytes);
  CU_ASSERT_FATAL(n > 10000 && n < sizeof bytes - 1);
  for (int i = 1; i < 8; i++) {
    spit("half.h5", bytes, i == 7 ? n - 1 : n * (size_t)i / 7);
    refused_as(&(start){0}, MDM_ERR_IO, "half.h5", "info @/half.h5");
    refused_as(&(start){0}, MDM_ERR_IO, "half.h5", "plot @/half.h5 -o @/x.svg");
  }
}

static void test_full_disk(void) {
  succeeds("solve - -q -o @/good.h5 " SMALL);
  refused_as(&(start){.file_size = 9000}, MDM_ERR_IO, "earlier.h5|9000 of", "solve - -q --force -o @/earlier.h5 " SMALL);
  refused_as(&(start){.file_size = 4096}, MDM_ERR_IO, "x.svg", "plot @/good.h5 -o @/x.svg");
  if (access("/dev/full", W_OK) == 0) {
    refused_as(&(start){.out = "/dev/full"}, MDM_ERR_IO, "standard output|No space", "info @/good.h5");
    refused_as(&(start){.out = "/dev/full"}, MDM_ERR_IO, "standard output|No space", "options");
  }
}

static void test_no_gnuplot(void) {
  succeeds("solve - -q -o @/good.h5 " SMALL);
  refused_as(&(start){.path = folder}, MDM_ERR_IO, "gnuplot is not installed|gnuplot-nox", "plot @/good.h5 -o @/x.png");
}

/* Results without vector code are the same but for rounding (tests/cli/test_results.c); asking for what is not there is refused. */
static void test_vectors(void) {
  refused_as(&(start){.vectors = "sse"}, MDM_ERR_CONFIG, "MOEDMFT_VECTORS|'sse'|plain, avx2, avx512", "solve - -q -o @/x.h5 " SMALL);
  if (mdm_vectors_supported() < MDM_VECTORS_AVX512)
    refused_as(&(start){.vectors = "avx512"}, MDM_ERR_CONFIG, "MOEDMFT_VECTORS|'avx512'|this processor", "solve - -q -o @/x.h5 " SMALL);
}

/* More than any machine has, as one number and as a product that overflows; and a population that is too small. */
static void test_sizes(void) {
  static const refusal large[] = {
      {"simulate.widths=[10000000]", "memory|GB|simulate.widths"},
      {"solve.particles=1000000000", "memory|GB|solve.particles"},
      {"model.experts_ratio=1e6 -s model.expert_width=1e6 -s simulate.widths=[10000000]", "memory|GB"},
      {"data.train=1000000000 -s data.dimension=1000000", "memory|data.train"},
      {"train.steps=10000000 -s data.train=300000 -s data.dimension=1", "memory"},
  };
  static const refusal small[] = {
      {"solve.particles=8", "8 stream particles|raise solve.particles"},
      {"solve.expert_particles=1", "1 expert particles|raise"},
  };
  REFUSED(MDM_ERR_MEMORY, "compare - -q --force -t 1 -o @/earlier.h5 " SMALL "-s ", large);
  REFUSED(MDM_ERR_NUMERIC, "compare - -q --force -o @/earlier.h5 " SMALL "-s ", small);
}

static const test_case tests[] = {
    {"command lines that are refused", test_usage},
    {"configurations that are refused", test_configuration},
    {"data that are refused", test_data_refused},
    {"outputs and inputs that are refused", test_output_refused},
    {"truncated files", test_truncated},
    {"full disks", test_full_disk},
    {"no gnuplot", test_no_gnuplot},
    {"vector instructions that do not exist", test_vectors},
    {"sizes beyond memory, and too small", test_sizes},
};

SUITE_IN_FOLDER("cli/refusals", tests)
