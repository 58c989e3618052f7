#!/usr/bin/env python3
"""The MLP experiments published with MSSP (arXiv 2605.14200) beside networks of moedmft: the table of docs/rules.md, row by row.

    python3 validation/official.py [--quick] [--write] [--only WORD]

Below stands the network of the published code (repository vankadara-lab/mssp-moe, commit e6b6caf, mlp-moe-experiments), written anew from its
formulas in raw parameters, in its own layout, with its own initial standard deviations, rates, epsilons and losses; numpy alone. For every
row, `moedmft simulate --save-weights` trains a network under the configuration that the row names; the published network starts from the
same weights, takes the same batches with PyTorch's steps (reference.py), and both must have the same losses for ten steps. A row may also
say how far off the losses are when its setting is left out, or when no configuration can say it. `moedmft rules` must name the published
sizes and initial standard deviations.

    h = phi(x w_in)   psi = h w_router   g = gate(psi) (8/M)^alpha on the top K   c = sum_m g_m phi_e(h w1_m) w2_m   f = gamma c w_out

About a minute and a half of processor time. --quick: twelve replays, three seconds. --write: the table between its markers in
docs/rules.md. --only: rows that contain WORD.
Exit status 1 when losses of a row deviate by more than 1e-12 of the largest, or a setting that is left out makes no difference.
"""
import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import h5py
import numpy as np
from reference import HEADS, SHAPE as TENSORS, check_moments, networks_of, normal_cdf, normal_pdf, NumpyDescent, sigmoid

SHAPE = [name for name in TENSORS if name not in HEADS]  # tensors of models without attention

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
DOCUMENT = os.path.join(ROOT, "docs", "rules.md")
STEPS, SAMPLES, CLASSES, TOLERANCE, DIVERGED = 10, 24, 5, 1e-12, 6  # DIVERGED: exit status of moedmft
FOLDER = tempfile.TemporaryDirectory()

# ---- An experiment, as the published command line states it ---------------------------------------------------------
DEFAULTS = {
    "optimizer": "sgd", "N": 128, "topk": 0, "eta": None, "adam_eps": 1e-8, "nonlin": "gelu", "b": 0.8, "router_fn": "sigmoid", "sigmoid_norm": False,
    "alpha": None, "separate_aggregation": False, "post_agg_nonlin": None, "use_residual": False, "loss": "cross_entropy", "init_std_mult": 1.0,
    "lr_mult": {}, "gamma": 1.0, "router_init": None, "last_layer_init": None, "share": None, "batch": None,
    "ties": "first", "expert_nonlin": None, "D": 48, "C": None, "example": None,
}


def moving_rate(e):
    """A rate at which ten steps lower the loss by some ten per cent or more."""
    if e.adam:
        return 0.1
    start = {"cross_entropy": 1.0, "onehot": 1.5, "mse": 0.3}[e.loss] * (2 if e.topk else 1)
    return start * {"I": 0.3, "II": 0.2, "III": 0.3}[e.regime] / (2.5 if e.rule == "mssp" and e.regime != "I" else 1)


def experiment(regime, rule, **options):
    """regime: I (fixed_E), II (bottleneck), III (allscaling); rule: mup, mssp, globaleps, jiang, ntp, sp."""
    e = SimpleNamespace(**{**DEFAULTS, **options}, regime=regime, rule=rule)
    e.adam = e.optimizer == "adam"
    e.M = 8 if regime == "I" else int(8 * (e.N / 128))
    e.Ne = 16 if regime == "II" else int(128 * (e.N / 128))
    e.k = e.topk if regime == "I" else int(e.topk * (e.N / 128))
    e.K = e.k or e.M
    e.C = e.C or (1 if e.loss == "mse" else CLASSES)
    e.alpha = 0.0 if e.separate_aggregation else e.alpha if e.alpha is not None else float(regime != "I")
    e.share = e.share if e.share is not None else "in out" if (regime, rule) == ("III", "mssp") else ""
    e.router_init = e.router_init or ("zero" if (regime, rule) == ("I", "mssp") else None)
    e.last_layer_init = e.last_layer_init or (None if rule in ("ntp", "sp") else "zero")
    e.eta = e.eta or moving_rate(e)
    return e


def fan_in(e):
    return {"W_in": e.D, "Q": e.N, "W1": e.N, "W2": e.Ne, "w_out": e.N}


def standard_deviations(e):
    std = {name: 1.0 if e.rule == "ntp" else n**-0.5 for name, n in fan_in(e).items()}
    if e.rule not in ("ntp", "sp"):
        std["w_out"] = 1 / e.N
        if e.regime == "I" or e.rule == "jiang":
            std["Q"] = 1 / e.N
        if (e.regime, e.rule) == ("II", "mssp"):
            std["W2"] = math.sqrt(e.M / e.Ne)
    std = {name: e.init_std_mult * value for name, value in std.items()}
    std.update({"Q": 0.0} if e.router_init == "zero" else {}, **{"w_out": 0.0} if e.last_layer_init == "zero" else {})
    return std


