#!/bin/sh
# Networks of every kind, replayed in raw parameters by validation/reference.py (numpy). Usage: reference.sh PROGRAM [PYTHON]
# Exit status 1 when any network deviates from the reference by more than 1e-9, or the reference's gradients from differences of its loss.
set -eu
program=$1 python=${2:-python3}
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0
clips() { # settings: where they clip gradients, the reference must have clipped some
  case $1 in *train.clip*) grep -q 'clipped [1-9]' "$folder/log" ;; esac
}
check() { # settings …
  settings=
  for word in "$@"; do settings="$settings --set $word"; done
  # shellcheck disable=SC2086
  if "$program" simulate - -q -o "$folder/run.h5" --force --save-weights --set 'simulate.widths=[12, 25]' --set simulate.seeds=2 \
      --set train.steps=12 $settings && "$python" "$here/validation/reference.py" --backend numpy --differences "$folder/run.h5" > "$folder/log" &&
      clips "$*"
  then passed=$((passed + 1)); echo "  Reference: $* ... agrees"
  else failed=$((failed + 1)); echo "  Reference: $* ... FAILED"; cat "$folder/log"
  fi
}
check model.parameterization=mssp
check model.parameterization=mup model.activation=relu model.expert_activation=gelu model.active_fraction=0.4
check train.batch=3 data.train=7 model.gate_temperature=0.7 model.gate_multiplier=1.5 model.activation=erf
check model.expert_width=20 model.active_fraction=0.4 data.train=16 data.test=5 train.lr=0.1
check model.gate=softmax model.gate_temperature=2 train.lr=0.1
check model.gate=softmax model.gate_scope=selected model.active_fraction=0.3 train.lr=0.1
check model.gate=normalized_sigmoid model.active_fraction=0.5 model.router_bias_std=0.3 train.bias_rate=0.1
check model.gate=linear train.lr=0.1 model.readout_std=0
check model.gate=constant train.loss_multiplier=2 train.lr_multiplier.expert_in=3
check model.regime=I model.parameterization=mup model.experts=3
check model.regime=I model.parameterization=mssp model.experts=4 model.active=2 model.router_bias_std=1
check model.regime=III model.parameterization=mup model.expert_width_ratio=0.5 model.active_fraction=0.5
check model.regime=III model.parameterization=mssp model.experts_ratio=0.5
check model.regime=III model.parameterization=mssp model.gate=softmax model.active_fraction=0.5 train.bias_rate=0.05 train.lr=0.2
# Factors of initial standard deviations; a parameterization by hand with numbers in its powers.
check model.init.input=0.25 model.init.router=2 model.init.expert_in=0.5 model.init.expert_out=3 model.readout_std=0.5
check model.parameterization=custom model.custom.base=mssp model.custom.W_in.std=0.25*D^-1/2 model.init.input=2 model.custom.W_in.multiplier=0.8 \
  model.custom.Q.multiplier=1.25 model.custom.W1.lr=1/3*M*N^-1 model.custom.w_out.multiplier=2
check model.parameterization=custom model.custom.base=mup model.regime=III model.custom.tied=true model.custom.Q.adam_eps=0.5 model.custom.W2.adam_lr=2*Ne^-1 \
  model.custom.w_out.std=0 train.optimizer=adam train.adam.eps=0.1 train.lr=0.05
check data.source=idx "data.file=$here/data/fashion/train-images-idx3-ubyte.gz" "data.labels=$here/data/fashion/train-labels-idx1-ubyte.gz" \
  data.train=24 train.loss=cross_entropy train.lr=0.1
