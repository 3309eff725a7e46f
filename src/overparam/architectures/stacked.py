"""Architectures as functions of their width.

An architecture is a small frozen description. ``build`` turns it into a plain ``nn.Module``; the stacked engine
reads the same description, and both draw the same initial weights from the same generator.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from overparam.architectures.base import Architecture, Sizes
from overparam.arithmetic import full_precision
from overparam.errors import positive, truth, whole


@dataclass(frozen=True)
class Layer:
    """One affine map of a network: from windows of ``kernel`` positions, ``stride`` apart, in all input channels.

    A fully connected layer is the case of one position, or of one window over all of them.
    """

    inputs: int  # channels
    outputs: int  # channels
    length: int = 1  # positions of the input
    kernel: int = 1
    stride: int = 1

    @property
    def positions(self) -> int:
        """Number of windows, which is the number of positions of the output."""
        return (self.length - self.kernel) // self.stride + 1

    @property
    def fan_in(self) -> int:
        """Number of weights that one output unit has, apart from its bias."""
        return self.inputs * self.kernel

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return self.outputs * (self.fan_in + 1)


class Layered(Architecture):
    """What networks of affine layers with ReLU between them share; a subclass says which layers (``layers``).

    With ``batch_norm`` the outputs of every layer but the last are normalised over the batch before the ReLU (Ioffe &
    Szegedy 2015).
    """

    stacks = True
    shifted_axes = 1
    batch_norm: bool

    def layers(self, shape: tuple[int, ...], outputs: int) -> list[Layer]:
        """The layers from the input to the output, for examples of this shape."""
        raise NotImplementedError

    @full_precision()
    def initial(self, shape: tuple[int, ...], outputs: int, generator: torch.Generator) -> list[tuple[Tensor, ...]]:
        """Initial (weight [out, fan-in], bias [out]) per layer, uniform on ±1/√fan-in as PyTorch's layers draw them.

        Where a layer is normalised, the scale (1) and the offset (0) of its outputs [out] follow.
        """
        layers = self.layers(shape, outputs)
        drawn = [
            tuple(
                (2 * torch.rand(size, generator=generator) - 1) / math.sqrt(layer.fan_in)
                for size in ((layer.outputs, layer.fan_in), (layer.outputs,))
            )
            for layer in layers
        ]
        if not self.batch_norm:
            return drawn
        scales = [(torch.ones(layer.outputs), torch.zeros(layer.outputs)) for layer in layers[:-1]]
        return [a + b for a, b in itertools.zip_longest(drawn, scales, fillvalue=())]

    def parameters(self, shape: tuple[int, ...], outputs: int) -> int:
        """Number of weights and biases, and of scales and offsets where there is batch norm."""
        layers = self.layers(shape, outputs)
        scales = 2 * sum(layer.outputs for layer in layers[:-1]) if self.batch_norm else 0
        return sum(layer.parameters for layer in layers) + scales

    def layer_count(self, shape: tuple[int, ...], outputs: int) -> int:
        """Number of affine maps."""
        return len(self.layers(shape, outputs))

    def normalises(self, shape: tuple[int, ...], outputs: int) -> bool:
        """See ``Architecture.normalises``."""
        return self.batch_norm

    def sizes(self, shape: tuple[int, ...], outputs: int) -> Sizes:
        """See ``Architecture.sizes``."""
        layers = self.layers(shape, outputs)
        return Sizes(
            weights=self.parameters(shape, outputs),
            layers=len(layers),
            units=sum(layer.outputs * layer.positions for layer in layers),
            flops=sum(2 * layer.parameters * layer.positions for layer in layers),
            columns=sum((layer.fan_in + 1) * layer.positions for layer in layers),
            window_pairs=max(layer.positions for layer in layers) ** 2,
        )

    @classmethod
    def replaced(cls) -> list[str]:
        """The methods that a subclass has replaced and that stacks, which read its layers, do not follow."""
        return [name for name in ("build", "initial") if getattr(cls, name) is not getattr(Layered, name)]

    @full_precision()
    def build(self, shape: tuple[int, ...], outputs: int, generator: torch.Generator) -> nn.Sequential:
        """The network as a plain module that maps examples [batch, *shape] to outputs [batch, outputs]."""
        layers = self.layers(shape, outputs)
        modules: list[nn.Module] = [nn.Flatten(), nn.Unflatten(1, (layers[0].inputs, layers[0].length))]
        for layer, (weight, bias, *scale) in zip(layers, self.initial(shape, outputs, generator), strict=True):
            module: nn.Conv1d | nn.Linear
            if layer.positions > 1:
                module = nn.Conv1d(layer.inputs, layer.outputs, layer.kernel, layer.stride)
            else:
                modules.append(nn.Flatten())
                module = nn.Linear(layer.fan_in, layer.outputs)
            module.weight.data, module.get_parameter("bias").data = weight.view_as(module.weight), bias
            modules += [module, *[nn.BatchNorm1d(layer.outputs) for _ in scale[:1]], nn.ReLU()]
        return nn.Sequential(*modules[:-1])


@dataclass(frozen=True)
class MLP(Layered):
    """Fully connected ReLU network with ``depth`` hidden layers of ``width`` units each; of depth 0 it is linear."""

    width: int
    depth: int = 1
    batch_norm: bool = False

    def __post_init__(self) -> None:
        positive(self, "width")
        object.__setattr__(self, "depth", whole("depth", self.depth, 0))
        object.__setattr__(self, "batch_norm", truth("batch_norm", self.batch_norm))

    def layers(self, shape: tuple[int, ...], outputs: int) -> list[Layer]:
        """See ``Layered.layers``; an example of any shape is flattened."""
        sizes = [math.prod(shape), *[self.width] * self.depth, outputs]
        return [Layer(a, b) for a, b in itertools.pairwise(sizes)]


@dataclass(frozen=True)
class LeNet(Layered):
    """Fully connected ReLU network with two hidden layers, of 3 × ``width`` and of ``width`` units.

    LeNet-300-100 (LeCun et al. 1998), on which lottery tickets were found, is that of width 100.
    """

    width: int
    batch_norm: bool = False

    def __post_init__(self) -> None:
        positive(self, "width")
        object.__setattr__(self, "batch_norm", truth("batch_norm", self.batch_norm))

    def layers(self, shape: tuple[int, ...], outputs: int) -> list[Layer]:
        """See ``Layered.layers``; an example of any shape is flattened."""
        sizes = [math.prod(shape), 3 * self.width, self.width, outputs]
        return [Layer(a, b) for a, b in itertools.pairwise(sizes)]


@dataclass(frozen=True)
class CNN1D(Layered):
    """``depth`` one-dimensional convolutions of ``width`` channels, without padding, then a fully connected layer."""

    width: int
    depth: int = 3
    kernel: int = 5
    stride: int = 2
    batch_norm: bool = False

    def __post_init__(self) -> None:
        positive(self, "width", "depth", "kernel", "stride")
        object.__setattr__(self, "batch_norm", truth("batch_norm", self.batch_norm))

    def layers(self, shape: tuple[int, ...], outputs: int) -> list[Layer]:
        """See ``Layered.layers``; shape is (positions,) or (channels, positions)."""
        channels, length = shape if len(shape) == 2 else (1, math.prod(shape))
        layers = []
        for number in range(1, self.depth + 1):
            if length < self.kernel:
                raise ValueError(
                    f"Convolution {number} of a cnn1d has a kernel of {self.kernel} but an input of {length} positions;"
                    " choose a smaller depth, kernel or stride."
                )
            layers.append(Layer(channels, self.width, length, self.kernel, self.stride))
            channels, length = self.width, layers[-1].positions
        return [*layers, Layer(channels, outputs, length, kernel=length)]


def mlp(
    width: int | Sequence[int], depth: int | Sequence[int] = 1, batch_norm: bool | Sequence[bool] = False
) -> dict[str, object]:
    """What ``sweep`` takes to train one MLP, or a grid of them where a value is a list."""
    return {"architecture": MLP, "width": width, "depth": depth, "batch_norm": batch_norm}


def lenet(width: int | Sequence[int] = 100, batch_norm: bool | Sequence[bool] = False) -> dict[str, object]:
    """What ``sweep`` takes to train LeNet-300-100, or a grid of its narrower and wider kin where ``width`` is a list."""
    return {"architecture": LeNet, "width": width, "batch_norm": batch_norm}


def cnn1d(
    width: int | Sequence[int],
    depth: int | Sequence[int] = 3,
    kernel: int | Sequence[int] = 5,
    stride: int | Sequence[int] = 2,
    batch_norm: bool | Sequence[bool] = False,
) -> dict[str, object]:
    """What ``sweep`` takes to train one 1-D convolutional network, or a grid of them where a value is a list."""
    sizes = {"width": width, "depth": depth, "kernel": kernel, "stride": stride}
    return {"architecture": CNN1D, **sizes, "batch_norm": batch_norm}
