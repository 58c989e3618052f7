"""Pictures show the numbers of the file, without a display."""

import contextlib
import io
import os
import runpy
import sys
import unittest
from unittest import mock

os.environ.pop("DISPLAY", None)
import matplotlib.pyplot as plt
import numpy as np

import moedmft
from moedmft import plot
from moedmft.reach import reach
from samples import ROOT, altered, coordcheck, depths, folder, order, sample, sweep, transformer, self_consistency

# Files of their own for the examples that do not read one of `moedmft compare`.
MADE = {"sweep.py": sweep, "depth.py": depths, "coordcheck.py": coordcheck, "order_parameters.py": order, "self_consistency.py": self_consistency,
        "transformer.py": transformer}


class Pictures(unittest.TestCase):
    def setUp(self):
        self.run_ = moedmft.open(sample())
        self.addCleanup(self.run_.close)
        self.addCleanup(plt.close, "all")

    def save(self, ax):
        path = os.path.join(folder(), "picture.png")
        ax.figure.savefig(path)
        self.assertGreater(os.path.getsize(path), 5000)

    def test_loss(self):
        ax = plot.loss(self.run_)
        self.save(ax)
        limit = next(line for line in ax.lines if line.get_label() == "limit")
        np.testing.assert_array_equal(limit.get_ydata(), self.run_.limit.loss)
        self.assertNotEqual(limit.get_linestyle(), "-")
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        self.assertEqual(sorted(labels), ["N = 16", "N = 8", "limit"])
        self.assertEqual(ax.get_legend().get_title().get_text(), "bars: ± 2 standard errors (few runs: Student's t)")
        first, network = ax.containers[0], self.run_.ensembles[0]
        low, high = first[2][0].get_segments()[0][:, 1]
        self.assertAlmostEqual(high - low, 2 * reach(network.runs) * network.loss.error[0])
        markers = {line.get_marker() for line in ax.lines if line.get_marker() in plot.MARKERS}
        self.assertEqual(len(markers), 2, "widths differ in grey")
        self.save(plot.loss(self.run_, "test", log=True))

    def test_reach(self):
        for runs, expected in ((2, 0), (3, 4.52653669), (4, 3.30682218), (8, 2.42880513), (32, 2.08392998), (float("nan"), 2)):
            self.assertAlmostEqual(reach(runs), expected, 7)

    def test_observable(self):
        self.save(plot.observable(self.run_, "router/load_std"))
        for name in ("rms/nothing", "train/prediction"):
            with self.assertRaises(moedmft.MissingError):
                plot.observable(self.run_, name)

    def test_kernel(self):
        axes = plot.kernel(self.run_, "gamma", 2, width=8)
        self.save(axes[0])
        self.assertEqual([ax.get_title() for ax in axes], ["N = 8", "limit", "difference"])
        network, limit = (e.kernel("gamma", at=2) for e in (self.run_.networks[8], self.run_.limit))
        for ax, values in zip(axes, (network, limit, network - limit)):
            np.testing.assert_array_equal(ax.images[0].get_array(), np.asarray(values))

    def test_rates(self):
        ax = plot.rates(self.run_)
        self.save(ax)
        self.assertEqual(ax.get_yscale(), "log")
        self.save(plot.rates(self.run_, ["rms/delta", "kernels/Q/backward"]))

    def test_spectrum(self):
        ax = plot.spectrum(self.run_, "h", count=2)
        self.save(ax)
        values = plot.eigenvalues(self.run_.limit, "h")
        self.assertEqual(values.shape, (3, 4))
        for t, time in enumerate(self.run_.times):
            kernel = self.run_.limit.kernel("h", at=int(time)).mean
            np.testing.assert_allclose(4 * values[t].sum(), np.trace(kernel))
            np.testing.assert_allclose(np.linalg.det(kernel / 4), np.prod(values[t]), rtol=1e-6)
        limit = [line for line in ax.lines if line.get_color() == "black"]
        np.testing.assert_array_equal(limit[0].get_ydata(), values[:, 0])

    def test_files_with_less(self):
        for command in ("solve", "simulate"):
            with moedmft.open(sample(command)) as run:
                self.save(plot.loss(run))
                self.assertEqual(len(plot.kernel(run)), 1)
                self.save(plot.spectrum(run))
                with self.assertRaises(moedmft.MissingError):
                    plot.rates(run)

    def test_nan_in_kernels(self):
        def change(f):
            for group in (f, f["width_8"], f["width_16"]):
                group["kernels/W1/forward"][2] = np.nan

        with moedmft.open(altered(sample(), change)) as run:
            self.save(plot.kernel(run)[0])
            self.assertTrue(np.isnan(plot.eigenvalues(run.limit)[2]).all())
            self.save(plot.spectrum(run))

    def test_transfer(self):
        """A series for every width, the limit's as a line, each through the best values of the slices."""
        def change(f):
            f["results/optimum"][...] = np.arange(f["results/optimum"].size).reshape(f["results/optimum"].shape) + 1

        with moedmft.open(altered(depths(), change)) as run:
            ax = plot.transfer(run)
            best = {part.setting["model.depth"]: part.optimum.mean for part in run.sweep.slices}
            expected = np.array([best[1.0], best[2.0]])
            lines = [line for line in ax.get_lines() if list(line.get_xdata()) == [1, 2]]
            for i in range(len(run.sweep.widths)):
                self.assertTrue(any(np.allclose(line.get_ydata(), expected[:, i]) for line in lines), i)
            self.save(ax)
        with moedmft.open(sweep()) as run, self.assertRaisesRegex(moedmft.MissingError, "model.depth is no axis"):
            plot.transfer(run)

    def test_draws_into_given_axes(self):
        figure, ax = plt.subplots()
        self.assertIs(plot.loss(self.run_, ax=ax), ax)
        self.assertIs(plot.rates(self.run_, ax=ax), ax)


class Examples(unittest.TestCase):
    def start(self, script, *arguments):
        """Exit status and standard error of a script run in this process, which says nothing that is not known as if it were a number."""
        err, out = io.StringIO(), io.StringIO()
        with mock.patch.object(sys, "argv", [str(script), *arguments]), contextlib.redirect_stderr(err), contextlib.redirect_stdout(out):
            try:
                runpy.run_path(str(script), run_name="__main__")
            except SystemExit as end:
                return end.code, err.getvalue()
        self.assertNotIn("nan", out.getvalue())
        return 0, err.getvalue()

    def test_every_example_draws(self):
        scripts = sorted((ROOT / "examples" / "python").glob("*.py"))
        self.assertTrue(scripts)
        self.addCleanup(plt.close, "all")
        for script in scripts:
            with self.subTest(script.name):
                made, count = MADE.get(script.name, sample)(), script.read_text().count('.h5")')
                files = made if isinstance(made, list) else [made] * count
                picture = os.path.join(folder(), script.stem + ".png")
                self.assertEqual(self.start(script, *files, "-o", picture), (0, ""))
                plt.close("all")
                self.assertGreater(os.path.getsize(picture), 5000)
                status, err = self.start(script, "nowhere.h5")
                self.assertEqual(status, 2)
                self.assertIn("nowhere.h5: no such file", err)


if __name__ == "__main__":
    unittest.main()
