"""Deep linear networks: a matrix learned as a product of matrices, mode by mode (Saxe et al. 2014; Arora et al. 2019)."""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from overparam.errors import require, shown, whole
from overparam.randomness import generator


def logistic_mode(strength: float, initial: float, times: np.ndarray) -> np.ndarray:
    """Strength a(t) of a mode of a two-layer network, da/dt = 2a(s − a) from a(0) = ``initial`` (Saxe et al. 2014)."""
    return strength / (1 + (strength / initial - 1) * np.exp(-2 * strength * np.asarray(times)))


def aligned_start(target: Tensor, initial: float, seed: int) -> list[Tensor]:
    """Two balanced factors of ``initial`` · UVᵀ for a target USVᵀ [out, in], met in a random orthogonal basis of the hidden layer."""
    u, s, v = torch.linalg.svd(target.double(), full_matrices=False)
    noise = torch.randn(len(s), len(s), generator=generator(seed, "basis"), dtype=torch.float64)
    basis = torch.linalg.qr(noise)[0].to(u.device)
    return [initial**0.5 * basis @ v, initial**0.5 * u @ basis.T]


def random_start(sizes: Sequence[int], scale: float, seed: int) -> list[Tensor]:
    """Gaussian factors [sizes[j + 1], sizes[j]] whose product has entries of mean square ``scale``² / sizes[0]."""
    sizes = [whole("sizes", size, 1) for size in sizes]
    require(len(sizes) > 1, f"sizes are those of the input, of hidden layers and of the output; got {shown(sizes)}.")
    g, depth = generator(seed, "factors"), len(sizes) - 1
    drawn = [torch.randn(b, a, generator=g, dtype=torch.float64) / a**0.5 for a, b in itertools.pairwise(sizes)]
    return [scale ** (1 / depth) * factor for factor in drawn]


def growing_parts(factors: Sequence[Tensor], target: Tensor) -> Tensor:
    """The initial strength [k] that counts for each mode of the target: ‖W_2ᵀu + W_1v‖²/4 for two small factors.

    While they are small, W_1v and W_2ᵀu obey p' = sq and q' = sp, so that p + q grows like e^{st} and what p − q has dies out.
    """
    first, second = factors
    u, _, v = torch.linalg.svd(target, full_matrices=False)
    return (second.mT @ u + first @ v.mT).square().sum(0) / 4


def strengths(products: Tensor, target: Tensor) -> Tensor:
    """u_kᵀ P v_k [..., k] of products P [..., out, in], for the modes k of the target, the strongest first."""
    u, _, v = torch.linalg.svd(target, full_matrices=False)
    return torch.einsum("ok,...oi,ki->...k", u, products, v)


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
    """Gradient descent on ½ ‖mask ⊙ (target − W_D ⋯ W_1)‖²: the product [times, ..., out, in] after so many steps, and at the end.

    ``observed`` [..., out, in] is the mask, 1 where an entry is seen (None: everywhere). With ``adaptive`` the step of each problem of a
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
            error = factors[j].mT @ error if j else error
        if adaptive:
            square = 0.99 * square + 0.01 * sum(g.square().sum((-2, -1), keepdim=True) for g in gradients) / size
            rate = lr * (1 - step / steps) / ((square / (1 - 0.99 ** (step + 1))).sqrt() + 1e-12)
        else:
            rate = lr
        factors = [f - rate * moving * g for f, g in zip(factors, reversed(gradients), strict=True)]
    return torch.stack(found)


def effective_rank(matrices: Tensor) -> Tensor:
    """exp of the entropy of the singular values' shares, of matrices [..., out, in] (Roy & Vetterli 2007)."""
    values = torch.linalg.svdvals(matrices)
    shares = values / values.sum(-1, keepdim=True)
    return torch.special.entr(shares).sum(-1).exp()
