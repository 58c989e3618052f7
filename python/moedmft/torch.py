"""Rules for a PyTorch model, and a coordinate check of it (docs/pytorch.md). Needs PyTorch; nothing else in the package does.

    from moedmft import torch as mt
    rules = mt.Rules("my.yaml", "model.parameterization=mssp", transformer=True)      # `moedmft rules` at any width
    names = {"embed.weight": "W_in", "blocks.*.router.weight": "Q", "head.weight": "w_out", …}
    mt.initialize_(model, rules.at(256), names)
    optimizer = torch.optim.AdamW(mt.param_groups(model, rules.at(256), names))
    check = mt.coordinate_check(build, batch, loss, rules, names, widths=(64, 128, 256), output="check.h5")
"""

from __future__ import annotations

import fnmatch
import json
import math
import os
import re
import subprocess
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .coordcheck import PARTS
from .errors import MoedmftError
from .quantity import Array, plus_minus
from .reach import student

try:
    import torch
except ImportError as missing:
    raise ImportError("moedmft.torch needs PyTorch (Debian: python3-torch); the rest of moedmft does not") from missing

if hasattr(torch, "func") and hasattr(torch.func, "functional_call"):
    _call = torch.func.functional_call
else:
    from torch.nn.utils.stateless import functional_call as _call

Names = Mapping[str, Optional[str]]
BIAS = "bias"  # a vector that is added to the stream: rates of "norm", starts at 0
ENTRYWISE = ("sign", "adam", "adamw")


class RuleError(MoedmftError):
    """Rules and model do not fit together."""


class Rules:
    """Rules by width, as `moedmft rules` prints them.

    config: a YAML file, or "-" for the defaults; settings: "KEY=VALUE", as after --set; transformer: rows of a whole
    transformer. program: default $MOEDMFT_BIN, else moedmft on the path."""

    def __init__(self, config: Union[str, "os.PathLike[str]"], *settings: str, transformer: bool = False, head_width: Optional[int] = None,
                 program: Optional[str] = None) -> None:
        self._line = [program or os.environ.get("MOEDMFT_BIN", "moedmft"), "rules", os.fspath(config), "--format", "json"]
        self._line += [word for s in settings for word in ("-s", s)] + ["--transformer"] * transformer
        self._line += ["--head-width", str(head_width)] if head_width else []
        self._found: Dict[int, Dict[str, Any]] = {}

    def at(self, width: int) -> Dict[str, Any]:
        """Rules of stream width N = width: tensors by name, "sizes", "optimizer", …"""
        if width not in self._found:
            try:
                answer = subprocess.run([*self._line, "--width", str(width)], capture_output=True, text=True)
            except OSError as error:
                raise RuleError(f"cannot start {self._line[0]}: {error}; name the program by $MOEDMFT_BIN or program=…") from error
            if answer.returncode:
                raise RuleError(answer.stderr.strip())
            self._found[width] = json.loads(answer.stdout)
        return self._found[width]


def _read(rules: Union[str, "os.PathLike[str]", Mapping[str, Any]]) -> Mapping[str, Any]:
    if isinstance(rules, Mapping):
        found = rules
    else:
        with open(rules) as file:
            found = json.load(file)
    if found.get("relative"):
        raise RuleError("these rules are ratios to a base (--base); absolute ones are needed here")
    return found


# Which parameter is which tensor


def match(model: "torch.nn.Module", rules: Mapping[str, Any], names: Names) -> Dict[str, str]:
    """Tensor of every parameter. names: patterns ("blocks.*.router.weight", the first that fits) and tensors of the rules, "bias", or None
    for parameters that are left alone. RuleError names parameters and patterns that match nothing, and tensors that the rules lack."""
    found, unknown, used = {}, [], set()
    for parameter, _ in model.named_parameters():
        pattern = next((p for p in names if fnmatch.fnmatchcase(parameter, p)), None)
        if pattern is None:
            unknown.append(parameter)
            continue
        used.add(pattern)
        if names[pattern] is not None:
            found[parameter] = names[pattern]
    if unknown:
        raise RuleError(f"no pattern matches {', '.join(unknown)}; name a tensor for each, or None to leave it alone")
    idle = [p for p in names if p not in used]
    if idle:
        raise RuleError(f"no parameter matches {', '.join(idle)}")
    tensors = [k for k, v in rules.items() if isinstance(v, Mapping) and "init_std" in v]
    for parameter, tensor in found.items():
        if _row(rules, tensor) is None:
            raise RuleError(f"{parameter}: the rules have no tensor '{tensor}'; they have {', '.join(tensors)}; transformer=True (--transformer) has more")
    return found


