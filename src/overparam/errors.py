"""Checks of what is given to the package: what is wrong with it is said in one sentence, before any work starts."""

import inspect
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Real
from operator import index
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

DEVICES = ("cpu", "cuda")  # whose tensors are taken: sums are in float64, which Apple's mps has not


def require(condition: bool | np.bool_, message: str) -> None:
    """Raise ValueError with this message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def shown(value: object) -> str:
    """A value on one line, for a message: arrays and tables by kind and shape, what is long cut short."""
    if type(value) in (int, float, bool, type(None)):  # ten thousand networks have hundreds of thousands of these
        return repr(value)
    if isinstance(value, np.ndarray | Tensor | pd.DataFrame | pd.Series | pd.Index) and value.ndim:
        return f"{type(value).__name__} of shape {list(value.shape)}"
    if isinstance(value, nn.Module):
        return f"the module {type(value).__name__}"
    if isinstance(value, type) or inspect.isroutine(value):
        return f"the {'class' if isinstance(value, type) else 'function'} {value.__name__}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 100 else f"{text[:99]}…"


def in_short(error: Exception) -> str:
    """What an error of other code says, on one line: its kind and its first line."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def whole(name: str, value: Any, least: float = -math.inf, most: float = math.inf, says: str = "") -> int:
    """The value as an int; ValueError, with ``says`` where that is given, unless it is a whole number in the range."""
    if type(value) is int and least <= value <= most:
        return value
    bounds = ("" if least == -math.inf else f" of at least {least:,}") + (
        "" if most == math.inf else f", {most:,} at most"
    )
    message = says or f"{name} must be a whole number{bounds}; got {shown(value)}."
    require(not isinstance(value, bool | np.bool_), message)
    try:
        number = index(value)
    except (TypeError, ValueError):  # an array of several numbers, too, is none
        raise ValueError(message) from None
    require(least <= number <= most, message)
    return number


def listed(values: Any, says: str) -> list[Any]:
    """The values as a list; ValueError that says this where they are not several: a text, a mapping, a single number."""
    several = (
        isinstance(values, Iterable)
        and not isinstance(values, str | bytes | Mapping)
        and getattr(values, "ndim", 1) != 0
    )
    require(bool(several), says)
    return list(values)


def positive(architecture: object, *names: str) -> None:
    """Make these fields of a frozen description ints; ValueError unless they are whole numbers from 1 up."""
    for name in names:
        value = getattr(architecture, name)
        says = f"{name} must be a whole number from 1 up; got {shown(value)}."
        number = whole(name, value, 1, says=says)
        require(number <= 2**31, f"{name} is {number:,}, more than any computer holds; choose a smaller one.")
        object.__setattr__(architecture, name, number)


def real(name: str, value: Any, says: str = "") -> float:
    """The value as a float; ValueError, with ``says`` where that is given, unless it is a finite number."""
    if type(value) is float and math.isfinite(value):
        return value
    message = says or f"{name} must be a finite number; got {shown(value)}."
    if isinstance(value, np.ndarray | Tensor) and not value.ndim:
        value = value.item()
    require(isinstance(value, Real) and not isinstance(value, bool), message)
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(message) from None
    require(math.isfinite(number), message)
    return number


def between(name: str, value: object, low: float, high: float = math.inf) -> float:
    """The value as a float; ValueError unless it is a finite number from ``low`` to ``high``."""
    says = (
        f"{name} must lie in [{low:g}, {high:g}]"
        if high < math.inf
        else f"{name} must be a finite number of at least {low:g}"
    )
    number = real(name, value, f"{says}; got {shown(value)}.")
    require(low <= number <= high, f"{says}; got {shown(value)}.")
    return number


def truth(name: str, value: object) -> bool:
    """The value as a bool; ValueError unless it is True or False."""
    require(isinstance(value, bool | np.bool_), f"{name} must be True or False; got {shown(value)}.")
    return bool(value)


def finite(values: Tensor) -> bool:
    """Whether all values are finite. The sum says so where they are, at a fiftieth of the time of looking at each."""
    return bool(values.sum().isfinite()) or bool(values.isfinite().all())


def numbers(name: str, values: object, dimensions: int | Sequence[int] | None = None, least: int = 1) -> np.ndarray:
    """The values as an array; ValueError unless they are finite numbers, ``least`` or more, of so many dimensions."""
    try:
        array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
    except (ValueError, TypeError):  # rows of different lengths
        array = np.empty(0, object)
    require(array.dtype.kind in "biuf", f"{name} must be an array of numbers; got {shown(values)}.")
    allowed = [dimensions] if isinstance(dimensions, int) else dimensions
    require(
        allowed is None or array.ndim in allowed,
        f"{name} must be an array of {' or '.join(map(str, allowed or ()))} dimensions; got {list(array.shape)}.",
    )
    require(array.size >= least, f"{name} must hold {least} or more numbers; got {array.size}.")
    require(bool(np.isfinite(array).all()), f"{name} must be finite; some of the numbers are NaN or infinite.")
    return array


