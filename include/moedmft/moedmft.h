/* Everything: limiting training dynamics of mixture-of-experts networks, and the finite networks beside them. */
#ifndef MOEDMFT_H
#define MOEDMFT_H

#include <moedmft/classify.h>
#include <moedmft/cluster.h>
#include <moedmft/compare.h>
#include <moedmft/config.h>
#include <moedmft/coordcheck.h>
#include <moedmft/data.h>
#include <moedmft/error.h>
#include <moedmft/file.h>
#include <moedmft/law.h>
#include <moedmft/monitor.h>
#include <moedmft/plot.h>
#include <moedmft/record.h>
#include <moedmft/report.h>
#include <moedmft/rerun.h>
#include <moedmft/rules.h>
#include <moedmft/run.h>
#include <moedmft/sweep.h>
#include <moedmft/version.h>

#endif
