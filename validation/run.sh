#!/bin/sh
# What `make validate` runs: networks replayed in raw parameters by independent programs, then exponents and the studies of the limit.
# Arguments go to regime2.py: `sh validation/run.sh --quick` takes a minute. Ends with status 0 when everything agrees.
cd "$(dirname "$0")/.." || exit 2
python=${PYTHON:-python3}
moedmft=${MOEDMFT_BIN:-build/moedmft}
saved=out/validation-reference.h5
failed=0
mkdir -p out

replay() {
  echo "reference: $*"
  "$moedmft" simulate - -q --save-weights --force -o $saved -s simulate.widths=[16,32] -s simulate.seeds=3 "$@" &&
    "$python" validation/reference.py $saved || failed=1
}

fashion="-s data.source=idx -s data.file=data/fashion/train-images-idx3-ubyte.gz
  -s data.labels=data/fashion/train-labels-idx1-ubyte.gz"
relu="-s model.activation=relu -s model.expert_activation=relu"
replay
replay -s model.parameterization=mup -s model.active_fraction=0.25 $relu -s train.lr=0.2
replay $fashion -s data.train=32 -s train.steps=10
replay $fashion -s train.batch=16 -s train.steps=10 -s train.loss=cross_entropy -s model.active_fraction=0.25 -s train.lr=0.2
# Optimizers: with PyTorch, its own SGD, Adam, AdamW, LambdaLR and clip_grad_norm_.
momentum="-s train.optimizer=momentum -s train.lr=0.1"
adam="-s train.optimizer=adam -s train.lr=0.05"
adamw="-s train.optimizer=adamw -s train.lr=0.05 -s train.adam.weight_decay=0.5"
few="-s model.expert_width=20 -s model.active_fraction=0.1 -s train.batch=2 -s data.train=8" # experts without tokens
replay $momentum -s train.weight_decay=0.3 -s train.schedule=linear -s train.warmup=6
replay $momentum -s model.parameterization=standard -s model.regime=I -s model.experts=3 -s train.clip=0.5
replay $momentum $few -s model.parameterization=mup -s train.weight_decay=0.002 -s train.decay_scale=tensor
replay -s train.optimizer=sign -s train.lr=0.02 -s train.weight_decay=0.5 -s model.regime=III
replay $adam -s model.regime=I -s model.experts=4 -s train.schedule=cosine -s train.final_lr=0.1
replay $adam -s model.regime=III -s model.parameterization=mup -s train.adam.eps=0.1 -s train.clip=0.05
replay $adamw $few
replay $adamw -s train.decay_scale=tensor -s train.adam.eps_scale=global -s train.adam.eps=0.01 -s model.parameterization=mup
# Residual blocks, shared experts, losses on the router.
deep="-s model.depth=4 -s model.norm=rms -s model.output=norm -s model.active_fraction=0.4 -s model.shared_fraction=0.25 -s model.dense_blocks=[0]"
replay $deep -s train.balance=switch -s train.balance_coefficient=0.1 -s train.z_loss=0.1
replay $deep -s model.branch_exponent=0.5 -s model.regime=III -s train.bias_rate=0.05 -s train.bias_update=sign
replay $deep $adamw -s train.adam.eps=0.01 -s train.clip=0.05 -s train.balance=importance
rm -f $saved

"$python" validation/official.py || failed=1
"$python" validation/exponents.py "$moedmft" || failed=1
"$python" validation/regime2.py "$@" || failed=1
[ "$#" -gt 0 ] || "$python" validation/regimes.py || failed=1
[ "$#" -gt 0 ] || "$python" validation/coordcheck.py || failed=1
[ "$#" -gt 0 ] || MOEDMFT_BIN=$moedmft "$python" validation/saturation.py || failed=1
# The limit of a single pass over 60,000 images, where they are installed: an hour.
if [ "$#" = 0 ]; then
  "$python" validation/horizon_steps.py || failed=1
  "$python" validation/horizon.py
  case $? in 0|77) ;; *) failed=1 ;; esac
fi
exit $failed