def rates(e):
    base = e.eta * e.gamma**2
    if e.rule == "ntp":
        rate = dict.fromkeys(SHAPE, base)
    elif e.rule == "sp":
        rate = dict.fromkeys(SHAPE, base / (e.N if e.regime == "I" else e.N / 128))
    elif e.adam:
        rate = {name: base / n for name, n in fan_in(e).items()}
    else:
        router, first, second = {"I": (1 / e.N, 1, 1), "II": (e.M / e.N, e.M / e.N, e.M * e.N), "III": (1, e.M, e.M)}[e.regime]
        rate = {"W_in": base * e.N, "Q": base * router, "W1": base * first, "W2": base * second, "w_out": base / e.N}
    return {name: value * e.lr_mult.get(name, 1.0) for name, value in rate.items()}


def epsilons(e):
    N, M = e.N, e.M
    scale = {"I": {"W_in": 1 / N, "W1": 1 / N, "W2": 1 / N},
             "II": {"W_in": 1 / N, "Q": 1 / M, "W1": 1 / M, "W2": 1 / (N * M)},
             "III": {"W_in": 1 / N, "Q": 1 / M, "W1": 1 / (N * M), "W2": 1 / (N * M)}}[e.regime]
    return {name: e.adam_eps * (1.0 if e.rule in ("globaleps", "jiang") else scale.get(name, 1.0)) for name in SHAPE}


# ---- Its network: forward, backward ---------------------------------------------------------------------------------
def activation(e, name, x):
    """Value and derivative."""
    if name == "tanh":
        value = np.tanh(e.b * x)
        return value / e.b, 1 - value**2
    if name == "gelu":
        return x * normal_cdf(x), normal_cdf(x) + x * normal_pdf(x)
    if name == "relu":
        return np.maximum(x, 0), (x > 0).astype(float)
    if name == "sigmoid":
        return sigmoid(x), sigmoid(x) * sigmoid(-x)
    return x, np.ones_like(x)


def route(e, psi):
    """Router weights (P, M), zero outside the top K, and the map from dL/dweights to dL/dpsi."""
    on, order = np.zeros_like(psi), np.argsort(-psi, axis=1, kind="stable")
    if e.ties == "last":
        order = e.M - 1 - np.argsort(-psi[:, ::-1], axis=1, kind="stable")
    np.put_along_axis(on, order[:, :e.K], 1.0, axis=1)
    if e.router_fn == "softmax":
        g = on * np.exp(psi - psi.max(1, keepdims=True))
        g /= g.sum(1, keepdims=True)
        return g, lambda dg: g * (dg - np.sum(g * dg, axis=1, keepdims=True))
    scale = on * (8 / e.M)**e.alpha
    value, slope = (sigmoid(psi), sigmoid(psi) * sigmoid(-psi)) if e.router_fn == "sigmoid" else (psi, np.ones_like(psi))
    g, slope = scale * value, scale * slope
    if not e.sigmoid_norm:
        return g, lambda dg: slope * dg
    total = g.sum(1, keepdims=True) + 1e-10
    return g / total, lambda dg: slope / total * (dg - np.sum(g / total * dg, axis=1, keepdims=True))


def after_aggregation(e, c):
    """What follows the sum over experts, and its backward map."""
    if e.post_agg_nonlin == "rmsnorm":
        r = 1 / np.sqrt(np.mean(c**2, axis=1, keepdims=True) + 1e-6)
        return c * r, lambda d: r * d - c * r**3 * np.mean(c * d, axis=1, keepdims=True)
    if e.post_agg_nonlin == "sigmoid":
        s = sigmoid(0.001 * c)
        return s, lambda d: 0.001 * s * (1 - s) * d
    return c, lambda d: d


def second_layer(e, w2, start, step):
    """W2 as the sum over experts uses it, and d(that)/dW2."""
    if not e.separate_aggregation:
        return w2, 1.0
    return (start / math.sqrt(e.M) + (w2 - start) / e.M, 1 / e.M) if step else (w2 / math.sqrt(e.M), 1 / math.sqrt(e.M))


def loss_of(e, f, y):
    """Loss and dL/df: means over samples; mean squared error is a mean over classes, too."""
    if e.loss != "cross_entropy":
        return np.mean((f - y)**2), 2 * (f - y) / f.size
    log_p = f - f.max(1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(1, keepdims=True))
    return -np.mean(np.sum(y * log_p, axis=1)), (np.exp(log_p) - y) / len(f)


