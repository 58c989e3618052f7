#!/usr/bin/env python3
"""Replays the simulator's networks in raw parameters and compares: losses, predictions and final weights.

    python3 validation/reference.py FILE.h5 [--tolerance 1e-9] [--backend auto|numpy|torch]

FILE.h5 is what `moedmft simulate --save-weights` writes. The network is the one of docs/theory.md, sections 1 and 2,
in its textbook form: raw weights, raw gradients, one parameter group per tensor; no natural units anywhere.

    h = phi(W_in x)    psi = Q h / temperature    g = multiplier x gate(psi), 0 outside the K largest psi (or gate + bias)
    a = (1/K) sum_m W2_m (g_m phi_e(W1_m h))      f_c = sum_i w_out[i,c] a_i

Each tensor has its own rate, Adam epsilon and weight decay. With train.decay_scale: base, rate x decay is the same for all,
train.lr x multiplier x lambda, so the group's decay is lambda over the table's power; with tensor it is lambda. Clipping
bounds sqrt(sum over tensors of (table's SGD power) |dL/dweight|^2).

Backend torch: autograd, torch.optim.SGD, Adam and AdamW, LambdaLR and clip_grad_norm_. Backend numpy: backpropagation and
steps written out below. The sample moments of the initial weights are also held against the parameterization's standard
deviations, within 5 standard errors.
Exit status: 0 all agree, 1 something deviates, 2 the file cannot be replayed.
"""
import argparse
import math
import re
import sys
from fractions import Fraction
from types import SimpleNamespace

try:
    import h5py
    import numpy as np
except ImportError as missing:
    print(f"reference.py: {missing}; on Debian: apt-get install python3-numpy python3-h5py", file=sys.stderr)
    sys.exit(2)
try:
    import torch
except ImportError:
    torch = None

# ---- Parameterizations: one entry per (regime, name). s holds the sizes N, D, M, K, Ne, C. --------------------------
OPTION = {"W_in": "input", "Q": "router", "W1": "expert_in", "W2": "expert_out", "w_out": "readout"}
SHAPE = {"W_in": "N D", "Q": "M N", "W1": "M Ne N", "W2": "M N Ne", "w_out": "N C"}
ONE = {name: lambda s: 1.0 for name in SHAPE}
STD_II = {"W_in": lambda s: s.D**-0.5, "Q": lambda s: s.N**-0.5, "W1": lambda s: s.N**-0.5,
          "W2": lambda s: s.Ne**-0.5, "w_out": lambda s: 1 / s.N}
RATE_II = {"W_in": lambda s: s.N / s.D, "Q": lambda s: s.M / s.N, "W1": lambda s: s.M / s.N,
           "W2": lambda s: s.M * s.N, "w_out": lambda s: 1 / s.N}
RATE_WIDE = {**RATE_II, "W1": lambda s: s.M, "W2": lambda s: s.M}  # Regimes I and III: wide experts
ADAM = {"W_in": lambda s: 1 / s.D, "Q": lambda s: 1 / s.N, "W1": lambda s: 1 / s.N, "W2": lambda s: 1 / s.Ne,
        "w_out": lambda s: 1 / s.N}
EPS_II = {**ONE, "W_in": lambda s: 1 / s.N, "Q": lambda s: 1 / s.M, "W1": lambda s: 1 / s.M,
          "W2": lambda s: 1 / (s.M * s.N)}
EPS_WIDE = {**EPS_II, "W1": lambda s: 1 / (s.M * s.N)}
FAN_IN = {**STD_II, "w_out": lambda s: s.N**-0.5}


def scaling(std, sgd=RATE_WIDE, adam=ADAM, eps=EPS_WIDE, multiplier=ONE):
    """Initial standard deviations, rates of SGD and of Adam and sign, epsilons, factors of the weights in the network."""
    return SimpleNamespace(std=std, sgd=sgd, adam=adam, eps=eps, multiplier=multiplier)