def _row(rules: Mapping[str, Any], tensor: str) -> Optional[Dict[str, Any]]:
    if tensor == BIAS:
        return {**rules["norm"], "init_mean": 0} if "norm" in rules else None
    row = rules.get(tensor)
    return dict(row) if isinstance(row, Mapping) and "init_std" in row else None


def folded(row: Mapping[str, Any], entrywise: bool) -> Dict[str, Any]:
    """A row whose multiplier is taken into the tensor: the same training without a factor in the forward pass, exactly. entrywise: rate and
    decay of Adam's steps, else those of SGD's."""
    m = row["multiplier"]
    own = {"init_std": row["init_std"] * m, "multiplier": 1.0, "sgd_lr": row["sgd_lr"] * m * m, "adam_lr": row["adam_lr"] * m,
           "adam_eps": row["adam_eps"] / m, "eps": row["eps"] / m, "weight_decay": row["weight_decay"] / (m if entrywise else m * m)}
    return {**row, **own, "lr": own["adam_lr" if entrywise else "sgd_lr"]}


def _is_entrywise(rules: Mapping[str, Any]) -> bool:
    return rules["optimizer"] in ENTRYWISE


def param_groups(model: "torch.nn.Module", rules: Union[str, "os.PathLike[str]", Mapping[str, Any]], names: Names, fold: bool = True) -> List[Dict[str, Any]]:
    """Parameter groups for torch.optim, one for each tensor, for the optimizer that the rules are of (train.optimizer): lr, weight_decay, and
    eps of Adam and AdamW; "name" is the tensor's.

    fold: the model's layers are plain, and multipliers are taken into the tensors (`folded`); False: its forward pass multiplies by them."""
    rules = _read(rules)
    entrywise, groups = _is_entrywise(rules), {}
    tensors = match(model, rules, names)
    for parameter, value in model.named_parameters():
        if parameter in tensors:
            groups.setdefault(tensors[parameter], []).append(value)
    result = []
    for tensor, values in groups.items():
        row = _row(rules, tensor)
        row = folded(row, entrywise) if fold else row
        group = {"params": values, "name": tensor, "lr": row["lr"], "weight_decay": row["weight_decay"]}
        result.append({**group, "eps": row["eps"]} if rules["optimizer"] in ("adam", "adamw") else group)
    return result


def _draw_key(parameter: str, tied: bool) -> str:
    """Experts that start alike differ in the last number of their names."""
    return re.sub(r"^(.*)\.\d+\.", r"\1.*.", parameter) if tied else parameter


def initialize_(model: "torch.nn.Module", rules: Union[str, "os.PathLike[str]", Mapping[str, Any]], names: Names, generator: Optional["torch.Generator"] = None,
                fold: bool = True) -> None:
    """Draws every parameter anew, by the standard deviations of the rules; gains of norms become 1, biases 0. Tied experts start alike: parameters
    with three dimensions along the first, others where their names differ in the last number only."""
    rules = _read(rules)
    tensors, drawn = match(model, rules, names), {}
    with torch.no_grad():
        for parameter, value in model.named_parameters():
            if parameter not in tensors:
                continue
            row = folded(_row(rules, tensors[parameter]), _is_entrywise(rules)) if fold else _row(rules, tensors[parameter])
            if row["init_mean"] or not row["init_std"] or tensors[parameter] == BIAS:
                value.fill_(row["init_mean"])
                continue
            batched = row["tied"] and value.ndim > 2
            shape = value.shape[1:] if batched else value.shape
            key = _draw_key(parameter, bool(row["tied"]) and not batched)
            if key not in drawn:
                drawn[key] = torch.randn(shape, generator=generator, dtype=value.dtype) * row["init_std"]
            value.copy_(drawn[key].to(value.device).expand(value.shape))


# Coordinate check


@dataclass(frozen=True)
class Finding:
    """A part of the output of a tensor's layers.

    rms, rms_error    root mean square over tokens, coordinates, layers and seeds, shape (widths,)
    exponent, error   fitted p of rms ~ N^p
    predicted         by the exponents of the parameterization; −inf: absent; NaN: no prediction
    agrees            None without a verdict
    """

    tensor: str
    part: str
    rms: Array
    rms_error: Array
    exponent: float
    error: float
    predicted: float
    agrees: Optional[bool]

    def __str__(self) -> str:
        verdict = {True: "agrees", False: "DEVIATES", None: ""}[self.agrees]
        found = "absent" if math.isnan(self.exponent) else f"N^{self.exponent:+.2f}{plus_minus(self.error, '.2f')}"
        predicted = "absent" if self.predicted == -math.inf else f"{self.predicted:+g}"
        return f"{self.tensor:9} {self.part:11} {found:16} predicted {predicted:6} {verdict}".rstrip()


