/* Pictures of files that hold everything and little, and names that a shell, gnuplot or printf would take for something else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <moedmft/error.h>

#include "support/folder.h"
#include "support/refusals.h"
#include "support/suite.h"

/* Every picture of a file that holds everything; one line about what a file lacks. */
static void test_pictures(void) {
  static const char *const what[] = {"loss", "kernels", "spectra", "rates", "router", "ntk", "kernels --field gamma", "spectra --field e", "ntk --field W2",
                                     "rates --field train"};
  static const refusal usage[] = {{"--what foo", "--what foo|kernels|parts"}, {"--what kernels --field q", "--field q|gamma"}, {"--what ntk --field h", "W_in"},
                                  {"--what loss --field h", "no --field"}, {"--what router --field h", "no --field"}, {"--what heads --field h", "no --field"}, {"--what parts --field h", "no --field"}};
  static const refusal lacking[] = {{"--what kernels", "output.kernels=true"}, {"--what spectra", "output.kernels=true"}, {"--what ntk", "output.ntk=true"},
                                    {"--what router", "output.statistics=true"}, {"--what heads", "entropy of heads"}, {"--what rates", "moedmft compare"}, {"--what parts", "coordcheck"}, {"--what depths", "simulate.depths"}};
  static const refusal elsewhere[] = {{"solve - --what loss", "go with plot"}, {"compare - --field h", "go with plot"}};
  static const char *const formats[] = {"png", "svg", "pdf"};
  succeeds("compare - -q -o @/all.h5 " JUDGED "-s output.ntk=true -s model.active_fraction=0.5 -s data.test=3");
  succeeds("solve - -q -o @/bare.h5 " SMALL "-s output.kernels=false -s output.statistics=false");
  for (size_t i = 0; i < COUNT(what); i++) {
    char name[64];
    snprintf(name, sizeof name, "picture.%s", formats[i % 3]);
    succeeds("plot @/all.h5 -q -o @/%s --what %s", name, what[i]);
    check(exists(name), "expected a picture", what[i], run("--version"));
    remove(in_folder(name));
  }
  REFUSED(MDM_ERR_USAGE, "plot @/all.h5 -q -o @/picture.png ", usage);
  REFUSED(MDM_ERR_DATA, "plot @/bare.h5 -q -o @/picture.png ", lacking);
  REFUSED(MDM_ERR_USAGE, "-q -o @/earlier.h5 ", elsewhere);
  succeeds("plot @/bare.h5 -q -o @/picture.png --what loss");
  static const refusal results[] = {{"-o @/link.png", "link.png|HDF5"}, {"-o @/hard.svg", "hard.svg|HDF5"}}; /* what names of pictures may stand for */
  CU_ASSERT(!symlink("bare.h5", in_folder("link.png")) && !link(in_folder("bare.h5"), in_folder("hard.svg")));
  REFUSED(MDM_ERR_IO, "plot @/all.h5 -q ", results);
  succeeds("info @/bare.h5");
  static const refusal experts[] = {{"--what heads --block 1", "no entropy of heads|--block"}};
  succeeds("compare - -q -o @/heads.h5 " SMALL "-s model.depth=1 -s model.blocks=[attention,moe] -s data.context=2");
  succeeds("plot @/heads.h5 -q -o @/picture.svg --what heads"); /* of the last block with heads */
  REFUSED(MDM_ERR_DATA, "plot @/heads.h5 -q -o @/picture.svg ", experts);
  succeeds("solve - -q -o @/limit.h5 " SMALL "-s output.ntk=true");
  succeeds("simulate - -q -o @/networks.h5 " SMALL "-s output.ntk=true");
  for (int i = 0; i < 2; i++)
    for (size_t k = 0; k < COUNT(what); k++)
      if (strncmp(what[k], "rates", 5)) succeeds("plot @/%s.h5 -q -o @/picture.svg --what %s", i ? "limit" : "networks", what[k]);
}

/* Three networks under top-K leave the errors of some entries of a kernel unknown: the noise beside the picture is that of the others. */
static void test_unknown_errors(void) {
  enum { SIZE = 1 << 20 };
  char *text = malloc(SIZE);
  CU_ASSERT_PTR_NOT_NULL_FATAL(text);
  succeeds("compare - -q -o @/few.h5 -s solve.particles=200 -s solve.replicas=3 -s train.steps=2 -s simulate.widths=12 -s simulate.seeds=3 -s model.active_fraction=0.25");
  succeeds("plot @/few.h5 -q -o @/few.svg --what kernels --field gamma");
  slurp("few.svg", text, SIZE);
  check(strstr(text, "(noise ") != NULL, "expected the noise of the entries that have an error", "plot few.h5 --what kernels --field gamma", run("--version"));
  free(text);
}

/* Names that a shell, gnuplot or printf would take for something else. */
static void test_names_of_pictures(void) {
  static const char *const names[] = {
      "a b.png",   "it's.svg",           "100%d%s.png",       "q\"uote.pdf",        "~home.svg",
      "-dash.png", "|touch drawn;#.png", "`touch drawn`.svg", "$(touch drawn).svg", "UPPER.SVG"};
  char here[4000], line[700];
  succeeds("compare - -q -o @/good.h5 " SMALL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof here));
  const char *given = program();
  char absolute[8200];
  snprintf(absolute, sizeof absolute, "%s%s%s", *given == '/' ? "" : here, *given == '/' ? "" : "/", given);
  char *before = getenv("MOEDMFT_BIN") ? strdup(getenv("MOEDMFT_BIN")) : NULL;
  setenv("MOEDMFT_BIN", absolute, 1);
  CU_ASSERT_EQUAL_FATAL(chdir(folder), 0); /* relative names reach gnuplot as they are */
  for (size_t i = 0; i < COUNT(names); i++) {
    char output[200];
    snprintf(output, sizeof output, "--output=%s", names[i]);
    const char *words[] = {"plot", "good.h5", "-q", output};
    const result *r = run_words(4, words);
    snprintf(line, sizeof line, "plot good.h5 %s", output);
    check(r->code == 0 && !*r->err && exists(names[i]), "expected a picture", line, r);
    check(entries(NULL, 0) == (int)i + 2, "expected one file more", line, r);
  }
  CU_ASSERT_EQUAL(chdir(here), 0);
  if (before)
    setenv("MOEDMFT_BIN", before, 1);
  else
    unsetenv("MOEDMFT_BIN");
  free(before);
}

static const test_case tests[] = {
    {"pictures", test_pictures},
    {"unknown errors", test_unknown_errors},
    {"names of pictures", test_names_of_pictures},
};

SUITE_IN_FOLDER("cli/pictures", tests)
