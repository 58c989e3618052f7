#!/bin/sh
# One study, from a fresh clone to a figure: installs what is missing, builds, runs, draws out/NAME.png, says what to look at.
#   sh scripts/study.sh                      lists the studies
#   sh scripts/study.sh NAME [options]       options go to every `moedmft` command of the study, e.g. --threads 1; --force replaces earlier results
# A new study is a row of the table and a function study_NAME.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

# name, processor time (of all cores together), question
table() {
  cat <<'END'
compare      30 s  How wide is wide enough? Deviation of networks from the limit, and its rate in N.
sweep       200 s  Does the best learning rate transfer? Loss against rate for every width, muP beside MSSP.
depth        70 s  Does the best learning rate transfer in depth, too? Best rate against L, of networks and limit, for branches L^-1, L^-1/2 and 1.
coordcheck   10 s  What of the experts' output survives at large width? Its parts against N, muP beside MSSP.
optimizers   30 s  Do networks trained by Adam approach its limit? Loss, and deviation by N, muP beside MSSP.
transformer 150 s  A small transformer on verse: how far is N = 256 from N = infinity, and does the best learning rate transfer?
order        25 s  What do router and kernels do while networks learn? Logits, loads, kernels beside the limit.
self_consistency 25 s  Is the limit a fixed point? Sweeps of new particles under its kernels and responses, from two starts.
END
}

study_compare() {
  moedmft compare examples/cosine.yaml -o out/compare.h5 "$@"
  draw compare.py out/compare.h5
  look "Right: the mean over networks comes to the limit like 1/N, a single network only like N^(-1/2)"
}

study_sweep() {
  moedmft sweep examples/sweep.yaml -o out/sweep.h5 --over model.parameterization=mup,mssp --over train.lr=log:0.5:4:7 \
    -s 'simulate.widths=[32, 64, 128]' -s 'simulate.seeds=[48, 32, 24]' -s solve.replicas=2 "$@"
  draw sweep.py out/sweep.h5
  look "Circles: the best rate of each width. It transfers where
they stand above each other; right: best rate against N"
}

study_depth() {
  for b in 1 0.5 0; do
    moedmft sweep - -o "out/depth_$b.h5" --over model.depth=1,2,4,8,16 --over train.lr=log:0.25:2.828:8 --refine=10 \
      -s "model.branch_exponent=$b" -s model.input=linear -s train.steps=10 -s solve.particles=1500 -s solve.replicas=3 \
      -s 'simulate.widths=[16, 64]' -s 'simulate.seeds=[32, 12]' "$@"
  done
  draw depth.py out/depth_1.h5 out/depth_0.5.h5 out/depth_0.h5
  look "The best rate stays from L = 1 to 16 with branches L^-1 and L^-1/2; with branches of size 1 on a bare stream it falls"
}

study_coordcheck() {
  for p in mup mssp; do
    moedmft coordcheck - -o "out/coordcheck_$p.h5" -s "model.parameterization=$p" -s train.steps=8 -s output.kernels=false \
      -s 'simulate.widths=[16, 32, 64, 128]' -s simulate.seeds=64 "$@"
  done
  draw coordcheck.py out/coordcheck_mup.h5 out/coordcheck_mssp.h5
  look "Squares, init: what the untrained experts contribute falls like N^(-1/2) under muP (left) and stays under MSSP (right)"
}

study_optimizers() {
  for p in mup mssp; do
    moedmft compare - -o "out/optimizers_$p.h5" -s "model.parameterization=$p" -s train.optimizer=adam -s train.lr=0.1 \
      -s train.adam.eps=0.1 -s train.adam.beta2=0.99 -s output.kernels=false -s output.statistics=false \
      -s solve.particles=8000 -s solve.replicas=4 -s 'simulate.widths=[16, 32, 64, 128]' -s 'simulate.seeds=[1024, 1024, 512, 256]' "$@"
  done
  draw optimizers.py out/optimizers_mup.h5 out/optimizers_mssp.h5
  look "Networks approach the limit of Adam under both; at the same width MSSP is closer (right)"
}

study_transformer() {
  quiet="-s output.kernels=false -s output.statistics=false"
  moedmft compare examples/text.yaml -o out/transformer.h5 $quiet "$@"
  moedmft sweep examples/text.yaml -o out/transformer_rates.h5 --over train.lr=log:4:32:7 --measure test $quiet -s output.every=24 \
    -s 'simulate.seeds=[32, 32, 24, 12]' -s solve.replicas=4 "$@"
  moedmft coordcheck examples/text.yaml -o out/transformer_check.h5 $quiet -s data.test=0 -s 'simulate.seeds=[16, 16, 8, 8]' -s solve.replicas=2 "$@"
  draw transformer.py out/transformer.h5 out/transformer_rates.h5 out/transformer_check.h5
  look "Above: losses and the deviation from the limit, which the title gives for N = 256. Below: the best rate of each width
(circles), and what heads and experts add to the stream at the last step, initial and learned parts, beside the limit (dashed)"
}

study_order() {
  moedmft compare - -o out/order.h5 -s model.active_fraction=0.25 -s model.experts_ratio=2 -s model.expert_width=2 \
    -s data.train=8 -s train.lr=0.3 -s train.lr_multiplier.router=10 -s output.ntk=true -s 'output.times=[0, 4, 8, 12, 16, 20, 24]' -s solve.particles=4000 \
    -s 'simulate.widths=[32, 64, 128]' -s 'simulate.seeds=[512, 512, 256]' "$@"
  draw order_parameters.py out/order.h5
  look "Marks (networks) beside lines (limit): logits spread and skew, loads hardly move; the kernel of the experts' output and the
tangent kernel turn towards the targets"
}

study_self_consistency() {
  moedmft solve - -o out/self_consistency_causal.h5 --sweeps 8 -s solve.settled=8 -s solve.particles=4000 -s train.steps=10 \
    -s output.kernels=false "$@"
  moedmft solve - -o out/self_consistency_lazy.h5 --sweeps 30 -s solve.start=lazy -s solve.particles=4000 -s train.steps=10 \
    -s output.kernels=false "$@"
  draw self_consistency.py out/self_consistency_causal.h5 out/self_consistency_lazy.h5
  look "Residuals stand at their sampling noise (dashed) from the start after the causal pass, and come down to it from afar (middle);
both end at the same predictions (right)"
}

say() { printf '\n==> %s\n' "$*"; }

moedmft() {
  say "Run: build/moedmft $*"
  build/moedmft "$@"
}

# Script, files: out/STUDY.png
draw() {
  script=examples/python/$1
  shift
  say "Draw: $script $* -o out/$study.png"
  PYTHONPATH=python "${PYTHON:-/usr/bin/python3}" "$script" "$@" -o "out/$study.png"
}

look() { say "Done: out/$study.png. $*."; }

if [ $# = 0 ]; then
  echo "usage: sh scripts/study.sh NAME [options of moedmft]; times are processor time, of all cores together"
  table
  exit 0
fi
study=$1
shift
names=$(table | cut -d' ' -f1)
if ! echo "$names" | grep -qxF -- "$study"; then
  echo "study: there is no study '$study'; studies are" $names >&2
  exit 2
fi

sh scripts/build.sh
mkdir -p out
"study_$study" "$@"