@dataclass(frozen=True)
class Check:
    """What `coordinate_check` found; print it."""

    widths: Tuple[int, ...]
    seeds: int
    step: int
    table: List[Finding]

    @property
    def deviations(self) -> List[Finding]:
        """Parts that do not scale as predicted."""
        return [f for f in self.table if f.agrees is False]

    def part(self, tensor: str, part: str) -> Finding:
        """A row of the table; KeyError where it was not looked at."""
        for f in self.table:
            if (f.tensor, f.part) == (tensor, part):
                return f
        raise KeyError((tensor, part))

    def __str__(self) -> str:
        rows = [str(f) for f in self.table if not math.isnan(f.predicted)]
        return "\n".join([f"N = {', '.join(map(str, self.widths))}; {self.seeds} seeds; step {self.step}", *rows,
                          f"{len(self.deviations)} of {len(rows)} parts deviate"])


@dataclass(frozen=True)
class _Product:
    tensor: str
    module: str
    parameters: Tuple[str, ...]


def _watched(model: "torch.nn.Module", tensors: Mapping[str, str], watch: Mapping[str, str]) -> List[_Product]:
    """The layers whose outputs are looked at, and the parameters that they are linear in."""
    modules, found = [name for name, _ in model.named_modules()], {}
    for parameter, tensor in tensors.items():
        owner = parameter.rpartition(".")[0]
        pattern = watch.get(tensor)
        if pattern is not None:
            inside = [m for m in modules if fnmatch.fnmatchcase(m, pattern)]
            near = [m for m in inside if not (around := m.rpartition(".")[0]) or parameter.startswith(around + ".")]
            if not near:
                raise RuleError(f"watch: no module in the same part of the model as {parameter} matches '{pattern}'")
            owner = max(near, key=lambda m: (parameter.startswith(m + "."), len(m.rpartition(".")[0])))
        elif tensor == "W2" and isinstance(model.get_submodule(owner), torch.nn.Linear):
            raise RuleError(f"{parameter}: the prediction is of the sum over experts; name the module that adds them up: watch={{'W2': PATTERN}}")
        found.setdefault((tensor, owner), []).append(parameter)
    return [_Product(t, m, tuple(p)) for (t, m), p in found.items()]


class _Probe:
    """Outputs of one module under other parameters."""

    def __init__(self, model: "torch.nn.Module", inputs: Any, product: _Product) -> None:
        self._model, self._inputs, self._product = model, inputs, product

    def output(self, parameters: Mapping[str, "torch.Tensor"], own: Optional[Mapping[str, "torch.Tensor"]]) -> "torch.Tensor":
        """own: of the product; None: all zero."""
        caught: List["torch.Tensor"] = []

        def catch(_module: Any, _inputs: Any, output: Any) -> None:
            output = output[0] if isinstance(output, (tuple, list)) else output
            if not isinstance(output, torch.Tensor):
                raise RuleError(f"module {self._product.module} returns no tensor; watch another one")
            caught.append(output.detach().double().reshape(-1))

        hook = self._model.get_submodule(self._product.module).register_forward_hook(catch)
        swapped = {name: own[name] if own else torch.zeros_like(parameters[name]) for name in self._product.parameters}
        try:
            with torch.no_grad():
                _call(self._model, {**parameters, **swapped}, self._inputs)
        finally:
            hook.remove()
        return torch.cat(caught) if caught else torch.zeros(0, dtype=torch.float64)