SCALING = {
    ("I", "mup"): scaling({**STD_II, "Q": lambda s: 1 / s.N}),
    ("I", "mssp"): scaling({**STD_II, "Q": lambda s: 0.0}),
    ("II", "mup"): scaling(STD_II, RATE_II, eps=EPS_II),
    ("II", "mssp"): scaling({**STD_II, "W2": lambda s: (s.M / s.Ne)**0.5}, RATE_II, eps=EPS_II),
    ("III", "mup"): scaling(STD_II),
    ("III", "mssp"): scaling(STD_II),
    **{(regime, "standard"): scaling(FAN_IN, ONE, ONE, ONE) for regime in ("I", "II", "III")},
    **{(regime, "ntp"): scaling(ONE, ONE, ONE, ONE, FAN_IN) for regime in ("I", "II", "III")},
}
TIED = {("III", "mssp")}  # all experts start from one draw


def power_of(text):
    """"0.25 M^1/2 Ne^-1/2" as a function of the sizes; the depth L is 1."""
    factors = re.sub(r"\s*\*\s*", " ", text).split()
    above, _, below = factors.pop(0).partition("/") if factors[0][0] in "0123456789." else ("1", "", "")
    powers = [(name, float(Fraction(exponent or "1"))) for name, _, exponent in (part.partition("^") for part in factors)]
    return lambda s: float(above) / float(below or 1) * math.prod(getattr(s, name)**exponent for name, exponent in powers if name != "L")


def scaling_of(config):
    """The parameterization's functions, and whether experts start from one draw."""
    regime, name = config["model.regime"], config["model.parameterization"]
    base = config["model.custom.base"] if name == "custom" else name
    table = SCALING.get((regime, base))
    if table is None or config["train.optimizer"] not in ("sgd", "momentum", "sign", "adam", "adamw"):
        raise Unusable(f"no reference for regime {regime}, parameterization {base}, optimizer {config['train.optimizer']}")
    tied = (regime, base) in TIED
    if name != "custom":
        return table, tied
    parts = {"std": "std", "lr": "sgd", "adam_lr": "adam", "adam_eps": "eps", "multiplier": "multiplier"}
    custom = scaling(**{to: dict(getattr(table, to)) for to in parts.values()})
    for tensor in SHAPE:
        for key, to in parts.items():
            text = config[f"model.custom.{tensor}.{key}"]
            if text:
                getattr(custom, to)[tensor] = power_of(text) if text not in ("0", "0.0") else lambda s: 0.0
    return custom, {"base": tied, "true": True, "false": False}[config["model.custom.tied"]]

# ---- numpy: the chain rule by hand ----------------------------------------------------------------------------------
erf = np.vectorize(math.erf, otypes=[float])
normal_cdf = lambda x: (1 + erf(x / math.sqrt(2))) / 2
normal_pdf = lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
sigmoid = lambda x: (1 + np.tanh(x / 2)) / 2
ACTIVATION = {  # value, derivative
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x)**2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
    "gelu": (lambda x: x * normal_cdf(x), lambda x: normal_cdf(x) + x * normal_pdf(x)),
    "erf": (erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x)),
    "identity": (lambda x: x, np.ones_like),
}
SCORE = {  # gate before normalization: value, derivative
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)), "constant": (np.ones_like, np.zeros_like),
    "linear": (lambda x: x, np.ones_like), "softmax": (np.exp, np.exp),
}
SCORE["normalized_sigmoid"] = SCORE["sigmoid"]
NORMALIZED = {"softmax", "normalized_sigmoid"}  # divided by their mean over all experts, or over the selected ones


def numpy_gate(net, psi, on):
    """Gate values (B, M) within on (the experts it normalizes over), and the map dL/dg -> dL/dpsi."""
    value, slope = (part(psi) for part in SCORE[net.gate])
    if net.gate not in NORMALIZED:
        return value, lambda dg: slope * dg
    count, total = on.sum(1, keepdims=True), (value * on).sum(1, keepdims=True)
    g = count * on * value / total
    return g, lambda dg: count * on * slope / total * (dg - (dg * g).sum(1, keepdims=True) / count)


