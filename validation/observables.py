#!/usr/bin/env python3
"""Are the observables of networks what docs/output.md says? From saved weights, by numpy.

    validation/observables.py [COUNT] [--seed N] [--show]

Draws COUNT (60) configurations at random: regimes, parameterizations, gates, top-K with and without biases, losses on the router, residual stacks with
shared experts, optimizers, batches, data sets of one to twenty samples with numbers or classes, equal targets or inputs among them. Each is run by
`moedmft simulate --save-weights`, and every array of observables, kernels, statistics and parts is computed again from the weights before the first and after
the last step, by the definitions of docs/output.md. Networks and gradients are those of reference.py. Prints what deviates by more than 1e-6 of its size;
exit status 1 when something does. A second or two of processor time for ten.
"""
import argparse
import copy
import math
import os
import random
import subprocess
import sys
import tempfile

import h5py
import numpy as np

import reference as R

PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build", "moedmft"))
PROBABILITIES = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
TOLERANCE, SAMPLES = 1e-6, 16  # relative; samples of kernels
rms = lambda v: math.sqrt(np.mean(np.square(v)))


# ---- Configurations ---------------------------------------------------------------------------------------------------
def draw_data(r, folder):
    """A small HDF5 file, and its settings."""
    draw, P, C = np.random.default_rng(r.getrandbits(32)), r.choice([1, 2, 3, 5, 7, 20]), r.choice([1, 1, 2, 3])
    x, classes = draw.standard_normal((P, r.choice([1, 2, 5]))), P > 2 and r.random() < 0.3
    y = np.arange(P) % max(2, C) if classes else draw.standard_normal((P, C))
    if r.random() < 0.15:
        x[:] = x[0]
    if r.random() < 0.15 and not classes:
        y[:] = y[0]
    path = os.path.join(folder, "data.h5")
    with h5py.File(path, "w") as file:
        file["x"], file["y"] = x, y
    case = {"data.source": "hdf5", "data.file": path}
    if classes:
        case |= {"data.targets": "onehot" if C > 2 else r.choice(["sign", "onehot"]), "train.loss": r.choice(["mse", "cross_entropy"])}
    if P > 3 and r.random() < 0.4:
        case["data.test"] = r.choice([1, 2])
    if P > 2 and r.random() < 0.4:
        case["train.batch"] = r.choice([1, 2])
    return case


def draw_router(r, regime, gate):
    case = {}
    if r.random() < 0.6:
        case |= {"model.active": r.choice([1, 2, 3])} if regime == "I" else {"model.active_fraction": r.choice([0.25, 0.5, 0.75])}
        if gate in R.NORMALIZED:
            case["model.gate_scope"] = r.choice(["all", "selected"])
        case |= {key: value for key, value in {"model.router_bias_std": 0.3, "train.bias_rate": 0.2}.items() if r.random() < 0.4}
    losses = [] if gate in ("constant", "linear") else ["importance", "switch"][: 1 + bool(case)]
    if losses and r.random() < 0.3:
        case["train.balance"] = r.choice(losses)
    if gate != "constant" and r.random() < 0.2:
        case["train.z_loss"] = 0.1
    return case


