"""Small networks on all 4,096 patterns of twelve bits, many trained at once, and what their layers tell in the course of training.

The task and the layers are those of Shwartz-Ziv & Tishby (2017, arXiv 1703.00810), as nearly as their description goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.special import expit
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import real, require, shown, whole
from overparam.measures import information
from overparam.randomness import generator, rng

BITS, LAYERS = 12, (10, 7, 5, 4, 3)
KINDS = {"tanh": 0.5, "relu": 1.0, "linear": 1.0, "binary": 1.0}  # spread of the initial weights, times √inputs
SCHEMES = ("fixed", "moving", "quantile", "noise", "exact")


def patterns() -> np.ndarray:
    """All patterns [4096, 12] of twelve bits, as −1 and 1."""
    return 2.0 * ((np.arange(2**BITS)[:, None] >> np.arange(BITS)) & 1) - 1


def labels(seed: int, gain: float = 30.0) -> np.ndarray:
    """A class [4096], 0 or 1, for each pattern, by a rule that no rotation changes; a rule of its own for each seed.

    Twelve random points lie on a sphere, and the bits that are on pull the centre their way: the class is 1 with probability
    1/(1 + exp(−gain · (r/m − 1))), r the length of the sum of their points and m its median over the patterns. So labels are
    nearly a function of the pattern, and both classes about equally frequent.
    """
    gain = real("gain", gain)
    draw = rng(seed, 12)
    points = draw.standard_normal((BITS, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    length = np.linalg.norm((patterns() + 1) / 2 @ points, axis=1)
    chance = expit(gain * (length / np.median(length) - 1))
    return (draw.random(2**BITS) < chance).astype(np.int64)


class Stacked:
    """Networks [seeds] of one kind side by side, by default 12-10-7-5-4-3-2; their outputs are logits [seeds, 2, examples].

    "tanh", "relu" and "linear" name the activation. In "binary" networks weights and hidden units are signs: each unit is the sign of
    a bias plus a sum of signs over the square root of their number; backwards a sign counts as the identity between −1 and 1, where
    the weights behind the signs are kept (straight-through, Bengio et al. 2013, arXiv 1308.3432). Weights are drawn by seed with
    standard deviation ``spread``/√inputs, by default 1/2 (tanh) or 1; biases begin at 0. A ReLU that would be silent for more
    than half of the patterns begins with the opposite weights: else all three of a layer would be silent in one of ten networks.
    """

    def __init__(
        self, kind: str, seeds: Sequence[int], spread: float | None = None, hidden: Sequence[int] = LAYERS
    ) -> None:
        require(kind in KINDS, f"kind is {shown(kind)}; it is one of {', '.join(KINDS)}.")
        self.kind, widths = kind, (BITS, *hidden, 2)
        spread = KINDS[kind] if spread is None else real("spread", spread)
        draws = [generator(s, f"initial weights, {kind}") for s in seeds]
        self.weights: list[Tensor] = []
        self.biases = [torch.zeros(len(draws), width, 1) for width in widths[1:]]
        x = torch.from_numpy(patterns()).float().T.expand(len(draws), -1, -1)
        for inputs, outputs in pairwise(widths):
            drawn = torch.stack([torch.randn(outputs, inputs, generator=g) for g in draws]) * (spread / inputs**0.5)
            if kind == "relu" and len(self.weights) < len(hidden):
                silent = (drawn @ x <= 0).float().mean(2, keepdim=True)
                drawn *= torch.where(silent > 0.5, -1.0, 1.0)
                x = (drawn @ x).relu()
            self.weights.append(drawn)
        self._velocities = [torch.zeros_like(each) for each in (*self.weights, *self.biases)]

    def layers(self, x: Tensor) -> list[Tensor]:
        """Hidden layers and logits [seeds, units, examples] at x [seeds, 12, examples]."""
        return self._passed(x)[0]

    def _passed(self, x: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """All layers, what entered them, and the weights that were used."""
        found, sums, used = [], [], []
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if (
                self.kind == "binary"
            ):  # sums of signs are whole numbers: scaled afterwards, so that rounding decides no tie
                signs, scale = _signs(weight), weight.shape[-1] ** -0.5
                entered, weight = torch.bmm(signs, x).mul_(scale).add_(bias), signs.mul_(scale)
            else:
                entered = torch.baddbmm(bias, weight, x)
            x = self._activated(entered) if place < len(self.weights) - 1 else entered
            found.append(x)
            sums.append(entered)
            used.append(weight)
        return found, sums, used

    def _activated(self, x: Tensor) -> Tensor:
        if self.kind == "linear":
            return x
        return x.tanh() if self.kind == "tanh" else x.relu() if self.kind == "relu" else _signs(x)

    def _before(self, back: Tensor, units: Tensor, entered: Tensor) -> Tensor:
        """The gradient in what entered a layer, from that in its units."""
        if self.kind == "tanh":
            return back.mul_(1 - units.square())
        if self.kind == "relu":
            return back.mul_(units > 0)
        return back.mul_(entered.abs() <= 1) if self.kind == "binary" else back

    def step(self, x: Tensor, y: Tensor, lr: float, momentum: float) -> None:
        """One step of SGD on the mean cross-entropy of x [seeds, 12, examples] with classes y [seeds, examples], 0 or 1 as floats."""
        found, sums, used = self._passed(x)
        off = (torch.sigmoid(found[-1][:, 1] - found[-1][:, 0]) - y).div_(x.shape[-1])
        back, deep = torch.stack([-off, off], 1), len(self.weights)
        for place in range(deep - 1, -1, -1):
            if place < deep - 1:
                back = self._before(torch.bmm(used[place + 1].mT, back), found[place], sums[place])
            gradient = torch.bmm(back, (found[place - 1] if place else x).mT)
            if self.kind == "binary":
                gradient.mul_(gradient.shape[-1] ** -0.5)
            self._velocities[place].mul_(momentum).add_(gradient)
            self._velocities[deep + place].mul_(momentum).add_(back.sum(2, keepdim=True))
        for value, velocity in zip((*self.weights, *self.biases), self._velocities, strict=True):
            value.sub_(velocity, alpha=lr)
        if self.kind == "binary":  # beyond ±1 the gradient of a sign would be 0 for ever
            for weight in self.weights:
                weight.clamp_(-1, 1)


def _signs(x: Tensor) -> Tensor:
    """1 where x is positive or 0, else −1."""
    return (x >= 0).to(x.dtype).mul_(2).sub_(1)


@dataclass(frozen=True)
class History:
    """What networks [seeds] of one kind went through: layers at recorded epochs, and errors in per cent."""

    kind: str
    seeds: tuple[int, ...]
    epochs: tuple[int, ...]
    hidden: tuple[int, ...]  # units of each hidden layer
    layers: list[list[np.ndarray]]  # [epochs][layers] of [seeds, units, 4096], hidden layers only
    labels: np.ndarray  # [seeds, 4096]
    train_error: np.ndarray  # [epochs, seeds]
    test_error: np.ndarray  # [epochs, seeds]


@full_precision()
def trained(
    kind: str,
    seeds: Sequence[int],
    epochs: int,
    recorded: Sequence[int],
    lr: float = 0.1,
    batch_size: int | None = 256,
    momentum: float = 0.9,
    spread: float | None = None,
    gain: float = 30.0,
    share: float = 0.8,
    hidden: Sequence[int] = LAYERS,
) -> History:
    """Networks of a kind, each on its own labels and its own ``share`` of the patterns, by SGD with momentum on the cross-entropy.

    ``batch_size=None`` takes all training patterns in every step. ``recorded`` names epochs, 0 being the start; the errors are those
    on the training patterns and on the others. Each network is the same as it would be alone, up to rounding.
    """
    epochs, most = whole("epochs", epochs, 1), round(share * 2**BITS)
    moments = sorted({whole("recorded", e, 0, epochs) for e in recorded})
    stack, draws = Stacked(kind, seeds, spread, hidden), [generator(s, "order of twelve bits") for s in seeds]
    given = torch.from_numpy(np.stack([labels(s, gain) for s in seeds]))
    orders = torch.stack([torch.randperm(2**BITS, generator=g) for g in draws])
    old, new = orders[:, :most], orders[:, most:]
    table = torch.from_numpy(patterns()).float().T
    lr, momentum, size, found = real("lr", lr), real("momentum", momentum), batch_size or most, []
    order = old
    for epoch in range(epochs + 1):
        if epoch in moments:
            *inside, logits = stack.layers(table.expand(len(seeds), -1, -1))
            wrong = (logits.argmax(1) != given).float()
            errors = [100 * wrong.gather(1, part).mean(1).numpy() for part in (old, new)]
            found.append(([layer.numpy().copy() for layer in inside], *errors))
        if epoch == epochs:
            break
        if batch_size:
            order = torch.stack([part[torch.randperm(most, generator=g)] for part, g in zip(old, draws, strict=True)])
        if batch_size or not epoch:
            x, y = table[:, order].transpose(0, 1).contiguous(), given.gather(1, order).float()
        for start in range(0, most - size + 1, size):
            stack.step(x[..., start : start + size], y[:, start : start + size], lr, momentum)
    layers, train, test = zip(*found, strict=True)
    return History(
        kind, tuple(seeds), tuple(moments), tuple(hidden), list(layers), given.numpy(), np.stack(train), np.stack(test)
    )


def plane(history: History, scheme: str = "fixed", bins: int = 30, variance: float = 0.1) -> pd.DataFrame:
    """What each hidden layer tells about inputs and labels, in bits: one row for each seed, recorded epoch and layer.

    "fixed" bins are equally wide: from −1 to 1 (tanh), else from the least to the largest value (ReLU: from 0) of the layer in the
    whole history; binary units need none. "moving" ones reach at every epoch from the least to the largest value then. "quantile" bins
    are equally full at every epoch. "exact" takes the values without bins. "noise" is the bound with Gaussian
    noise of this ``variance``, on every sixteenth pattern (8 bits), and says nothing of labels (NaN).
    """
    require(scheme in SCHEMES, f"scheme is {shown(scheme)}; it is one of {', '.join(SCHEMES)}.")
    rows = []
    for place, width in enumerate(history.hidden):
        for who, seed in enumerate(history.seeds):
            course = [layers[place][who].T for layers in history.layers]
            edges = _edges(history.kind, course, bins)
            for epoch, units in zip(history.epochs, course, strict=True):
                if scheme == "noise":
                    found = information.noisy(torch.from_numpy(units[::16].copy()), variance), float("nan")
                else:
                    own = edges if scheme == "fixed" else _edges_then(history.kind, units, bins, scheme)
                    found = information.binned(units, history.labels[who], own)
                rows.append((history.kind, scheme, seed, epoch, width, *found))
    return pd.DataFrame(rows, columns=["kind", "scheme", "seed", "epoch", "layer", "inputs", "labels"])


def _edges_then(kind: str, units: np.ndarray, bins: int, scheme: str) -> np.ndarray | None:
    """Edges that belong to one epoch; None without bins."""
    if scheme == "exact" or kind == "binary":
        return None
    if scheme == "quantile":
        return information.bin_edges(units, bins, "quantile")
    low = 0.0 if kind == "relu" else float(units.min())
    return information.bin_edges(units, bins, "fixed", low, max(float(units.max()), low + 1e-6))


def _edges(kind: str, course: Sequence[np.ndarray], bins: int) -> np.ndarray:
    if kind == "binary":
        return np.zeros(1)
    if kind == "tanh":
        return information.bin_edges(course[0], bins)
    low = 0.0 if kind == "relu" else min(float(units.min()) for units in course)
    high = max(float(units.max()) for units in course)
    return information.bin_edges(
        course[0], bins, "fixed", low, max(high, low + 1e-6)
    )  # a layer may be silent throughout


def followed(
    kind: str,
    seeds: Sequence[int],
    epochs: int,
    recorded: Sequence[int],
    schemes: Sequence[str | int] = ("fixed",),
    **how: Any,
) -> pd.DataFrame:
    """``trained`` and then ``plane`` for each scheme, ten seeds at a time, with the columns ``train_error`` and ``test_error``, in per cent.

    A whole number among the schemes is a number of fixed bins.
    """
    tables = []
    for start in range(0, len(seeds), 10):
        history = trained(kind, seeds[start : start + 10], epochs, recorded, **how)
        found = pd.concat(
            [
                plane(history, scheme) if isinstance(scheme, str) else plane(history, bins=scheme).assign(scheme=scheme)
                for scheme in schemes
            ]
        )
        moment = {epoch: place for place, epoch in enumerate(history.epochs)}
        who = {seed: place for place, seed in enumerate(history.seeds)}
        at = found.epoch.map(moment).to_numpy(), found.seed.map(who).to_numpy()
        tables.append(found.assign(train_error=history.train_error[at], test_error=history.test_error[at]))
    return pd.concat(tables, ignore_index=True)


def turns(table: pd.DataFrame, layers: Sequence[int] = LAYERS[-3:]) -> pd.DataFrame:
    """How the mean information of these layers rises and falls, one row for each seed of a table of one kind and one scheme.

    ``rises``: I(X;T) at its largest less that before training, in bits. ``falls``: at its largest before the last recorded epoch, less
    that at the last; negative where it rises to the end. ``during``: by how much it changes while the first half of the rise of
    I(T;Y), from the start to its largest, is made. ``first``: part of that rise that has been made when I(X;T) is largest, in per
    cent. ``later``: part of the epochs that come after that, in per cent.
    """
    some = table[table.layer.isin(layers)]
    require(len(some) > 0, f"The table has no layers of {', '.join(map(str, layers))} units.")
    rows = {}
    for seed, own in some.groupby("seed", sort=False):
        course = own.groupby("epoch")[["inputs", "labels"]].mean()
        inputs, about = course.inputs.to_numpy(), course.labels.to_numpy()
        top = int(inputs.argmax())
        rise = about.max() - about[0]
        rows[seed] = {
            "rises": inputs[top] - inputs[0],
            "falls": inputs[:-1].max() - inputs[-1],
            "during": inputs[int((about >= about[0] + rise / 2).argmax())] - inputs[0],
            "first": 100 * (about[top] - about[0]) / rise if rise > 0 else float("nan"),
            "later": 100 * (1 - course.index[top] / course.index[-1]),
        }
    return pd.DataFrame(rows).T
