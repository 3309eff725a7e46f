"""A data set as tensors: `Data`, subsets, validation and label noise.

A data set is one `Data`: everything in memory, so that a batch is an index and no `DataLoader` is needed.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import DEVICES, between, finite, real, require, shown, whole
from overparam.randomness import generator


class DataError(RuntimeError):
    """A data set that cannot be had: not there and not downloadable, or there but damaged."""


ARRAYS = ("x", "y", "x_test", "y_test")


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """A training pool and a test set. Tensors or NumPy arrays are given, tensors are kept: float32 and int64, in C order.

    Inputs ``x`` and ``x_test`` are [N, ...]; ``y`` and ``y_test`` class labels [N] from 0 on or, where ``classes`` is None,
    targets [N, K] of a regression. ``name`` is for tables, and ``source``, what it is and where it came from, for captions.

    What has one meaning is converted: other floats and whole numbers, labels [N, 1] or of any kind of whole number, inputs and
    targets [N]. What is not usable is refused with a ValueError. Where nothing needs converting the memory stays that of
    the arrays that were given, and data sets share theirs, so do not write into them.
    """

    name: str
    x: Tensor  # [N, ...] float32
    y: Tensor  # [N] int64 class labels, or [N, K] float32 regression targets
    x_test: Tensor
    y_test: Tensor
    source: str  # what it is and where it came from, for captions
    classes: int | None = None  # number of classes; None for a regression

    def __post_init__(self) -> None:
        for name in ("name", "source"):
            value = getattr(self, name)
            one_line = isinstance(value, str) and "\n" not in value
            require(one_line, f"The {name} of a data set is a text of one line; got {shown(value)}.")
        if self.classes is not None:
            says = f"classes is the number of classes, 2 or more (up to a million), or None for a regression; got {shown(self.classes)}."
            object.__setattr__(self, "classes", whole("classes", self.classes, 2, 2**20, says))
        for name in ARRAYS:
            what = f"{name} of {self.name or 'the data set'}"
            convert = _inputs if name.startswith("x") else _targets if self.classes is None else _labels
            object.__setattr__(self, name, convert(what, getattr(self, name)))
        self.check()

    def check(self) -> None:
        """ValueError unless everything fits together. Data may have been written into since they were made."""
        name = self.name or "the data set"
        for x, y in (("x", "y"), ("x_test", "y_test")):
            n, labels = len(getattr(self, x)), len(getattr(self, y))
            require(n > 0, f"{x} of {name} holds no examples; give at least one.")
            require(
                n == labels,
                f"{x} of {name} holds {n:,} examples but {y} {labels:,} {self._answers()}; give one for each example.",
            )
            _require_finite(f"{x} of {name}", getattr(self, x))
            self._check_answers(f"{y} of {name}", getattr(self, y))
        for one, other, parts in (("x", "x_test", "examples"), ("y", "y_test", "targets")):
            shapes = [list(getattr(self, part).shape[1:]) for part in (one, other)]
            require(
                shapes[0] == shapes[1],
                f"The {parts} in {one} of {name} have the shape {shapes[0]} and those in {other} {shapes[1]}; give both the same.",
            )
        require(
            self.x[0].numel() > 0, f"The examples of {name} have the shape {list(self.x.shape[1:])}: no inputs at all."
        )
        devices = {part: str(getattr(self, part).device) for part in ARRAYS}
        require(
            len(set(devices.values())) == 1,
            f"{name} lies on several devices ({', '.join(f'{part} on {d}' for part, d in devices.items())}); move all to one.",
        )

    def _answers(self) -> str:
        return "targets" if self.classes is None else "labels"

    def _check_answers(self, what: str, y: Tensor) -> None:
        if self.classes is None:
            require(y.shape[1] > 0, f"{what} has the shape {list(y.shape)}: no targets at all.")
            _require_finite(what, y)
            return
        low, high = int(y.min()), int(y.max())
        advice = "count the classes from 0"
        if low >= 1 and high == self.classes:
            advice = "subtract 1"
        require(
            low >= 0 and high < self.classes,
            f"{what} has labels from {low} to {high} but those of {self.classes} classes are 0 to {self.classes - 1}; {advice}.",
        )

    def __repr__(self) -> str:
        size = f"{len(self.x):,} training and {len(self.x_test):,} test examples of {self.x[0].numel():,} inputs"
        kind = "regression" if self.classes is None else f"{self.classes} classes"
        return f"{self.name}: {size}, {kind} ({self.source})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.x.shape[1:])

    @property
    def outputs(self) -> int:
        """How many outputs a network has on these data: one for each class, or for each target of a regression."""
        return self.classes or self.y.shape[1]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of all that decides what is learned: the number of classes, names, shapes, types and bytes of the arrays.

        The same on every device. Computed anew each time, since arrays may be written into: 0.2 s for MNIST.
        """
        digest = hashlib.sha256(f"{self.classes} classes;".encode())
        for name in ARRAYS:
            array = getattr(self, name).cpu().numpy()
            digest.update(f"{name} {array.shape} {array.dtype.str};".encode())
            digest.update(array)
        return digest.hexdigest()


