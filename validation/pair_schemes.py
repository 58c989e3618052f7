#!/usr/bin/env python3
"""A laboratory for schemes that stand for the table of all pairs of particles (docs/theory.md, section 14).

The limit under Adam or sign descent in numpy, with the learned part of each matrix left to a scheme: the full table, skeletons
with and without the correction by pivots under several regularizations, subsamples, block graphs. All schemes of one seed share
initial weights and Gaussian columns (one generator for each matrix, side, step and sample; Gram-Schmidt in the order of samples, so
that a small difference between schemes stays small). Prints, for each scheme and case, the RMS error of the predictions relative to
the full table over the spread between replicas, and the stored entries relative to the full table.

It is for comparing schemes, not for results: Regime II, cosine set, tanh, sigmoid gates, three neurons per expert, no decay, and
thousands of particles at most. The program is src/realization/pairs.c. About three minutes on one core.

    validation/pair_schemes.py [--particles 1000] [--pivots 32] [--draws 2] [CASE ...]
"""
import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np

TOLERANCE, NEURONS, STEPS = 1e-2, 3, 25
BETA1, BETA2 = 0.9, 0.99
# name: (MSSP rather than μP, active fraction K/M, rate, ε; None: sign descent)
CASES = {"mssp-adam": (1, 1, 0.1, 0.1), "mup-adam": (0, 1, 0.2, 0.1), "mssp-small-eps": (1, 1, 0.07, 0.01), "mup-small-eps": (0, 1, 0.1, 0.01),
         "mssp-sign": (1, 1, 0.04, None), "mup-sign": (0, 1, 0.04, None), "mssp-top-half": (1, 0.5, 0.07, 0.1)}