# Optimizers. Few tokens and many experts (N_e >= 8, gathered): experts without tokens still decay, and move on their momentum.
few="model.expert_width=20 model.active_fraction=0.1 train.batch=2 data.train=8"
check train.optimizer=momentum train.momentum=0.8 train.weight_decay=0.3 train.lr=0.1 model.parameterization=mup
check train.optimizer=momentum train.weight_decay=0.01 train.decay_scale=tensor train.lr=0.05 train.clip=0.15 model.regime=III model.parameterization=mup
check train.weight_decay=0.2 train.schedule=linear train.final_lr=0.1 train.warmup=4 model.parameterization=mup model.active_fraction=0.4
check train.optimizer=sign train.weight_decay=0.5 train.lr=0.02 train.schedule=cosine model.regime=I model.parameterization=mup model.experts=3
check train.optimizer=sign train.weight_decay=0.02 train.decay_scale=tensor train.lr=0.02 model.regime=III model.expert_width_ratio=0.5
check train.optimizer=adam train.lr=0.05 train.lr_multiplier.router=2 model.regime=I model.experts=4 model.active=2 model.router_bias_std=1
check train.optimizer=adam train.lr=0.2 train.adam.eps=0.3 train.adam.beta1=0.7 train.adam.beta2=0.95 model.regime=III model.parameterization=mup
check train.optimizer=adam train.lr=0.05 train.adam.eps=0.1 train.clip=0.05 train.schedule=linear train.warmup=12 model.regime=III model.active_fraction=0.5
check train.optimizer=adamw train.lr=0.05 train.adam.weight_decay=0.5 train.lr_multiplier.expert_out=0.5 train.schedule=cosine train.warmup=3 train.final_lr=0.2
check train.optimizer=adamw train.lr=0.05 train.adam.weight_decay=0.5 train.decay_scale=tensor train.adam.eps=0.01 train.adam.eps_scale=global model.parameterization=mup
check train.optimizer=momentum train.weight_decay=0.5 train.lr=0.1 $few
check train.optimizer=adam train.lr=0.02 train.adam.eps=0.01 $few model.parameterization=mup
check train.optimizer=adamw train.lr=0.02 train.adam.eps=0 train.adam.weight_decay=1 $few
check train.optimizer=sign train.weight_decay=1 train.lr=0.01 model.regime=III model.active_fraction=0.1 train.batch=2 data.train=8
check train.optimizer=momentum train.momentum=0.5 train.lr=0.1 train.clip=0.5 model.parameterization=standard model.regime=I model.experts=3
check train.optimizer=adamw train.lr=0.1 train.clip=0.05 train.adam.eps=0.01 model.parameterization=ntp
# Residual blocks, shared experts, losses on the router.
check model.depth=3
check model.depth=4 model.norm=rms model.output=norm model.input=linear model.branch_exponent=0.5 model.parameterization=mup
check model.depth=3 model.norm=layer model.norm_eps=0.1 model.output=norm model.activation=relu model.expert_activation=gelu \
  model.gate=softmax train.lr=0.1
check model.depth=2 model.norm=rms model.norm_eps=0 model.branch_exponent=0 model.output=tanh model.shared_fraction=0.25 \
  model.dense_blocks=[1] train.z_loss=0.3
check model.depth=3 model.norm=rms model.active_fraction=0.4 model.shared_fraction=0.3 train.balance=switch train.balance_coefficient=0.5 \
  model.dense_blocks=[0] train.lr=0.2
check model.depth=3 model.input=linear model.active_fraction=0.3 train.balance=switch train.balance_coefficient=0.3 \
  model.gate=normalized_sigmoid model.gate_scope=selected train.z_loss=0.2 model.branch_exponent=0.5 train.lr=0.1
check model.depth=2 train.balance=importance train.balance_coefficient=1 train.z_loss=0.5 model.gate=softmax model.gate_temperature=2 \
  model.shared_fraction=0.5 train.lr=0.1
check model.depth=3 model.active_fraction=0.4 train.bias_rate=0.05 train.bias_update=sign model.shared_fraction=0.2 model.dense_blocks=[0,2] \
  model.output=gelu data.train=15 train.batch=5
check model.depth=3 model.active_fraction=0.5 train.bias_rate=0.1 model.router_bias_std=0.3 model.branch_exponent=0.5 \
  train.balance=importance
check model.shared_fraction=0.25 model.active_fraction=0.4 train.balance=switch train.balance_coefficient=1 train.bias_rate=0.1 \
  train.z_loss=0.1
check model.depth=3 model.regime=I model.experts=4 model.active=2 model.shared_experts=1 train.balance=switch train.balance_coefficient=0.3 \
  model.norm=rms
check model.depth=2 model.regime=I model.parameterization=mup model.experts=3 model.shared_experts=1 train.balance=importance \
  train.balance_coefficient=2 train.bias_rate=0 model.norm=layer model.branch_exponent=0.5
check model.depth=3 model.regime=III model.shared_fraction=0.25 model.active_fraction=0.5 model.norm=layer train.balance=switch \
  train.z_loss=0.1 model.output=erf
check model.depth=2 model.regime=III model.parameterization=mup model.expert_width_ratio=0.5 model.branch_exponent=0 model.norm=rms \
  model.output=norm model.dense_blocks=[0]
check model.depth=3 model.regime=III model.parameterization=jbph model.router_gamma=0.5 model.output=tanh model.active_fraction=0.5 \
  model.router_bias_std=0.2 train.bias_rate=0.1
check model.depth=4 train.optimizer=momentum train.momentum=0.8 train.lr=0.1 train.weight_decay=0.3 train.clip=0.3 model.branch_exponent=0.5 \
  model.norm=rms model.parameterization=mup
check model.depth=3 train.optimizer=momentum train.lr=0.05 train.weight_decay=0.01 train.decay_scale=tensor train.batch=3 data.train=9 \
  model.regime=III model.parameterization=mup model.dense_blocks=[1] model.shared_fraction=0.2
check model.depth=3 train.optimizer=adam train.lr=0.1 train.adam.eps=0.1 model.branch_exponent=0.5 train.clip=0.1 train.balance=importance \
  train.z_loss=0.2 model.norm=rms model.output=norm