# --- What is given as data ----------------------------------------------------------------------------


def _inputs(what: str, given: object) -> Tensor:
    """Inputs [N, ...] in float32."""
    require(
        str(getattr(given, "dtype", "")) not in ("uint8", "torch.uint8"),
        f"{what} holds bytes from 0 to 255 (uint8); divide by 255 to make them floats from 0 to 1.",
    )
    return _float32(what, _array(what, given))


def _targets(what: str, given: object) -> Tensor:
    """Regression targets [N, K] in float32."""
    y = _array(what, given)
    require(
        y.is_floating_point(),
        f"{what} holds whole numbers and classes is None; if they are class labels give their number as classes, for a "
        "regression make them floats.",
    )
    require(y.dim() <= 2, f"{what} has the shape {list(y.shape)}; targets are [N, K], or [N] for one output.")
    return _float32(what, y)


def _labels(what: str, given: object) -> Tensor:
    """Class labels [N] in int64."""
    y = _array(what, given)
    if y.dim() == 2 and y.shape[1] == 1:
        y = y[:, 0]
    advice = "take y.argmax(1) of one-hot rows" if y.dim() == 2 else "give one label for each example"
    require(y.dim() == 1, f"{what} has the shape {list(y.shape)}; class labels are [N]: {advice}.")
    if y.is_floating_point():
        odd = y[(y != y.round()) | (y.abs() > 2**53)]  # larger floats have no units; NaN is not equal to itself
        if len(odd):
            raise ValueError(
                f"{what} holds {len(odd):,} numbers that are no class labels, such as {float(odd[0]):g}; labels are whole numbers "
                "from 0 on, and for a regression leave classes out."
            )
    return y.long()


def _array(what: str, given: Any) -> Tensor:
    """A contiguous tensor of float32, float64, int64 or bool, without a history of gradients."""
    advice = f"{what} is {shown(given)}; give a tensor or a NumPy array of numbers"
    if isinstance(given, np.ndarray):
        kind = given.dtype.kind
        encode = ", and texts are none: make columns of numbers with pd.get_dummies, and labels with pd.factorize(y)[0]"
        require(kind in "biuf", f"{advice}; its dtype is {given.dtype}{encode if kind in 'OUS' else ''}.")
        require(not isinstance(given, np.ma.MaskedArray), f"{advice}, without a mask: fill in what is masked.")
        dtype = {"b": bool, "f": np.float32 if given.itemsize <= 4 else np.float64}.get(kind, np.int64)
        # PyTorch takes neither read-only arrays nor other byte orders nor steps backwards: such are copied.
        values = torch.from_numpy(np.require(given, dtype, ["C", "W", "E"]))
        require(kind != "u" or given.itemsize < 8 or bool((values >= 0).all()), f"{what} exceeds what int64 holds.")
    else:
        require(isinstance(given, Tensor), f"{advice}{', ' + _conversion(given) if _conversion(given) else ''}.")
        usable = not given.is_complex() and not given.is_quantized and not given.is_nested
        require(
            usable and given.layout == torch.strided and given.device.type in DEVICES,
            f"{advice}; this one is {given.dtype}, {given.layout}, on {given.device.type}: make it dense and real, on cpu or cuda.",
        )
        values = given.detach() if given.requires_grad or type(given) is not Tensor else given
        if values.is_inference():
            values = values.clone()  # autograd refuses to keep what was made in inference mode
        if values.is_floating_point():
            values = values.to(torch.float64 if values.dtype == torch.float64 else torch.float32)
        elif values.dtype != torch.bool:
            values = values.long()
        values = values.contiguous()
    require(values.dim() > 0, f"{what} is the single number {values}; give one row for each example.")
    return values


def _conversion(given: object) -> str:
    """How what is often taken for an array becomes one."""
    if hasattr(given, "to_numpy"):
        return "such as its to_numpy()"
    return "such as np.array of it" if isinstance(given, list | tuple) else ""


def _float32(what: str, values: Tensor) -> Tensor:
    """Numbers [N, ...] in float32; [N] becomes [N, 1]."""
    if values.is_floating_point():
        _require_finite(what, values)
    single = values.float()
    if values.dtype == torch.int64:
        require(
            bool((single.long() == values).all()),
            f"{what} holds whole numbers too large for float32; scale them and make them floats.",
        )
    require(finite(single), f"{what} holds numbers too large for float32; scale them.")
    if values.dtype == torch.float64 and len(values) > 1 and values.numel():
        rounding, spread = (single.double() - values).abs().amax(0), values.std(0)
        constant = spread <= 1e-12 * values.abs().amax(0)  # but for float64's own rounding
        require(
            bool(((rounding <= 1e-2 * spread) | constant).all()),
            f"{what} holds numbers that differ less than float32 can tell; subtract their mean and scale them.",
        )
    return single[:, None] if single.dim() == 1 else single