def selection(net, psi):
    """1 for the experts that each token uses, else 0."""
    score = psi if net.bias is None else numpy_gate(net, psi, np.ones_like(psi))[0] + net.bias
    on = np.zeros_like(psi)
    np.put_along_axis(on, np.argsort(-score, axis=1, kind="stable")[:, :net.K], 1.0, axis=1)
    return on


def numpy_loss(net, f, y):
    """L and dL/df."""
    factor = net.loss_multiplier / len(f)
    if net.loss == "mse":
        return factor / 2 * np.sum((f - y)**2), factor * (f - y)
    if net.C == 1:
        return factor * np.sum(np.logaddexp(0, -y * f)), -factor * y * sigmoid(-y * f)
    log_p = f - f.max(1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
    return -factor * np.sum(y * log_p), factor * (np.exp(log_p) * y.sum(1, keepdims=True) - y)


def balance(net, on):
    """Load balancing moves the selection biases after the step."""
    if net.bias is not None:
        net.moved_bias = net.bias - net.bias_rate * (on.mean(0) - net.K / net.M)


def numpy_gradients(net, weights, x, y):
    """Loss, predictions (B, C) and the gradient of every tensor, for a batch x (B, D), y (B, C)."""
    w = {name: net.multiplier[name] * value for name, value in weights.items()}
    (phi, dphi), (phi_e, dphi_e) = ACTIVATION[net.phi], ACTIVATION[net.phi_e]
    product = lambda spec, *operands: np.einsum(spec, *operands, optimize=True)
    z = x @ w["W_in"].T
    h = phi(z)
    psi = h @ w["Q"].T / net.temperature
    on = selection(net, psi)
    gate, gate_backward = numpy_gate(net, psi, on if net.selected else np.ones_like(psi))
    g = net.gate_multiplier * on * gate
    u = product("mjn,pn->pmj", w["W1"], h)
    gated = g[:, :, None] * phi_e(u)
    a = net.aggregation * product("mij,pmj->pi", w["W2"], gated)
    f = a @ w["w_out"]
    loss, df = numpy_loss(net, f, y)
    da = net.aggregation * df @ w["w_out"].T  # the factor of the aggregate rides along
    b = product("mij,pi->pmj", w["W2"], da)
    du = g[:, :, None] * dphi_e(u) * b
    dpsi = gate_backward(net.gate_multiplier * on * np.sum(b * phi_e(u), axis=2)) / net.temperature
    dz = (dpsi @ w["Q"] + product("pmj,mjn->pn", du, w["W1"])) * dphi(z)
    balance(net, on)
    grads = {"W_in": dz.T @ x, "Q": dpsi.T @ h, "W1": product("pmj,pn->mjn", du, h),
             "W2": product("pi,pmj->mij", da, gated), "w_out": a.T @ df}
    return loss, f, {name: net.multiplier[name] * value for name, value in grads.items()}


class NumpyDescent:
    """Training with the steps of torch.optim written out."""

    def __init__(self, net, initial):
        self.net, self.weights, self.clipped, self.t = net, dict(initial), 0, 0
        self.first = {name: np.zeros_like(value) for name, value in initial.items()}   # momentum, first moment
        self.second = {name: np.zeros_like(value) for name, value in initial.items()}  # second moment

    def evaluate(self, x, y):
        loss, f, self.grads = numpy_gradients(self.net, self.weights, x, y)
        return loss, f

    def clip(self):
        norm = math.sqrt(sum(self.net.metric[name] * np.sum(g**2) for name, g in self.grads.items()))
        factor = self.net.clip / (norm + 1e-6) if self.net.clip else 1.0
        self.clipped += factor < 1
        return min(1.0, factor)

    def direction(self, name, g):
        """What the rate multiplies, without weight decay; g: the clipped gradient."""
        net, m, v = self.net, self.first[name], self.second[name]
        if net.optimizer == "sign":
            return np.sign(g)
        m[:] = net.beta1 * m + (1 - net.beta1) * g
        v[:] = net.beta2 * v + (1 - net.beta2) * g**2
        below = np.sqrt(v / (1 - net.beta2**self.t)) + net.eps[name]
        return np.divide(m / (1 - net.beta1**self.t), below, out=np.zeros_like(m), where=below > 0)

    def step(self):
        net, factor, schedule = self.net, self.clip(), self.net.schedule(self.t)
        self.t += 1
        for name, w in self.weights.items():
            g, rate, decay = factor * self.grads[name], net.rate[name] * schedule, net.decay[name]
            if net.optimizer in ("sgd", "momentum"):
                self.first[name] = net.momentum * self.first[name] + g + decay * w
                self.weights[name] = w - rate * self.first[name]
            else:
                self.weights[name] = (1 - rate * decay) * w - rate * self.direction(name, g)


# ---- torch: the forward pass only -----------------------------------------------------------------------------------
def torch_loss(net, weights, x, y):
    """Loss and predictions (B, C)."""
    act = {"tanh": torch.tanh, "relu": torch.relu, "gelu": torch.nn.functional.gelu, "erf": torch.erf,
           "identity": lambda v: v}
    w = {name: net.multiplier[name] * value for name, value in weights.items()}
    h = act[net.phi](x @ w["W_in"].T)
    psi = h @ w["Q"].T / net.temperature
    on = selection(net, psi.detach().numpy())
    selected, scope = torch.tensor(on), torch.tensor(on if net.selected else np.ones_like(on))
    gate = {"sigmoid": torch.sigmoid, "normalized_sigmoid": torch.sigmoid, "softmax": torch.exp, "linear": lambda v: v,
            "constant": torch.ones_like}[net.gate](psi)
    if net.gate in NORMALIZED:
        gate = gate * scope.sum(1, keepdim=True) / (gate * scope).sum(1, keepdim=True)
    g = net.gate_multiplier * selected * gate
    a = 0
    for m in range(net.M):
        a = a + (g[:, m:m + 1] * act[net.phi_e](h @ w["W1"][m].T)) @ w["W2"][m].T
    f = (net.aggregation * a) @ w["w_out"]
    if net.loss == "mse":
        loss = ((f - y)**2).sum() / 2
    elif net.C == 1:
        loss = torch.logaddexp(torch.zeros_like(f), -y * f).sum()
    else:
        loss = -(y * torch.log_softmax(f, dim=1)).sum()
    balance(net, on)
    return net.loss_multiplier * loss / len(x), f


class TorchDescent:
    """Training with PyTorch's optimizers, one parameter group per tensor."""

    def __init__(self, net, initial):
        if net.optimizer in ("adam", "adamw") and 0 in net.eps.values():
            raise Unusable("PyTorch's Adam divides 0 by 0 at train.adam.eps = 0; use --backend numpy")
        self.net, self.clipped = net, 0
        self.tensors = {name: torch.tensor(value, requires_grad=True) for name, value in initial.items()}
        groups = [{"params": [w], "lr": net.rate[name], "weight_decay": net.decay[name]} for name, w in self.tensors.items()]
        if net.optimizer in ("adam", "adamw"):
            for group, name in zip(groups, self.tensors):
                group["eps"] = net.eps[name]
            kind = torch.optim.AdamW if net.optimizer == "adamw" else torch.optim.Adam
            self.optimizer = kind(groups, betas=(net.beta1, net.beta2))
        else:  # sign: SGD with the sign of the gradient
            self.optimizer = torch.optim.SGD(groups, lr=1.0, momentum=net.momentum)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, net.schedule)

    @property
    def weights(self):
        return {name: w.detach().numpy() for name, w in self.tensors.items()}

    def evaluate(self, x, y):
        self.optimizer.zero_grad()
        loss, f = torch_loss(self.net, self.tensors, torch.tensor(x), torch.tensor(y))
        loss.backward()
        for w in self.tensors.values():  # a constant gate leaves Q unused; PyTorch would not even let it decay
            w.grad = torch.zeros_like(w) if w.grad is None else w.grad
        return loss.item(), f.detach().numpy()

    def clip(self):
        """clip_grad_norm_ in the metric of the SGD rates: an ordinary call where they are all 1."""
        for name, w in self.tensors.items():
            w.grad *= math.sqrt(self.net.metric[name])
        norm = torch.nn.utils.clip_grad_norm_(list(self.tensors.values()), self.net.clip)
        self.clipped += int(norm + 1e-6 > self.net.clip)
        for name, w in self.tensors.items():
            w.grad /= math.sqrt(self.net.metric[name])

    def step(self):
        if self.net.clip:
            self.clip()
        if self.net.optimizer == "sign":
            for w in self.tensors.values():
                w.grad.sign_()
        self.optimizer.step()
        self.scheduler.step()


