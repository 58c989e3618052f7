/* Runs every suite, or those whose names contain an argument; exit status 1 when anything failed or nothing ran. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "suites.h"

static const struct {
  const char *name;
  int (*add)(void); /* registers a CUnit suite; CUE_SUCCESS on success */
} suites[] = {
    {"math", suite_math},
    {"scaling", suite_scaling},
    {"optimizer", suite_optimizer},
    {"network", suite_network},
    {"limit", suite_limit},
    {"config", suite_config},
    {"data", suite_data},
    {"record", suite_record},
    {"rules", suite_rules},
    {"statistics", suite_statistics},
    {"coordcheck", suite_coordcheck},
    {"sweep", suite_sweep},
    {"compare", suite_compare},
    {"sweeps", suite_sweeps},
    {"cli", suite_cli},
};

static int wanted(const char *name, int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (strstr(name, argv[i])) return 1;
  return argc < 2;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (CU_initialize_registry() != CUE_SUCCESS) return CU_get_error();
  for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
    if (wanted(suites[i].name, argc, argv) && suites[i].add() != CUE_SUCCESS) {
      fprintf(stderr, "cannot register suite %s: %s\n", suites[i].name, CU_get_error_msg());
      return 1;
    }
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  unsigned run = CU_get_number_of_tests_run(), failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
  CU_cleanup_registry();
  return run == 0 || failed > 0;
}
