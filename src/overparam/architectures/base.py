"""What every architecture says of itself, so that nobody who trains or prunes it has to ask which one it is."""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from overparam.errors import require

Number: TypeAlias = float | np.ndarray  # one, or an array with one for each of several networks


class Sizes(NamedTuple):
    """Numbers that decide the time and the memory of training."""

    weights: Number  # all trained numbers
    layers: Number
    units: Number  # outputs of all layers, at all positions
    flops: Number  # of one example on its way forward
    columns: Number  # inputs of all layers, window by window, each with its one for the bias; 0: unknown
    window_pairs: Number  # of the layer that has most; 0: unknown


class Architecture:
    """A description of networks: a frozen dataclass. What is not said here is true of most."""

    stacks: ClassVar[bool] = False  # many train as one program, by `engine.stack`; else one by one, by `engine.single`
    shifted_axes: ClassVar[int] = 0  # how many axes its examples may be moved along: 1 in signals, 2 in images
    user_defined: ClassVar[bool] = False  # its code may draw random numbers in training, and may not be differentiable
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    width: int

    def build(self, shape: tuple[int, ...], outputs: int, generator: torch.Generator) -> nn.Module:
        """The network on the CPU, initialised from ``generator``; it maps ``examples(x)`` to [batch, outputs]."""
        raise NotImplementedError

    def parameters(self, shape: tuple[int, ...], outputs: int) -> int:
        """Number of trained numbers, for examples of this shape."""
        raise NotImplementedError

    def layer_count(self, shape: tuple[int, ...], outputs: int) -> int:
        """Number of its linear maps and convolutions."""
        raise NotImplementedError

    def normalises(self, shape: tuple[int, ...], outputs: int) -> bool:
        """Whether it has batch norm."""
        raise NotImplementedError

    def sizes(self, shape: tuple[int, ...], outputs: int) -> Sizes:
        """What decides the time and the memory of training it."""
        raise NotImplementedError

    def examples(self, x: Tensor) -> Tensor:
        """What the network takes, from raw data [n, …]; ValueError where it cannot take them."""
        return x

    def columns(self) -> dict[str, object]:
        """What it is made of, by name, for a table of runs."""
        return {f.name: named(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def described(cls, given: dict[str, Any]) -> tuple[Callable[..., "Architecture"], dict[str, object]]:
        """What makes one from values of its arguments, and what is given for these: a value, or a list of them for a grid."""
        names = [field.name for field in fields(cls)]
        require(
            set(given) <= set(names),
            f"{cls.__name__} is described by {', '.join(names)}; got {', '.join(map(str, given))}.",
        )
        missing = [
            f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING and f.name not in given
        ]
        require(not missing, f"The description of {cls.__name__} lacks {' and '.join(missing)}.")
        return cls, given

    @classmethod
    def replaced(cls) -> list[str]:
        """The methods that a subclass has replaced and that training does not follow."""
        return []


def named(value: object) -> object:
    """A value for a table: classes and functions by their names."""
    if isinstance(value, tuple):
        return tuple(map(named, value))
    if isinstance(value, np.generic):
        return value.item()
    return f"{getattr(value, '__module__', '')}.{value.__qualname__}" if hasattr(value, "__qualname__") else value