BACKEND = {"numpy": NumpyDescent, "torch": TorchDescent}


def train(net, initial, batches, backend):
    """Losses, predictions, final weights, number of clipped steps over [(x, y), …]; the last batch is only evaluated."""
    descent, losses, predictions = backend(net, initial), [], []
    for step, (x, y) in enumerate(batches):
        loss, f = descent.evaluate(x, y)
        losses.append(loss)
        predictions.append(f)
        if step + 1 < len(batches):
            descent.step()
            if net.bias is not None:
                net.bias = net.moved_bias
    return np.array(losses), np.array(predictions), descent.weights, descent.clipped


# ---- The file -------------------------------------------------------------------------------------------------------
class Unusable(Exception):
    """The file cannot be replayed; the message says why."""


class Config(dict):
    """The options of the run, as text."""

    def __missing__(self, key):
        raise Unusable(f"the file lacks the attribute config:{key}")


def read_array(group, path):
    if path not in group:
        raise Unusable(f"{group.file.filename} lacks {group.name.rstrip('/')}/{path}")
    return np.asarray(group[path], dtype=float)


def schedule_of(config):
    """Rate of step t over train.lr: linear warm-up, then constant, linear or cosine decay over the remaining steps."""
    shape, warmup, steps = config["train.schedule"], int(config["train.warmup"]), int(config["train.steps"])
    end = float(config["train.final_lr"])

    def factor(t):
        if t < warmup:
            return (t + 1) / warmup
        progress = (t - warmup) / max(1, steps - warmup)
        return {"constant": 1.0, "linear": 1 - (1 - end) * progress,
                "cosine": end + (1 - end) * (1 + math.cos(math.pi * progress)) / 2}[shape]
    return factor