def draw_case(seed, folder):
    r = random.Random(seed)
    regime, gate = r.choice(["I", "II", "III"]), r.choice(["sigmoid", "softmax", "normalized_sigmoid", "linear", "constant"])
    name, optimizer = r.choice(["mssp", "mup", "standard", "ntp"]), r.choice(["sgd", "momentum", "adam", "sign"])
    rate = 0.02 if optimizer in ("adam", "sign") else 0.05 if name in ("standard", "ntp") else 0.3
    case = {"model.regime": regime, "model.parameterization": name, "model.gate": gate, "simulate.widths": [r.choice([4, 6, 8, 12])], "simulate.seeds": 1,
            "train.steps": r.choice([0, 1, 3]), "train.lr": rate, "train.optimizer": optimizer, "train.loss_multiplier": r.choice([1, 2]), "seed": seed,
            "model.gate_temperature": r.choice([1, 0.5]), "model.gate_multiplier": r.choice([1, 2]), "model.activation": r.choice(["tanh", "relu", "gelu", "erf"]),
            "model.expert_activation": r.choice(["tanh", "relu", "gelu", "erf", "identity"]), **draw_router(r, regime, gate)}
    case |= {"model.expert_width": r.choice([1, 2, 3])} if regime == "II" else {"model.expert_width_ratio": r.choice([1, 0.5, 2])}
    if r.random() < 0.7:
        case |= draw_data(r, folder)
    if optimizer != "sign" and r.random() < 0.5:
        case["train.clip"] = r.choice([0.1, 100])
    if r.random() < 0.3:
        case["train.lr_multiplier.input"] = 2
    if r.random() < 0.4:
        case |= {"model.depth": r.choice([1, 2]), "model.norm": r.choice(["rms", "none", "layer"])}
        if r.random() < 0.4:
            case |= {"model.shared_experts": 1} if regime == "I" else {"model.shared_fraction": 0.25}
        return case
    return case | {"output.ntk": "true", "output.parts": "true"}


# ---- Fields -----------------------------------------------------------------------------------------------------------
class Block:
    """Fields of a block of experts on the stream h, in natural units; forward. on: experts that serve; kappa: K/M of the routed ones."""

    def __init__(self, net, l, W, h):
        self.Q, self.W1, self.W2 = (W[name][net.index[l]] for name in R.BLOCK["moe"])
        self.shared, (self.n, self.norm_back) = net.shared[l], R.numpy_norm(net, h)
        self.psi, self.u = self.n @ self.Q.T / net.temperature, np.einsum("mjn,pn->pmj", self.W1, self.n)
        self.g, self.on, self.factor = np.ones_like(self.psi), np.ones(self.psi.shape, bool), np.ones(net.M)
        routed = self.psi[:, self.shared:]
        if routed.size:
            on = R.selection(net, l, routed)
            self.scope = on if net.selected else np.ones_like(on)
            self.on[:, self.shared:], self.kappa = on > 0, net.K[l] / routed.shape[1]
            self.g[:, self.shared:], self.gate_back = R.numpy_gate(net, routed, self.scope)
            self.g *= self.on
            self.factor[self.shared:] = net.gate_multiplier / self.kappa
        self.phi, slope = (part(self.u) for part in R.ACTIVATION[net.phi_e])
        self.slope = slope
        self.y = self.factor[:, None] * self.g[:, :, None] * self.phi
        self.a = np.einsum("mij,pmj->pi", self.W2, self.y) / net.M

    def backward(self, net, incoming):
        """b, gamma, rho from what comes back to the block's output, and the stream's part of it."""
        weight = net.coefficient if not net.residual else {name: value / net.branch for name, value in net.coefficient.items()}
        self.incoming, raw = incoming, np.einsum("mij,pi->pmj", self.W2, incoming) / net.N
        gamma, rho, s = self.factor[:, None] * self.g[:, :, None] * self.slope * raw, np.zeros_like(self.psi), self.shared
        if s < net.M:
            on, psi = self.on[:, s:].astype(float), self.psi[:, s:]
            dgate, dpsi = on * (raw * self.phi).sum(2)[:, s:] / net.M * self.factor[s:], 0.0
            if net.balance != "none":
                self.balance, change = R.numpy_balance(net, R.numpy_gate(net, psi, self.scope)[0], on)
                dgate = dgate + weight["balance"] / net.moes * change
            if net.z_loss:
                self.z_loss, change = R.numpy_z_loss(psi)
                dpsi = weight["z"] / net.moes * change
            rho[:, s:] = net.M * (self.gate_back(dgate) + dpsi) / net.temperature
        zeta = net.N / net.M * (rho @ self.Q + np.einsum("pmj,mjn->pn", gamma, self.W1))
        self.b, self.gamma, self.rho = net.natural * raw, net.natural * gamma, rho
        return self.norm_back(zeta)


