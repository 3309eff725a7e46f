"""Convolutional networks and transformers, described as ``stacked.MLP`` describes fully connected ones.

They do not gain from stacking, so each is built as a plain ``nn.Module`` and trained by itself. A description is a small
frozen dataclass; ``build`` draws every initial weight from the generator that it is given, with the distributions that
PyTorch's own constructors use, and leaves the global random state alone. ``shape`` is always that of one raw example of
a data set, such as (3, 32, 32); ``examples`` turns raw data into what the module takes.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from overparam.architectures.base import Architecture, Sizes, named
from overparam.arithmetic import full_precision
from overparam.errors import in_short, positive, require, shown
from overparam.randomness import drawing


class Alone(Architecture):
    """What architectures that train one by one share; each adds ``module``, which lays out the layers."""

    def module(self, shape: tuple[int, ...], outputs: int) -> nn.Module:
        """The layers, with weights as PyTorch's constructors leave them."""
        raise NotImplementedError

    def outline(self, shape: tuple[int, ...], outputs: int) -> nn.Module:
        """The layers as shapes without storage: nothing is drawn from the global generator."""
        with torch.device("meta"):
            return self.module(shape, outputs)

    @full_precision()
    def build(self, shape: tuple[int, ...], outputs: int, generator: torch.Generator) -> nn.Module:
        """See ``Architecture.build``."""
        return draw(self.outline(shape, outputs).to_empty(device="cpu"), generator)

    def parameters(self, shape: tuple[int, ...], outputs: int) -> int:
        """See ``Architecture.parameters``."""
        return sum(p.numel() for p in self.outline(shape, outputs).parameters())

    def layer_count(self, shape: tuple[int, ...], outputs: int) -> int:
        """Number of its ``affine_layers``."""
        return len(affine_layers(self.outline(shape, outputs)))

    def normalises(self, shape: tuple[int, ...], outputs: int) -> bool:
        """See ``Architecture.normalises``."""
        return any(map(is_batch_norm, self.outline(shape, outputs).modules()))

    def sizes(self, shape: tuple[int, ...], outputs: int) -> Sizes:
        """See ``Architecture.sizes``: roughly, as of 20 layers of the input's pixels."""
        # A convolution uses its weights at every pixel: early ones at all, late ones, which have most weights, at few.
        weights, pixels = self.parameters(shape, outputs), math.prod(shape[-2:])
        width = self.width or math.isqrt(weights)
        return Sizes(weights, 20, 20 * pixels * width, 2 * weights * max(1, pixels / 16), 0, 0)


class OnImages(Alone):
    """An architecture that takes images."""

    def examples(self, x: Tensor) -> Tensor:
        """Images [n, channels, height, width] from raw data [n, ...]; see ``image_shape``."""
        return x.reshape(len(x), *image_shape(tuple(x.shape[1:])))


@dataclass(frozen=True)
class CNN(OnImages):
    """The 5-layer CNN of Nakkiran et al. (2020, "Deep double descent", appendix B.1), of width k.

    Four 3×3 convolutions with k, 2k, 4k, 8k channels, each followed by batch norm, ReLU and a max-pool of 1, 2, 2, 8
    pixels, then a linear layer. The last pool covers all of the 8×8 pixels that are left of a 32×32 image; here it
    covers all that are left of an image of any size from 4×4 up (7×7 for MNIST, 2×2 for the 8×8 digits).
    """

    shifted_axes = 2
    width: int

    def __post_init__(self) -> None:
        positive(self, "width")

    def module(self, shape: tuple[int, ...], outputs: int) -> nn.Module:
        """The layers, with weights as PyTorch's constructors leave them."""
        channels, *size = image_shape(shape)
        if min(size) < 4:
            raise ValueError(f"CNN needs images of at least 4×4 pixels; got {size[0]}×{size[1]}.")
        layers: list[nn.Module] = []
        pools: list[int | tuple[int, ...]] = [1, 2, 2, tuple(side // 4 for side in size)]
        for doubling, pool in enumerate(pools):
            wide = self.width * 2**doubling
            layers += [nn.Conv2d(channels, wide, 3, padding=1), nn.BatchNorm2d(wide), nn.ReLU()]
            layers += [nn.MaxPool2d(pool)] if pool != 1 else []
            channels = wide
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, outputs))


