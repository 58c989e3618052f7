"""moedmft.torch: parameter groups, initialization and the coordinate check of a user's own model."""

import importlib.util
import math
import os
import pathlib
import sys
import unittest

import numpy as np
import samples

import moedmft

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "pytorch"
HAS_TORCH = importlib.util.find_spec("torch") is not None

if HAS_TORCH:
    import torch
    from moedmft import torch as mt

    torch.set_num_threads(1)


class Experts(torch.nn.Module if HAS_TORCH else object):
    """Two experts as modules, four neurons each, and a gain; width N."""

    def __init__(self, width):
        super().__init__()
        self.embed = torch.nn.Linear(6, width, bias=False)
        self.gain = torch.nn.Parameter(torch.zeros(width))
        self.expert = torch.nn.ModuleList(torch.nn.ModuleDict({"w1": torch.nn.Linear(width, width, bias=False), "w2": torch.nn.Linear(width, width, bias=False)}) for _ in range(4))
        self.router = torch.nn.Linear(width, 4, bias=False)
        self.total = torch.nn.Identity()
        self.head = torch.nn.Linear(width, 1, bias=False)

    def forward(self, x):
        h = torch.tanh(self.embed(x))
        g = torch.sigmoid(self.router(h))
        a = sum(g[:, m:m + 1] * e["w2"](torch.tanh(e["w1"](h))) for m, e in enumerate(self.expert)) / 4
        return self.head(self.total(a))


NAMES = {"embed.weight": "W_in", "gain": None, "expert.*.w1.weight": "W1", "expert.*.w2.weight": "W2", "router.weight": "Q", "head.weight": "w_out"}


def rules(*settings, **more):
    return mt.Rules("-", *settings, program=samples.PROGRAM, **more)


