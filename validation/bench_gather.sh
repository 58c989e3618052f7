#!/bin/sh
# Top-K at finite width: gathered tokens against dense products, as ratios of processor time (dense / gathered; above 1:
# gathering wins) for several expert widths N_e, active fractions and batch sizes. About a minute on one core.
set -eu
cd "$(dirname "$0")/.."
for width in 1 1000000; do
  make -s BUILD=build/bench-$width CFLAGS="-O3 -DMDM_GATHER_WIDTH=$width" build/bench-$width/moedmft
done
run() { # build N_e fraction P: user seconds of two networks, N = M = 128, 20 steps
  { /usr/bin/env time -f %U "build/bench-$1/moedmft" simulate - -o build/bench.h5 -q -t 1 --set simulate.widths=128 \
    --set simulate.seeds=4 --set train.steps=20 --set train.lr=0.01 --set output.kernels=false \
    --set "model.expert_width=$2" --set "model.active_fraction=$3" --set "data.train=$4"; } 2>&1
}
echo "N_e fraction P dense/gathered"
for P in 4 32 128; do
  for fraction in 0.25 0.0625; do
    for Ne in 3 8 16 64; do
      g=$(run 1 $Ne $fraction $P); d=$(run 1000000 $Ne $fraction $P); g2=$(run 1 $Ne $fraction $P); d2=$(run 1000000 $Ne $fraction $P)
      echo "$Ne $fraction $P $(echo "$g $g2 $d $d2" | awk '{printf "%.2f", ($3 + $4) / ($1 + $2)}')"
    done
  done
done
rm -f build/bench.h5
