/* Every test file registers one CUnit suite through a function listed here and in tests/main.c. */
#ifndef MOEDMFT_TESTS_SUITES_H
#define MOEDMFT_TESTS_SUITES_H

int suite_math(void);
int suite_scaling(void);
int suite_optimizer(void);
int suite_network(void);
int suite_limit(void);
int suite_config(void);
int suite_cli(void);
int suite_coordcheck(void);
int suite_rules(void);
int suite_sweep(void);
int suite_data(void);
int suite_record(void);
int suite_statistics(void);
int suite_compare(void);
int suite_sweeps(void);

#endif