class PublishedDescent(NumpyDescent):
    """The published network under PyTorch's SGD or Adam. Weights: w_in (D, N), Q (N, M), W1 (M, N, N_e), W2 (M, N_e, N), w_out (N, C)."""

    def __init__(self, e, initial):
        every = lambda value: dict.fromkeys(SHAPE, value)
        net = SimpleNamespace(optimizer=e.optimizer, rate=rates(e), eps=epsilons(e), decay=every(0.0), metric=every(1.0), clip=0.0, momentum=0.0,
                              beta1=0.9, beta2=0.999, schedule=lambda t: 1.0)
        super().__init__(net, initial)
        self.e, self.start = e, initial

    def evaluate(self, x, y):
        """Loss and predictions (P, C); keeps the gradients."""
        e, product = self.e, lambda spec, *operands: np.einsum(spec, *operands, optimize=True)
        scale = {name: n**-0.5 if e.rule == "ntp" else 1.0 for name, n in fan_in(e).items()}
        w = {name: scale[name] * value for name, value in self.weights.items()}
        h, dphi = activation(e, e.nonlin, x @ w["W_in"])
        g, route_back = route(e, h @ w["Q"])
        value, slope = activation(e, e.expert_nonlin or e.nonlin, product("pn,mnj->pmj", h, w["W1"]))
        w2, share = second_layer(e, w["W2"], scale["W2"] * self.start["W2"], self.t)
        gated = g[:, :, None] * value
        combined, after_back = after_aggregation(e, product("pmj,mjn->pn", gated, w2))
        combined = combined + h if e.use_residual else combined
        f = e.gamma * combined @ w["w_out"]
        loss, df = loss_of(e, f, y)
        dcombined = e.gamma * df @ w["w_out"].T
        dc = after_back(dcombined)
        back = product("mjn,pn->pmj", w2, dc)
        du = g[:, :, None] * slope * back
        dpsi = route_back(np.sum(back * value, axis=2))
        dh = dpsi @ w["Q"].T + product("pmj,mnj->pn", du, w["W1"]) + (dcombined if e.use_residual else 0)
        self.grads = {"W_in": x.T @ (dh * dphi), "Q": h.T @ dpsi, "W1": product("pn,pmj->mnj", h, du),
                      "W2": share * product("pmj,pn->mjn", gated, dc), "w_out": e.gamma * combined.T @ df}
        self.grads = {name: scale[name] * value for name, value in self.grads.items()}
        return loss, f


# ---- The configuration that says the same ---------------------------------------------------------------------------
OPTION = {"W_in": "input", "Q": "router", "W1": "expert_in", "W2": "expert_out", "w_out": "readout"}


def decimal(x):
    return repr(float(x))


def gate_settings(e):
    normalized = e.router_fn == "softmax" or e.sigmoid_norm
    return {"model.gate": "normalized_sigmoid" if e.sigmoid_norm else e.router_fn,
            "model.gate_multiplier": decimal(1 if normalized else e.K * (8 / e.M)**e.alpha),
            **({"model.gate_scope": "selected"} if normalized and e.k else {})}


def size_settings(e):
    if e.regime == "I":
        return {"model.experts": 8, "model.active": e.k}
    sizes = {"model.experts_ratio": decimal(e.M / e.N), "model.active_fraction": decimal(e.K / e.M)}
    return {**sizes, "model.expert_width": 16} if e.regime == "II" else sizes


def rate_settings(e):
    ratio = {"I": {"Q": 1 / 8, "W1": 1 / 8, "W2": 1 / 8}, "II": {}, "III": {"Q": e.N / e.M}}[e.regime]
    plain = {} if e.adam or e.rule in ("ntp", "sp") else {"W_in": e.D, **ratio}
    return {f"train.lr_multiplier.{OPTION[name]}": decimal(plain.get(name, 1) * e.lr_mult.get(name, 1)) for name in SHAPE}


def custom_settings(e):
    custom = {}
    if e.regime == "I" and e.adam and e.rule in ("mup", "mssp"):
        custom.update({"Q.adam_eps": "1", "W1.adam_eps": "N^-1", "W2.adam_eps": "N^-1"})
    out = e.gamma
    if e.nonlin == "tanh":  # ours is b times theirs from h on, and on a residual stream up to the readout
        custom.update({"W_in.multiplier": decimal(e.b), "Q.multiplier": decimal(1 / e.b)})
        if e.use_residual:
            out /= e.b
        else:
            custom["W2.multiplier"] = decimal(1 / e.b)
    if out != 1:
        custom["w_out.multiplier"] = decimal(out)
    if e.rule == "sp":
        custom.update({f"{name}.lr": "N^-1" if e.regime == "I" else "128 N^-1" for name in SHAPE})
    name = {"globaleps": "mup", "jiang": "jbph", "sp": "standard"}.get(e.rule, e.rule)
    if (e.regime, e.share) == ("III", "in out"):
        name = "mssp"
    if not custom:
        return {"model.parameterization": name}
    return {"model.parameterization": "custom", "model.custom.base": name, **{"model.custom." + key: text for key, text in custom.items()}}