def tensor(name: str, values: Tensor, dimensions: int | Sequence[int] | None = None, least: int = 1) -> Tensor:
    """The values; ValueError unless they are a tensor of finite floats with so many dimensions and ``least`` rows or more."""
    require(
        isinstance(values, Tensor) and values.is_floating_point(),
        f"{name} must be a tensor of floats; got {shown(values)}{f' of {values.dtype}' if isinstance(values, Tensor) else ''}.",
    )
    allowed = [dimensions] if isinstance(dimensions, int) else dimensions
    require(
        values.dim() > 0 and (allowed is None or values.dim() in allowed),
        f"{name} must have {' or '.join(map(str, allowed or ('one or more',)))} dimensions; got {list(values.shape)}.",
    )
    require(
        len(values) >= least and values.numel() > 0,
        f"{name} must have {least} or more rows of numbers; got {list(values.shape)}.",
    )
    require_device(name, values)
    require(finite(values), f"{name} must be finite; some of the numbers are NaN or infinite.")
    return values


def require_device(name: str, values: Tensor) -> None:
    """ValueError unless the tensor is on a device that the package computes on."""
    kind = values.device.type
    require(
        kind in DEVICES, f"{name} is on {kind!r}, where not all is computed that is needed; move it to 'cpu' or 'cuda'."
    )


def require_rows(dimensions: int | None = None, **pair: Tensor) -> None:
    """ValueError unless both are tensors [..., n, …] of one dtype with the same leading dimensions."""
    (one, a), (other, b) = pair.items()
    for name, values in pair.items():
        tensor(name, values, dimensions)
        require(
            values.dim() >= 2, f"{name} must have two dimensions or more, rows and columns; got {list(values.shape)}."
        )
    require(
        a.shape[:-1] == b.shape[:-1] and a.dtype == b.dtype,
        f"{one} and {other} must have the same rows and dtype; got {list(a.shape)} of {a.dtype} and {list(b.shape)} of {b.dtype}.",
    )


def require_inputs(name: str, x: Tensor) -> None:
    """ValueError unless this is a tensor [n, ...] of finite numbers: floats, or token ids, which are whole numbers."""
    require(
        isinstance(x, Tensor) and x.dim() > 0 and not x.is_complex(),
        f"{name} must be a tensor [n, ...]; got {shown(x)}.",
    )
    tensor(name, x if x.is_floating_point() else x.float())


def require_network(module: nn.Module) -> None:
    """ValueError unless this is a module with weights."""
    require(isinstance(module, nn.Module), f"A network must be an nn.Module; got {shown(module)}.")
    require(bool(list(module.parameters())), f"A network has weights; {shown(module)} has none.")
    require_device("The network", next(module.parameters()))


@contextmanager
def evaluation(module: nn.Module) -> Iterator[None]:
    """The module in evaluation mode (batch norm uses its running statistics), and each of its parts back in its own mode after."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


@torch.no_grad()
def outputs_on(module: nn.Module, x: Tensor, name: str = "x") -> int:
    """How many outputs the module has; ValueError unless it is a network that takes examples like those of x [n, ...]."""
    require(isinstance(module, nn.Module), f"A network must be an nn.Module; got {shown(module)}.")
    try:
        with evaluation(module):
            outputs = module(x[:1])
    except (RuntimeError, ValueError, TypeError, IndexError):  # whatever a user's network raises
        raise ValueError(
            f"The network does not take {name} of shape {list(x.shape)} and {x.dtype} on {x.device}; give it examples like "
            "those that it was trained on."
        ) from None
    require(
        isinstance(outputs, Tensor) and outputs.dim() == 2,
        f"The network must map examples [n, ...] to outputs [n, K]; got {shown(outputs)} for one example.",
    )
    return outputs.shape[1]


def require_examples(module: nn.Module, x: Tensor, y: Tensor, loss: str = "cross_entropy") -> None:
    """ValueError unless these are a network, examples that it takes, and labels or targets for the loss, one for each."""
    require(
        isinstance(loss, str) and loss in ("cross_entropy", "squared"),
        f"loss must be one of cross_entropy, squared; got {shown(loss)}.",
    )
    require_network(module)
    require_inputs("x", x)
    count = outputs_on(module, x)
    require(isinstance(y, Tensor), f"y must be a tensor; got {shown(y)}.")
    labels = y.dtype == torch.int64 and y.dim() == 1
    targets = loss == "squared" and y.is_floating_point() and tuple(y.shape[1:]) == (count,)
    require(
        labels or targets,
        f"y must be class labels [n] of int64{f' or targets [n, {count}] of floats' if loss == 'squared' else ''}; "
        f"got {shown(y)} of {y.dtype}.",
    )
    require(len(x) == len(y), f"x holds {len(x):,} examples and y {len(y):,} labels; give one label for each example.")
    require(
        targets or (int(y.min()) >= 0 and int(y.max()) < count),
        f"Labels lie between 0 and {count - 1} for a network of {count} outputs; got {y.min()} to {y.max()}.",
    )
    require(not targets or finite(y), "y must be finite; some of the targets are NaN or infinite.")
