"""python -m moedmft FILE.h5 [NAME]: what a file holds, or the numbers of one array."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Dict, List, Optional

import numpy as np

from . import MoedmftError, Quantity, Run, __version__, open
from .reach import reach


def overview(run: Run) -> str:
    """Where the file comes from, what was computed, and its arrays (those of the networks once)."""
    p = run.provenance
    lines = [
        f"{run.filename}: moedmft {p.command}, version {p.version}, commit {str(p.commit)[:12]}{'+' if p.dirty else ''}",
        f"made on {p.created} with seed {p.seed} by: {p.arguments}",
        "incomplete: " + "; ".join(run.problems) if run.problems else "complete",
        *([] if run.sealed else ["no checksum: another program has changed this file"]),
        "",
        *_results(run),
        "",
        *_arrays(run),
    ]
    return "\n".join(lines)


def _results(run: Run) -> List[str]:
    if run.provenance.command == "sweep":
        return _best_values(run)
    rows = [f"  {'':12} {'runs':>6}  {'steps':>6}  first and last train loss"]
    for e in run.ensembles:
        if "observables/train/loss" in e:
            rows.append(f"  {e.label:12} {e.runs:>6}  {len(e.loss) - 1:>6}  {e.loss[0]}  ->  {e.loss[len(e.loss) - 1]}")
    if "comparison/width" in run:
        rate = run.comparison.rate
        found = f"N^-p, {rate}" if np.isfinite(rate.exponent) else str(rate)
        rows.append(f"  deviation of the mean prediction from the limit: {found} (predicted {rate.predicted:g})")
    if "coordcheck/rms" in run:
        check = run.coordcheck
        rows.append(f"  coordinate check at step {check.step}: {len(check.deviations)} of {len(check.table)} parts do not scale as predicted")
        rows += [f"    {row.product} {row.part}: {row}" for row in check.deviations]
    return rows


def _best_values(run: Run) -> List[str]:
    """Best value and loss of every width, for every setting of the other axes."""
    rows = [f"  {run.sweep!r}"]
    for part in run.sweep.slices if run.sweep.along else ():
        rows.append(f"  {part.label}".rstrip() + f" (drift d ln / d ln N = {part.drift})")
        for i, width in enumerate(part.widths):
            name = "limit" if np.isinf(width) else f"N = {width:.0f}"
            cost = "" if part.regret is None or i == 0 or not np.isfinite(part.regret[i, 0]) else f", with that of N = {part.widths[0]:.0f} {part.regret[i, 0]} more"
            rows.append(f"    {name:10} best {part.key} = {part.optimum[i]} ({part.kind[i]}), loss {part.optimum_loss[i]}{cost}")
    return rows


def _arrays(run: Run) -> List[str]:
    """Arrays of the whole file; what the limit and several widths share is listed once, with those that hold it."""
    owners: Dict[str, List[str]] = {}
    ensembles = run.ensembles
    listed = set()
    for e in ensembles:
        start = e.path.strip("/")
        for name in e.names():
            owners.setdefault(name, []).append(e.label)
            listed.add(f"{start}/{name}".lstrip("/"))
    lines = []
    for name in sorted(owners):
        holder = next(e for e in ensembles if e.label == owners[name][0])
        everywhere = len(owners[name]) == len(ensembles)
        lines.append(_line(name, holder[name], "" if everywhere else f" ({', '.join(owners[name])})"))
    title = f"arrays of {'each of ' if len(ensembles) > 1 else ''}{', '.join(e.label for e in ensembles)}:"
    rest = [_line(n, run[n], "") for n in run.names() if n not in listed and not n.startswith("comparison/each/")]
    return ([title, *lines, ""] if lines else []) + (["other arrays:", *rest] if rest else []) + _rates(run)


def _rates(run: Run) -> List[str]:
    """Deviations of all arrays in percent of their size, and their exponents."""
    if "comparison/width" not in run:
        return []
    comparison = run.comparison
    lines = ["", "comparison/each: deviation from the limit in % of the array's size (<: in the noise, two standard errors), and p of deviation ~ N^-p:",
             f"  {'':<34} " + "".join(f"{'N = ' + str(width):>10}" for width in comparison.widths) + "  p"]
    for name, rate in comparison.rates.items():
        errors = rate.deviation.error if rate.deviation.error is not None else np.full(len(rate.deviation), np.nan)
        percent = "".join(f"{_percent(value, reach(rate.freedom + 1) * error, rate.scale):>10}" for value, error in zip(rate.deviation.mean, errors))
        exponent = str(rate).removeprefix("p ").removeprefix("= ") if np.isfinite(rate.exponent) else "-"
        lines.append(f"  {name:<34} {percent}  {exponent}")
    return lines


def _percent(deviation: float, noise: float, scale: float) -> str:
    """A deviation in % of the array's size in the limit; a bound where it is hidden in the noise, or where that size is (close to) 0."""
    size = deviation if deviation > 0 else noise
    if not np.isfinite(deviation + size) or not scale > 0:
        return "-"
    if size > scale:
        return ">100" if deviation > 0 else "-"
    if size < 1e-9 * scale:  # rounding
        return "0"
    return f"{'' if deviation > 0 else '<'}{100 * size / scale:.3g}"


def _line(name: str, q: Quantity, note: str) -> str:
    size = "×".join(map(str, q.shape)) or "1"
    return f"  {name:<34} {size:<11} [{', '.join(q.dims)}] {q.meaning}{note}"


def values(q: Quantity) -> str:
    """One array in full: its meaning, means, standard errors."""
    with np.printoptions(threshold=sys.maxsize, linewidth=120, precision=6):
        error = f"\nstandard error:\n{q.error}" if q.error is not None else ""
        return f"{q!r}\n{q.mean}{error}"


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m moedmft", description="What an output file of moedmft holds.")
    parser.add_argument("file", help="written by moedmft solve, simulate, compare, coordcheck or sweep")
    parser.add_argument("name", nargs="?", help="print the numbers of this array, e.g. observables/train/loss")
    parser.add_argument("--version", action="version", version=f"moedmft {__version__}")
    asked = parser.parse_args(arguments)
    warnings.simplefilter("ignore")  # the overview says itself that a file is incomplete
    sealed = False
    try:
        with open(asked.file) as run:
            sealed = run.sealed
            print(values(run[asked.name]) if asked.name else overview(run))
    except MoedmftError as error:
        print(f"moedmft: {error}", file=sys.stderr)
        return 1
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError, RuntimeError) as error:
        if sealed:  # not the file's fault
            raise
        reason = " ".join(str(error).split())
        print(f"moedmft: {asked.file}: is not as moedmft writes it ({type(error).__name__}: {reason})", file=sys.stderr)
        return 1
    except BrokenPipeError:  # output into `head`
        sys.stderr.close()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