def _require_finite(what: str, values: Tensor) -> None:
    if not finite(values):
        wrong = (~values.isfinite()).flatten(1 if values.dim() > 1 else 0)
        wrong = wrong.any(1) if wrong.dim() > 1 else wrong
        raise ValueError(
            f"{what} holds numbers that are NaN or infinite in {int(wrong.sum()):,} of {len(wrong):,} examples, first in number "
            f"{int(wrong.int().argmax())}; leave these examples out or fill in what is missing."
        )


def require_data(data: object) -> None:
    """Raise ValueError unless this is a data set."""
    require(isinstance(data, Data), f"data is {shown(data)}; pass a data set such as data.load('digits').")


def subset(data: Data, n: int, seed: int) -> Tensor:
    """Indices [n] (int64) into the training pool, drawn without replacement: the first n of one permutation."""
    require_data(data)
    says = f"a subset of {data.name} has between 1 and {len(data.x)} examples; got {shown(n)}"
    n = whole("n", n, 1, len(data.x), says)
    return torch.randperm(len(data.x), generator=generator(seed, "subset"))[:n]


def disjoint(data: Data, n: int, count: int) -> dict[str, Data]:
    """``count`` training sets of ``n`` examples that share none, by the names "0", "1", …; all have the test set of `data`.

    They are cut from the pool in its order, so this is for pools that come in random order, as data that are made on the spot do.
    """
    require_data(data)
    n, count = whole("n", n, 1), whole("count", count, 1)
    pool = len(data.x)
    require(
        n * count <= pool,
        f"{count:,} training sets of {n:,} examples that share none need {n * count:,}; the pool of {data.name} has {pool:,}.",
    )
    cuts = [slice(k * n, (k + 1) * n) for k in range(count)]
    return {str(k): replace(data, x=data.x[cut], y=data.y[cut]) for k, cut in enumerate(cuts)}


def with_validation(data: Data, n: int) -> Data:
    """The same data with the last ``n`` examples of the training pool put in front of the test set, for validation.

    What is recorded of each test example then tells both apart: the first ``n`` are for validation, the others for testing.
    """
    require_data(data)
    says = f"a validation set of {data.name} has between 1 and {len(data.x) - 1} examples; got {shown(n)}"
    n = whole("n", n, 1, len(data.x) - 1, says)
    x_test, y_test = torch.cat([data.x[-n:], data.x_test]), torch.cat([data.y[-n:], data.y_test])
    return replace(data, x=data.x[:-n], y=data.y[:-n], x_test=x_test, y_test=y_test)


@full_precision()
def corrupt_labels(y: Tensor, share: float, classes: int | None, generator: torch.Generator) -> Tensor:
    """A copy of the labels [N] (int64), each replaced with probability `share` by a uniformly drawn class.

    The drawn class may be the right one (Zhang et al. 2017, section 2). From the same generator state, a larger share
    replaces all that a smaller one does, by the same classes. ValueError for a regression, whose ``classes`` are None.
    """
    share = between("label noise", share, 0, 1)
    require(
        isinstance(y, Tensor) and y.dtype == torch.int64 and y.dim() == 1,
        f"Labels to corrupt are a tensor [N] of int64; got {shown(y)}.",
    )
    classes = whole("classes", classes, 2)
    require(
        isinstance(generator, torch.Generator),
        f"Pass a generator, as randomness.generator gives; got {shown(generator)}.",
    )
    chosen = torch.rand(y.shape, generator=generator, device=generator.device) < share
    drawn = torch.randint(classes, y.shape, generator=generator, device=generator.device)
    return torch.where(chosen.to(y.device), drawn.to(y), y)


def wrong_labels(probability: float, classes: int) -> float:
    """The ``label_noise`` at which a label is wrong with this probability, uniformly among the wrong classes.

    p·K/(K − 1) for K classes, since a uniformly drawn class is the right one once in K draws. Nakkiran et al. (2020) give p,
    Zhang et al. (2017) the share of labels that are drawn anew.
    """
    classes = whole("classes", classes, 2)
    says = f"Labels drawn from {classes} classes are wrong with a probability in [0, {1 - 1 / classes:g}]; got {shown(probability)}"
    probability = real("probability", probability, says)
    require(0 <= probability <= 1 - 1 / classes, says)
    return probability * classes / (classes - 1)
