#!/bin/sh
# Does the best learning rate transfer, and does loss fall with scale? muP and MSSP in Regimes II and III, one pass over
# Fashion-MNIST: the sweeps behind docs/sweeps.md. About ten minutes for each regime on two idle cores; stopped, it goes on where it was.
#   sh validation/sweep.sh [II|III|check] [options of moedmft sweep …]
# check: the limit with a smaller tolerance and more particles, and muP in Regime III at N = 512; ten minutes.
cd "$(dirname "$0")/.." || exit 2
moedmft=${MOEDMFT_BIN:-build/moedmft}
regime=${1:-both}
[ "$#" -eq 0 ] || shift
mkdir -p out

third="-s model.regime=III -s model.experts_ratio=0.5 -s model.expert_width_ratio=0.5 -s data.train=640 -s train.batch=16
  -s train.steps=39"

if [ "$regime" = both ] || [ "$regime" = II ]; then
  "$moedmft" sweep examples/sweep.yaml -o out/sweep_II.h5 --over model.parameterization=mup,mssp \
    --over train.lr=log:0.25:4:9 --refine=2 "$@" && "$moedmft" plot out/sweep_II.h5 -o out/sweep_II.png || exit 1
fi
if [ "$regime" = both ] || [ "$regime" = III ]; then
  "$moedmft" sweep examples/sweep.yaml -o out/sweep_III.h5 --over model.parameterization=mup,mssp \
    --over train.lr=log:1:8:7 --refine=4 $third -s solve.expert_particles=1000 -s solve.replicas=3 \
    -s 'simulate.seeds=[48, 32, 24, 12]' "$@" && "$moedmft" plot out/sweep_III.h5 -o out/sweep_III.png || exit 1
fi
if [ "$regime" = check ]; then
  "$moedmft" sweep examples/sweep.yaml -o out/limit_II.h5 --over model.parameterization=mssp,mup --over train.lr=1 \
    -s solve.tolerance=0.1 -s solve.particles=4000 -s solve.expert_particles=3000 -s solve.replicas=2 \
    -s 'simulate.widths=[8]' -s simulate.seeds=2 "$@" || exit 1
  "$moedmft" sweep examples/sweep.yaml -o out/limit_III.h5 --over model.parameterization=mup \
    --over train.lr=2.82843,4,5.65685,8 $third -s solve.expert_particles=2000 -s solve.particles=6000 \
    -s solve.tolerance=0.2 -s solve.replicas=6 -s 'simulate.widths=[32, 512]' -s 'simulate.seeds=[2, 12]' "$@" || exit 1
  "$moedmft" sweep examples/sweep.yaml -o out/neurons_III.h5 --over solve.neuron_particles=8,32,96 $third -s train.lr=4 \
    -s model.parameterization=mup -s solve.expert_particles=600 -s solve.replicas=4 -s 'simulate.widths=[8]' \
    -s simulate.seeds=2 "$@" || exit 1
fi