def describe_optimizer(config, net, table):
    """Rates, epsilons and decays of the parameter groups, and what else the optimizer needs."""
    real = lambda key: float(config[key])
    net.optimizer, net.schedule, net.clip = config["train.optimizer"], schedule_of(config), real("train.clip")
    adam, sign = net.optimizer in ("adam", "adamw"), net.optimizer == "sign"
    net.momentum = real("train.momentum") if net.optimizer == "momentum" else 0.0
    net.beta1, net.beta2 = real("train.adam.beta1"), real("train.adam.beta2")
    scale = config["train.adam.eps_scale"]
    net.eps = {name: real("train.adam.eps") * (1 if scale == "global" else eps(net)) for name, eps in table.eps.items()}
    decay = real({"adamw": "train.adam.weight_decay"}.get(net.optimizer, "train.weight_decay"))
    power = {name: rate(net) for name, rate in (table.adam if adam or sign else table.sgd).items()}
    net.rate = {name: real("train.lr") * real("train.lr_multiplier." + OPTION[name]) * power[name] for name in SHAPE}
    net.decay = {name: decay / (1 if config["train.decay_scale"] == "tensor" else power[name]) for name in SHAPE}
    net.metric = {name: rate(net) for name, rate in table.sgd.items()}


def describe(config, N, D, C):
    """Sizes, functions, rates and standard deviations of the networks of width N."""
    real = lambda key: float(config[key])
    half_up = lambda value: math.floor(value + 0.5)
    regime = config["model.regime"]
    table, tied = scaling_of(config)
    net = SimpleNamespace(N=N, D=D, C=C, bias=None, bias_rate=real("train.bias_rate"), selected=config["model.gate_scope"] == "selected")
    net.Ne = int(config["model.expert_width"]) if regime == "II" else half_up(real("model.expert_width_ratio") * N)
    net.M = int(config["model.experts"]) if regime == "I" else half_up(real("model.experts_ratio") * N)
    net.K = max(1, half_up(real("model.active_fraction") * net.M))
    if regime == "I" and int(config["model.active"]):
        net.K = int(config["model.active"])
    net.tied = tied
    net.phi, net.phi_e, net.gate = (config["model." + key] for key in ("activation", "expert_activation", "gate"))
    net.temperature, net.gate_multiplier = real("model.gate_temperature"), real("model.gate_multiplier")
    net.loss, net.loss_multiplier = config["train.loss"], real("train.loss_multiplier")
    factor = {"w_out": real("model.readout_std"), **{name: real("model.init." + OPTION[name]) for name in ("W_in", "Q", "W1", "W2")}}
    net.std = {name: factor[name] * std(net) for name, std in table.std.items()}
    net.multiplier = {name: value(net) for name, value in table.multiplier.items()}
    net.aggregation = 1 / net.K
    describe_optimizer(config, net, table)
    return net


