#!/usr/bin/env python3
"""Replays the simulator's networks in raw parameters and compares: losses, predictions and final weights.

    python3 validation/reference.py FILE.h5 [--tolerance 1e-9] [--backend auto|numpy|torch] [--differences]

FILE.h5 is what `moedmft simulate --save-weights` writes. The network is the one of docs/theory.md, sections 1 and 2,
in its textbook form: raw weights, raw gradients, one parameter group per tensor; no natural units anywhere.

    h = phi(W_in x) or W_in x;  for each of L blocks:
        n = norm(h)    psi = Q n / temperature    g = multiplier x gate(psi), 0 outside the K largest psi (or gate + bias)
        a = (1/M) [sum over shared m of W2_m phi_e(W1_m n) + (R/K) sum over routed m of g_m W2_m phi_e(W1_m n)]
        h <- h + L^-b a
    f_c = sum_i w_out[i,c] o_i,  o = h, norm(h) or an activation of h

R of a block's M experts are routed; the first M - R are shared and see every token. Without depth there is one block, h <- a.
With model.blocks each of the L layers is a stack of such MoE blocks and of attention blocks, h <- h + L^-b a with
        q_g = W_Q_g n (g = 1..G), k = W_K n, v = W_V n      of each of H/G groups of heads, the rows of its W_qkv, d_k each
        o_gt = sum over t' of A_tt' v_t',  A = softmax over the t' that t sees of s q_gt.k_t',    a = (G/H) sum over groups of W_O (o_1 .. o_G)
over the T = data.context tokens of every sequence. With model.query_key_norm q and k are first divided by sqrt(mean square over d_k + eps), with model.position:
rotary their pairs (2j, 2j + 1) then turn by the angle t 10000^(-2j/d_k), t from 0.
Minimized is the loss plus the mean over MoE blocks (those without routed experts count with 0) of
    balance_coefficient x R sum_m f_m P_m     f: share of the batch's assignments, P: mean over the batch of gate/sum of gates
                      (importance: squared coefficient of variation of P over experts)
    z_loss x mean over the batch of lambda^2  lambda = log of the mean over routed experts of exp(psi)
Q, W1, W2 hold all MoE blocks, W_qkv and W_O all attention blocks, in a leading dimension.

Each tensor has its own rate, Adam epsilon and weight decay. With train.decay_scale: base, rate x decay is the same for all,
train.lr x multiplier x lambda, so the group's decay is lambda over the table's power; with tensor it is lambda. Clipping
bounds sqrt(sum over tensors of (table's SGD power) |dL/dweight|^2). With depth, rates of Q, W1, W2 carry L^(2b-1), of Adam and
sign L^(b-1), and Adam's epsilon L^-b (with_depth).

Backend torch: autograd, torch.optim.SGD, Adam and AdamW, LambdaLR and clip_grad_norm_. Backend numpy: backpropagation and
steps written out below. The sample moments of the initial weights are also held against the parameterization's standard
deviations, within 5 standard errors, and the draws of different blocks against each other. --differences holds the reference's own
gradients against finite differences of its loss, at initial and final weights of the first network.
Exit status: 0 all agree, 1 something deviates, 2 the file cannot be replayed.
"""
import argparse
import itertools
import json
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
torch = None  # imported where the backend wants it: that takes longer than most replays


def import_torch():
    """Whether PyTorch is there."""
    global torch
    try:
        import torch
    except ImportError:
        torch = None
    return torch is not None


# ---- Parameterizations: one entry per (regime, name). s holds the sizes N, M, Ne, C, the fan-in of W_in and the options. --
OPTION = {"W_in": "input", "Q": "router", "W1": "expert_in", "W2": "expert_out", "W_qkv": "attention_in", "W_O": "attention_out",
          "w_out": "readout"}
SHAPE = {"W_in": "N D", "Q": "moes M N", "W1": "moes M Ne N", "W2": "moes M N Ne", "W_qkv": "attentions groups rows N",
         "W_O": "attentions groups N columns", "w_out": "N C"}
BLOCK = {"moe": ("Q", "W1", "W2"), "attention": ("W_qkv", "W_O")}  # tensors with one draw for each block of a kind
HEADS = {"W_qkv": ("W1", "rows"), "W_O": ("W2", "columns")}  # what they are of experts: groups of heads for M, rows or columns for Ne
ONE = {name: lambda s: 1.0 for name in SHAPE if name not in HEADS}
STD_II = {"W_in": lambda s: s.fan_in**-0.5, "Q": lambda s: s.N**-0.5, "W1": lambda s: s.N**-0.5,
          "W2": lambda s: s.Ne**-0.5, "w_out": lambda s: 1 / s.N}
RATE_II = {"W_in": lambda s: s.N / s.fan_in, "Q": lambda s: s.M / s.N, "W1": lambda s: s.M / s.N,
           "W2": lambda s: s.M * s.N, "w_out": lambda s: 1 / s.N}