class Table:
    """Entries A (rows × cols) that follow Adam or sign descent on G = q pᵀ."""

    def __init__(self, rows, cols, rate, eps, dtype=np.float32):
        self.A, self.m, self.v = (np.zeros((rows, cols), dtype) for _ in range(3))
        self.rate, self.eps, self.t = rate, eps, 0

    def step(self, q, p):
        self.t += 1
        block = max(1, 65536 // self.A.shape[1])  # rows at a time, for the cache
        q, p = q.astype(self.A.dtype), np.ascontiguousarray(p.T, self.A.dtype)
        for i in range(0, len(q), block):
            G, A, m, v = q[i:i + block] @ p, self.A[i:i + block], self.m[i:i + block], self.v[i:i + block]
            if self.eps is None:
                A -= self.rate * np.sign(G)
                continue
            m += (1 - BETA1) * (G - m)
            v += (1 - BETA2) * (G * G - v)
            A -= self.rate / (1 - BETA1**self.t) * m / (np.sqrt(v) * (1 - BETA2**self.t)**-0.5 + self.eps)


class Blocks:
    """Rows and columns in `groups` random groups; rows of group g have entries with column groups g … g + degree − 1. One
    group of degree one is the full table."""

    def __init__(self, rows, cols, rng, hyper, groups, degree):
        rows_of, cols_of = np.array_split(rng.permutation(rows), groups), np.array_split(rng.permutation(cols), groups)
        seen = [np.concatenate([cols_of[(g + i) % groups] for i in range(degree)]) for g in range(groups)]
        self.parts = [(Table(len(r), len(c), *hyper), r, c) for r, c in zip(rows_of, seen)]
        self.shape, self.degree, self.entries = (rows, cols), degree, sum(t.A.size for t, _, _ in self.parts)

    def forward(self, p):
        out = np.zeros((self.shape[0], p.shape[1]))
        for t, r, c in self.parts:
            out[r] = t.A @ p[c] / len(c)
        return out

    def backward(self, q):
        out = np.zeros((self.shape[1], q.shape[1]))
        for t, r, c in self.parts:
            out[c] += t.A.T @ q[r] / (len(r) * self.degree)
        return out

    def step(self, q, p):
        for t, r, c in self.parts:
            t.step(q[r], p[c])


class Pivots:
    """Exact columns L = A[:, J] and rows R = A[I, :] of n random pivots on each side: what skeletons and subsamples keep. `skew`
    is the number of pivot rows over that of pivot columns."""

    def __init__(self, rows, cols, rng, hyper, n, skew=1):
        self.I, self.J = rng.permutation(rows)[:round(2 * n * skew / (1 + skew))], rng.permutation(cols)[:round(2 * n / (1 + skew))]
        self.left, self.right = Table(rows, len(self.J), *hyper), Table(len(self.I), cols, *hyper)
        self.entries = rows * len(self.J) + cols * len(self.I)

    def step(self, q, p):
        self.left.step(q, p[self.J])
        self.right.step(q[self.I], p)

    def forward(self, p):
        return self.left.A @ self.weights(1, p, p[self.J] / len(self.J)).astype(np.float32) if self.left.t else 0.0

    def backward(self, q):
        return self.right.A.T @ self.weights(0, q, q[self.I] / len(self.I)).astype(np.float32) if self.left.t else 0.0


class Skeleton(Pivots):
    """A ≈ L W⁺ R, W = A[I, J]; `rule` and `strength` say how W is inverted: singular values s become s/(s² + λ²) with λ relative to
    the largest (tikhonov) or to the Frobenius norm (frobenius), or those below λ are cut (truncate). `correct` adds the mean over
    pivots of what the skeleton leaves out."""

    def __init__(self, *shape, rule, strength, correct, **size):
        super().__init__(*shape, **size)
        self.rule, self.strength, self.correct = rule, strength, correct

    def step(self, q, p):
        super().step(q, p)
        self.W = self.right.A[:, self.J].astype(float)
        U, s, V = np.linalg.svd(self.W, full_matrices=False)
        scale = self.strength * (np.linalg.norm(s) if self.rule == "frobenius" else s[0])
        inverse = np.where(s > scale, 1 / np.maximum(s, 1e-30), 0) if self.rule == "truncate" else s / (s**2 + scale**2 + 1e-30)
        self.inverse = (V.T * inverse) @ U.T

    def weights(self, side, x, sample):
        exact = (self.right.A if side else self.left.A.T) @ x / len(x)
        W, inverse = (self.W, self.inverse) if side else (self.W.T, self.inverse.T)
        return sample + inverse @ (exact - W @ sample) if self.correct else inverse @ exact


class Subsample(Pivots):
    """Means over pivots alone; with `directions`, of the residuals of a regression of the entries on a constant and the n/3
    principal directions that fields have visited (whose means over all particles are known)."""

    def __init__(self, *shape, n, directions):
        super().__init__(*shape, n)
        self.n, self.directions, self.seen = n, directions, ([], [])

    def step(self, q, p):
        super().step(q, p)
        if self.directions:
            self.seen[0].append(q.copy())
            self.seen[1].append(p.copy())
            self.features = [self.principal(np.hstack(f)) for f in self.seen]

    def principal(self, X):
        value, vector = np.linalg.eigh(X.T @ X / len(X))
        keep = np.argsort(value)[::-1][:self.n // 3]
        keep = keep[value[keep] > 1e-8 * value[-1]]
        return np.hstack([np.ones((len(X), 1)), X @ vector[:, keep] / np.sqrt(value[keep])])

    def weights(self, side, x, sample):
        if not self.directions:
            return sample
        F, pivots = self.features[side], self.J if side else self.I
        gram = F[pivots].T @ F[pivots] / self.n + 1e-4 * np.eye(F.shape[1])
        return sample + F[pivots] @ np.linalg.solve(gram, F.T @ x / len(x) - F[pivots].T @ sample) / self.n


class Initial:
    """The initial matrix as seen through visited directions (docs/theory.md, section 5): forward Ω Uᵀ + (r_f/V_b) Ũ Kᵀ, and back."""

    def __init__(self, key, rows, cols, forward_variance, backward_variance, response_forward, response_backward):
        self.key, self.size, self.live = key, (rows, cols), forward_variance > 0
        self.variance, self.response = (forward_variance, backward_variance), (response_forward, response_backward)
        self.basis = [np.zeros((cols, 0)), np.zeros((rows, 0))]  # directions visited forward (U), backward (Ũ)
        self.gauss = [np.zeros((rows, 0)), np.zeros((cols, 0))]  # their Gaussian images Ω, K
        self.taken = [np.ones((rows, 1)) / rows**0.5, np.ones((cols, 1)) / cols**0.5]  # orthonormal: fresh columns avoid it
        self.time = [0, 0]

    def take(self, side, x):
        for _ in range(2):
            x = x - self.taken[side] @ (self.taken[side].T @ x)
        x /= np.linalg.norm(x)
        self.taken[side] = np.column_stack([self.taken[side], x])
        return x

    def product(self, back, x):
        if not self.live:
            return np.zeros((self.size[back], x.shape[1]))
        n, target = len(x), self.size[back]
        for sample, residual in enumerate(x.T):
            for _ in range(2):
                residual = residual - self.basis[back] @ (self.basis[back].T @ residual / n)
            size = np.sqrt(np.mean(residual**2))
            if size > TOLERANCE * np.sqrt(np.mean(x[:, sample]**2)):
                draw = np.random.default_rng([*self.key, back, self.time[back], sample]).standard_normal(target)
                fresh = self.take(back, draw) * np.sqrt(self.variance[back] * target)
                self.basis[back] = np.column_stack([self.basis[back], residual / size])
                self.gauss[back] = np.column_stack([self.gauss[back], fresh])
                self.take(1 - back, residual / (size * n**0.5))
        self.time[back] += 1
        return (self.gauss[back] @ (self.basis[back].T @ x) + self.response[back] * self.basis[1 - back] @ (self.gauss[1 - back].T @ x)) / n


def orthogonal(rng, n, k):
    """k Gaussian columns with mean zero and covariance one, exactly."""
    Q, R = np.linalg.qr(np.hstack([np.ones((n, 1)), rng.standard_normal((n, k))]))
    return Q[:, 1:] * np.sign(np.diag(R)[1:]) * n**0.5


def solve(case, S, seed, scheme, draw=0, **parameters):
    """Predictions (steps × samples) on S stream particles, S/2 experts, and the entries stored."""
    mssp, active, *hyper = CASES[case]
    mu, y = np.arange(4)[:, None], np.array([1.0, -1, -1, 1])
    X = np.sqrt(2) * np.cos(1.7 * (mu + 1) * (np.arange(6) + 1) + 0.3 * mu)
    P, D, E, ne = *X.shape, S // 2, NEURONS
    start = orthogonal(np.random.default_rng([seed, 0]), S, D + 1)
    Q, W1 = Initial((seed, 1), E, S, 1, 1, 1, 1), Initial((seed, 2), E * ne, S, 1, ne, 1 / ne, ne)
    W2 = Initial((seed, 3), S, E * ne, mssp, mssp / ne, mssp * ne, mssp / ne)
    rng = np.random.default_rng([seed, 4, draw])
    q_, w1_, w2_ = (scheme(*shape, rng, hyper, **parameters) for shape in ((E, S), (E * ne, S), (S, E * ne)))
    win, v, f_all = Table(S, D, *hyper, np.float64), Table(S, 1, *hyper, np.float64), []
    for _ in range(STEPS):
        h = np.tanh((start[:, :D] / D**0.5 + win.A / D) @ X.T)
        psi, u = Q.product(0, h) + q_.forward(h), W1.product(0, h) + w1_.forward(h)
        served = (psi >= np.quantile(psi, 1 - active, axis=0)) / active
        gate = 1 / (1 + np.exp(-psi))
        slope, gate, phi = gate * (1 - gate) * served, np.repeat(gate * served, ne, 0), np.tanh(u)
        a, out = W2.product(0, gate * phi) + w2_.forward(gate * phi), start[:, D] + v.A[:, 0]
        f_all.append(out @ a / S)
        error = (f_all[-1] - y) / P
        delta = out[:, None] * error
        b = W2.product(1, delta) + w2_.backward(delta) / ne
        rho, gamma = slope * (b * phi).reshape(E, ne, P).sum(1), gate * (1 - phi**2) * b
        r = Q.product(1, rho) + q_.backward(rho) + W1.product(1, gamma) + ne * w1_.backward(gamma)
        steps = (q_, rho, h), (w1_, gamma, h), (w2_, delta, gate * phi), (win, r * (1 - h**2), X.T), (v, a @ error[:, None], np.ones((1, 1)))
        for table, back, front in steps:
            table.step(back, front)
    return np.array(f_all), sum(t.entries for t in (q_, w1_, w2_))


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value, text in (("particles", 1000, "of the stream"), ("pivots", 32, "rows and columns"), ("draws", 2, "choices of pivots or groups")):
        parse.add_argument(f"--{name}", type=int, default=value, help=f"{text} (default: {value})")
    parse.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE", help=", ".join(CASES))
    arg = parse.parse_args()
    if (unknown := set(arg.cases) - set(CASES)) or arg.particles % 2 or not 4 <= arg.pivots <= arg.particles // 2 or arg.draws < 1:
        parse.error(f"unknown case {', '.join(unknown)}; allowed: {', '.join(CASES)}" if unknown else
                    "--particles must be even, --pivots 4 to half of them, --draws at least 1")
    n, skeletons = arg.pivots, [("truncate", 1e-2, 0), ("truncate", 1e-3, 0), ("tikhonov", 1e-2, 0), ("tikhonov", 1e-3, 0), ("tikhonov", 1e-1, 0), ("tikhonov", 1e-1, 1),
                 ("tikhonov", 3e-2, 1), ("tikhonov", 1e-2, 1), ("tikhonov", 1e-3, 1), ("frobenius", 1e-2, 1)]
    schemes = {f"skeleton {rule} {strength:g}{' corrected' * correct}": (Skeleton, dict(n=n, rule=rule, strength=strength, correct=correct))
               for rule, strength, correct in skeletons}
    schemes |= {f"{name}, twice as many {'rows' if skew > 1 else 'columns'}": (Skeleton, schemes[name][1] | {"skew": skew})
                for name in ("skeleton tikhonov 0.01", "skeleton frobenius 0.01 corrected") for skew in (2, 0.5)}
    schemes |= {"subsample": (Subsample, dict(n=n, directions=0)), "subsample, regression": (Subsample, dict(n=n, directions=1)),
                "blocks of degree 1": (Blocks, dict(groups=16, degree=1)), "blocks of degree 3": (Blocks, dict(groups=48, degree=3))}
    full = {c: [solve(c, arg.particles, seed, Blocks, groups=1, degree=1) for seed in range(5)] for c in arg.cases}
    spread = {c: np.sqrt(np.var([f for f, _ in runs], axis=0, ddof=1).mean()) for c, runs in full.items()}
    print("scheme | entries | " + " | ".join(arg.cases) + "\nspread | | " + " | ".join(f"{spread[c]:.4f}" for c in arg.cases), flush=True)
    for name, (scheme, parameters) in schemes.items():
        errors = []
        for c in arg.cases:
            runs = [solve(c, arg.particles, 0, scheme, draw, **parameters) for draw in range(arg.draws)]
            errors.append(np.sqrt(np.mean([(f - full[c][0][0])**2 for f, _ in runs])) / spread[c])
        print(f"{name} | {runs[0][1] / full[c][0][1]:.3f} | " + " | ".join(f"{e:.3f}" for e in errors), flush=True)


if __name__ == "__main__":
    main()