def load_batches(file, config):
    """[(x, y)] for every recorded step: the whole train set, or the samples that /data/batches names."""
    x, y, steps = read_array(file, "data/train/x"), read_array(file, "data/train/y"), int(config["train.steps"])
    if config["train.batch"] == "full":
        return [(x, y)] * (steps + 1)
    picks = read_array(file, "data/batches").astype(int)
    if len(picks) != steps + 1:
        raise Unusable(f"/data/batches has {len(picks)} rows for {steps + 1} recorded steps")
    return [(x[pick], y[pick]) for pick in picks]


def deviation(group, path, expected):
    """max |found - expected| / max |expected| of a dataset; infinite when something is not finite."""
    found = read_array(group, path)
    if found.shape != expected.shape:
        raise Unusable(f"{group.name}/{path} has shape {found.shape}, the options say {expected.shape}")
    if not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return math.inf
    return np.abs(found - expected).max(initial=0) / (np.abs(expected).max(initial=0) or 1.0)


def moment_scores(samples, std):
    """How many standard errors the mean and the variance of the samples lie off N(0, std²). The cube root of a mean of
    squares is close to normal even for few samples (Wilson and Hilferty): 5 means the same at every size."""
    if std == 0:
        return (math.inf, math.inf) if samples.any() else (0.0, 0.0)
    spread = 2 / (9 * samples.size)
    variance = (np.mean(samples**2) / std**2)**(1 / 3) - 1 + spread
    return samples.mean() / std * math.sqrt(samples.size), variance / math.sqrt(spread)


def check_moments(label, net, initial):
    """Worst score over the tensors of initial; prints what is outside 5 standard errors."""
    worst = 0.0
    for name, samples in initial.items():
        mean, variance = moment_scores(samples, net.std[name])
        score = max(abs(mean), abs(variance))
        worst = max(worst, score)
        if score > 5:
            rms = np.sqrt(np.mean(samples**2))
            print(f"{label}: initial {name} has mean {samples.mean():.3g} and rms {rms:.4g}, expected 0 and "
                  f"{net.std[name]:.4g}: {mean:+.1f} and {variance:+.1f} standard errors off")
    return worst