RATE_WIDE = {**RATE_II, "W1": lambda s: s.M, "W2": lambda s: s.M}  # Regimes I and III: wide experts
ADAM = {"W_in": lambda s: 1 / s.fan_in, "Q": lambda s: 1 / s.N, "W1": lambda s: 1 / s.N, "W2": lambda s: 1 / s.Ne,
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
    ("III", "jbph"): scaling({**STD_II, "Q": lambda s: s.N**-s.router_gamma, "W2": lambda s: s.N**0.5 / s.Ne}, eps=ONE),
    **{(regime, "standard"): scaling(FAN_IN, ONE, ONE, ONE) for regime in ("I", "II", "III")},
    **{(regime, "ntp"): scaling(ONE, ONE, ONE, ONE, FAN_IN) for regime in ("I", "II", "III")},
}
TIED = {("III", "mssp")}  # all experts start from one draw


def with_depth(table, b):
    """The table of a residual stack: the sum over L branches of size L^-b must change by order one, each of them by 1/L. Norms before
    blocks and readout divide a stream that grows like L^(1/2-b) by its size: b < 1/2 then acts like 1/2."""
    of = lambda power, L_power: lambda s: power(s) * s.L**L_power
    powers = lambda part, L_power: {**part, **{name: of(part[name], L_power) for name in BLOCK["moe"]}}
    return scaling(table.std, powers(table.sgd, 2 * b - 1), powers(table.adam, b - 1), powers(table.eps, -b), table.multiplier)


def of_heads(function, name):
    """A power of sizes for a tensor of heads."""
    return lambda s: function(SimpleNamespace(**{**vars(s), "M": s.groups, "Ne": getattr(s, HEADS[name][1])}))


def with_heads(table, fan_in):
    """The table with rows of attention blocks: those of W1 and W2, where W_O starts with its fan-in's variance, or as a mean over heads."""
    parts = {key: {**part, **{name: of_heads(part[HEADS[name][0]], name) for name in HEADS}} for key, part in vars(table).items()}
    start = (lambda s: (s.M / s.Ne)**0.5) if fan_in else (lambda s: s.Ne**-0.5)
    parts["std"]["W_O"] = of_heads(lambda s: start(s) / table.multiplier["W2"](s), "W_O")
    return scaling(**parts)


def power_of(text):
    """"0.25 M^1/2 Ne^-1/2" as a function of the sizes."""
    factors = re.sub(r"\s*\*\s*", " ", text).split()
    above, _, below = factors.pop(0).partition("/") if factors[0][0] in "0123456789." else ("1", "", "")
    powers = [(name, float(Fraction(exponent or "1"))) for name, _, exponent in (part.partition("^") for part in factors)]
    return lambda s: float(above) / float(below or 1) * math.prod(getattr(s, "fan_in" if name == "D" else name)**exponent for name, exponent in powers)


def scaling_of(config, net):
    """The parameterization's functions, and whether experts start from one draw."""
    regime, name = config["model.regime"], config["model.parameterization"]
    base = config["model.custom.base"] if name == "custom" else name
    table = SCALING.get((regime, base))
    if table is None or config["train.optimizer"] not in ("sgd", "momentum", "sign", "adam", "adamw"):
        raise Unusable(f"no reference for regime {regime}, parameterization {base}, optimizer {config['train.optimizer']}")
    tied = (regime, base) in TIED
    if net.residual:
        table = with_depth(table, max(net.b, 0.5) if net.norm != "none" and net.output == "norm" else net.b)
    table = with_heads(table, config["model.attention_output"] == "standard")
    if name != "custom":
        return table, tied
    parts = {"std": "std", "lr": "sgd", "adam_lr": "adam", "adam_eps": "eps", "multiplier": "multiplier"}
    custom = scaling(**{to: dict(getattr(table, to)) for to in parts.values()})
    for tensor in SHAPE:
        for key, to in parts.items():
            text = config[f"model.custom.{tensor}.{key}"]
            if text:
                power = power_of(text) if text not in ("0", "0.0") else lambda s: 0.0
                getattr(custom, to)[tensor] = of_heads(power, tensor) if tensor in HEADS else power
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
    value, slope = (on * part(psi) for part in SCORE[net.gate])
    if net.gate not in NORMALIZED:
        return value, lambda dg: slope * dg
    count, total = on.sum(1, keepdims=True), value.sum(1, keepdims=True)
    g = count * value / total
    return g, lambda dg: count * slope / total * (dg - (dg * g).sum(1, keepdims=True) / count)


def selection(net, l, psi):
    """1 for the experts that each token uses, else 0; psi (B, R): logits of block l's routed experts. Where net.held is set, choices
    are kept there and made once: they are not differentiated, and differences of the loss must not meet another choice."""
    if net.held and l in net.held:
        return net.held[l]
    score = psi if net.bias is None else numpy_gate(net, psi, np.ones_like(psi))[0] + net.bias[l, net.shared[l]:]
    on = np.zeros_like(psi)
    np.put_along_axis(on, np.argsort(-score, axis=1, kind="stable")[:, :net.K[l]], 1.0, axis=1)
    if net.held is not None:
        net.held[l] = on
    return on


def targeted(net, y):
    """Samples of a batch that have a target: where targets are classes, one-hot rows of zeros have none."""
    return y.any(1).sum() if net.untargeted else len(y)