class Fields:
    """Everything of a batch (x, y)."""

    def __init__(self, net, weights, x, y):
        W = self.W = {name: net.multiplier[name] * value for name, value in weights.items()}
        phi, slope = R.ACTIVATION["identity" if net.linear_input else net.phi]
        self.x, self.z = x, x @ W["W_in"].T
        self.h, self.blocks = [phi(self.z)], []
        for l in range(net.blocks):
            block = Block(net, l, W, self.h[-1])
            self.blocks.append(block)
            self.h.append(self.h[-1] + net.branch * block.a if net.residual else block.a)
        self.o, back = R.numpy_output(net, self.h[-1])
        self.f = self.o @ W["w_out"]
        self.loss, self.e = R.numpy_loss(net, self.f, y)
        self.delta = net.N * self.e @ W["w_out"].T
        r = back(self.delta)
        self.r = [r]
        for block in reversed(self.blocks):
            through = block.backward(net, r)
            r = r + net.branch * through if net.residual else through
            self.r.insert(0, r)
        self.r_slope = r * slope(self.z)


# ---- Definitions of docs/output.md ------------------------------------------------------------------------------------
def log_sum(p):
    """Sum of p log p along the last dimension, 0 for p = 0; NaN stays."""
    return np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1)


def divergence(load):
    p = load / load.mean()
    return log_sum(p) / len(load)


def quantiles(values, population):
    found, at = np.quantile(values, PROBABILITIES, method="median_unbiased"), PROBABILITIES * (len(values) + 1 / 3) - 2 / 3
    return np.where((at < 0) | (at > len(values) - 1), np.nan, found) if population else found


def histogram(values, low, high, bins):
    edges = low + (high - low) * np.arange(bins + 1) / bins
    inside = [(values >= a) & ((values < b) | ((i == bins - 1) & (values <= b))) for i, (a, b) in enumerate(zip(edges, edges[1:]))]
    return np.array([np.mean(part) for part in [values < low, *inside, values > high]])


def alignment(K, y):
    H = np.eye(len(K)) - 1 / len(K)
    centred, Y = H @ K @ H, H @ y @ y.T @ H
    size = np.linalg.norm(centred), np.linalg.norm(Y)
    return np.nan if size[0] <= 1e-14 * np.linalg.norm(K) or size[1] <= 1e-12 else np.sum(centred * Y) / (size[0] * size[1])


def accuracy(f, y, tie):
    if f.shape[1] == 1:
        return np.mean(np.where(np.abs(f) <= tie, 0.5, f * y > 0))
    tied = f >= f.max(1, keepdims=True) - tie
    return np.mean(tied[np.arange(len(y)), y.argmax(1)] / tied.sum(1))


def between(c, pairs):
    """Mean squared, covariance of neurons of one expert, and mean square, over experts that serve one sample; c: experts x neurons."""
    J = c.shape[1]
    within = np.mean(c.sum(1)**2 - (c**2).sum(1)) / (J * (J - 1)) if pairs and J > 1 else np.mean(c.mean(1)**2)
    return np.array([c.mean()**2, within, np.mean(c**2)])


def experts(net, fields, block):
    """{name: value} of experts/…"""
    s, grow, total = block.shared, net.regime != "II", np.zeros((4, 3))
    for p in range(len(fields.x)):
        on = block.on[p, s:]
        u, y, b = (v[p, s:][on] for v in (block.u, block.y, block.b))
        total += [between(u, True), between(y, True), between(y**2, True), between(b / net.natural * y * on.sum() / (net.M - s) * y.shape[1], grow)]
    ratio = lambda a, b: a / b if b else 0.0
    (u2, uc, uu), (y2, yc, yy), (p2, pc, _), (f2, fc, _) = total
    return {"between_u": ratio(uc - u2, uu - u2), "between_y": ratio(yc - y2, yy - y2), "power_spread": ratio(pc - p2, p2),
            "contribution_variance": ratio(fc - f2, np.sum(fields.e**2))}


