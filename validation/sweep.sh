#!/bin/sh
# Does the best learning rate transfer, and does loss fall with scale? muP and MSSP in Regimes II and III, one pass over
# Fashion-MNIST: the sweeps behind docs/sweeps.md. Ten minutes for each regime on two cores; stopped, it goes on where it was.
#   sh validation/sweep.sh [II|III] [options of moedmft sweep …]
cd "$(dirname "$0")/.." || exit 2
moedmft=${MOEDMFT_BIN:-build/moedmft}
regime=${1:-both}
[ "$#" -eq 0 ] || shift
mkdir -p out

if [ "$regime" != III ]; then
  "$moedmft" sweep examples/sweep.yaml -o out/sweep_II.h5 --over model.parameterization=mup,mssp \
    --over train.lr=log:0.25:4:9 "$@" && "$moedmft" plot out/sweep_II.h5 -o out/sweep_II.png || exit 1
fi
if [ "$regime" != II ]; then
  "$moedmft" sweep examples/sweep.yaml -o out/sweep_III.h5 --over model.parameterization=mup,mssp \
    --over train.lr=log:1:8:7 -s model.regime=III -s model.experts_ratio=0.5 -s model.expert_width_ratio=0.5 \
    -s data.train=640 -s train.batch=16 -s train.steps=39 -s solve.expert_particles=1000 \
    -s solve.replicas=2 -s 'simulate.seeds=[48, 32, 24, 12]' "$@" && "$moedmft" plot out/sweep_III.h5 -o out/sweep_III.png || exit 1
fi