def numpy_loss(net, f, y):
    """L and dL/df."""
    factor = net.loss_multiplier / targeted(net, y)
    if net.untargeted:
        f = np.where(y.any(1, keepdims=True), f, y)  # squares of the others are 0, as their cross-entropy is
    if net.loss == "mse":
        return factor / 2 * np.sum((f - y)**2), factor * (f - y)
    if net.C == 1:
        return factor * np.sum(np.logaddexp(0, -y * f)), -factor * y * sigmoid(-y * f)
    log_p = f - f.max(1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
    return -factor * np.sum(y * log_p), factor * (np.exp(log_p) * y.sum(1, keepdims=True) - y)


def numpy_balance(net, gate, on):
    """Balancing loss of one block without its coefficient, and its gradient by gate; gate, on: (B, R)."""
    B, R = gate.shape
    total = gate.sum(1, keepdims=True)
    share = gate / total
    P = share.mean(0)
    if net.balance == "importance":  # variance over squared mean, 1/R
        value, dP = R * np.sum(P**2) - 1, 2 * R * P
    else:
        f = on.sum(0) / on.sum()
        value, dP = R * np.sum(f * P), R * f
    return value, (dP - (share * dP).sum(1, keepdims=True)) / (B * total)


def numpy_z_loss(psi):
    """z-loss of one block without its coefficient, and its gradient by psi (B, R)."""
    top = psi.max(1, keepdims=True)
    power = np.exp(psi - top)
    centred = top + np.log(power.mean(1, keepdims=True))
    return np.mean(centred**2), 2 * centred / len(psi) * power / power.sum(1, keepdims=True)


def numpy_router(net, l, psi):
    """Routing of block l: factors (B, R) of its routed experts, losses {name: value} on the router, the map dL/dfactor -> dL/dpsi."""
    on = selection(net, l, psi)
    move_biases(net, l, on)
    gate, gate_backward = numpy_gate(net, psi, on if net.selected else np.ones_like(psi))
    scale = net.gate_multiplier * psi.shape[1] / (net.K[l] * net.M) * on
    losses, dgate, dpsi = {}, 0.0, 0.0
    if net.balance != "none":
        losses["balance"], dgate = numpy_balance(net, gate, on)
    if net.z_loss:
        losses["z"], dpsi = numpy_z_loss(psi)

    def backward(dfactor):
        weight = {name: net.coefficient[name] / net.moes for name in losses}
        return gate_backward(scale * dfactor + weight.get("balance", 0) * dgate) + weight.get("z", 0) * dpsi
    return scale * gate, losses, backward


def move_biases(net, l, on):
    """Load balancing moves the selection biases after the step."""
    if net.bias is None or not on.size:
        return
    load = on.sum(0) - len(on) * net.K[l] / on.shape[1]  # tokens beyond the fair share
    load[np.abs(load) < 1e-9] = 0
    net.moved_bias[l, net.shared[l]:] = net.bias[l, net.shared[l]:] - net.bias_rate * (np.sign(load) if net.bias_sign else load / len(on))


def numpy_norm(net, h):
    """norm(h), token by token, and the map dL/dnorm(h) -> dL/dh."""
    if net.norm == "none":
        return h, lambda dn: dn
    centre = (lambda v: v - v.mean(1, keepdims=True)) if net.norm == "layer" else (lambda v: v)
    c = centre(h)
    s = np.sqrt((c**2).mean(1, keepdims=True) + net.norm_eps)
    return c / s, lambda dn: centre(dn / s - c * (c * dn).mean(1, keepdims=True) / s**3)


def product(spec, *operands):
    return np.einsum(spec, *operands, optimize=True)


def tokens_seen(net):
    """(T, T): 1 where the token of a row sees that of a column."""
    return np.tri(net.T) if net.causal else np.ones((net.T, net.T))


def rotation(net):
    """(T, d_k, d_k): what turns a query or key at each position, as row vectors: x -> x R."""
    turn = np.tile(np.eye(net.d_k), (net.T, 1, 1))
    for j in range(0, net.d_k - 1, 2) if net.rotary else ():
        angle = np.arange(net.T) * 10000.0**(-j / net.d_k)
        turn[:, j, j] = turn[:, j + 1, j + 1] = np.cos(angle)
        turn[:, j, j + 1], turn[:, j + 1, j] = np.sin(angle), -np.sin(angle)
    return turn


def numpy_turned(net, x):
    """Queries or keys (B, T, …, d_k), normalized and turned, and the map back of gradients."""
    s = np.sqrt((x**2).mean(-1, keepdims=True) + net.norm_eps) if net.normalized else np.ones_like(x[..., :1])
    R = rotation(net)

    def backward(d):
        d = product("bt...k,tjk->bt...j", d, R)
        return d / s - net.normalized * x * (x * d).mean(-1, keepdims=True) / s**3
    return product("bt...j,tjk->bt...k", x / s, R), backward


def numpy_heads(net, u):
    """Outputs (B, groups, columns) of heads from their rows u (B, groups, rows), and the map dL/do -> dL/du."""
    B, groups = u.shape[:2]
    parts = u.reshape(B // net.T, net.T, groups, net.G + 2, net.d_k)
    (q, q_backward), (k, k_backward) = numpy_turned(net, parts[..., :net.G, :]), numpy_turned(net, parts[..., net.G, :])
    v = parts[..., net.G + 1, :]
    S = net.score_scale * product("btmgj,bsmj->bmgts", q, k)
    A = np.exp(S - S.max(axis=-1, keepdims=True)) * tokens_seen(net)
    A /= A.sum(axis=-1, keepdims=True)

    def backward(do):
        do = do.reshape(q.shape)
        dA = product("btmgj,bsmj->bmgts", do, v)
        dS = net.score_scale * A * (dA - (A * dA).sum(axis=-1, keepdims=True))
        du = np.empty_like(parts)
        du[..., :net.G, :] = q_backward(product("bmgts,bsmj->btmgj", dS, k))
        du[..., net.G, :] = k_backward(product("bmgts,btmgj->bsmj", dS, q))
        du[..., net.G + 1, :] = product("bmgts,btmgj->bsmj", A, do)
        return du.reshape(u.shape)
    return product("bmgts,bsmj->btmgj", A, v).reshape(B, groups, net.columns), backward


def numpy_attention(net, l, w, h):
    """The same as numpy_block of an attention block."""
    W_qkv, W_O = (w[name][net.index[l]] for name in BLOCK["attention"])
    n, norm_backward = numpy_norm(net, h)
    o, heads_backward = numpy_heads(net, product("mjn,pn->pmj", W_qkv, n))

    def backward(da):
        da = da / net.groups
        du = heads_backward(product("mij,pi->pmj", W_O, da))
        return norm_backward(product("pmj,mjn->pn", du, W_qkv)), {"W_qkv": product("pmj,pn->mjn", du, n), "W_O": product("pi,pmj->mij", da, o)}
    return product("mij,pmj->pi", W_O, o) / net.groups, {}, backward


def numpy_block(net, l, w, h):
    """Block l on the stream h (B, N): its output, its losses on the router, and the map dL/da -> dL/dh, gradients of its weights."""
    if net.kind[l] == "attention":
        return numpy_attention(net, l, w, h)
    Q, W1, W2 = (w[name][net.index[l]] for name in BLOCK["moe"])
    phi_e, dphi_e = ACTIVATION[net.phi_e]
    n, norm_backward = numpy_norm(net, h)
    routed, losses, router_backward = np.zeros((len(h), 0)), {}, None
    if net.shared[l] < net.M:
        routed, losses, router_backward = numpy_router(net, l, n @ Q[net.shared[l]:].T / net.temperature)
    factor = np.hstack([np.full((len(h), net.shared[l]), 1 / net.M), routed])[:, :, None]
    u = product("mjn,pn->pmj", W1, n)

    def backward(da):
        b = product("mij,pi->pmj", W2, da)
        du, dpsi = factor * dphi_e(u) * b, np.zeros((len(h), net.M))
        if router_backward:
            dpsi[:, net.shared[l]:] = router_backward(np.sum(b * phi_e(u), axis=2)[:, net.shared[l]:]) / net.temperature
        dn = dpsi @ Q + product("pmj,mjn->pn", du, W1)
        return norm_backward(dn), {"Q": dpsi.T @ n, "W1": product("pmj,pn->mjn", du, n), "W2": product("pi,pmj->mij", da, factor * phi_e(u))}
    return product("mij,pmj->pi", W2, factor * phi_e(u)), losses, backward


def numpy_output(net, h):
    """Input o of the readout, and the map dL/do -> dL/dh."""
    if net.output == "norm":
        return numpy_norm(net, h)
    value, slope = ACTIVATION["identity" if net.output == "none" else net.output]
    return value(h), lambda do: slope(h) * do


def sum_losses(losses):
    """Sums over blocks of {name: value}."""
    return {name: sum(block.get(name, 0) for block in losses) for name in {name for block in losses for name in block}}


def numpy_gradients(net, weights, x, y):
    """Loss, predictions (B, C), losses on the router (means over blocks) and the gradient of every tensor; batch x (B, D), y (B, C)."""
    w = {name: net.multiplier[name] * value for name, value in weights.items()}
    phi, dphi = ACTIVATION["identity" if net.linear_input else net.phi]
    z = x @ w["W_in"].T
    h, blocks = phi(z), []
    net.moved_bias = None if net.bias is None else net.bias.copy()
    for l in range(net.blocks):
        a, losses, backward = numpy_block(net, l, w, h)
        h = h + net.branch * a if net.residual else a
        blocks.append((losses, backward))
    o, output_backward = numpy_output(net, h)
    f = o @ w["w_out"]
    loss, df = numpy_loss(net, f, y)
    dh = output_backward(df @ w["w_out"].T)
    grads = {name: np.zeros_like(value) for name, value in w.items()}
    for l in reversed(range(net.blocks)):
        through, block = blocks[l][1](net.branch * dh)
        dh = dh + through if net.residual else through
        for name, gradient in block.items():
            grads[name][net.index[l]] = gradient
    grads.update(W_in=(dh * dphi(z)).T @ x, w_out=o.T @ df)
    router = {name: value / net.moes for name, value in sum_losses([block[0] for block in blocks]).items()}
    return loss, f, router, {name: net.multiplier[name] * value for name, value in grads.items()}


class NumpyDescent:
    """Training with the steps of torch.optim written out."""

    def __init__(self, net, initial):
        self.net, self.weights, self.clipped, self.t = net, dict(initial), 0, 0
        self.first = {name: np.zeros_like(value) for name, value in initial.items()}   # momentum, first moment
        self.second = {name: np.zeros_like(value) for name, value in initial.items()}  # second moment

    def evaluate(self, x, y):
        loss, f, router, self.grads = numpy_gradients(self.net, self.weights, x, y)
        return loss, f, router

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
def torch_activation(name):
    return {"tanh": torch.tanh, "relu": torch.relu, "gelu": torch.nn.functional.gelu, "erf": torch.erf}.get(name, lambda v: v)


def torch_norm(net, h):
    if net.norm == "none":
        return h
    if net.norm == "layer":
        return torch.nn.functional.layer_norm(h, h.shape[1:], eps=net.norm_eps)
    return h / torch.sqrt((h**2).mean(1, keepdim=True) + net.norm_eps)


def torch_router(net, l, psi):
    """Factors (B, R) of block l's routed experts, losses {name: value} on the router."""
    chosen = selection(net, l, psi.detach().numpy())
    move_biases(net, l, chosen)
    on, R = torch.tensor(chosen), psi.shape[1]
    scope = on if net.selected else torch.ones_like(on)
    gate = scope * {"sigmoid": torch.sigmoid, "normalized_sigmoid": torch.sigmoid, "softmax": torch.exp, "linear": lambda v: v,
                    "constant": torch.ones_like}[net.gate](psi)
    if net.gate in NORMALIZED:
        gate = gate * scope.sum(1, keepdim=True) / gate.sum(1, keepdim=True)
    losses, P = {}, (gate / gate.sum(1, keepdim=True)).mean(0)
    if net.balance == "importance":
        losses["balance"] = P.var(unbiased=False) / P.mean()**2
    if net.balance == "switch":
        losses["balance"] = R * (on.sum(0) / on.sum() * P).sum()
    if net.z_loss:
        losses["z"] = ((torch.logsumexp(psi, 1) - math.log(R))**2).mean()
    return net.gate_multiplier * R / (net.K[l] * net.M) * on * gate, losses


def torch_attention(net, l, w, h):
    """Output of an attention block, head by head."""
    a, n = 0, torch_norm(net, h).reshape(-1, net.T, net.N)
    hidden = torch.tensor(tokens_seen(net) == 0)
    for m in range(net.groups):
        rows = (n @ w["W_qkv"][net.index[l], m].T).split(net.d_k, dim=2)
        if net.normalized:
            rows = [r / torch.sqrt((r**2).mean(2, keepdim=True) + net.norm_eps) if g <= net.G else r for g, r in enumerate(rows)]
        turned = [torch.einsum("btj,tjk->btk", r, torch.tensor(rotation(net))) for r in rows[:net.G + 1]]
        scores = [(net.score_scale * turned[g] @ turned[net.G].transpose(1, 2)).masked_fill(hidden, -math.inf) for g in range(net.G)]
        o = torch.cat([torch.softmax(score, dim=2) @ rows[net.G + 1] for score in scores], dim=2)
        a = a + o @ w["W_O"][net.index[l], m].T / net.groups
    return a.reshape(h.shape)


def torch_block(net, l, w, h):
    """Output of block l on the stream h (B, N), its losses on the router."""
    if net.kind[l] == "attention":
        return torch_attention(net, l, w, h), {}
    n, act, a, first = torch_norm(net, h), torch_activation(net.phi_e), 0, net.shared[l]
    expert = lambda m: act(n @ w["W1"][net.index[l], m].T) @ w["W2"][net.index[l], m].T
    for m in range(first):
        a = a + expert(m) / net.M
    if first == net.M:
        return a, {}
    factor, losses = torch_router(net, l, n @ w["Q"][net.index[l], first:].T / net.temperature)
    for m in range(first, net.M):
        a = a + factor[:, m - first:m - first + 1] * expert(m)
    return a, losses


def torch_loss(net, weights, x, y):
    """Loss, predictions (B, C), losses on the router (means over blocks)."""
    w = {name: net.multiplier[name] * value for name, value in weights.items()}
    h, router = x @ w["W_in"].T, []
    h = h if net.linear_input else torch_activation(net.phi)(h)
    net.moved_bias = None if net.bias is None else net.bias.copy()
    for l in range(net.blocks):
        a, losses = torch_block(net, l, w, h)
        h = h + net.branch * a if net.residual else a
        router.append(losses)
    f = (torch_norm(net, h) if net.output == "norm" else torch_activation(net.output)(h)) @ w["w_out"]
    if net.loss == "mse":
        loss = ((f - y)**2 * (y.any(1, keepdims=True) if net.untargeted else 1)).sum() / 2
    elif net.C == 1:
        loss = torch.logaddexp(torch.zeros_like(f), -y * f).sum()
    else:
        loss = -(y * torch.log_softmax(f, dim=1)).sum()
    return net.loss_multiplier * loss / (y.any(1).sum() if net.untargeted else len(x)), f, {name: value / net.moes for name, value in sum_losses(router).items()}


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
        loss, f, router = torch_loss(self.net, self.tensors, torch.tensor(x), torch.tensor(y))
        total_loss(self.net, loss, router).backward()
        for w in self.tensors.values():  # a constant gate leaves Q unused; PyTorch would not even let it decay
            w.grad = torch.zeros_like(w) if w.grad is None else w.grad
        self.grads = {name: w.grad.numpy() for name, w in self.tensors.items()}
        return loss.item(), f.detach().numpy(), {name: value.item() for name, value in router.items()}

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


def total_loss(net, loss, router):
    """What is minimized."""
    return loss + sum(net.coefficient[name] * value for name, value in router.items())


def train(net, initial, batches, backend):
    """Series {path of the observable: values} over [(x, y), …], final weights, number of clipped steps; the last batch is only evaluated."""
    descent, losses, predictions, router = backend(net, initial), [], [], []
    for step, (x, y) in enumerate(batches):
        loss, f, on_router = descent.evaluate(x, y)
        losses.append(loss)
        predictions.append(f)
        router.append(on_router)
        if step + 1 < len(batches):
            descent.step()
            net.bias = net.moved_bias
    series = {"train/loss": np.array(losses), "train/prediction": np.array(predictions)}
    series.update({f"router/{ROUTER_LOSS[name]}": np.array([values[name] for values in router]) for name in router[0]})
    return series, descent.weights, descent.clipped


ROUTER_LOSS = {"balance": "balance_loss", "z": "z_loss"}  # observables

# ---- Is this program right? Its gradients against its losses --------------------------------------------------------
STEP, DIFFERENCE_TOLERANCE = 1e-4, 1e-5  # relative


def difference_errors(net, weights, x, y, backend):
    """Error of the derivative along a random direction of every tensor against central differences, over what that derivative is
    typically, |gradient| |direction| / sqrt(size), plus what rounding makes of it (which also decides where the gradient is 0)."""
    def value(changed):
        loss, _, router = backend(net, changed).evaluate(x, y)
        return total_loss(net, loss, router)

    net.held = {}
    descent, random, errors = backend(net, weights), np.random.default_rng(1), {}
    descent.evaluate(x, y)
    for name, w in weights.items():
        gradient = descent.grads[name].copy()
        along = random.standard_normal(w.shape) * (np.sqrt(np.mean(w**2)) or w.shape[-1]**-0.5)
        ahead, behind = (value({**weights, name: w + sign * STEP * along}) for sign in (1, -1))
        size = np.linalg.norm(gradient) * np.linalg.norm(along) / math.sqrt(w.size)
        rounding = 1e-15 / STEP * (1 + abs(ahead))
        errors[name] = abs((ahead - behind) / (2 * STEP) - np.sum(gradient * along)) / (size + rounding / DIFFERENCE_TOLERANCE)
    net.held = None
    return errors


def check_differences(label, net, points, batch, backend):
    """Number of tensors whose gradient is wrong at some of the points (weights)."""
    worst, failed = 0.0, 0
    for weights in points:
        for name, error in difference_errors(net, weights, *batch, backend).items():
            worst, failed = max(worst, error), failed + (error > DIFFERENCE_TOLERANCE)
            if error > DIFFERENCE_TOLERANCE:
                print(f"{label}: the reference's gradient of {name} differs from differences of its loss by {error:.1e}")
    print(f"{label}: the reference's gradients agree with differences of its loss to {worst:.1e}: {'FAILED' if failed else 'ok'}")
    return failed


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
    net.metric = {name: rate(net) for name, rate in table.sgd.items()}
    net.rate = {name: real("train.lr") * real("train.lr_multiplier." + OPTION[name]) * power[name] for name in net.shape}
    net.decay = {name: decay / (1 if config["train.decay_scale"] == "tensor" else power[name]) for name in net.shape}


def describe_experts(config, net):
    """Which experts of each block are shared, how many routed ones a token uses, and losses on the router."""
    real = lambda key: float(config[key])
    half_up = lambda value: math.floor(value + 0.5)
    counted = config["model.regime"] == "I"
    common = int(config["model.shared_experts"]) if counted else half_up(real("model.shared_fraction") * net.M)
    dense = json.loads(config["model.dense_blocks"])
    net.shared = [net.M if l in dense else common for l in range(net.blocks)]
    active = int(config["model.active"]) if counted else 0
    net.K = [active if active and l not in dense else max(1, half_up(real("model.active_fraction") * (net.M - net.shared[l])))
             for l in range(net.blocks)]
    net.bias, net.bias_rate, net.bias_sign = None, real("train.bias_rate"), config["train.bias_update"] == "sign"
    net.balance, net.z_loss = config["train.balance"], real("train.z_loss")
    net.coefficient = {"balance": real("train.balance_coefficient"), "z": net.z_loss}


def describe_blocks(config, net):
    """Kinds of blocks, and which of its kind each is; heads, and the context that they see."""
    layer = re.findall(r"\w+", config["model.blocks"]) if net.residual else ["moe"]
    net.kind = layer * net.L
    net.blocks = len(net.kind)
    net.index = [net.kind[:l].count(kind) for l, kind in enumerate(net.kind)]
    net.moes, net.attentions = (net.kind.count(kind) for kind in BLOCK)
    net.shape = {name: shape for name, shape in SHAPE.items() if not any(name in BLOCK[kind] for kind in BLOCK if kind not in net.kind)}
    net.G, net.d_k, net.T = (int(config[key]) for key in ("model.query_groups", "model.head_width", "data.context"))
    if config["model.regime"] == "I":  # a number of heads that widen
        net.groups, net.d_k = int(config["model.heads"]) // net.G, math.floor(float(config["model.head_width_ratio"]) * net.N + 0.5)
    else:
        net.groups = math.floor(float(config["model.heads_ratio"]) * net.N / net.G + 0.5)
    net.rows, net.columns = (net.G + 2) * net.d_k, net.G * net.d_k
    net.rotary, net.normalized = config["model.position"] == "rotary", config["model.query_key_norm"] == "true"
    net.causal, net.score_scale = config["model.causal"] == "true", net.d_k**(-0.5 if config["model.attention_scale"] == "sqrt" else -1)


def describe(config, N, D, C):
    """Sizes, functions, rates and standard deviations of the networks of width N."""
    real = lambda key: float(config[key])
    half_up = lambda value: math.floor(value + 0.5)
    net = SimpleNamespace(N=N, D=D, C=C, held=None, L=max(1, int(config["model.depth"])), b=real("model.branch_exponent"),
                          router_gamma=real("model.router_gamma"), selected=config["model.gate_scope"] == "selected")
    net.untargeted = config["data.source"] in ("tokens", "text")  # one-hot tokens: fan-in 1
    net.fan_in = 1 if net.untargeted else D
    net.residual = int(config["model.depth"]) > 0
    net.branch = net.L**-net.b
    net.linear_input, net.output = config["model.input"] == "linear", config["model.output"]
    net.norm, net.norm_eps = config["model.norm"], real("model.norm_eps")
    describe_blocks(config, net)
    regime = config["model.regime"]
    table, net.tied = scaling_of(config, net)
    net.Ne = int(config["model.expert_width"]) if regime == "II" else half_up(real("model.expert_width_ratio") * N)
    net.M = int(config["model.experts"]) if regime == "I" else half_up(real("model.experts_ratio") * N)
    describe_experts(config, net)
    net.phi, net.phi_e, net.gate = (config["model." + key] for key in ("activation", "expert_activation", "gate"))
    net.temperature, net.gate_multiplier = real("model.gate_temperature"), real("model.gate_multiplier")
    net.loss, net.loss_multiplier = config["train.loss"], real("train.loss_multiplier")
    factor = {"w_out": real("model.readout_std"), **{name: real("model.init." + OPTION[name]) for name in SHAPE if name != "w_out"}}
    net.std = {name: factor[name] * std(net) for name, std in table.std.items()}
    net.multiplier = {name: value(net) for name, value in table.multiplier.items()}
    describe_optimizer(config, net, table)
    positions = int(config["data.context"]) if net.untargeted and config["model.position"] == "learned" and real("model.position_std") > 0 else 0
    net.table = np.ones(D)
    if net.optimizer in ("adam", "adamw", "sign"):
        net.table[D - positions:] = real("model.position_std")
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


def deviation(label, found, expected):
    """max |found - expected| / max |expected|; infinite when something is not finite."""
    if found.shape != expected.shape:
        raise Unusable(f"{label} has shape {found.shape}, the options say {expected.shape}")
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


def check_blocks(label, net, initial):
    """Worst correlation between the draws of two blocks, in standard errors; prints what is above 5."""
    worst = 0.0
    for name, l, k in ((name, l, k) for kind in BLOCK for name in BLOCK[kind] for l, k in itertools.combinations(range(net.kind.count(kind)), 2)):
        a, b = initial[name][l].ravel(), initial[name][k].ravel()
        score = abs(a @ b) / math.sqrt((a @ a) * (b @ b)) * math.sqrt(a.size) if a.any() and b.any() else 0.0
        worst = max(worst, score)
        if score > 5:
            print(f"{label}: initial {name} of blocks {l} and {k} are not independent: {score:.1f} standard errors")
    return worst


def with_blocks(net, name, values):
    """Weights or biases as the file has them, with a leading dimension of blocks where there is no depth."""
    return values[None] if not net.residual and name in (*BLOCK["moe"], "router_bias") else values


def read_biases(net, group, when):
    """(L, M), or None."""
    return with_blocks(net, "router_bias", read_array(group, f"weights/router_bias/{when}")) if "weights/router_bias" in group else None


def check_network(group, net, batches, backend, tolerance, differences):
    """Replays one seed. Returns its initial weights and whether everything agrees."""
    initial, stored = ({name: with_blocks(net, name, read_array(group, f"weights/{name}/{when}")) for name in net.shape}
                       for when in ("initial", "final"))
    for name, shape in net.shape.items():
        expected = tuple(getattr(net, size) for size in shape.split())
        if initial[name].shape != expected:
            raise Unusable(f"{group.name}: {name} has shape {initial[name].shape}, the options say {expected}")
    scale = net.table  # of W_in's columns: it is the table of positions that learns, and not what inputs of its size make of it
    initial["W_in"], stored["W_in"] = initial["W_in"] * scale, stored["W_in"] * scale
    batches = [(x / scale, y) for x, y in batches]
    if net.tied and any((initial[name] != initial[name][:, :1]).any() for name in ("W1", "W2")):
        raise Unusable(f"{group.name}: the experts should start from the same draw, and do not")
    label, good = group.name[1:], True
    net.bias = read_biases(net, group, "initial")
    if differences:
        good = not check_differences(label, net, (initial, stored), batches[0], backend)
    series, final, clipped = train(net, initial, batches, backend)
    if net.bias is not None and not np.allclose(read_biases(net, group, "final"), net.bias, rtol=0, atol=1e-12):
        print(f"{label}: final router biases deviate")
        return initial, False
    initial["W_in"] = initial["W_in"] / scale
    if net.tied:
        initial = {**initial, "W1": initial["W1"][:, 0], "W2": initial["W2"][:, 0]}
    off = {**{path.split("/")[1]: deviation(f"{label}/{path}", read_array(group, f"observables/{path}"), values) for path, values in series.items()},
           **{name: deviation(f"{label}/{name}", stored[name], final[name]) for name in net.shape}}
    worst = max(off, key=off.get)
    score = max(check_moments(label, net, initial), check_blocks(label, net, initial))
    good = good and off[worst] <= tolerance and score <= 5
    print(f"{label}: max relative deviation {off[worst]:.2e} ({worst}; loss {off['loss']:.1e}, prediction "
          f"{off['prediction']:.1e}), initial moments within {score:.1f} standard errors"
          + (f", clipped {clipped} of {len(batches) - 1} steps" if net.clip else "") + f": {'ok' if good else 'FAILED'}")
    return initial, good


class Seed:
    """One network of a width: a row of the arrays below members/, read like a group."""

    def __init__(self, width, row):
        self.rows, self.row, self.file = width["members"], row, width.file
        self.name = f"{width.name}/seed_{int(self.rows['index'][row])}"

    def __contains__(self, path):
        return path in self.rows

    def __getitem__(self, path):
        return self.rows[path][self.row]


def networks_of(file):
    """Every single network: [(N, Seed), …], ascending."""
    widths = sorted((int(name[6:]), file[name]) for name in file if name.startswith("width_") and name[6:].isdigit())
    return [(N, Seed(width, row)) for N, width in widths if "members" in width for row in range(len(width["members/index"]))]


def check_file(file, backend, tolerance, differences):
    """Number of networks replayed and number of failed checks."""
    text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
    config = Config((key[7:], text(value)) for key, value in file.attrs.items() if key.startswith("config:"))
    if not config:
        raise Unusable(f"{file.filename} is not a moedmft output: it has no config: attributes")
    if "data/context" in file:  # tokens: as the file of their data has it
        config["data.context"] = int(file["data/context"][()].item())
    networks = networks_of(file)
    if not any("weights" in seed for _, seed in networks):
        raise Unusable(f"{file.filename} holds no weights; write it with moedmft simulate --save-weights")
    batches, failed, pooled = load_batches(file, config), 0, {}
    for i, (N, seed) in enumerate(networks):
        net = describe(config, N, batches[0][0].shape[1], batches[0][1].shape[1])
        initial, good = check_network(seed, net, batches, backend, tolerance, differences and i == 0)
        failed += not good
        pooled.setdefault(N, (net, []))[1].append(initial)
    for N, (net, draws) in pooled.items():  # all seeds together show finer errors of scale
        merged = {name: np.concatenate([draw[name].ravel() for draw in draws]) for name in net.shape}
        failed += len(draws) > 1 and check_moments(f"width_{N}, all seeds", net, merged) > 5
    return len(networks), failed


def main():
    parser = argparse.ArgumentParser(description="Replay simulated networks in raw parameters and compare.")
    parser.add_argument("file", help="output of moedmft simulate --save-weights")
    parser.add_argument("--tolerance", type=float, default=1e-9, help="largest relative deviation (default 1e-9)")
    parser.add_argument("--backend", choices=("auto", "numpy", "torch"), default="auto")
    parser.add_argument("--differences", action="store_true",
                        help="also check the reference's gradients on the first network by differences of its loss")
    args = parser.parse_args()
    backend = args.backend if args.backend != "auto" else "torch" if import_torch() else "numpy"
    try:
        if backend == "torch" and not import_torch():
            raise Unusable("PyTorch is not installed; on Debian: apt-get install python3-torch, or use --backend numpy")
        with h5py.File(args.file, "r") as file:
            networks, failed = check_file(file, BACKEND[backend], args.tolerance, args.differences)
    except (Unusable, OSError) as problem:
        print(f"reference.py: {problem}", file=sys.stderr)
        return 2
    print(f"{networks} networks, backend {backend}, tolerance {args.tolerance:g}: "
          + (f"{failed} checks FAILED" if failed else "all agree"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