def router(net, block, bias):
    s = block.shared
    g, psi = np.abs(block.g[:, s:]), block.psi[:, s:]
    with np.errstate(invalid="ignore"):
        q = g / g.sum(1, keepdims=True)
    M = q.shape[1]
    share = M * q.mean(0)
    block.load = block.on[:, s:].mean(0) if block.kappa < 1 else share
    found = {"entropy": np.mean(-log_sum(q)) - math.log(M), "load_std": block.load.std() / block.load.mean(), "logit_mean": psi.mean(),
             "logit_std": math.sqrt(psi.var(1).mean()), "load_mean": block.load.mean(), "load_kl": divergence(block.load), "share_kl": divergence(share)}
    if bias is not None:
        found["bias_std"] = bias[s:].std()
    return found


def tangent(net, weights, fields, x, y, lr):
    """{tensor: kernel} over the samples x: gradients of every output by the raw weights."""
    plain, rows = copy.copy(net), []
    plain.loss, plain.loss_multiplier, plain.balance, plain.z_loss, plain.untargeted, plain.held = "mse", 1.0, "none", 0, False, None
    for p, c in np.ndindex(len(x), net.C):
        target = fields.f[p:p + 1].copy()
        target[0, c] -= 1
        rows.append(R.numpy_gradients(plain, weights, x[p:p + 1], target)[3])
    stacked = {name: np.array([row[name].ravel() for row in rows]).reshape(len(x), net.C, -1) for name in net.shape}
    return {name: lr[name] * net.metric[name] * np.einsum("pcx,qcx->pq", v, v) / net.C for name, v in stacked.items()}


def parts(net, before, now):
    """{product: {part: value}} of one block, from the fields before the first step and now (coordinate-check.md)."""
    n = net.natural
    maps = {
        "W_in/forward": lambda F, p: p @ F.W["W_in"].T, "Q/forward": lambda F, p: p @ F.W["Q"][0].T,
        "W1/forward": lambda F, p: np.einsum("mjn,pn->pmj", F.W["W1"][0], p), "W2/forward": lambda F, p: np.einsum("mij,pmj->pi", F.W["W2"][0], p) / net.M,
        "w_out/forward": lambda F, p: p @ F.W["w_out"], "w_out/backward": lambda F, p: net.N * p @ F.W["w_out"].T,
        "W2/backward": lambda F, p: n * np.einsum("mij,pi->pmj", F.W["W2"][0], p) / net.N, "Q/backward": lambda F, p: net.N / net.M * p @ F.W["Q"][0],
        "W1/backward": lambda F, p: net.N / net.M / n * np.einsum("pmj,mjn->pn", p, F.W["W1"][0])}
    of = lambda F: {"W_in/forward": F.x, "Q/forward": F.h[0], "W1/forward": F.h[0], "W2/forward": F.blocks[0].y, "w_out/forward": F.blocks[0].a,
                    "w_out/backward": F.e, "W2/backward": F.delta, "Q/backward": F.blocks[0].rho, "W1/backward": F.blocks[0].gamma}
    p0, p1, found = of(before), of(now), {}
    for name, product in maps.items():
        init, total = product(before, p0[name]), product(now, p1[name])
        propagating, effective = product(before, p1[name]) - init, product(now, p0[name]) - init
        found[name] = {"init": init, "propagating": propagating, "effective": effective, "cross": total - init - propagating - effective,
                       "learned": total - init - propagating, "update": total - init, "total": total}
    found["r/backward"] = {part: found["Q/backward"][part] + found["W1/backward"][part] for part in found["Q/backward"]}
    return found


# ---- Comparison -------------------------------------------------------------------------------------------------------
class Check:
    """Arrays of one network at one step against values worked out here."""

    def __init__(self, group, when):
        self.group, self.when, self.wrong, self.compared = group, when, [], 0

    def __call__(self, path, expected, at=None, size=0.0):
        found = np.asarray(self.group[path]) if path in self.group else None
        expected = np.asarray(expected, dtype=float)
        self.compared += 1
        if found is None:
            self.wrong.append(f"{path} is missing")
            return
        found = found if at is None else found[at]
        scale = max(size, 1e-3, np.nan_to_num(np.abs(expected)).max(initial=0.0))
        if found.shape != expected.shape or not np.allclose(found, expected, rtol=0, atol=TOLERANCE * scale, equal_nan=True):
            self.wrong.append(f"{self.when} {path}: {found.ravel()[:4]}, expected {expected.ravel()[:4]}")


