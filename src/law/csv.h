/* Runs from a CSV file. */
#ifndef MOEDMFT_LAW_CSV_H
#define MOEDMFT_LAW_CSV_H

#include "law/runs.h"

/* As mdm_law_runs_read; *out is to be freed also after a failure. */
int mdm_law_csv_read(const char *path, mdm_law_runs **out, mdm_error *err);

#endif