def configuration(e):
    """Options of moedmft for an experiment, as docs/rules.md lists them."""
    init = e.init_std_mult
    phi = lambda name: name if name in ("gelu", "relu", "tanh") else "identity"
    settings = {"model.regime": e.regime, "train.optimizer": e.optimizer, "train.lr": decimal(e.eta * e.gamma**2),
                "train.adam.eps": decimal(e.adam_eps), "model.activation": phi(e.nonlin), "model.expert_activation": phi(e.expert_nonlin or e.nonlin),
                "model.readout_std": decimal(0 if e.last_layer_init == "zero" else init),
                "train.loss": "cross_entropy" if e.loss == "cross_entropy" else "mse",
                "train.loss_multiplier": decimal(1 if e.loss == "cross_entropy" else 2 / e.C)}
    if init != 1:
        settings.update({f"model.init.{OPTION[name]}": decimal(init) for name in ("W_in", "Q", "W1", "W2")})
    if e.router_init == "zero" and e.rule != "mssp":
        settings["model.init.router"] = 0
    if e.adam and e.rule in ("globaleps", "jiang"):
        settings["train.adam.eps_scale"] = "global"
    if e.batch:
        settings["train.batch"] = e.batch
    if e.use_residual:
        settings["model.depth"] = 1
    return {**settings, **size_settings(e), **gate_settings(e), **rate_settings(e), **custom_settings(e)}