def check_observables(check, net, F, y, t, config):
    at, blocks = (slice(None), t) if net.residual else t, F.blocks
    each = lambda path, values: check(f"observables/{path}", values if net.residual else values[0], at)
    one = lambda path, value: check(f"observables/{path}", value, t, size=float(path == "router/load_std"))  # a root of a difference of squares
    routed = [b for b in blocks if b.shared < net.M]
    one("train/loss", F.loss)
    one("rms/z", rms(F.z)), one("rms/delta", rms(F.delta)), one("rms/r_slope", rms(F.r_slope)), one("overlap/W_in", np.mean(F.r_slope * F.z))
    if net.residual:
        check("observables/rms/h", [rms(h) for h in F.h], at), check("observables/rms/r", [rms(r) for r in F.r], at)
    else:
        one("rms/h", rms(F.h[0])), one("rms/r", rms(F.r[0]))
    for name, of in {"a": lambda b: b.a, "y": lambda b: b.y, "gamma": lambda b: b.gamma, "u": lambda b: b.u[b.on], "b": lambda b: b.b[b.on]}.items():
        each(f"rms/{name}", [rms(of(b)) for b in blocks])
    if not any(b.shared for b in blocks):
        each("rms/rho", [rms(b.rho) for b in blocks]), each("rms/psi", [rms(b.psi) for b in blocks]), each("rms/g", [rms(b.g) for b in blocks])
    each("overlap/Q", [np.mean(b.rho * b.psi) * net.temperature for b in blocks])
    each("overlap/W1", [np.mean(b.gamma * b.u) for b in blocks]), each("overlap/W2", [np.mean(b.incoming * b.a) for b in blocks])
    found = [router(net, b, None if net.bias is None else net.bias[i]) for i, b in enumerate(blocks) if b.shared < net.M]
    for name in found[0] if found else ():
        one(f"router/{name}", np.mean([values[name] for values in found]))
    for name, there in (("balance", net.balance != "none"), ("z", net.z_loss)):
        if there:
            one(f"router/{name}_loss", sum(getattr(b, f"{name}_loss" if name == "z" else name) for b in routed) / net.moes)
    for name, values in ((name, [experts(net, F, b)[name] for b in routed]) for name in ("between_u", "between_y", "power_spread", "contribution_variance")):
        if values:
            one(f"experts/{name}", np.mean(values))
    if "observables/train/accuracy" in check.group:
        one("train/accuracy", accuracy(F.f, y, 1e-6 * max(1.0, float(config["model.readout_std"]))))


def check_grid(check, net, F, y, at, config):
    """Kernels and statistics of a network without residual blocks."""
    block, S, population = F.blocks[0], min(SAMPLES, len(F.x)), config["model.regime"] != "I"
    gram = lambda v: (lambda m: m @ m.T / m.shape[1])(v[:S].reshape(S, -1))
    for path, field in {"W_in/backward": F.r_slope, "Q/forward": F.h[0], "Q/backward": block.rho, "W1/forward": F.h[0], "W1/backward": block.gamma,
                        "W2/forward": block.y, "W2/backward": F.delta, "w_out/forward": F.o}.items():
        check(f"kernels/{path}", gram(field), (at, slice(None), at))
    check("kernels/W_in/forward", F.x[:S] @ F.x[:S].T / net.fan_in, (at, slice(None), at))
    check("kernels/w_out/backward", F.e[:S] @ F.e[:S].T, (at, slice(None), at))
    bins, reach = int(config["output.histogram.bins"]), float(config["output.histogram.range"])
    for name, values, low, high in (("psi", [*block.psi], -reach, reach), ("g", [g[on] for g, on in zip(block.g, block.on)], 0, reach / 2)):
        everything = np.concatenate(values)
        check(f"statistics/{name}/quantile", quantiles(everything, population), at)
        check(f"statistics/{name}/sample_quantile", [quantiles(v, population) for v in values[:S]], at)
        check(f"statistics/{name}/histogram", histogram(everything, low, high, bins), at)
    check("statistics/load/quantile", quantiles(block.load, population), at)
    for name, field in (("h", F.h[0]), ("y", block.y), ("a", block.a)):
        check(f"statistics/alignment/{name}", alignment(gram(field), y[:S]), at)


