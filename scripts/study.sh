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
granularity 150 s  How many experts of what size? Best loss against their granularity, the shared ones and the active ones, networks and limit.
horizon     150 s  Where does a long single pass go at N = infinity? SGD and AdamW, muP and MSSP, soft and top-K; the best rate against N and the number of steps.
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

quotient() { awk "BEGIN { printf \"%.12g\", $1 / $2 }"; }

# File, N_e, M/N, K/M, first and last rate, further options: the best loss of networks and the limit, one pass over 400 images of ten classes.
experts() {
  file=$1 width=$2 ratio=$3 active=$4 rates=$5
  shift 5
  sampled=$((1536 / width > 256 ? 1536 / width : 256))
  moedmft sweep - -o "out/granularity_$file.h5" --over "train.lr=log:$rates:4" --refine=10 -s data.source=idx \
    -s data.file=data/fashion/train-images-idx3-ubyte.gz -s data.labels=data/fashion/train-labels-idx1-ubyte.gz -s data.train=400 \
    -s train.loss=cross_entropy -s train.batch=10 -s train.steps=39 -s solve.particles=1200 -s "solve.expert_particles=$sampled" \
    -s solve.replicas=3 -s solve.tolerance=0.3 -s solve.precision=single -s simulate.precision=single -s "model.expert_width=$width" \
    -s "model.experts_ratio=$ratio" -s "model.active_fraction=$active" -s 'simulate.widths=[32, 64]' -s 'simulate.seeds=[24, 8]' "$@"
}

study_granularity() {
  for width in 1 2 4 8 16 32; do # M N_e = 8 N and K N_e = 2 N stay
    experts "G_$width" $width "$(quotient 8 "$width")" 0.25 0.125:1 "$@"
  done
  for shared in 4 8 12; do # of 64 experts, of which 16 are active
    experts "S_$shared" 4 2 "$(quotient $((16 - shared)) $((64 - shared)))" 0.125:1 -s "model.shared_fraction=$(quotient "$shared" 64)" "$@"
  done
  for total in 1 4; do # M = N and 4 N experts of four neurons
    experts "A_${total}_0.0625" 4 $total 0.0625 0.0625:0.5 "$@"
    experts "A_${total}_0.125" 4 $total 0.125 0.125:1 "$@"
    experts "A_${total}_0.25" 4 $total 0.25 0.125:1 "$@"
    experts "A_${total}_1" 4 $total 1 0.5:4 "$@"
  done
  say "Draw: validation/granularity.py -o out/$study.png"
  PYTHONPATH=python "${PYTHON:-/usr/bin/python3}" validation/granularity.py -o "out/$study.png"
  look "Best loss against the granularity of experts, the shared part of the active ones, and the active part of all"
}

study_horizon() {
  for optimizer in sgd adamw; do
    case $optimizer in sgd) all=1 few=0.5 rates=log:0.35:4:8 ;; *) all=0.1 few=0.1 rates=log:0.05:1.6:6 ;; esac
    for p in mup mssp; do
      for fraction in 1 0.25; do
        case $fraction in 1) routing=soft rate=$all ;; *) routing=topk rate=$few ;; esac
        moedmft compare examples/horizon.yaml -o "out/horizon_${optimizer}_${p}_$routing.h5" -s "train.optimizer=$optimizer" -s "train.lr=$rate" \
          -s "model.parameterization=$p" -s "model.active_fraction=$fraction" "$@"
      done
    done
    moedmft sweep examples/horizon.yaml -o "out/horizon_sweep_$optimizer.h5" --over train.steps=12,25,50,99 --over "train.lr=$rates" \
      --measure test -s "train.optimizer=$optimizer" -s output.every=99 -s solve.replicas=16 -s 'simulate.widths=[32, 128]' -s 'simulate.seeds=[12, 6]' "$@"
  done
  say "Draw: validation/horizon_picture.py out -o out/$study.png"
  PYTHONPATH=python "${PYTHON:-/usr/bin/python3}" validation/horizon_picture.py out -o "out/$study.png"
  look "Dashed with its band: the limit, from networks of N = 16 to 64 in families; right: the best rate against the
number of steps for every width"
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