def _parts(probe: _Probe, product: _Product, start: Mapping[str, "torch.Tensor"], now: Mapping[str, "torch.Tensor"]) -> Dict[str, "torch.Tensor"]:
    learned = {name: now[name] - start[name] for name in product.parameters}
    own = {name: start[name] for name in product.parameters}
    zero0, zero = probe.output(start, None), probe.output(now, None)  # what else the module adds
    total, old = probe.output(now, {n: now[n] for n in product.parameters}) - zero, probe.output(now, own) - zero
    parts = {"init": probe.output(start, own) - zero0, "effective": probe.output(start, learned) - zero0, "learned": probe.output(now, learned) - zero, "total": total}
    scale = float(total.abs().max()) if total.numel() else 0.0
    if total.numel() and float((parts["learned"] + old - total).abs().max()) > 1e-3 * scale:
        raise RuleError(f"the output of {product.module or 'the model'} is not linear in {product.parameters[0]}: put an nn.Identity behind the product and "
                        f"name it, watch={{'{product.tensor}': PATTERN}}")
    if parts["init"].shape == total.shape:  # the same tokens, now and at the start
        parts.update(propagating=old - parts["init"], cross=parts["learned"] - parts["effective"], update=total - parts["init"])
    return parts


def _measure(model: "torch.nn.Module", inputs: Any, products: Sequence[_Product], start: Mapping[str, "torch.Tensor"]) -> Dict[Tuple[str, str], float]:
    """Mean squares by tensor and part, over the layers of each tensor."""
    now, sums = {n: p.detach().clone() for n, p in model.named_parameters()}, {}
    for product in products:
        for part, value in _parts(_Probe(model, inputs, product), product, start, now).items():
            old = sums.get((product.tensor, part), (0.0, 0))
            sums[product.tensor, part] = old[0] + float(value.square().sum()), old[1] + value.numel()
    return {key: total / count for key, (total, count) in sums.items() if count}


def _one(build: Callable[[int], "torch.nn.Module"], batches: Sequence[Tuple[Any, Any]], loss: Callable[[Any, Any], "torch.Tensor"], rules: Mapping[str, Any],
         names: Names, watch: Mapping[str, str], width: int, seed: int, setup: Callable[..., "torch.optim.Optimizer"]) -> Dict[Tuple[str, str], float]:
    torch.manual_seed(seed)
    model = build(width)
    model.train(False)
    optimizer = setup(model, rules)
    start = {n: p.detach().clone() for n, p in model.named_parameters()}
    products = _watched(model, {p: t for p, t in match(model, rules, names).items() if _is_predicted(rules, t)}, watch)
    for inputs, targets in batches:
        value = loss(model(inputs), targets)
        if not torch.isfinite(value):
            raise RuleError(f"training diverges at N = {width}: lower the learning rate")
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return _measure(model, batches[0][0], products, start)


def by_rules(names: Names, fold: bool = True) -> Callable[..., "torch.optim.Optimizer"]:
    """The set-up that coordinate_check takes by default: initialize_, and the optimizer that the rules are of with param_groups."""

    def setup(model: "torch.nn.Module", rules: Mapping[str, Any]) -> "torch.optim.Optimizer":
        kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
        if rules["optimizer"] not in kinds:
            raise RuleError(f"rules are of {rules['optimizer']}; the set-up by rules has {', '.join(kinds)}; give your own, setup=…")
        initialize_(model, rules, names, fold=fold)
        return kinds[rules["optimizer"]](param_groups(model, rules, names, fold=fold), lr=1.0)

    return setup


ERRORS, SLACK = 3.0, 0.15  # as `moedmft coordcheck` has them (src/study/parts_fit.h)


def _fit(widths: Array, rms: Array, error: Array) -> Tuple[float, float, float]:
    """Power, its error, chi² per degree of freedom of ln rms against ln N."""
    if not (np.all(rms > 0) and np.all(error > 0)):
        return math.nan, math.nan, math.nan
    x, y, w = np.log(widths), np.log(rms), (rms / error) ** 2
    mean = (w @ x) / w.sum()
    spread = w @ (x - mean) ** 2
    p = (w @ ((x - mean) * y)) / spread
    rest = y - (w @ y) / w.sum() - p * (x - mean)
    chi2 = (w @ rest ** 2) / (len(x) - 2) if len(x) > 2 else math.nan
    return float(p), math.sqrt(1 / spread * max(1.0, chi2 if len(x) > 2 else 1.0)), float(chi2)


def _predicted(rules: Mapping[str, Any], tensor: str, part: str) -> float:
    value = rules.get(tensor, {}).get("predicted", {}).get(part)
    return math.nan if value is None else -math.inf if value == "absent" else float(value)


def _is_predicted(rules: Mapping[str, Any], tensor: str) -> bool:
    return any(not math.isnan(_predicted(rules, tensor, part)) for part in PARTS)


SUMS = {"learned": ("effective", "cross"), "update": ("propagating", "learned"), "total": ("init", "update")}


