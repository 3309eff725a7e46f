"""Deep linear networks: a matrix learned as a product of matrices, mode by mode (Saxe et al. 2014; Arora et al. 2019)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from overparam.errors import require, whole
from overparam.randomness import generator


def logistic_mode(strength: float, initial: float, times: np.ndarray) -> np.ndarray:
    """Strength a(t) of a mode of a two-layer network, da/dt = 2a(s − a) from a(0) = ``initial`` (Saxe et al. 2014)."""
    return strength / (1 + (strength / initial - 1) * np.exp(-2 * strength * np.asarray(times)))


def aligned_start(target: Tensor, initial: float, seed: int) -> list[Tensor]:
    """Two balanced factors [d, d] of ``initial`` · UVᵀ for a target USVᵀ [d, d], met in a random orthogonal basis."""
    u, _, v = torch.linalg.svd(target.double())
    noise = torch.randn(len(target), len(target), generator=generator(seed, "basis"), dtype=torch.float64)
    basis = torch.linalg.qr(noise)[0]
    return [initial**0.5 * basis @ v, initial**0.5 * u @ basis.T]


def random_start(size: int, depth: int, scale: float, seed: int) -> list[Tensor]:
    """``depth`` Gaussian factors [size, size] whose product has the expected squared norm ``scale``² · size."""
    size, depth = whole("size", size, 1), whole("depth", depth, 1)
    g = generator(seed, "factors")
    factors = torch.randn(depth, size, size, generator=g, dtype=torch.float64)
    return list(factors * scale ** (1 / depth) / size**0.5)


def product(factors: Sequence[Tensor]) -> Tensor:
    """W_D ⋯ W_1 [..., d, d] of the factors W_1, …, W_D, in this order."""
    total = factors[0]
    for factor in factors[1:]:
        total = factor @ total
    return total


def descend(
    factors: Sequence[Tensor],
    target: Tensor,
    lr: float,
    steps: int,
    at: Sequence[int] = (),
    observed: Tensor | None = None,
    adaptive: bool = False,
    tolerance: float = 0.0,
) -> Tensor:
    """Gradient descent on ½ ‖mask ⊙ (target − W_D ⋯ W_1)‖²: the product [times, ..., d, d] after so many steps, and at the end.

    ``observed`` [..., d, d] is the mask, 1 where an entry is seen (None: everywhere). With ``adaptive`` the step of each problem of a
    batch is divided by a running root mean square of its gradient (decay 0.99), as in the code of Arora et al. 2019, and falls
    linearly to 0. A problem whose mean squared error on the observed entries is at most ``tolerance`` stays as it is.
    """
    require(len(factors) > 0, "descend() needs one factor or more; got none.")
    factors, steps, wanted = list(factors), whole("steps", steps, 1), {*at, steps}
    mask = torch.ones_like(target) if observed is None else observed
    count, size = mask.sum((-2, -1), keepdim=True), sum(f.shape[-1] * f.shape[-2] for f in factors)
    square, found = torch.zeros_like(count), []
    for step in range(steps + 1):
        before = [factors[0]]
        for factor in factors[1:]:
            before.append(factor @ before[-1])
        if step in wanted:
            found.append(before[-1])
        error = mask * (before[-1] - target)
        moving = error.square().sum((-2, -1), keepdim=True) > tolerance * count
        gradients = []
        for j in range(len(factors) - 1, -1, -1):  # error is carried back through the factors above j
            gradients.append(error @ before[j - 1].mT if j else error)
            error = factors[j].mT @ error
        if adaptive:
            square = 0.99 * square + 0.01 * sum(g.square().sum((-2, -1), keepdim=True) for g in gradients) / size
            rate = lr * (1 - step / steps) / ((square / (1 - 0.99 ** (step + 1))).sqrt() + 1e-12)
        else:
            rate = lr
        factors = [f - rate * moving * g for f, g in zip(factors, reversed(gradients), strict=True)]
    return torch.stack(found)


def effective_rank(matrices: Tensor) -> Tensor:
    """exp of the entropy of the singular values' shares, for matrices [..., d, d] (Roy & Vetterli 2007)."""
    values = torch.linalg.svdvals(matrices)
    shares = values / values.sum(-1, keepdim=True)
    return torch.special.entr(shares).sum(-1).exp()