check model.depth=4 train.optimizer=adamw train.lr=0.05 train.adam.eps=0.01 train.adam.weight_decay=0.5 model.active_fraction=0.4 \
  model.shared_fraction=0.25 model.dense_blocks=[0] train.balance=switch train.balance_coefficient=0.1 model.norm=rms train.schedule=cosine \
  train.warmup=3
check model.depth=3 train.optimizer=adamw train.lr=0.05 train.adam.eps=0.01 train.adam.eps_scale=global train.decay_scale=tensor \
  train.adam.weight_decay=0.5 model.regime=I model.experts=4 model.active=2 model.branch_exponent=0.5
check model.depth=2 train.optimizer=adam train.lr=0.02 train.adam.eps=0 model.expert_width=20 model.active_fraction=0.1 train.batch=2 \
  data.train=8 model.dense_blocks=[1]
check model.depth=2 data.source=idx "data.file=$here/data/fashion/train-images-idx3-ubyte.gz" \
  "data.labels=$here/data/fashion/train-labels-idx1-ubyte.gz" data.train=24 train.batch=12 train.loss=cross_entropy train.lr=0.1 \
  model.norm=rms model.active_fraction=0.5 train.balance=switch model.output=norm
check model.depth=3 train.optimizer=sign train.lr=0.02 train.weight_decay=0.5 model.branch_exponent=0.5 model.regime=III model.norm=rms
# Attention.
check model.depth=1 'model.blocks=[attention]' model.head_width=3 model.heads_ratio=0.5 data.context=2 model.norm=rms model.output=norm model.input=linear
check model.depth=2 'model.blocks=[attention,moe]' model.head_width=2 model.heads_ratio=1 model.query_groups=2 data.context=4 data.train=8 train.batch=1 \
  model.attention_scale=full model.attention_output=mup model.norm=layer model.branch_exponent=0.5 train.lr_multiplier.attention_in=2 model.init.attention_out=0.5
check model.depth=2 'model.blocks=[moe,attention]' model.causal=false data.context=4 model.active_fraction=0.4 train.balance=switch model.dense_blocks=[2] \
  train.z_loss=0.2 train.optimizer=adamw train.lr=0.05 train.adam.eps=0.01 train.clip=0.3 train.lr_multiplier.attention_out=2 model.init.attention_in=2
check model.depth=2 'model.blocks=[attention]' model.query_groups=2 model.head_width=6 data.context=4 model.position=rotary model.query_key_norm=true model.norm_eps=0.1 \
  model.norm=rms
check model.depth=1 'model.blocks=[attention]' data.context=2 train.optimizer=momentum train.weight_decay=0.1 train.lr=0.05 model.parameterization=ntp \
  model.attention_output=mup
check model.depth=2 'model.blocks=[attention,moe]' data.context=2 model.query_groups=2 model.head_width=2 model.heads_ratio=1 model.parameterization=custom model.custom.base=mup \
  model.custom.W_qkv.std=2*N^-1/2 model.custom.W_qkv.lr=0.5*M*N^-1*L model.custom.W_O.std=M^1/2*Ne^-1/2 model.custom.W_O.multiplier=0.5 model.custom.W1.lr=2*M*N^-1
# Heads that widen, beside counted experts.
check model.regime=I model.depth=2 'model.blocks=[attention,moe]' model.heads=4 model.query_groups=2 model.head_width_ratio=0.34 model.attention_scale=full data.context=4 data.train=8 \
  model.norm=rms model.experts=3 model.active=2 model.router_bias_std=1 model.branch_exponent=0.5
check model.regime=I model.depth=1 'model.blocks=[attention]' model.heads=2 model.attention_output=mup model.query_key_norm=true model.norm_eps=0.1 data.context=2 \
  train.optimizer=adam train.adam.eps=0.1 train.lr=0.05 train.lr_multiplier.attention_in=2 model.init.attention_out=0.5
# Tokens: a text, and classes of sequences and of some tokens.
"$python" -c 'import h5py, numpy, sys
with h5py.File(sys.argv[1], "w") as file:
    draw = numpy.random.default_rng(1)
    file["tokens"], file["targets"], file["label"] = draw.integers(0, 5, (4, 3)), draw.integers(-2, 5, (4, 3)), [2, -1, 0, 1]' "$folder/tokens.h5"
tokens="data.source=tokens data.file=$folder/tokens.h5 model.depth=1 model.norm=rms model.output=norm model.input=linear train.lr=0.2"
check data.source=text "data.file=$here/data/text/verse.txt" data.context=4 data.train=6 train.batch=2 train.loss=cross_entropy model.depth=1 'model.blocks=[attention,moe]' \
  model.head_width=2 model.norm=rms model.output=norm train.optimizer=adam train.lr=0.02 train.adam.eps=0.1
check $tokens train.loss=cross_entropy train.batch=2 'model.blocks=[attention]' model.position_std=2
check $tokens data.y=/label train.loss=cross_entropy 'model.blocks=[attention,moe]' model.causal=false model.position=rotary train.balance=importance
check $tokens data.y=/label 'model.blocks=[attention]' train.loss=mse model.position=none
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