def _lowest(rules: Mapping[str, Any], tensor: str, part: str) -> float:
    """The smaller power of a part that is a sum of two: at sizes that can be trained it may still lead."""
    powers = [_predicted(rules, tensor, one) for one in SUMS.get(part, ())]
    return min([_predicted(rules, tensor, part), *(p for p in powers if math.isfinite(p))])


def _agrees(lowest: float, predicted: float, rms: Array, p: float, error: float, reach: float) -> Optional[bool]:
    absent = bool(np.all(rms == 0))
    if math.isnan(predicted):
        return None
    if absent or predicted == -math.inf:
        return True if absent and predicted == -math.inf else None if absent else False
    slack = reach * error + SLACK
    return None if math.isnan(p) else lowest - slack <= p <= predicted + slack


def coordinate_check(build: Callable[[int], "torch.nn.Module"], batches: Sequence[Tuple[Any, Any]], loss: Callable[[Any, Any], "torch.Tensor"], rules: Rules, names: Names, *,
                     widths: Iterable[int], seeds: int = 5, watch: Optional[Mapping[str, str]] = None, setup: Optional[Callable[..., "torch.optim.Optimizer"]] = None,
                     output: Union[None, str, "os.PathLike[str]"] = None) -> Check:
    """Trains your model for a step on each batch, at several widths with several seeds, takes the output of every named layer apart (docs/coordinate-check.md)
    and compares powers of the width with those of the parameterization, as `moedmft coordcheck` does.

    build     a model of stream width N; its other sizes should grow as model.regime says
    batches   (inputs, targets); parts are those of the first batch's inputs
    loss      a scalar from the model's output and targets, a mean over samples
    rules     a `Rules`, whose settings name parameterization, regime, optimizer and base rate
    names     patterns of parameters and their tensors (`match`)
    watch     tensor: pattern of the module whose output is the product, where it is not the module that has the parameter; of W2 the one that adds up
              the experts
    setup     (model, rules) → optimizer: your own initialization and parameter groups, which are then what is checked; default `by_rules`
    output    file, in the layout of `moedmft coordcheck`; of attention, W_Q, W_K and W_V together are W1 and W_O is W2 of the first block
    """
    widths, watch = tuple(sorted(widths)), watch or {}
    if len(widths) < 2 or seeds < 3:
        raise RuleError("a power needs two widths at least, and errors three seeds")
    folder = None if output is None else os.path.dirname(os.fspath(output)) or "."
    if folder is not None and not os.path.isdir(folder):  # before the work, which would be lost
        raise RuleError(f"cannot write {os.fspath(output)}: the folder {folder} does not exist; make it, or choose another output")
    setup = setup or by_rules(names)
    runs = [[_one(build, batches, loss, rules.at(n), names, watch, n, seed, setup) for seed in range(seeds)] for n in widths]
    tensors = list(dict.fromkeys(match(build(widths[0]), rules.at(widths[0]), names).values()))
    reach, table = student(ERRORS, seeds - 1), []
    for tensor in tensors:
        for part in PARTS:
            if any((tensor, part) in run for run in runs[0]):
                table.append(_finding(tensor, part, widths, runs, rules.at(widths[0]), reach))
    check = Check(widths, seeds, len(batches), table)
    if output is not None:
        from .torch_file import write
        write(output, check, rules.at(widths[0]), runs)
    return check


def _means(runs: Sequence[Sequence[Mapping[Tuple[str, str], float]]], keys: Sequence[Tuple[str, str]]) -> Tuple[Array, Array]:
    """Root mean squares over seeds and the keys there are, and their errors, by width."""
    squares = [[np.nanmean([run.get(k, math.nan) for k in keys]) if any(k in run for k in keys) else math.nan for run in width] for width in runs]
    mean = np.array([np.mean(s) for s in squares])
    error = np.array([np.std(s, ddof=1) / math.sqrt(len(s)) for s in squares])
    rms = np.sqrt(mean)
    return rms, np.divide(error, 2 * rms, out=np.zeros_like(error), where=rms > 0)


def _finding(tensor: str, part: str, widths: Sequence[int], runs: Any, rules: Mapping[str, Any], reach: float) -> Finding:
    rms, error = _means(runs, [(tensor, part)])
    p, p_error, _ = _fit(np.array(widths, float), rms, error)
    predicted = _predicted(rules, tensor, part)
    return Finding(tensor, part, rms, error, p, p_error, predicted, _agrees(_lowest(rules, tensor, part), predicted, rms, p, p_error, reach))