@unittest.skipUnless(HAS_TORCH, "no PyTorch (Debian: python3-torch)")
class TorchTest(unittest.TestCase):
    def test_parameters_and_tensors(self):
        r = rules("model.regime=I").at(16)
        model = Experts(16)
        found = mt.match(model, r, NAMES)
        self.assertEqual(found["expert.3.w2.weight"], "W2")
        self.assertNotIn("gain", found)
        for names, words in ((dict(NAMES, gain="norm"), "no tensor 'norm'"), ({k: v for k, v in NAMES.items() if k != "gain"}, "no pattern matches gain"),
                             (dict(NAMES, nothing="Q"), "no parameter matches nothing")):
            with self.assertRaisesRegex(mt.RuleError, words):
                mt.match(model, r, names)
        with self.assertRaisesRegex(mt.RuleError, "ratios"):
            mt.param_groups(model, {**r, "relative": True}, NAMES)
        with self.assertRaisesRegex(mt.RuleError, "model.regime"):
            rules("model.regime=IV").at(16)

    def test_groups_are_the_rules(self):
        r = rules("model.regime=I", "train.optimizer=adamw", "train.lr=0.25", "train.adam.eps=1e-6", "model.parameterization=mcb_table", transformer=True).at(16)
        model = Experts(16)
        groups = {g["name"]: g for g in mt.param_groups(model, r, dict(NAMES, gain="norm"))}
        self.assertEqual(len(groups["W1"]["params"]), 4)
        self.assertAlmostEqual(groups["W1"]["lr"], 0.25 / 16)
        self.assertAlmostEqual(groups["W1"]["lr"] * groups["W1"]["weight_decay"], 0.25 * 0.01)
        self.assertAlmostEqual(groups["Q"]["lr"], 0.25 / 16)  # the multiplier 1/N taken in
        self.assertAlmostEqual(groups["Q"]["eps"], 1e-6 / 4)
        self.assertEqual(groups["norm"]["weight_decay"], 0)
        self.assertEqual({g["name"]: g for g in mt.param_groups(model, r, dict(NAMES, gain="norm"), fold=False)}["Q"]["lr"], 0.25)
        torch.optim.AdamW(groups.values())

    def test_folding_is_the_same_training(self):
        for optimizer in ("sgd", "adamw"):
            decay = "train.weight_decay=0.3" if optimizer == "sgd" else "train.adam.weight_decay=0.3"
            r = rules("model.regime=I", "model.parameterization=ntp", f"train.optimizer={optimizer}", "train.lr=0.1", decay).at(16)
            x, start = torch.randn(5, 16, generator=torch.Generator().manual_seed(1)).double(), torch.randn(3, 16, generator=torch.Generator().manual_seed(2)).double()
            outputs = []
            for fold in (True, False):
                layer = torch.nn.Linear(16, 3, bias=False).double()
                m = r["Q"]["multiplier"]
                self.assertLess(m, 1)
                layer.weight.data = start * (m if fold else 1)
                kind = torch.optim.SGD if optimizer == "sgd" else torch.optim.AdamW
                opt = kind(mt.param_groups(layer, r, {"weight": "Q"}, fold=fold), lr=1.0)
                for _ in range(5):
                    f = layer(x) * (1 if fold else m)
                    opt.zero_grad()
                    (f - 1).square().mean().backward()
                    opt.step()
                outputs.append(f.detach())
            self.assertLess(float((outputs[0] - outputs[1]).abs().max()), 1e-12)
            self.assertGreater(float((outputs[0] - x @ start.T * m).abs().max()), 1e-3)

    def test_initialization(self):
        r = rules("model.regime=III", "model.expert_width_ratio=1", transformer=True).at(64)  # mssp: tied experts
        model = Experts(64)
        mt.initialize_(model, r, dict(NAMES, gain="norm"), torch.Generator().manual_seed(3))
        self.assertTrue(torch.equal(model.expert[0]["w1"].weight, model.expert[3]["w1"].weight))
        self.assertFalse(torch.equal(model.expert[0]["w1"].weight, model.expert[0]["w2"].weight))
        std = float(model.expert[0]["w1"].weight.std())
        self.assertLess(abs(std - 1 / 8), 5 / 8 / math.sqrt(2 * 64 * 64))
        self.assertTrue(torch.equal(model.gain, torch.ones(64)))
        r = rules("model.regime=I").at(64)  # mssp: the router starts at zero
        mt.initialize_(model, r, NAMES)
        self.assertEqual(float(model.router.weight.abs().max()), 0)
        self.assertFalse(torch.equal(model.expert[0]["w1"].weight, model.expert[3]["w1"].weight))

    def check(self, setup=None, **more):
        torch.manual_seed(0)
        batch = (torch.randn(4, 6), torch.tensor([[1.0], [-1.0], [-1.0], [1.0]]))
        given = rules("model.regime=I", "model.experts=4", "model.expert_width_ratio=1", "train.lr=0.3", "model.parameterization=mup")
        loss = lambda f, y: 0.5 * (f - y).square().mean()
        return mt.coordinate_check(Experts, [batch] * 3, loss, given, NAMES, widths=(16, 32, 64), seeds=8, setup=setup, **more)

    def test_check_of_modules(self):
        path = os.path.join(samples.folder(), "torch.h5")
        found = self.check(watch={"W2": "total"}, output=path)
        self.assertEqual([str(f) for f in found.deviations], [])
        self.assertAlmostEqual(found.part("W2", "init").exponent, 0, delta=0.15)
        with moedmft.open(path) as run:
            part = run.coordcheck.part("W2/forward", "effective")
            np.testing.assert_allclose(part.rms.mean, found.part("W2", "effective").rms)
            self.assertTrue(part.agrees)
            self.assertTrue(run.coordcheck.promised["stability"])
            self.assertIsNone(run.coordcheck.kept["stability"])
        with self.assertRaisesRegex(mt.RuleError, "the folder .*nowhere does not exist"):
            self.check(watch={"W2": "total"}, output=os.path.join(samples.folder(), "nowhere", "torch.h5"))
        with self.assertRaisesRegex(mt.RuleError, "adds them up"):
            self.check()
        with self.assertRaisesRegex(mt.RuleError, "not linear"):
            self.check(watch={"W2": "total", "W1": "total"})

    def test_parts_add_up(self):
        torch.manual_seed(1)
        model, x = Experts(16), torch.randn(4, 6)
        start = {n: p.detach().clone() for n, p in model.named_parameters()}
        now = {n: p + 0.1 * torch.randn_like(p) for n, p in start.items()}
        product = mt._Product("W2", "total", tuple(f"expert.{m}.w2.weight" for m in range(4)))
        parts = mt._parts(mt._Probe(model, x, product), product, start, now)
        np.testing.assert_allclose(parts["init"] + parts["propagating"] + parts["effective"] + parts["cross"], parts["total"], atol=1e-6)
        np.testing.assert_allclose(parts["effective"] + parts["cross"], parts["learned"], atol=1e-6)
        self.assertGreater(float(parts["cross"].abs().max()), 1e-3)

    def test_wrong_exponent_is_found(self):
        sys.path.insert(0, str(EXAMPLES))
        try:
            import torch_moe
        finally:
            sys.path.pop(0)
        os.environ.setdefault("MOEDMFT_BIN", samples.PROGRAM)
        wrong, right = torch_moe.check(torch_moe.wrong, widths=(16, 32, 64)), torch_moe.check(widths=(16, 32, 64))
        self.assertEqual({f.tensor for f in wrong.deviations if f.part == "effective"}, {"W2"})
        self.assertEqual([str(f) for f in right.deviations], [])
        self.assertAlmostEqual(wrong.part("W2", "effective").exponent - right.part("W2", "effective").exponent, -1, delta=0.1)


class WithoutTorchTest(unittest.TestCase):
    def test_package_does_not_need_it(self):
        import subprocess
        code = "import sys; sys.modules['torch'] = None; import moedmft, moedmft.plot\ntry:\n  import moedmft.torch\nexcept ImportError as e:\n  print(e)"
        root = pathlib.Path(moedmft.__file__).resolve().parents[1]
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(root)})
        self.assertIn("moedmft.torch needs PyTorch", said.stdout)


if __name__ == "__main__":
    unittest.main()
