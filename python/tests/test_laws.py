"""Fits of the program against the same sum, written anew: its value, and that nothing near is smaller."""

import json
import os
import subprocess
import tempfile
import unittest

import numpy as np

from samples import PROGRAM

DELTA = 1e-3


def huber(law, loss):
    r = np.abs(np.log(law / loss))
    return np.where(r <= DELTA, r**2 / 2, DELTA * (r - DELTA / 2)).sum()


def hoffmann(p, c):
    return p["E"] + p["A"] / c["N"] ** p["alpha"] + p["B"] / c["D"] ** p["beta"]


def joint(p, c):
    bracket = p["e"] * c["G"] + p["f"] / c["G"] + p["m"] * c["S"] ** 2 + p["n"] * c["S"]
    sizes = c["N"] ** -p["alpha"] + p["k"] * c["N_a"] ** -p["alpha"] + p["h"] * c["N_a"] / c["N"]
    return bracket * sizes + p["a"] * c["N"] ** -p["alpha"] + p["b"] * c["D"] ** -p["beta"] + p["c"] * c["N_a"] ** -p["alpha"] + p["epsilon"]


def ludziejewski(p, c):
    experts = 1 / (1 / (c["E"] - 1 + 1 / (1 / p["E_start"] - 1 / p["E_max"])) + 1 / p["E_max"])
    log = np.log(experts)
    return (p["a"] * experts ** p["delta"] * c["N"] ** (p["alpha"] + p["gamma"] * log) +
            p["b"] * experts ** p["omega"] * c["D"] ** (p["beta"] + p["zeta"] * log) + p["c"])


LAWS = {"hoffmann": hoffmann, "joint": joint, "ludziejewski": ludziejewski}
FIXED = {"ludziejewski": ["--fix", "E_start=2", "--fix", "E_max=300"]}


class Laws(unittest.TestCase):
    def setUp(self):
        random = np.random.default_rng(5)
        n = 120
        active = np.exp(random.uniform(np.log(1e7), np.log(2e9), n))
        c = {"N": active * np.exp(random.uniform(0, 3, n)), "D": np.exp(random.uniform(np.log(1e9), np.log(5e11), n)), "N_a": active,
             "G": random.integers(1, 20, n).astype(float), "S": random.integers(0, 5, n) / 5, "E": 2.0 ** random.integers(0, 6, n)}
        c["loss"] = (1.8 + 400 * c["N"] ** -0.34 * c["E"] ** -0.1 + 2000 * c["D"] ** -0.37) * np.exp(0.01 * random.standard_normal(n))
        self.columns = c

    def test_sums(self):
        c = self.columns
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "runs.csv")
            np.savetxt(path, np.column_stack(list(c.values())), delimiter=",", header=",".join(c), comments="", fmt="%.17g")
            for name, law in LAWS.items():
                said = subprocess.run([PROGRAM, "fit", path, "--law", name, "--format", "json", "--starts", "12", "--bootstrap", "0", *FIXED.get(name, [])],
                                      capture_output=True, text=True, check=True)
                fit = json.loads(said.stdout)
                found = {k: p["value"] for k, p in fit["parameters"].items()}
                with self.subTest(law=name):
                    self.assertAlmostEqual(huber(law(found, c), c["loss"]) / fit["loss"], 1, delta=1e-9)
                    self.assertAlmostEqual(np.sqrt(np.mean(np.log(law(found, c) / c["loss"]) ** 2)), fit["residual"]["rms_log"], delta=1e-9)
                    for k, p in fit["parameters"].items():
                        for factor in () if p["fixed"] else (0.999, 1.001):
                            self.assertGreaterEqual(huber(law(found | {k: p["value"] * factor}, c), c["loss"]), fit["loss"] * (1 - 1e-9))


if __name__ == "__main__":
    unittest.main()
