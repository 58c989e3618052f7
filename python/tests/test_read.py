"""What is read is what the file holds, whoever wrote it and whatever it lacks."""

import contextlib
import io
import math
import os
import unittest
import warnings

import h5py
import numpy as np

import moedmft
from moedmft import plot
from moedmft.__main__ import _percent, main, overview
from samples import SMALL, altered, folder, sample


class Quantities(unittest.TestCase):
    def setUp(self):
        self.run_ = moedmft.open(sample())
        self.addCleanup(self.run_.close)
        self.q = self.run_.limit.prediction

    def test_holds_mean_error_dims_and_meaning(self):
        with h5py.File(sample()) as f:
            np.testing.assert_array_equal(self.q.mean, f["observables/train/prediction"][...])
            np.testing.assert_array_equal(self.q.error, f["observables/train/prediction_stderr"][...])
        self.assertEqual(self.q.dims, ("step", "sample", "output"))
        self.assertEqual(self.q.shape, (7, 4, 1))
        self.assertIn("prediction", self.q.meaning)

    def test_is_its_mean_to_numpy(self):
        for value in (np.asarray(self.q), self.q + 0, 1 * self.q, np.stack([self.q, self.q])[1], np.positive(self.q)):
            self.assertIs(type(value), np.ndarray)
            np.testing.assert_array_equal(value, self.q.mean)
        self.assertEqual(np.mean(self.q), self.q.mean.mean())
        self.assertEqual(np.asarray(self.q, dtype=np.float32).dtype, np.float32)
        np.testing.assert_array_equal(self.q - self.q, 0 * self.q.mean)

    def test_indexing_keeps_error_and_dims(self):
        for key, dims in ((0, ("sample", "output")), ((slice(None), 1, 0), ("step",)), ((..., 0), ("step", "sample")),
                          (slice(2, 4), ("step", "sample", "output")), (np.array([0, 2]), ("step", "sample", "output"))):
            part = self.q[key]
            self.assertEqual(part.dims, dims)
            np.testing.assert_array_equal(part.mean, self.q.mean[key])
            np.testing.assert_array_equal(part.error, self.q.error[key])
        self.assertEqual(len(list(self.q)), 7)

    def test_band(self):
        low, high = self.q.band(3)
        np.testing.assert_allclose(high - low, 6 * self.q.error)

    def test_prints_on_one_line(self):
        self.assertNotIn("\n", repr(self.q))
        self.assertIn("±", str(self.q[3, 0, 0]))