# ---- Replays --------------------------------------------------------------------------------------------------------
def images(path, loss, samples, raw=False):
    """Small pictures of three channels in classes, as /x and /y: normalized by channel, or raw pixels."""
    rng = np.random.default_rng(7)
    labels = rng.integers(0, CLASSES if loss != "mse" else 2, samples)
    mean, std = (np.repeat(v, 16) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    pixels = np.clip(rng.normal(100 + 15 * labels[:, None] * (np.arange(48) % CLASSES == labels[:, None]), 50, (samples, 48)), 0, 255).round()
    with h5py.File(path, "w") as file:
        file["x"] = pixels if raw else (pixels / 255 - mean) / std
        file["y"] = 2.0 * labels[:, None] - 1 if loss == "mse" else np.eye(CLASSES)[labels]


def ask(e, command, settings, *more):
    """Runs a command of moedmft under an experiment's configuration."""
    if not e.example:
        settings = {**settings, "data.source": "hdf5", "data.file": os.path.join(FOLDER.name, "data.h5")}
    words = [word for key, value in settings.items() for word in ("-s", f"{key}={value}")]
    done = subprocess.run([PROGRAM, command, e.example or "-", *more, *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, DIVERGED):
        raise SystemExit(f"official.py: {PROGRAM} {command} {e.example or '-'} {' '.join(words)}: {done.stderr.strip()}")
    return done


def simulate(e, settings, raw=False):
    """Trains a network; returns the open file, None when training diverged."""
    out = os.path.join(FOLDER.name, "run.h5")
    settings = {**settings, "simulate.widths": f"[{e.N}]", "simulate.seeds": 1, "simulate.precision": "double", "train.steps": STEPS,
                "output.kernels": "false", "output.statistics": "false"}
    if not e.example:
        images(os.path.join(FOLDER.name, "data.h5"), e.loss, e.batch * (STEPS + 1) if e.batch else SAMPLES, raw)
    done = ask(e, "simulate", settings, "-q", "--force", "-t", "1", "--save-weights", "-o", out)
    return None if done.returncode == DIVERGED else h5py.File(out, "r")


def rules(e, settings, width):
    """Sizes and initial standard deviations that moedmft has for a network of this width."""
    found = json.loads(ask(e, "rules", settings, "--width", str(width), "--format", "json").stdout)
    return found["sizes"], {name: found[name]["init_std"] for name in SHAPE}


def check_rules(e, settings):
    """Sizes and initial standard deviations are the published ones; of the examples at a large width, too, where ratios show."""
    good = True
    for width in (e.N, 64 * e.N) if e.example else (e.N,):
        there = experiment(e.regime, e.rule, **{**{key: vars(e)[key] for key in DEFAULTS}, "N": width})
        sizes, std = rules(e, settings, width)
        good &= (sizes["M"], sizes["Ne"]) == (there.M, there.Ne)
        good &= all(math.isclose(std[name], value, rel_tol=1e-12) for name, value in standard_deviations(there).items())
    return good


def load(e, file, factors):
    """The saved initial weights in the published layout; factors: where the file's start differs from the published one."""
    network = dict(networks_of(file))[e.N]
    w = {name: factors.get(name, 1.0) * network[f"weights/{name}/initial"] for name in SHAPE}
    if network["weights/Q/initial"].ndim > 2:  # with model.depth: those of the one block
        w.update({name: w[name][0] for name in ("Q", "W1", "W2")})
    if "in" in e.share:
        w["W1"] = np.repeat(w["W1"][:1], len(w["W1"]), axis=0)
    if "out" in e.share:
        w["W2"] = np.repeat(w["W2"][:1], len(w["W2"]), axis=0)
    w = {name: value[:e.M] if name in ("Q", "W1", "W2") else value for name, value in w.items()}
    return {"W_in": w["W_in"].T, "Q": w["Q"].T, "W1": w["W1"].swapaxes(1, 2), "W2": w["W2"].swapaxes(1, 2), "w_out": w["w_out"]}


def check_start(e, initial):
    """Initial weights have the published standard deviations (5 standard errors); shared experts count once."""
    draws = {**initial, **{name: initial[name][:1] for name, word in (("W1", "in"), ("W2", "out")) if word in e.share}}
    return check_moments(f"{e.regime} {e.rule}", SimpleNamespace(std=standard_deviations(e)), draws) <= 5


def train_set(file):
    y = file["data/train/y"][()]
    return file["data/train/x"][()], y.reshape(len(y), -1)


def published_losses(e, initial, x, y, picks):
    """The loss of every batch before its step, and of the whole train set at the same time."""
    descent, batch, whole = PublishedDescent(e, initial), [], []
    for step, pick in enumerate(picks):
        if e.batch and not e.example:
            whole.append(descent.evaluate(x, y)[0])
        batch.append(descent.evaluate(x[pick], y[pick])[0])
        if step < STEPS:
            descent.step()
    return np.array(batch), np.array(whole or batch)


def deviation(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max() if np.isfinite(ours).all() else math.inf


def replay(e, change=None, factors=None, check=True, whole=None, data=None):
    """Largest deviation of losses over ten steps, and whether the start is as published and training moves. change: options over configuration(e);
    factors: of initial weights; whole: the dataset to hold against the loss of the whole train set; data: raw, the images that moedmft
    reads are not normalized."""
    settings = {} if e.example else {**configuration(e), **(change or {})}
    file = simulate(e, settings, data == "raw")
    if file is None:
        return math.inf, False
    with file:
        initial = load(e, file, factors or {})
        x, y = train_set(file)
        if data == "raw":
            images(os.path.join(FOLDER.name, "normalized.h5"), e.loss, len(x))
            with h5py.File(os.path.join(FOLDER.name, "normalized.h5")) as normalized:
                x = normalized["x"][()]
        picks = file["data/batches"][()].astype(int) if e.batch else [np.arange(len(x))] * (STEPS + 1)
        batch, everything = published_losses(e, initial, x, y, picks)
        ours = dict(networks_of(file))[e.N][f"observables/{whole or 'train/loss'}"]
    moves = 1e-3 < abs(batch[-1] / batch[0] - 1) < 1.5
    return deviation(ours, everything if whole else batch), not check or (moves and check_rules(e, settings) and check_start(e, initial))


# ---- The table ------------------------------------------------------------------------------------------------------
REGIMES = ("I", "II", "III")


def over(regimes=REGIMES, rules=("mssp",), **options):
    return [experiment(regime, rule, **options) for regime in regimes for rule in rules]


def everything():
    return [experiment(regime, rule, optimizer=optimizer, topk=topk, loss=loss) for regime in REGIMES for rule in ("mup", "mssp")
            for optimizer in ("sgd", "adam") for topk in (0, 2) for loss in ("cross_entropy", "onehot", "mse")]


def row(theirs, ours, experiments, without=None, factors=None, left_out=None, tolerance=TOLERANCE, **how):
    """theirs, ours: the words of the table, ours None: no configuration says it, and the replays show how far off that is; without: options
    that leave the row out (a dictionary, or a function of the experiment), with factors of the initial weights and other keywords of replay
    (left_out); how: keywords of replay for all."""
    return SimpleNamespace(theirs=theirs, ours=ours, experiments=experiments, without=without, factors=factors, left_out=left_out or {},
                           tolerance=tolerance, how=how)


def sgd_rates(e):
    return rate_settings(SimpleNamespace(**{**vars(e), "adam": False}))


def named(e):
    return {**{key: "" for key in custom_settings(e) if key.startswith("model.custom.") and key != "model.custom.base"}, "model.custom.base": "mup",
            "model.parameterization": e.rule}


def example(regime, eta, init=1.0, optimizer="sgd", **lr_mult):
    """What examples/official_*.yaml says: MSSP, soft routing, the published tuned factors."""
    file = f"examples/official_{regime}{'_adam' if optimizer == 'adam' else ''}.yaml"
    return experiment(regime, "mssp", example=file, N=64, optimizer=optimizer, eta=eta, init_std_mult=init, batch=20, D=784, C=10, lr_mult=lr_mult)


EXAMPLES = [example("I", 0.04, W_in=0.016, w_out=256), example("II", 0.01, 0.25, W_in=1 / 64, Q=4, W2=1 / 64, w_out=65536),
            example("III", 0.005, W_in=4, Q=16, W1=1 / 16, W2=1 / 4), example("I", 0.16, optimizer="adam", W_in=4),
            example("II", 0.16, 0.25, "adam", W_in=4, Q=4, W1=1 / 4, W2=1 / 256, w_out=4),
            example("III", 0.16, 0.25, "adam", W_in=4, Q=1 / 4, W1=1 / 4, W2=1 / 256, w_out=64)]
ROUTER, EXPERTS = "train.lr_multiplier.router", ("train.lr_multiplier.expert_in", "train.lr_multiplier.expert_out")
TUNED = {"W_in": 0.25, "Q": 4.0, "W1": 0.5, "W2": 2.0, "w_out": 4.0}
ROWS = [
    row("everything below together: I, II, III; μP, MSSP; SGD, Adam; soft, `--topk 2`; cross-entropy, MSE on one-hot targets and on ±1",
        "as the rows say", everything()),
    row("MSSP, soft, cross-entropy, fresh batches, tuned factors; SGD, Adam (N = 64)", "`examples/official_*.yaml`", EXAMPLES),
    row("`fixed_E_*`: M = 8, N_expert = N", "`regime: I`, `experts: 8`", over(["I"])),
    row("`*_bottleneck_*`: N_expert = 16, M = N/16", "`regime: II`, `expert_width: 16`, `experts_ratio: 0.0625`", over(["II"])),
    row("`*_allscaling_*`: N_expert = N, M = N/16", "`regime: III`, `experts_ratio: 0.0625`", over(["III"])),
    row("M truncated: N = 40 has 2 experts", "`experts_ratio: 0.05` at that width (0.0625 N rounds to 3)", over(["II", "III"], N=40),
        {"model.experts_ratio": 0.0625}),
    row("default activation gelu", "`activation: gelu`, `expert_activation: gelu`",
        over(), {"model.activation": "tanh", "model.expert_activation": "tanh"}),
    row("`--nonlin relu`, `identity`; `--expert_nonlin relu`", "`activation`, `expert_activation`",
        over(nonlin="relu") + over(nonlin="identity", eta=0.02) +
        over(expert_nonlin="relu"), {"model.expert_activation": "gelu"}),
    row("`--nonlin tanh`: tanh(b x)/b, b = 0.8", "`custom` with `multiplier` 0.8 for W_in, 1.25 for Q and W2; `activation: tanh`",
        over(nonlin="tanh"), {f"model.custom.{name}.multiplier": "" for name in ("W_in", "Q", "W2")}),
    row("experts are summed; in II and III the gate carries 8/M", "`gate_multiplier: 8`", over(), {"model.gate_multiplier": 1}),
    row("`--topk`, I", "`active: K`, `gate_multiplier: K`", over(["I"], topk=2), {"model.gate_multiplier": 8}),
    row("`--topk k` at N = 128, II and III: K = k N/128", "`active_fraction: k/8`, `gate_multiplier: 8K/M` = k",
        over(["II", "III"], topk=2), {"model.gate_multiplier": 8}),
    row("`--router_fn_scale_alpha α`", "`gate_multiplier: K (8/M)^α`, one width at a time",
        over(["II", "III"], N=256, alpha=0.5, eta=0.05), {"model.gate_multiplier": 8}),
    row("`--router_fn softmax`", "`gate: softmax`, `gate_multiplier: 1`; top-K: `gate_scope: selected`",
        over(router_fn="softmax") + over(router_fn="softmax", topk=2), {"model.gate_multiplier": 8}),
    row("`--router_fn linear`", "`gate: linear`, `gate_multiplier` as for sigmoid",
        over(["II", "III"], router_fn="linear", eta=0.04), {"model.gate_multiplier": 1}),
    row("`--sigmoid_norm`: divided by their sum + 1e-10",
        "`gate: normalized_sigmoid`, `gate_multiplier: 1`; top-K: `gate_scope: selected`; without the 1e-10",
        over(sigmoid_norm=True) + over(["II", "III"], sigmoid_norm=True, topk=2), {"model.gate_multiplier": 8}, tolerance=1e-10),
    row("top-K among equal logits (MSSP in I, from Q = 0): open in torch.topk", None, over(["I"], topk=2, ties="last")),
    row("W_in, SGD: η N", "`lr_multiplier.input: D` (ours is η N/D)", over(), {"train.lr_multiplier.input": 1}),
    row("router, W1, W2 in I, SGD: η/N, η, η", "`lr_multiplier` 1/8 for `router`, `expert_in`, `expert_out` (ours carry M)", over(["I"]),
        {key: 1 for key in (ROUTER, *EXPERTS)}),
    row("router in III, SGD: η", "`lr_multiplier.router: N/M` = 16 (ours is η M/N)", over(["III"], ["mup", "mssp"]), {ROUTER: 1}),
    row("Adam: η/fan-in for all", "every `lr_multiplier: 1`", over(optimizer="adam"), sgd_rates),
    row("Adam in I: ε not over M", "`custom` with `adam_eps` 1 for Q, `N^-1` for W1 and W2 (ours carry 1/M)", over(["I"], optimizer="adam"), named),
    row("the same, `--adam_eps 1e-4`", "the same, `adam.eps: 1e-4`", over(["I"], optimizer="adam", adam_eps=1e-4), named),
    row("`*_globaleps*`", "`mup`, `adam.eps_scale: global`",
        over(rules=["globaleps"], optimizer="adam", adam_eps=1e-4), {"train.adam.eps_scale": "tensor"}),
    row("w_out = 0 (every `mup` name, MSSP too)", "`readout_std: 0`", over(), {"model.readout_std": 1}, {"w_out": 0.0}),
    row("`--last_layer_init mup`: w_out of std 1/N", "`readout_std: 1`",
        over(last_layer_init="mup", eta=0.02), {"model.readout_std": 2}, {"w_out": 0.5}),
    row("`fixed_E_*` with `--router_init zero`: MSSP in I", "`parameterization: mssp`", over(["I"]), {"model.parameterization": "mup"}, {"Q": 0.0}),
    row("`--router_init zero`, II and III", "`init.router: 0`",
        over(["II", "III"], ["mup"], router_init="zero"), {"model.init.router": 1}, {"Q": 0.0}),
    row("`mup_bottleneck_ours`, `mup_bottleneck_adam_multfree`: MSSP in II; `*_stdinit*`: μP", "`parameterization: mssp`; `mup`", over(["II"]),
        {"model.parameterization": "mup"}, {"W2": math.sqrt(8)}),
    row("`--share_expert_weights_in --share_expert_weights_out`: MSSP in III", "`parameterization: mssp`; `mup` without",
        over(["III"]), {"model.parameterization": "mup"}),
    row("one of the two alone", None, over(["III"], ["mup"], share="in") + over(["III"], ["mup"], share="out")),
    row("`mup_adam_jiang_*`", "`parameterization: jbph`, `adam.eps_scale: global`", over(["III"], ["jiang"], optimizer="adam", adam_eps=1e-4),
        {"train.adam.eps_scale": "tensor", "model.parameterization": "mup"}, {"Q": 128**-0.5}),
    row("`*_ntp*`", "`parameterization: ntp`, every `lr_multiplier: 1`", over(["I", "III"], ["ntp"])),
    row("`fixed_E_sp`: η/N; `sp_bottleneck`: 128 η/N", "`custom`, `base: standard`, every `lr` `N^-1`; `128 N^-1`",
        over(["I"], ["sp"], eta=8.0) + over(["II"], ["sp"], N=64, eta=0.04),
        {f"model.custom.{name}.lr": "" for name in SHAPE}),
    row("`--init_std_mult 0.25`, `--last_layer_init mup`: on all five", "`init.input`, `router`, `expert_in`, `expert_out`, `readout_std`: 0.25",
        over(["II", "III"], init_std_mult=0.25, last_layer_init="mup", eta=1.0), {"model.init.input": 1}, {"W_in": 0.25}),
    row("the same, W_in alone by hand", "`custom.W_in.std: '0.25 D^-1/2'` in place of `init.input: 0.25`",
        over(["II", "III"], init_std_mult=0.25, last_layer_init="mup", eta=1.0),
        change={"model.init.input": 1, "model.parameterization": "custom", "model.custom.base": "mssp", "model.custom.W_in.std": "0.25 D^-1/2"}),
    row("`--lr_mult_in`, `_router`, `_expert1`, `_expert2`, `_out`", "`lr_multiplier.*`, times the factors above",
        over(lr_mult=TUNED, eta=0.05) + over(lr_mult=TUNED, optimizer="adam"),
        {"train.lr_multiplier.readout": 1}),
    row("`--input_lr_zero`", "`lr_multiplier.input: 0`", over(lr_mult={"W_in": 0.0}), {"train.lr_multiplier.input": 1}),
    row("`--gamma γ` (2): f = γ c w_out, rates η γ²", "`custom.w_out.multiplier: γ`, `lr: η γ²`",
        over(gamma=2.0, eta=0.01) + over(gamma=2.0, optimizer="adam", eta=0.02),
        {"model.custom.w_out.multiplier": ""}),
    row("cross-entropy", "`loss: cross_entropy`, `loss_multiplier: 1`, `data.targets: onehot`", over(), {"train.loss_multiplier": 2}),
    row("two classes, MSE on ±1", "`loss: mse`, `loss_multiplier: 2`", over(loss="mse"), {"train.loss_multiplier": 1}),
    row("C classes, MSE on one-hot targets: a mean over classes, too", "`loss: mse`, `loss_multiplier: 2/C`",
        over(loss="onehot"), {"train.loss_multiplier": 2}),
    row("pixels normalized by channel", "HDF5 data of normalized pixels", over(), {"data.standardize": "global"}, data="raw"),
    row("T fresh batches of ⌊P/T⌋ samples, in the order of the train set",
        "`train.batch`, `train.steps`, HDF5 data of just these samples (a part of a file is shuffled)",
        over(batch=6)),
    row("its train loss: of the whole train set, before every step", "`data.test_file`: the train file, `data.test: P`; then `test/loss`",
        over(batch=6), {},
        left_out={"whole": "train/loss"}, change={"data.test_file": os.path.join(FOLDER.name, "data.h5"), "data.test": 66}, whole="test/loss"),
    row("`--use_residual`: f = γ (c + h) w_out", "`depth: 1` (with `input: activation`, `norm: none`, `output: none`)",
        over(use_residual=True, rules=("mup", "mssp")) + over(use_residual=True, topk=2) + over(use_residual=True, optimizer="adam"),
        {"model.depth": 0}),
    row("the same with `--nonlin tanh`", "as above, but 1.25 for w_out in place of W2", over(use_residual=True, nonlin="tanh"), {"model.depth": 0}),
    row("`--separate_aggregation`", None, over(["II", "III"], ["mup"], separate_aggregation=True)),
    row("`--post_agg_nonlin rmsnorm`; `sigmoid`", None, over(post_agg_nonlin="rmsnorm") + over(post_agg_nonlin="sigmoid")),
    row("`--nonlin sigmoid`", None, over(nonlin="sigmoid")),
]
# Every regime, rule, optimizer, kind of routing and loss at least once.
QUICK = [*EXAMPLES, experiment("I", "mup", topk=2, loss="mse"), experiment("II", "mup", optimizer="adam", loss="mse"),
         experiment("III", "mssp", topk=2, loss="onehot"), experiment("III", "mup", optimizer="adam", N=64), experiment("III", "mssp", use_residual=True),
         experiment("II", "mssp", init_std_mult=0.25, gamma=2.0, nonlin="tanh", last_layer_init="mup", batch=6)]


def bound(x):
    """The power of ten above, from 1e-15: rounding differs between machines."""
    return f"1e{max(-15, math.ceil(math.log10(x or 1e-15)))}"


def percent(x):
    return "diverges" if math.isinf(x) else f"{x:.0e}" if x < 1e-6 else f"{100 * x:.2g} %" if x < 0.995 else f"{100 * x:.0f} %"


def spread(values):
    low, high = percent(min(values)), percent(max(values))
    return low if low == high else f"{low.removesuffix(' %') if high.endswith('%') else low} … {high}"


def run_row(r):
    """The row's line of the table, and whether it is as it should be."""
    said = r.ours is not None
    found = [replay(e, **{**r.how, **({"data": None} if said else {})}) for e in r.experiments]
    off = [deviation for deviation, _ in found]
    good = all(sound for _, sound in found) and (max(off) <= r.tolerance if said else min(off) > r.tolerance)
    agrees = bound(max(off)) if said else "–"
    if r.without is not None:
        how = {"change": {}, **r.how, **r.left_out, "factors": r.factors, "check": False}
        changes = [{**how["change"], **(r.without(e) if callable(r.without) else r.without)} for e in r.experiments]
        off = [replay(e, **{**how, "change": change})[0] for e, change in zip(r.experiments, changes)]
        good &= min(off) > r.tolerance
    shown = spread(off) if r.without is not None or not said else ""
    return f"| {r.theirs} | {r.ours or 'not to be said'} | {len(found)} | {agrees} | {shown} |", good


def quick():
    failed = 0
    for e in QUICK:
        off, start = replay(e)
        good = off <= TOLERANCE and start
        failed += not good
        what = e.example or f"{e.regime} {e.rule} {e.optimizer} {'top-K' if e.k else 'soft'} {e.loss}"
        print(f"  Official: {what} ... {'agrees' if good else f'FAILED ({off:.1e})'}")
    print(f"{len(QUICK) - failed} passed, {failed} failed")
    return failed > 0


def write(lines):
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    pattern = re.compile("(<!-- begin official -->\n).*?(<!-- end official -->)", re.S)
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(pattern.sub(lambda m: m.group(1) + "\n".join(lines) + "\n" + m.group(2), text))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="", metavar="WORD")
    options = parser.parse_args()
    if options.quick:
        return quick()
    lines = ["| published code | configuration | replays | losses agree to | left out, off by |", "|---|---|---|---|---|"]
    print("\n".join(lines))
    failed = 0
    for r in ROWS:
        if options.only not in r.theirs + (r.ours or ""):
            continue
        line, good = run_row(r)
        failed += not good
        lines.append(line)
        print(line + ("" if good else "  FAILED"), flush=True)
    if options.write and not failed and not options.only:
        write(lines)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