@dataclass(frozen=True)
class Conv(OnImages):
    """Conv-2, Conv-4 and Conv-6 of Frankle & Carbin (2019, figure 2): ``depth`` 3×3 convolutions, then three linear layers.

    Pairs of convolutions of k, 2k, 4k channels (k is the width, 64 in the paper), each pair followed by a 2×2 max-pool, then
    layers of 4k, 4k and of as many units as there are outputs. No batch norm; initial weights as PyTorch draws them, not Glorot's.
    """

    width: int
    depth: int = 2

    def __post_init__(self) -> None:
        positive(self, "width", "depth")
        if self.depth % 2:
            raise ValueError(f"depth of Conv counts its convolutions, which come in pairs; got {self.depth}.")

    def module(self, shape: tuple[int, ...], outputs: int) -> nn.Module:
        """The layers, with weights as PyTorch's constructors leave them."""
        channels, *size = image_shape(shape)
        pairs = self.depth // 2
        if min(size) < 2**pairs:
            raise ValueError(
                f"Conv-{self.depth} needs images of at least {2**pairs} pixels a side; got {size[0]}×{size[1]}."
            )
        layers: list[nn.Module] = []
        for pair in range(pairs):
            wide = self.width * 2**pair
            layers += [
                nn.Conv2d(channels, wide, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(wide, wide, 3, padding=1),
                nn.ReLU(),
            ]
            layers.append(nn.MaxPool2d(2))
            channels, size = wide, [side // 2 for side in size]
        hidden = 4 * self.width
        layers += [nn.Flatten(), nn.Linear(channels * size[0] * size[1], hidden), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


@dataclass(frozen=True)
class ResNet18(OnImages):
    """The pre-activation ResNet-18 of Nakkiran et al. (2020, appendix B.1), of width k; k = 64 is the standard one.

    A 3×3 convolution, four stages of two residual blocks with k, 2k, 4k, 8k channels and strides 1, 2, 2, 2, the mean
    over all pixels, a linear layer. As in the code of that paper there is no batch norm and ReLU after the last block,
    which He et al. (2016, "Identity mappings in deep residual networks") have.
    """

    shifted_axes = 2
    width: int

    def __post_init__(self) -> None:
        positive(self, "width")

    def module(self, shape: tuple[int, ...], outputs: int) -> nn.Module:
        """The layers, with weights as PyTorch's constructors leave them."""
        k = self.width
        layers: list[nn.Module] = [nn.Conv2d(image_shape(shape)[0], k, 3, padding=1, bias=False)]
        for before, after, stride in ((k, k, 1), (k, 2 * k, 2), (2 * k, 4 * k, 2), (4 * k, 8 * k, 2)):
            layers += [_Residual(before, after, stride), _Residual(after, after, 1)]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * k, outputs))


class _Residual(nn.Module):
    """x plus two rounds of batch norm, ReLU and 3×3 convolution; a 1×1 convolution of x where the shape changes."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(before, after, 1, stride, bias=False) if before != after else None

    def forward(self, x: Tensor) -> Tensor:
        activated = self.norm1(x).relu()
        change = self.conv2(self.norm2(self.conv1(activated)).relu())
        return change + (x if self.shortcut is None else self.shortcut(activated))


@dataclass(frozen=True)
class Transformer(Alone):
    """A small causal transformer that reads a sequence of ``tokens`` different tokens and answers at its last position.

    The network of Power et al. (2022, "Grokking", appendix A.1.2: depth 2, width 128, 4 heads): per block causal
    self-attention and a ReLU layer of 4 × width units, each added to its input and followed by layer norm; no biases.
    Two things differ: positions are learned, where their code adds fixed sinusoids, and there is no dropout.
    """

    width: int
    depth: int = 2
    heads: int = 4
    tokens: int = field(kw_only=True)  # size of the vocabulary: token ids run from 0 to tokens - 1

    def __post_init__(self) -> None:
        positive(self, "width", "depth", "heads", "tokens")
        if self.width % self.heads:
            raise ValueError(f"width must be a multiple of heads; got width {self.width} and {self.heads} heads.")

    def examples(self, x: Tensor) -> Tensor:
        """Token ids [n, length] as whole numbers (int64), from raw data that may hold them as floats."""
        if x.dim() != 2:
            raise ValueError(f"Transformer needs sequences [n, length] of token ids; got {list(x.shape)}.")
        ids = x.long()
        if not (ids == x).all() or ids.min() < 0 or ids.max() >= self.tokens:
            raise ValueError(
                f"token ids must be whole numbers from 0 to {self.tokens - 1}; got {x.min()} to {x.max()}."
            )
        return ids

    def module(self, shape: tuple[int, ...], outputs: int) -> nn.Module:
        """The layers, with weights as PyTorch's constructors leave them."""
        if len(shape) != 1:
            raise ValueError(f"Transformer needs sequences of shape (length,); got {shape}.")
        return _SequenceClassifier(self, shape[0], outputs)


class _SequenceClassifier(nn.Module):
    """Token ids [batch, length] to logits [batch, outputs]."""

    def __init__(self, description: Transformer, length: int, outputs: int) -> None:
        super().__init__()
        width = description.width
        self.tokens = nn.Embedding(description.tokens, width)
        self.positions = nn.Embedding(length, width)
        self.blocks = nn.Sequential(*[_Block(width, description.heads) for _ in range(description.depth)])
        self.head = nn.Linear(width, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.tokens(x.long()) + self.positions.weight
        return self.head(self.blocks(x)[:, -1])


class _Block(nn.Module):
    """Causal self-attention, then a layer of ReLUs: [batch, length, width] to the same shape."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width, bias=False)  # to queries, keys and values of all heads
        self.merge = nn.Linear(width, width, bias=False)
        self.norm1 = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 4 * width, bias=False)
        self.contract = nn.Linear(4 * width, width, bias=False)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.merge(self._attend(x)))
        return self.norm2(x + self.contract(self.expand(x).relu()))

    def _attend(self, x: Tensor) -> Tensor:
        # Written out: PyTorch's fused attention has no second derivative, which measures of sharpness need.
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.project(x).chunk(3, -1))
        scores = q @ k.mT / math.sqrt(q.shape[-1])  # [batch, head, length, length]
        future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        return (scores.masked_fill(future, -torch.inf).softmax(-1) @ v).transpose(1, 2).flatten(2)


@dataclass(frozen=True)
class Custom(Alone):
    """A network of your own: ``make(**arguments)``, a subclass of ``nn.Module`` or a function that returns a module.

    It maps raw examples [batch, *shape] to outputs [batch, outputs], and is trained by itself. All that its constructor
    draws from torch's random numbers follows from the seed, and so does what it draws while it trains.
    """

    user_defined = True
    make: Callable[..., nn.Module]
    arguments: tuple[tuple[str, object], ...] = ()
    kinds: str = field(init=False, repr=False)  # True and 1 are equal, and may be two networks

    def __post_init__(self) -> None:
        pairs = isinstance(self.arguments, tuple) and all(isinstance(a, tuple) and len(a) == 2 for a in self.arguments)
        if not pairs:
            raise ValueError(f"arguments of Custom are pairs of a name and a value; got {self.arguments!r}.")
        object.__setattr__(self, "kinds", _kinds(self.arguments))
        if not callable(self.make) or not hasattr(self.make, "__qualname__"):
            raise ValueError(
                f"custom takes a subclass of nn.Module, or a function that returns a module; got {shown(self.make)}. "
                "Give the class, and its arguments by name, as in custom(MyNetwork, width=8)."
            )
        for name, value in self.arguments:
            if not _plain(value):
                raise ValueError(
                    f"arguments of custom are numbers, texts, classes, functions and tuples of these; got {name}={value!r}."
                )

    def __str__(self) -> str:
        return f"{self.make.__qualname__}({', '.join(f'{name}={value}' for name, value in self.arguments)})"

    @property
    def width(self) -> int:  # type: ignore[override]  # others have a field, which is as frozen
        """Its argument of that name; 0 where it has none."""
        width = dict(self.arguments).get("width", 0)
        return width if isinstance(width, int) else 0

    def columns(self) -> dict[str, object]:
        """Its arguments, and where it is defined, for a table of runs."""
        names = {name: named(value) for name, value in self.arguments}
        return {"make": named(self.make), **names}

    @classmethod
    def described(cls, given: dict[str, Any]) -> tuple[Callable[..., "Custom"], dict[str, object]]:
        """See ``Architecture.described``; all but ``make`` are arguments of that."""
        require("make" in given, "The description of Custom lacks make; take overparam.custom.")
        arguments = {name: value for name, value in given.items() if name != "make"}
        return lambda **own: cls(given["make"], tuple(own.items())), arguments

    def outline(self, shape: tuple[int, ...], outputs: int) -> nn.Module:
        """A network as its constructor leaves it; torch's global random state stays as it was."""
        return self.build(shape, outputs, torch.Generator().manual_seed(0))

    @full_precision()
    def build(self, shape: tuple[int, ...], outputs: int, generator: torch.Generator) -> nn.Module:
        """The network on the CPU, with what its constructor draws seeded from ``generator``."""
        seed = int(torch.randint(2**32, (), generator=generator))
        with drawing(seed), torch.enable_grad():
            try:
                module = self.make(**dict(self.arguments))
            except Exception as error:
                raise ValueError(f"{self} cannot be made: {in_short(error)}") from error
        if not isinstance(module, nn.Module):
            raise ValueError(f"{self} must be an nn.Module; got {type(module).__name__}.")
        lazy = any(isinstance(p, nn.parameter.UninitializedParameter) for p in module.parameters())
        require(not lazy, f"{self} has lazy layers, whose weights follow from the first batch; give their sizes.")
        require(any(p.requires_grad for p in module.parameters()), f"{self} has no weights to train.")
        changed = False
        try:
            with drawing(seed), torch.no_grad():
                for mode in (True, False):  # in training it may give something else
                    examples = torch.zeros(2, *shape)
                    before = examples._version
                    given = tuple(copy.deepcopy(module).train(mode)(examples).shape)
                    changed = changed or examples._version > before
        except Exception as error:
            raise ValueError(
                f"{self} does not take examples [2, {', '.join(map(str, shape))}]: {in_short(error)}"
            ) from error
        if given != (2, outputs):
            raise ValueError(f"{self} must map two examples to outputs [2, {outputs}]; it gives {list(given)}.")
        require(
            not changed,
            f"{self} changes the examples that it is given, which are yours; let forward begin with x = x.clone().",
        )
        return module


def _plain(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return value is None or isinstance(value, bool | int | float | str) or hasattr(value, "__qualname__")


def _kinds(value: object) -> str:
    return f"({' '.join(map(_kinds, value))})" if isinstance(value, tuple) else type(value).__name__


def custom(make: Callable[..., nn.Module], /, **arguments: object) -> dict[str, object]:
    """What ``sweep`` takes to train a network of your own, or a grid of them where an argument is a list."""
    for name in ("architecture", "make"):
        require(name not in arguments, f"{name} is the name of a column; rename this argument of your network.")
    return {"architecture": Custom, "make": make, **arguments}


def cnn(width: int | Sequence[int]) -> dict[str, object]:
    """What ``sweep`` takes to train one 5-layer CNN, or a grid of them where ``width`` is a list."""
    return {"architecture": CNN, "width": width}


def conv(width: int | Sequence[int] = 64, depth: int | Sequence[int] = 2) -> dict[str, object]:
    """What ``sweep`` takes to train one Conv-2 (4, 6: ``depth``), or a grid of them where a value is a list."""
    return {"architecture": Conv, "width": width, "depth": depth}


def resnet18(width: int | Sequence[int]) -> dict[str, object]:
    """What ``sweep`` takes to train one ResNet-18, or a grid of them where ``width`` is a list."""
    return {"architecture": ResNet18, "width": width}


def transformer(
    width: int | Sequence[int],
    depth: int | Sequence[int] = 2,
    heads: int | Sequence[int] = 4,
    *,
    tokens: int | Sequence[int],
) -> dict[str, object]:
    """What ``sweep`` takes to train one transformer, or a grid of them where a value is a list."""
    return {"architecture": Transformer, "width": width, "depth": depth, "heads": heads, "tokens": tokens}


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(channels, height, width) of one example: given so, or as (height, width) or (pixels,) of one channel.

    A flat example is read row by row as a square image, so its number of pixels must be a square.
    """
    if len(shape) == 1 and math.isqrt(shape[0]) ** 2 == shape[0]:
        shape = (math.isqrt(shape[0]),) * 2
    if len(shape) not in (2, 3):
        raise ValueError(
            "A convolutional network needs examples of shape (channels, height, width), (height, width) or "
            f"(a square number of pixels,); got {tuple(shape)}."
        )
    channels, height, width = (1,) * (3 - len(shape)) + tuple(shape)
    require(
        not (len(shape) == 3 and width in (1, 3, 4) and channels > 4 and height > width),
        f"Examples of shape {tuple(shape)} look like images with their channels last; a convolutional network needs "
        "(channels, height, width): give np.moveaxis(x, -1, 1).",
    )
    return channels, height, width


def affine_layers(module: nn.Module) -> list[list[nn.Parameter]]:
    """The parameters of each linear map and convolution in order; those of a batch norm go with what comes before it."""
    found: list[list[nn.Parameter]] = []
    for part in module.modules():
        own = list(part.parameters(recurse=False))
        if isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d) or (own and not found):
            found.append(own)
        elif own:
            found[-1] += own
    return found


def is_batch_norm(module: nn.Module) -> bool:
    """Whether this is a layer of batch norm, of any dimension."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


@torch.no_grad()
def draw(module: nn.Module, generator: torch.Generator) -> nn.Module:
    """Initialise all layers in place, as PyTorch's constructors do, but from ``generator``; returns the module.

    Linear and convolution: weights and biases uniform on ±1/√fan-in. Embedding: N(0, 1), which is also what the code of
    Power et al. (2022) takes. Batch norm and layer norm: weight 1, bias 0, running mean 0 and variance 1.
    """
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            for p in layer.parameters():
                p.uniform_(-bound, bound, generator=generator)
        elif isinstance(layer, nn.Embedding):
            layer.weight.normal_(generator=generator)
        elif isinstance(layer, (nn.BatchNorm2d, nn.LayerNorm)):
            layer.reset_parameters()
        elif layer._parameters or layer._buffers:
            raise TypeError(f"draw does not know how {type(layer).__name__} is initialised.")
    return module
