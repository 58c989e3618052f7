"""Sweeps, coordinate checks and order parameters are read as the file holds them, and drawn."""

import contextlib
import io
import math
import os
import unittest
import warnings

os.environ.pop("DISPLAY", None)
import h5py
import matplotlib.pyplot as plt
import numpy as np

import moedmft
from moedmft import plot
from moedmft.__main__ import main
from moedmft.coordcheck import PARTS, PRODUCTS
from samples import altered, coordcheck, folder, order, sample, sweep


class Drawn(unittest.TestCase):
    def tearDown(self):
        plt.close("all")

    def save(self, ax):
        path = os.path.join(folder(), "study.png")
        ax.figure.savefig(path)
        self.assertGreater(os.path.getsize(path), 5000)


class Sweeps(Drawn):
    def test_axes_and_widths(self):
        with moedmft.open(sweep()) as run:
            found = run.sweep
            self.assertEqual(found.axes, {"model.parameterization": ("mup", "mssp"), "train.lr": (0.3, 1.2, 60.0)})
            self.assertEqual(found.widths.tolist(), [8, 16, math.inf])
            self.assertEqual(found.runs.tolist(), [4, 3, 2])
            self.assertEqual((found.measure, found.along), ("final", "train.lr"))
            self.assertEqual(run.ensembles, [])
            self.assertTrue(run.complete)

    def test_losses_and_results(self):
        with moedmft.open(sweep()) as run, h5py.File(sweep()) as f:
            found = run.sweep
            np.testing.assert_array_equal(found.loss(), f["sweep/final"][...])
            np.testing.assert_array_equal(found.loss("best"), f["sweep/best"][...])
            self.assertEqual(found.loss().dims, ("model.parameterization", "train.lr", "width"))
            self.assertEqual(found.curves.shape, (2, 3, 3, 7))
            self.assertEqual(found.status.shape, (2, 3, 3))
            self.assertEqual(found.status[0, 0, 0], "complete")
            for i, part in enumerate(found.slices):
                self.assertEqual(part.setting, {"model.parameterization": ("mup", "mssp")[i]})
                np.testing.assert_array_equal(part.loss, f["sweep/final"][i])
                np.testing.assert_array_equal(part.loss.error, f["sweep/final_stderr"][i])
                np.testing.assert_array_equal(part.optimum, f["results/optimum"][i])
                np.testing.assert_array_equal(part.optimum_loss, f["results/optimum_loss"][i])
                np.testing.assert_array_equal(part.drift, f["results/drift"][i])
                self.assertEqual(part.values.tolist(), [0.3, 1.2, 60])

    def test_transfer(self):
        over = ("train.steps=4,8", "model.parameterization=mup,mssp", "train.lr=0.3,0.6,1.2,2.4")
        with moedmft.open(sweep(*over)) as run, h5py.File(sweep(*over)) as f:
            found = run.sweep
            self.assertEqual(found.directions, ("width", "train.steps"))
            self.assertEqual(found.regret("train.steps").dims, ("train.steps", "model.parameterization", "width", "base steps"))
            self.assertEqual(found.regret("train.steps").shape, (2, 2, 3, 2))
            np.testing.assert_array_equal(found.regret(relative=True), f["results/regret_relative/width"][...])
            np.testing.assert_array_equal(found.regret().error, f["results/regret/width_stderr"][...])
            kinds = np.array(moedmft.sweep.REGRETS)[f["results/regret_kind/train.steps"][...].astype(int)]
            np.testing.assert_array_equal(found.regret_kind("train.steps"), kinds)
            self.assertEqual(found.drift_along("train.steps").dims, ("model.parameterization", "width"))
            for i, part in enumerate(found.slices):
                np.testing.assert_array_equal(part.regret, f["results/regret/width"][i // 2, i % 2])
            for key in found.directions:
                ax = plot.regret(run, key)
                self.assertIn("costs, %", ax.get_ylabel())
                self.save(ax)

    def test_files_without_transfer(self):
        def change(f):
            for name in ("regret", "regret_relative", "regret_kind"):
                del f[f"results/{name}"]

        with moedmft.open(altered(sweep(), change)) as run:
            self.assertEqual((run.sweep.directions, run.sweep.slices[0].regret), ((), None))
            with self.assertRaises(moedmft.MissingError):
                run.sweep.regret()

    def test_kinds_of_best_values(self):
        def change(f):
            f["results/optimum_kind"][0] = [0, 1, 2]
            f["results/optimum_kind"][1] = [3, 4, 5]

        with moedmft.open(altered(sweep(), change)) as run:
            first, second = run.sweep.slices
            self.assertEqual(first.kind, ("inside", "lower end", "upper end"))
            self.assertEqual(second.kind, ("beside divergence", "none", "between neighbours"))
            self.save(plot.optimum(run))

    def test_refined(self):
        path = sample("sweep", over=("train.lr=0.3,0.6,1.2",), refine="20", output__responses="false", simulate__seeds="[4, 3]")
        with moedmft.open(path) as run:
            (only,) = run.sweep.slices
            self.assertGreater(len(only.values), 3)
            np.testing.assert_array_equal(np.isnan(only.loss.mean), run.sweep.status == "not needed")
            self.assertEqual(run.problems, [])
            self.save(plot.sweep(run)[0])
            self.save(plot.optimum(run))

    def test_order_of_axes(self):
        with moedmft.open(sweep("train.lr=0.3,0.6,1.2", "model.parameterization=mup,mssp")) as run:
            self.assertEqual(run.sweep.loss().shape, (3, 2, 3))
            for i, part in enumerate(run.sweep.slices):
                np.testing.assert_array_equal(part.loss, run.sweep.loss().mean[:, i])

    def test_one_axis(self):
        with moedmft.open(sweep("train.lr=0.6,1.2")) as run:
            (only,) = run.sweep.slices
            self.assertEqual((only.setting, only.label, only.loss.shape), ({}, "", (2, 3)))
            self.assertEqual(only.drift.size, 1)
            self.save(plot.sweep(run)[0])
            self.save(plot.optimum(run))

    def test_without_best_values(self):
        with moedmft.open(sweep("model.parameterization=mup,mssp")) as run:
            self.assertEqual(run.sweep.along, "")
            self.assertEqual(run.sweep.loss().shape, (2, 3))
            with self.assertRaises(moedmft.MissingError) as caught:
                run.sweep.slices
            self.assertIn("no axis holds positive numbers", str(caught.exception))

    def test_cells_that_are_missing_are_flagged(self):
        def change(f):
            f["sweep/status"][0, 1, 0] = 0
            f["sweep/final"][0, 1, 0] = np.nan

        with self.assertWarns(moedmft.IncompleteWarning):
            run = moedmft.open(altered(sweep(), change))
        self.addCleanup(run.close)
        self.assertEqual(run.problems, ["1 of 18 cells missing"])
        self.save(plot.sweep(run)[0])

    def test_picture(self):
        with moedmft.open(sweep()) as run:
            axes = plot.sweep(run)
            self.assertEqual([ax.get_title() for ax in axes], ["μP", "MSSP"])
            limit = next(line for line in axes[1].lines if line.get_label() == "limit")
            shown = np.isfinite(run.sweep.slices[1].loss.mean[:, 2])
            np.testing.assert_array_equal(limit.get_ydata(), run.sweep.slices[1].loss.mean[shown, 2])
            self.save(axes[0])
            self.save(plot.optimum(run))

    def test_other_files_have_none(self):
        with moedmft.open(sample()) as run:
            for name in ("sweep", "coordcheck"):
                with self.assertRaises(moedmft.MissingError):
                    getattr(run, name)
        with moedmft.open(sweep()) as run, self.assertRaises(moedmft.MissingError):
            run.limit


class CoordChecks(Drawn):
    def test_table(self):
        with moedmft.open(coordcheck()) as run, h5py.File(coordcheck()) as f:
            check = run.coordcheck
            self.assertEqual(check.widths.tolist(), [8, 16])
            self.assertEqual(check.step, 6)
            self.assertEqual(len(check.table), f["coordcheck/exponent"].size)
            for row in check.table:
                at = (PRODUCTS.index(row.product), PARTS.index(row.part))
                np.testing.assert_array_equal(row.rms, f["coordcheck/rms"][at])
                np.testing.assert_array_equal(row.rms.error, f["coordcheck/rms_stderr"][at])
                np.testing.assert_equal(row.exponent, f["coordcheck/exponent"][at])
                np.testing.assert_equal(row.error, f["coordcheck/exponent_stderr"][at])
                np.testing.assert_equal(row.limit, f["coordcheck/limit"][at])
                self.assertNotIn("\n", str(row))

    def test_names_are_those_of_the_parts(self):
        """The table's RMS of a product and part is that below parts/ at the same step."""
        with moedmft.open(coordcheck()) as run:
            for product in PRODUCTS:
                for part in PARTS:
                    expected = run.networks[16][f"parts/{product}/{part}"].mean[-1]
                    got = run.coordcheck.part(product, part).rms.mean[-1]
                    self.assertTrue(math.isclose(got, expected) or got == 0 and expected < 1e-6, (product, part))

    def test_blocks(self):
        """Of residual blocks the table is that of the chosen block, the last where none is, with h^L - h^0 as one more product."""
        path = sample("coordcheck", output__responses="false", model__depth="2")
        for block, at in ((None, 1), (0, 0), (-1, 1)):
            with moedmft.open(path, block=block) as run, h5py.File(path) as f:
                check = run.coordcheck
                self.assertEqual(check.products, PRODUCTS + ("stream/forward",))
                self.assertEqual(len(check.table), f["coordcheck/exponent"][at].size)
                for row in check.table:
                    cell = (at, check.products.index(row.product), PARTS.index(row.part))
                    np.testing.assert_array_equal(row.rms, f["coordcheck/rms"][cell])
                    np.testing.assert_equal(row.exponent, f["coordcheck/exponent"][cell])

    def test_verdicts(self):
        def change(f):
            f["coordcheck/agrees"][3] = [0, 1, np.nan, 1, 1, 1, 1]
            f["coordcheck/promised"][:] = [1, 0, 0, 0, 1]
            f["coordcheck/kept"][:] = [1, 0, np.nan, 0, 1]

        with moedmft.open(altered(coordcheck(), change)) as run:
            check = run.coordcheck
            self.assertEqual([check.part("W2/forward", part).agrees for part in PARTS[:3]], [False, True, None])
            self.assertIn("init", [row.part for row in check.deviations if row.product == "W2/forward"])
            self.assertEqual(list(check.promised.values()), [True, False, False, False, True])
            self.assertEqual(list(check.kept.values()), [True, False, None, False, True])
            with self.assertRaises(moedmft.MissingError) as caught:
                check.part("W3/forward", "init")
            self.assertIn("W2/forward", str(caught.exception))

    def test_picture(self):
        with moedmft.open(coordcheck()) as run:
            ax = plot.coordcheck(run)
            init = run.coordcheck.part("W2/forward", "init")
            shown = [line for line in ax.lines if np.array_equal(line.get_ydata(), init.rms.mean)]
            self.assertTrue(shown)
            self.save(ax)
            self.save(plot.coordcheck(run, "w_out/backward", PARTS))

    def test_limit_is_listed_without_the_table(self):
        with moedmft.open(coordcheck()) as run:
            self.assertFalse([name for name in run.limit.names() if name.startswith("coordcheck")])


class Overviews(unittest.TestCase):
    def overview(self, path):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(main([path]), 0)
        return out.getvalue()

    def test_best_values_and_deviations(self):
        text = self.overview(sweep())
        for word in ("mup", "mssp", "N = 16", "limit", "results/rise", "train.lr: 3"):
            self.assertIn(word, text)
        self.assertIn("parts do not scale", self.overview(coordcheck()))
        self.assertIn("best value: none", self.overview(sweep("model.parameterization=mup,mssp")))


class OrderParameters(Drawn):
    def test_histograms(self):
        with moedmft.open(order()) as run, h5py.File(order()) as f:
            for field in ("psi", "g"):
                found = run.limit.histogram(field, at=2)
                stored = f[f"statistics/{field}/histogram"][1]
                np.testing.assert_array_equal(found.fraction, stored[1:-1])
                self.assertEqual((found.below, found.above), (stored[0], stored[-1]))
                width = np.diff(found.edges)
                self.assertAlmostEqual(found.below + found.above + float((found.density * width).sum()), 1)
                joined = found.coarser(4)
                self.assertAlmostEqual(float((joined.density * np.diff(joined.edges)).sum()), found.fraction.mean.sum())
                self.assertEqual((joined.edges[0], joined.edges[-1]), (found.edges[0], found.edges[-1]))
            mean = float(run.limit.observable("router/logit_mean")[2])
            self.assertAlmostEqual(run.limit.histogram(at=2).mean(), mean, delta=0.02)
            np.testing.assert_array_equal(run.limit.histogram().fraction, f["statistics/psi/histogram"][-1, 1:-1])

    def test_quantiles_and_alignment(self):
        with moedmft.open(order()) as run, h5py.File(order()) as f:
            for field in ("psi", "g", "load"):
                np.testing.assert_array_equal(run.networks[8].quantiles(field), f[f"width_8/statistics/{field}/quantile"][...])
                np.testing.assert_array_equal(run.limit.quantiles(field, 0.5), f[f"statistics/{field}/quantile"][:, 4])
            np.testing.assert_array_equal(run.limit.alignment("y"), f["statistics/alignment/y"][...])
            np.testing.assert_array_equal(run.limit.alignment("ntk"), f["statistics/ntk/alignment"][...])
            self.assertEqual(run.limit.statistics_times.tolist(), [0, 2, 6])

    def test_tangent_kernel(self):
        with moedmft.open(order()) as run:
            total = sum(run.limit.ntk(name).mean for name in ("W_in", "Q", "W1", "W2", "w_out"))
            np.testing.assert_allclose(run.limit.ntk(), total, rtol=1e-10)
            np.testing.assert_array_equal(run.limit.ntk("Q", at=2), run.limit.ntk("Q").mean[1])
            np.testing.assert_array_equal(run.limit.ntk(at=-1), run.limit.ntk().mean[-1])

    def test_what_is_missing_is_named(self):
        with moedmft.open(sample()) as run:
            for call, word in ((lambda: run.limit.ntk(), "output.ntk"), (lambda: run.limit.histogram("q"), "psi/histogram"),
                               (lambda: run.limit.quantiles("psi", 0.4), "0.5"), (lambda: run.limit.histogram(at=1), "0, 2, 6")):
                with self.assertRaises(moedmft.MissingError) as caught:
                    call()
                self.assertIn(word, str(caught.exception))
                self.assertNotIn("\n", str(caught.exception))

    def test_pictures(self):
        with moedmft.open(order()) as run:
            ax = plot.histogram(run, join=1)
            stairs = ax.patches[0].get_data()
            np.testing.assert_array_equal(stairs.values, run.limit.histogram().density)
            self.save(ax)
            self.save(plot.histogram(run, "g", at=0))
            self.save(plot.alignment(run, ("h", "ntk"), width=8))
            self.save(plot.tangent(run))
            self.save(plot.deviation(run))

    def test_no_warnings(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for path in (sweep(), coordcheck(), order()):
                moedmft.open(path).close()


if __name__ == "__main__":
    unittest.main()
