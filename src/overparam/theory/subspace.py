"""Networks trained in a random subspace of their weights (Li et al. 2018, arXiv 1804.08838), many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from overparam.architectures.stacked import MLP
from overparam.arithmetic import full_precision
from overparam.errors import listed, real, require, require_examples, shown, tensor, whole
from overparam.randomness import generator

_ENTRIES = 4  # coordinates of the subspace on which one weight depends


@dataclass(frozen=True)
class Trained:
    """Fully connected networks of one architecture, one for each seed."""

    weights: Tensor  # [seeds, P], in the order of `nn.Module.parameters()`
    shapes: tuple[torch.Size, ...]

    @full_precision()
    def __call__(self, x: Tensor) -> Tensor:
        """Outputs [seeds, n, K] at x [seeds, n, inputs]."""
        return _outputs(self.weights, self.shapes, x)

    def error(self, x: Tensor, y: Tensor) -> Tensor:
        """Share [seeds] of the examples x [seeds, n, inputs] that get another class than y [seeds, n]."""
        return (self(x).argmax(2) != y).double().mean(1)


@full_precision()
def train(
    architecture: MLP,
    x: Tensor,
    y: Tensor,
    seeds: Sequence[int],
    dimension: int | None = None,
    steps: int = 300,
    lr: float = 0.05,
) -> Trained:
    """Networks after steps of Adam on the mean cross-entropy of all examples, moved within a random subspace only.

    Each seed has examples x [seeds, n, inputs] and labels y [seeds, n] of its own, its initialisation θ₀ and its subspace
    θ = θ₀ + P z with z [dimension] from zero. P is sparse: every weight is the sum of four coordinates of z, drawn at random and
    with random signs, and the columns of P are scaled to length 1. Without a ``dimension`` all weights are trained.
    """
    require(isinstance(architecture, MLP), f"Subspaces are those of an MLP; got {shown(architecture)}.")
    seeds = listed(seeds, f"seeds lists whole numbers; got {shown(seeds)}.")
    require(
        tensor("x", x, 3).shape[:2] == y.shape and len(x) == len(seeds),
        f"x is [seeds, n, inputs] and y [seeds, n], for {len(seeds)} seeds; got {list(x.shape)} and {list(y.shape)}.",
    )
    steps, lr = whole("steps", steps, 1), real("lr", lr)
    modules = [architecture.build(x.shape[2:], int(y.max()) + 1, generator(seed, "init")) for seed in seeds]
    require_examples(modules[0].to(x.device), x[0], y[0])
    start = torch.stack(
        [torch.cat([p.detach().flatten() for p in module.to(x.device).parameters()]) for module in modules]
    )
    shapes = tuple(p.shape for p in modules[0].parameters())
    place = (lambda z: start + z) if dimension is None else _Subspace(start, seeds, whole("dimension", dimension, 1))
    z = start.new_zeros(len(seeds), start.shape[1] if dimension is None else dimension).requires_grad_()
    optimizer = torch.optim.Adam([z], lr)
    for _ in range(steps):
        loss = F.cross_entropy(_outputs(place(z), shapes, x).flatten(0, 1), y.flatten(), reduction="sum") / y.shape[1]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Trained(place(z).detach(), shapes)


class _Subspace:
    """The map z [seeds, dimension] → θ₀ + P z."""

    def __init__(self, start: Tensor, seeds: Sequence[int], dimension: int) -> None:
        self.start, entries = start, (start.shape[1], _ENTRIES)
        draws = [generator(seed, f"subspace of {dimension}") for seed in seeds]
        self.places = torch.stack([torch.randint(dimension, entries, generator=g) for g in draws]).to(start.device)
        self.signs = torch.stack([torch.randint(2, entries, generator=g) * 2 - 1 for g in draws]).to(start)
        ones = torch.ones_like(self.signs).flatten(1)
        counts = start.new_zeros(len(seeds), dimension).scatter_add_(1, self.places.flatten(1), ones)
        self.lengths = counts.clamp(min=1).sqrt()

    def __call__(self, z: Tensor) -> Tensor:
        taken = (z / self.lengths).gather(1, self.places.flatten(1)).view_as(self.signs)
        return self.start + (taken * self.signs).sum(2)


def _outputs(weights: Tensor, shapes: Sequence[torch.Size], x: Tensor) -> Tensor:
    parts = weights.split([shape.numel() for shape in shapes], 1)
    for k in range(0, len(shapes), 2):
        matrix, bias = parts[k].view(-1, *shapes[k]), parts[k + 1][:, None]
        x = torch.baddbmm(bias, x.relu() if k else x, matrix.mT)
    return x
