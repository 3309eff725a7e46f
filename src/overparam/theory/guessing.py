"""Guess and check: random networks that happen to fit a few examples, and gradient descent that is stopped at the same loss.

After Chiang et al. (2023). The networks have one hidden layer of ReLU units and no biases, f(x) = v · max(0, W x) for two classes
y = ±1. Their loss is that of the weights at a fixed size, √(2 · width) · f / (‖W‖ ‖v‖), since otherwise larger weights would make it as
small as one likes; at that size the outputs of random networks have about variance 1 on inputs of variance 1.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import require, shown, tensor, whole
from overparam.randomness import generator

_AT_ONCE = 4096  # networks that are drawn together


@dataclass(frozen=True)
class Networks:
    """Networks that fit: weights W [networks, width, d] and v [networks, width], at any size.

    ``tried`` networks were drawn or trained to find them, of which ``fit`` are right on all examples, whatever their loss.
    """

    first: Tensor
    second: Tensor
    tried: int
    fit: int

    def errors(self, x: Tensor, y: Tensor) -> Tensor:
        """Share of the examples x [n, d] with labels y [n] (±1) that each network misclassifies [networks]."""
        return (outputs(self.first, self.second, x) * y <= 0).float().mean(1)


@full_precision()
def outputs(first: Tensor, second: Tensor, x: Tensor) -> Tensor:
    """Outputs [networks, n] on x [n, d] of networks with weights [networks, width, d] and [networks, width], brought to the fixed size."""
    hidden = torch.relu(first.flatten(0, 1) @ x.T).unflatten(0, first.shape[:2])
    return (second[:, None] @ hidden)[:, 0] / _size(first, second)[:, None]


@full_precision()
def guess(
    x: Tensor, y: Tensor, width: int, window: tuple[float, float], wanted: int = 100, most: int = 2**20, seed: int = 0
) -> Networks:
    """Gaussian networks that are right on all examples x [n, d], y [n] (±1) with a loss in the window: drawn until ``wanted`` are, or ``most``."""
    _check(x, y, window)
    width, wanted, most = whole("width", width, 1), whole("wanted", wanted, 1), whole("most", most, 1)
    draw, tried, fit = generator(seed, "guesses"), 0, 0
    found: list[tuple[Tensor, Tensor]] = []
    while sum(len(second) for _, second in found) < wanted and tried < most:
        first = torch.randn(_AT_ONCE, width, x.shape[1], generator=draw).to(x.device)
        second = torch.randn(_AT_ONCE, width, generator=draw).to(x.device)
        scaled = outputs(first, second, x) * y
        right, loss = (scaled > 0).all(1), F.softplus(-scaled).mean(1)
        inside = right & (loss > window[0]) & (loss <= window[1])
        found.append((first[inside], second[inside]))
        tried, fit = tried + _AT_ONCE, fit + int(right.sum())
    first, second = (torch.cat(part)[:wanted] for part in zip(*found, strict=True))
    return Networks(first, second, tried, fit)


@full_precision()
def descend(
    x: Tensor,
    y: Tensor,
    width: int,
    window: tuple[float, float],
    runs: int = 100,
    lr: float = 0.02,
    steps: int = 2000,
    seed: int = 0,
) -> Networks:
    """Networks trained from Gaussian weights, ``runs`` of them, by gradient descent on the logistic loss of x [n, d], y [n] (±1), each until it is
    right on all examples with a loss (at the fixed size) below a level that is drawn for it from the window.

    Without such a level all descents would stop at the upper end of the window, where guesses are not. Weights start at variances of
    2/d and 1/width. Networks that never are right within the window, in so many steps, are left out.
    """
    _check(x, y, window)
    width, runs, steps = whole("width", width, 1), whole("runs", runs, 1), whole("steps", steps, 1)
    draw, d = generator(seed, "descents"), x.shape[1]
    first = (torch.randn(runs, width, d, generator=draw) * (2 / d) ** 0.5).to(x.device)
    second = (torch.randn(runs, width, generator=draw) / width**0.5).to(x.device)
    levels = (window[0] + (window[1] - window[0]) * torch.rand(runs, generator=draw)).to(x.device)
    ends, done = (first, second), torch.zeros(runs, dtype=torch.bool, device=x.device)
    over, every = torch.zeros((), dtype=torch.bool, device=x.device), 1 if x.device.type == "cpu" else 100
    for step in range(steps):
        before = first @ x.T
        hidden = torch.relu(before)
        margins = y * (second[:, None] @ hidden)[:, 0]
        right, loss = _at_size(margins, first, second)
        now = right & (loss > window[0]) & (loss <= levels) & ~done & ~over
        ends = torch.where(now[:, None, None], first, ends[0]), torch.where(now[:, None], second, ends[1])
        done = done | now
        over = over | (done | (loss <= window[0])).all()
        if step % every == 0 and over:  # a look at it waits for the device
            break
        pull = y * torch.sigmoid(-margins) / len(x)
        first, second = (
            first + lr * ((before > 0) * second[..., None] * pull[:, None]) @ x,
            second + lr * (hidden @ pull[..., None])[..., 0],
        )
    return Networks(ends[0][done], ends[1][done], runs, int(done.sum()))


def _at_size(margins: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Whether networks are right on all examples, from y · v · max(0, W x) [networks, n], and their loss at the fixed size."""
    scaled = margins / _size(first, second)[:, None]
    return (margins > 0).all(1), F.softplus(-scaled).mean(1)


def _size(first: Tensor, second: Tensor) -> Tensor:
    """What outputs are divided by [networks]."""
    return first.flatten(1).norm(dim=1) * second.norm(dim=1) / (2 * first.shape[1]) ** 0.5


def _check(x: Tensor, y: Tensor, window: tuple[float, float]) -> None:
    tensor("x", x, 2)
    require(
        isinstance(y, Tensor) and y.shape == x.shape[:1] and bool((y.abs() == 1).all()),
        f"y holds a label of 1 or -1 for each of the {len(x)} examples; got {shown(y)}.",
    )
    low, high = window
    require(0 <= low < high, f"The window of losses is (low, high) with 0 <= low < high; got {shown(window)}.")