def check_network(group, net, batches, backend, tolerance):
    """Replays one seed. Returns its initial weights and whether everything agrees."""
    initial = {name: read_array(group, f"weights/{name}/initial") for name in SHAPE}
    for name, shape in SHAPE.items():
        expected = tuple(getattr(net, size) for size in shape.split())
        if initial[name].shape != expected:
            raise Unusable(f"{group.name}: {name} has shape {initial[name].shape}, the options say {expected}")
    if net.tied and any((initial[name] != initial[name][0]).any() for name in ("W1", "W2")):
        raise Unusable(f"{group.name}: the experts should start from the same draw, and do not")
    net.bias = read_array(group, "weights/router_bias/initial") if "weights/router_bias" in group else None
    losses, predictions, final, clipped = train(net, initial, batches, backend)
    if net.bias is not None and not np.allclose(read_array(group, "weights/router_bias/final"), net.bias, rtol=0, atol=1e-12):
        print(f"{group.name[1:]}: final router biases deviate")
        return initial, False
    if net.tied:
        initial = {**initial, "W1": initial["W1"][0], "W2": initial["W2"][0]}
    off = {"loss": deviation(group, "observables/train/loss", losses),
           "prediction": deviation(group, "observables/train/prediction", predictions),
           **{name: deviation(group, f"weights/{name}/final", final[name]) for name in SHAPE}}
    label, worst = group.name[1:], max(off, key=off.get)
    score = check_moments(label, net, initial)
    good = off[worst] <= tolerance and score <= 5
    print(f"{label}: max relative deviation {off[worst]:.2e} ({worst}; loss {off['loss']:.1e}, prediction "
          f"{off['prediction']:.1e}), initial moments within {score:.1f} standard errors"
          + (f", clipped {clipped} of {len(batches) - 1} steps" if net.clip else "") + f": {'ok' if good else 'FAILED'}")
    return initial, good


def numbered(group, prefix):
    """Members prefix_NUMBER, ascending: [(number, group), …]."""
    names = [name for name in group if name.startswith(prefix + "_") and name[len(prefix) + 1:].isdigit()]
    return sorted((int(name[len(prefix) + 1:]), group[name]) for name in names)


def check_file(file, backend, tolerance):
    """Number of networks replayed and number of failed checks."""
    text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
    config = Config((key[7:], text(value)) for key, value in file.attrs.items() if key.startswith("config:"))
    if not config:
        raise Unusable(f"{file.filename} is not a moedmft output: it has no config: attributes")
    networks = [(N, seed) for N, width in numbered(file, "width") for _, seed in numbered(width, "seed")]
    if not any("weights" in seed for _, seed in networks):
        raise Unusable(f"{file.filename} holds no weights; write it with moedmft simulate --save-weights")
    batches, failed, pooled = load_batches(file, config), 0, {}
    for N, seed in networks:
        net = describe(config, N, batches[0][0].shape[1], batches[0][1].shape[1])
        initial, good = check_network(seed, net, batches, backend, tolerance)
        failed += not good
        pooled.setdefault(N, (net, []))[1].append(initial)
    for N, (net, draws) in pooled.items():  # all seeds together show finer errors of scale
        merged = {name: np.concatenate([draw[name].ravel() for draw in draws]) for name in SHAPE}
        failed += len(draws) > 1 and check_moments(f"width_{N}, all seeds", net, merged) > 5
    return len(networks), failed


def main():
    parser = argparse.ArgumentParser(description="Replay simulated networks in raw parameters and compare.")
    parser.add_argument("file", help="output of moedmft simulate --save-weights")
    parser.add_argument("--tolerance", type=float, default=1e-9, help="largest relative deviation (default 1e-9)")
    parser.add_argument("--backend", choices=("auto", "numpy", "torch"), default="auto")
    args = parser.parse_args()
    backend = args.backend if args.backend != "auto" else "torch" if torch else "numpy"
    try:
        if backend == "torch" and torch is None:
            raise Unusable("PyTorch is not installed; on Debian: apt-get install python3-torch, or use --backend numpy")
        with h5py.File(args.file, "r") as file:
            networks, failed = check_file(file, BACKEND[backend], args.tolerance)
    except (Unusable, OSError) as problem:
        print(f"reference.py: {problem}", file=sys.stderr)
        return 2
    print(f"{networks} networks, backend {backend}, tolerance {args.tolerance:g}: "
          + (f"{failed} checks FAILED" if failed else "all agree"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