def check_network(file, config, N, seed):
    """Complaints about one network, and how many arrays were compared."""
    batches, fields, wrong, compared = R.load_batches(file, config), [], [], 0
    net = R.describe(config, N, batches[0][0].shape[1], batches[0][1].shape[1])
    net.regime, net.natural = config["model.regime"], 1 if config["model.regime"] == "II" else N
    times = list(np.asarray(seed["statistics/time"]))
    probe = [part[:len(batches[0][0])] for part in (file["data/train/x"][()], file["data/train/y"][()])]
    for when, t in (("initial", 0), ("final", int(config["train.steps"]))):
        check, (x, y), at = Check(seed, when), batches[t], times.index(t)
        weights = {name: R.with_blocks(net, name, R.read_array(seed, f"weights/{name}/{when}")) for name in net.shape}
        net.bias, net.held = R.read_biases(net, seed, when), None
        F = Fields(net, weights, x, y)
        fields.append(Fields(net, weights, *probe))
        check_observables(check, net, F, y, t, config)
        check("observables/train/prediction", F.f, -1 if t else 0)
        if net.clip:
            net.moved_bias = None
            check("observables/train/gradient_norm", math.sqrt(sum(net.metric[name] * np.sum(g**2) for name, g in R.numpy_gradients(net, weights, x, y)[3].items())), t)
        if "data/test/x" in file:
            T = Fields(net, weights, file["data/test/x"][()], file["data/test/y"][()])
            check("observables/test/loss", T.loss, -1 if t else 0), check("observables/test/prediction", T.f, -1 if t else 0)
        if not net.residual:
            check_grid(check, net, F, y, at, config)
            S = min(SAMPLES, len(x))
            kernels = tangent(net, weights, F, x[:S], y[:S], {name: float(config["train.lr_multiplier." + R.OPTION[name]]) for name in net.shape})
            for name, kernel in {**kernels, "total": sum(kernels.values())}.items():
                check(f"statistics/ntk/{name}", kernel, at)
            check("statistics/ntk/alignment", alignment(sum(kernels.values()), y[:S]), at)
            for product, split in parts(net, fields[0], fields[-1]).items():
                for part, value in split.items():
                    check(f"parts/{product}/{part}", rms(value), at, size=max(rms(split["total"]), rms(split["init"])))
        wrong, compared = wrong + check.wrong, compared + check.compared
    return wrong, compared


def try_one(seed, folder, shows):
    """Whether all agrees, and arrays compared; None: refused or diverged."""
    case, output = draw_case(seed, folder), os.path.join(folder, "run.h5")
    line = [word for key, value in case.items() for word in ("-s", f"{key}={value}")]
    done = subprocess.run([PROGRAM, "simulate", "-", "-q", "--force", "--save-weights", "-t", "1", "-o", output, *line], check=False, capture_output=True, text=True)
    if done.returncode:
        if shows:
            print(f"{seed}: status {done.returncode}: {done.stderr.strip()}")
        return None, 0
    wrong, compared = [], 0
    with h5py.File(output) as file:
        text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
        config = R.Config((key[7:], text(value)) for key, value in file.attrs.items() if key.startswith("config:"))
        for N, network in R.networks_of(file):
            found, n = check_network(file, config, N, network)
            wrong, compared = wrong + found, compared + n
    if wrong or shows:
        print(f"{seed}: {' '.join(line)}", *wrong, sep="\n  ")
    return not wrong, compared


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of the first configuration; the next have the next ones")
    parser.add_argument("--show", action="store_true", help="the settings of all")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [try_one(asked.seed + i, folder, asked.show) for i in range(asked.count)]
    good = [agrees for agrees, _ in found]
    print(f"{good.count(True)} configurations agree ({sum(n for _, n in found)} arrays), {good.count(False)} do not, {good.count(None)} were refused or diverged")
    return 1 if False in good or True not in good else 0


if __name__ == "__main__":
    sys.exit(main())