class Files(unittest.TestCase):
    def test_limit_and_networks(self):
        with moedmft.open(sample()) as run, h5py.File(sample()) as f:
            self.assertEqual(list(run.networks), [8, 16])
            self.assertEqual([e.label for e in run.ensembles], ["N = 8", "N = 16", "limit"])
            self.assertTrue(math.isinf(run.limit.width))
            self.assertEqual((run.limit.runs, run.networks[8].runs, run.networks[16].runs), (3, 40, 30))
            np.testing.assert_array_equal(run.networks[16].loss, f["width_16/observables/train/loss"][...])
            np.testing.assert_array_equal(run.networks[16].test_loss.error, f["width_16/observables/test/loss_stderr"][...])
            np.testing.assert_array_equal(run.steps, np.arange(7))
            np.testing.assert_array_equal(run.times, [0, 2, 6])
            np.testing.assert_array_equal(run.limit.test_steps, np.arange(7))
            self.assertEqual(run.data["train/x"].shape, (4, 6))

    def test_kernels_and_responses(self):
        with moedmft.open(sample()) as run, h5py.File(sample()) as f:
            stored = f["kernels/W1/forward"][...]
            np.testing.assert_array_equal(run.limit.kernel("h"), stored)
            np.testing.assert_array_equal(run.limit.kernel("h", at=2), stored[1, :, 1, :])
            np.testing.assert_array_equal(run.limit.kernel("h", at=(6, 0)), stored[2, :, 0, :])
            self.assertEqual(run.limit.kernel("h", at=2).dims, ("sample", "sample"))
            np.testing.assert_array_equal(run.limit.kernel("Q/backward"), f["kernels/Q/backward"][...])
            action = run.networks[8].response("Q", "backward", action=True, at=(2, 2))
            np.testing.assert_array_equal(action, f["width_8/responses/Q/backward_action"][1, :, 1, :])
            # by docs/output.md the kernel of h on its diagonal is the mean square of h
            mean_square = np.mean([run.limit.kernel("h", at=2).mean[i, i] for i in range(4)])
            self.assertAlmostEqual(mean_square, float(run.limit.observable("rms/h")[2]) ** 2, places=3)

    def test_every_kernel_has_the_field_it_is_named_after(self):
        with moedmft.open(sample()) as run:
            for field, rms in (("h", "h"), ("y", "y"), ("a", "a"), ("rho", "rho"), ("gamma", "gamma"), ("delta", "delta"),
                               ("r", "r_slope")):
                diagonal = np.trace(run.limit.kernel(field, at=2).mean) / 4
                expected = float(run.limit.observable(f"rms/{rms}")[2]) ** 2
                self.assertLess(abs(diagonal - expected), 0.02 * expected + 1e-12, field)

    def test_configuration_is_typed(self):
        with moedmft.open(sample()) as run:
            self.assertEqual(run.config["train.steps"], 6)
            self.assertIs(type(run.config["train.steps"]), int)
            self.assertEqual(run.config["train.lr"], 0.5)
            self.assertIs(run.config["output.responses"], True)
            self.assertEqual(run.config["simulate.widths"], [8, 16])
            self.assertEqual(run.config["data.classes"], [])
            self.assertIn("regime: II", run.config_text)
            self.assertEqual(len([key for key in run.attributes if key.startswith("config:")]), len(run.config))

    def test_provenance(self):
        with moedmft.open(sample()) as run:
            self.assertEqual(run.provenance.command, "compare")
            self.assertEqual(run.provenance.schema_version, 2)
            self.assertIn("train.steps=6", run.provenance.arguments)

    def test_comparison(self):
        with moedmft.open(sample()) as run, h5py.File(sample()) as f:
            c = run.comparison
            np.testing.assert_array_equal(c.widths, [8, 16])
            np.testing.assert_array_equal(c.seeds, [40, 30])
            np.testing.assert_array_equal(c.deviation.error, f["comparison/deviation_stderr"][...])
            np.testing.assert_equal(c.rate.exponent, f["comparison/fit"].attrs["exponent"])
            self.assertEqual(c.rate.predicted, 1.0)
            self.assertEqual(c.spread_rate.exponent, f["comparison/fit"].attrs["spread_exponent"])
            self.assertIn("kernels/Q/backward", c.rates)
            rate = c.rate_of("rms/delta")
            np.testing.assert_array_equal(rate.deviation, f["comparison/each/rms/delta/deviation"][...])
            self.assertEqual(rate.scale, f["comparison/each/rms/delta/scale"][0])
            np.testing.assert_equal(rate.error, f["comparison/each/rms/delta/exponent_stderr"][0])

    def test_words_of_rates(self):
        """Values, bounds and what is unknown; two networks of a width tell no error."""
        def rate(p, error, bound=0):
            return str(moedmft.comparison.Rate("loss", None, 1.0, p, error, bound=bound))

        nan, inf = float("nan"), float("inf")
        self.assertEqual(rate(0.98, 0.05), "p = 0.98 ± 0.05")
        self.assertEqual(rate(3.1, inf, 1), "p > 3.10")
        self.assertEqual(rate(-0.5, inf, -1), "p < -0.50")
        self.assertEqual(rate(nan, nan), "unresolved")
        self.assertEqual([str(loss) for loss in (moedmft.Quantity("loss", np.array(0.5), np.array(e), (), "") for e in (0.25, nan))], ["0.5 ± 0.25", "0.5 (error unknown)"])
        with moedmft.open(sample(simulate__seeds="2")) as run:
            self.assertTrue(np.isnan(run.comparison.deviation.error).all())
            self.assertIn("unresolved", repr(run.comparison))
            plot.rates(run)
            text = overview(run).split("arrays of")[0]
            self.assertNotIn("nan", text)
            self.assertNotIn("N^--", text)

    def test_bounds_are_read(self):
        def change(f):
            f["comparison/each/rms/delta/exponent_bound"][0] = 1
            f["comparison/fit"].attrs["exponent_bound"] = -1.0
            f["comparison/fit"].attrs["exponent"] = -0.5

        with moedmft.open(altered(sample(), change)) as run:
            self.assertEqual(run.comparison.rate_of("rms/delta").bound, 1)
            self.assertEqual(str(run.comparison.rate), "p < -0.50")
        with moedmft.open(altered(sample(), lambda f: f["comparison/fit"].attrs.__setitem__("exponent_bound", float("nan")))) as run:
            self.assertEqual(run.comparison.rate.bound, 0)

    def test_names_are_all_datasets_without_twins(self):
        with moedmft.open(sample()) as run, h5py.File(sample()) as f:
            found = []
            f.visititems(lambda name, node: found.append(name) if isinstance(node, h5py.Dataset) else None)
            self.assertEqual(run.names(), sorted(n for n in found if not n.endswith("_stderr")))
            for name in run:
                np.testing.assert_array_equal(run[name], f[name][...])
            self.assertFalse([n for n in run.limit if n.startswith(("width", "comparison", "data"))])
            self.assertEqual(set(run.networks[8]) - set(run.limit), set())

    def test_single_runs_and_weights(self):
        with moedmft.open(sample("simulate", weights=True, simulate__seeds="2")) as run:
            seeds = run.networks[8].members
            self.assertEqual(list(seeds), [0, 1])
            self.assertIsNone(seeds[0].loss.error)
            self.assertEqual(seeds[0].loss.band()[0].tolist(), seeds[0].loss.mean.tolist())
            mean = np.mean([seed.loss.mean for seed in seeds.values()], axis=0)
            np.testing.assert_allclose(mean, run.networks[8].loss.mean, rtol=1e-12)
            self.assertEqual(seeds[1]["weights/Q/final"].shape, (8, 8))
            self.assertEqual(seeds[1].label, "N = 8, seed 1")

    def test_one_block_of_a_residual_stack(self):
        path = sample("solve", model__depth="3", model__norm="rms", output__responses="false")
        with moedmft.open(path) as whole, moedmft.open(path, block=-2) as one:
            for name in whole.limit.names():
                a, b = whole.limit[name], one.limit[name]
                part = a[1] if a.dims[:1] == ("block",) else a
                np.testing.assert_array_equal(part.mean, b.mean)
                self.assertEqual(part.dims, b.dims)
            self.assertEqual(whole.limit["observables/rms/h"].shape[0], 4)  # the stream, before, between and behind blocks
        with self.assertRaisesRegex(moedmft.MissingError, "blocks 0 to 2"):
            moedmft.open(path, block=3)
        with self.assertRaisesRegex(moedmft.MissingError, "no residual blocks"):
            moedmft.open(sample("solve"), block=0)

    def test_blocks_of_two_kinds(self):
        """Blocks are counted over all layers, from the end too; weights are those of their kind, kernels those of output.blocks."""
        path = sample("simulate", weights=True, model__depth="2", model__blocks="[attention, moe]", model__norm="rms", data__context="2", data__test="0", output__blocks="[1, 3]",
                      output__responses="false")
        weights, kernel = "weights/{}/initial", "kernels/W1/forward"
        with moedmft.open(path) as whole:
            rms, stream, kernels = (whole.networks[8][name].mean for name in ("observables/rms/u", "observables/rms/h", kernel))
            seed = whole.networks[8].members[0]
            drawn = {name: seed[weights.format(name)].mean for name in ("Q", "W_qkv")}
        self.assertEqual((len(rms), len(stream), len(kernels), len(drawn["Q"]), len(drawn["W_qkv"])), (4, 5, 2, 2, 2))
        for block in range(4):
            for chosen in (block, block - 4):
                with moedmft.open(path, block=chosen) as run:
                    networks = run.networks[8]
                    np.testing.assert_array_equal(networks["observables/rms/u"].mean, rms[block])
                    np.testing.assert_array_equal(networks["observables/rms/h"].mean, stream[block])
                    mine, other = ("Q", "W_qkv") if block % 2 else ("W_qkv", "Q")
                    np.testing.assert_array_equal(networks.members[0][weights.format(mine)].mean, drawn[mine][block // 2])
                    with self.assertRaisesRegex(moedmft.MissingError, f"holds blocks .*, not {block}"):
                        networks.members[0][weights.format(other)]
                    if block % 2:
                        np.testing.assert_array_equal(networks[kernel].mean, kernels[block // 2])
                    else:
                        self.assertRaises(moedmft.MissingError, networks.kernel, "h")

    def test_all_blocks_at_once(self):
        """Without a block, what is asked for at a step or a probability is that of every block."""
        path = sample("solve", model__depth="6", model__norm="rms")
        with moedmft.open(path) as whole, moedmft.open(path, block=4) as one:
            a, b, last = whole.limit, one.limit, int(whole.times[-1])
            for name, read in {
                "quantile": lambda e: e.quantiles("psi", 0.5),
                "kernel": lambda e: e.kernel("h", at=(last, 0)),
                "response": lambda e: e.response("W1", at=(last, 0)),
                "alignment": lambda e: e.alignment("y"),
            }.items():
                with self.subTest(name):
                    np.testing.assert_array_equal(read(a)[4].mean, read(b).mean)
                    self.assertEqual(read(a).dims, ("block", *read(b).dims))
            b.histogram("psi")
            for draw in (a.histogram, lambda: plot.histogram(whole), lambda: plot.spectrum(whole), lambda: plot.kernel(whole), lambda: plot.alignment(whole)):
                with self.assertRaisesRegex(moedmft.MissingError, "6 blocks; choose one"):
                    draw()

    def test_groups_of_later_versions_are_reachable(self):
        def change(f):
            f["width_8/novel/thing"] = np.arange(3.0)
            f["novel/thing_stderr"] = np.arange(3.0)
            f["novel/thing"] = np.ones(3)
            f["novel/thing"].attrs["dims"] = "flavour"

        with moedmft.open(altered(sample(), change)) as run:
            self.assertIn("novel/thing", run.names())
            self.assertNotIn("novel/thing_stderr", run.names())
            self.assertEqual(run["novel/thing"].dims, ("flavour",))
            np.testing.assert_array_equal(run["novel/thing"].error, [0, 1, 2])
            np.testing.assert_array_equal(run.networks[8]["novel/thing"], [0, 1, 2])
            self.assertEqual(run.networks[8]["novel/thing"].dims, ("?",))


class Failures(unittest.TestCase):
    def fails(self, kind, words, call):
        with self.assertRaises(kind) as caught:
            call()
        text = str(caught.exception)
        self.assertNotIn("\n", text)
        for word in words:
            self.assertIn(word, text)

    def test_files_that_are_none_of_ours(self):
        text, other = os.path.join(folder(), "text.h5"), os.path.join(folder(), "other.h5")
        with open(text, "w") as f:
            f.write("no HDF5\n")
        with h5py.File(other, "w") as f:
            f["x"] = 1.0
        self.fails(moedmft.FileError, ["nowhere.h5", "no such file"], lambda: moedmft.open("nowhere.h5"))
        self.fails(moedmft.FileError, ["folder"], lambda: moedmft.open(folder()))
        self.fails(moedmft.FileError, [text, "not an HDF5 file"], lambda: moedmft.open(text))
        self.fails(moedmft.FileError, [other, "not written by moedmft"], lambda: moedmft.open(other))
        self.fails(OSError, [], lambda: moedmft.open("nowhere.h5"))

    def test_unknown_schema(self):
        later = altered(sample(), lambda f: f.attrs.modify("schema_version", 99))
        self.fails(moedmft.SchemaError, [later, "99"], lambda: moedmft.open(later))

    def test_what_is_missing_is_named(self):
        with moedmft.open(sample()) as run:
            name = run.filename
            self.fails(moedmft.MissingError, [name, "99", "8, 16"], lambda: run.networks[99])
            self.fails(KeyError, ["observables/rms/h"], lambda: run["observables/rms/hh"])
            self.fails(KeyError, ["group", "kernels/Q/backward"], lambda: run["kernels"])
            self.fails(KeyError, ["no option", "train.rl"], lambda: run.config["train.rl"])
            self.fails(KeyError, ["'q'", "gamma"], lambda: run.limit.kernel("q"))
            self.fails(KeyError, ["step 1", "0, 2, 6"], lambda: run.limit.kernel("h", at=1))
            self.fails(KeyError, ["W3", "W2/forward"], lambda: run.limit.response("W3"))
            self.assertNotIn("kernels", run)
            self.assertIsNone(run.get("no/such"))
        only_limit = moedmft.open(sample("solve", output__kernels="false", output__responses="false"))
        self.addCleanup(only_limit.close)
        self.assertEqual(only_limit.networks, {})
        self.fails(moedmft.MissingError, ["comparison"], lambda: only_limit.comparison)
        self.fails(moedmft.MissingError, ["output.kernels"], lambda: only_limit.limit.kernel("h"))
        with moedmft.open(sample("simulate")) as networks:
            self.fails(moedmft.MissingError, ["no limit", "simulate"], lambda: networks.limit)
        self.fails(moedmft.FileError, ["closed"], lambda: networks["observables/train/loss"])

    def test_runs_that_ended_early_are_flagged(self):
        relu = {"model__activation": "relu", "model__expert_activation": "relu"}
        with self.assertWarns(moedmft.IncompleteWarning):
            run = moedmft.open(sample(expect=6, train__lr="300", **relu))
        self.addCleanup(run.close)
        self.assertFalse(run.complete)
        self.assertEqual(run.limit.stopped.reason, "diverged")
        self.assertEqual(len(run.limit.loss), run.limit.stopped.step)
        self.assertIn("limit diverged", " ".join(run.problems))

    def test_runs_that_are_missing_are_flagged(self):
        def change(f):
            del f["width_16"]
            f.create_group("width_16").attrs["interrupted_at_step"] = 0
            f["width_8"].attrs["runs"] = 7

        with self.assertWarns(moedmft.IncompleteWarning):
            run = moedmft.open(altered(sample(), change))
        self.addCleanup(run.close)
        self.assertEqual(list(run.networks), [8])
        self.assertEqual(run.problems, ["N = 8: 7 of 40 seeds", "N = 16: 0 of 30 seeds"])

    def test_whole_files_are_not_flagged(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for command in ("solve", "simulate", "compare"):
                with moedmft.open(sample(command)) as run:
                    self.assertTrue(run.complete)


class Command(unittest.TestCase):
    def output(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(list(arguments))
        return status, out.getvalue(), err.getvalue()

    def test_percents(self):
        """Of an array of size ~0 there are none, and what the noise hides has a bound."""
        for deviation, error, scale, expected in ((0.02, 0.001, 2, "1"), (0, 0.001, 2, "<0.1"), (0.5, 0.1, 1e-9, ">100"), (0, 0.1, 1e-9, "-"),
                                                  (0.5, 0.1, 0, "-"), (0.5, 0.1, float("nan"), "-"), (float("nan"), 0.1, 1, "-"),
                                                  (0, float("nan"), 1, "-"), (0, 1e-17, 1, "0"), (0.123456, 0.1, 1, "12.3")):
            self.assertEqual(_percent(deviation, 2 * error, scale), expected, (deviation, error, scale))

    def test_overview_names_every_array(self):
        for path in (sample(), sample("solve"), sample("simulate", weights=True, simulate__seeds="2")):
            status, text, _ = self.output(path)
            self.assertEqual(status, 0)
            with moedmft.open(path) as run:
                names = {name.removeprefix("comparison/each/").split("/", 1)[-1 if name.startswith("width_") else 0]
                         for name in run.names() if not name.startswith("width_")}
            for name in names:
                self.assertIn(name.rsplit("/", 1)[0], text)
            self.assertIn(SMALL["train.steps"], text)

    def test_numbers_of_one_array(self):
        status, text, _ = self.output(sample(), "observables/train/loss")
        self.assertEqual(status, 0)
        self.assertIn("standard error", text)

    def test_one_line_on_failure(self):
        for arguments in (["nowhere.h5"], [sample(), "observables/nothing"]):
            status, out, err = self.output(*arguments)
            self.assertEqual((status, out, err.count("\n")), (1, "", 1))


if __name__ == "__main__":
    unittest.main()
