"""Effective dimension of a spectrum, and of the Hessians of trained networks (Maddox et al. 2020, arXiv 2003.02139)."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.errors import evaluation, listed, numbers, real, require, shown, whole
from overparam.measures import curvature
from overparam.randomness import generator


def effective_dimension(eigenvalues: ArrayLike | Tensor, alpha: float) -> float:
    """Σ λ / (λ + α) over eigenvalues λ [p]: how many directions have a curvature well above α > 0; negative ones count as 0."""
    return float(_directions(torch.as_tensor(numbers("eigenvalues", eigenvalues, 1)).double(), _positive(alpha)).sum())


@full_precision()
def of_hessians(
    runs: pd.DataFrame,
    data: Data | Mapping[str, Data],
    alphas: Sequence[float],
    steps: int = 40,
    probes: int = 4,
    device: torch.device | str | None = None,
) -> pd.DataFrame:
    """``effective_dimension`` of the Hessian of every row's training loss at its last recorded time: a column for each α.

    The runs are those of a sweep over ``data`` with record=["weights"], as for `curvature.sharpness`; the loss is that on the
    network's own examples and labels. By stochastic Lanczos quadrature (Ubaru, Chen & Saad 2017): from ``probes`` random vectors
    z of signs, the same for all networks of one size, ``steps`` steps of Lanczos' method give zᵀ f(H) z, whose mean is the trace
    of f(H). The relative error of a dimension N is about √(2 / (N · probes)).
    """
    says = f"alphas lists positive numbers; got {shown(alphas)}."
    values = tuple(_positive(alpha) for alpha in listed(alphas, says))
    require(bool(values), says)
    options = values, whole("steps", steps, 1), whole("probes", probes, 1)
    last = runs.assign(weights=[weights[-1:] for weights in runs["weights"]])
    rows = curvature.in_stacks(last, data, _of_stack, options, device, vectors=steps)
    return pd.DataFrame([row[0] for row in rows], runs.index, list(alphas))


def _positive(alpha: float) -> float:
    alpha = real("alpha", alpha)
    require(alpha > 0, f"alpha, the curvature from which on a direction counts, must be positive; got {alpha:g}.")
    return alpha


def _directions(eigenvalues: Tensor, alpha: float) -> Tensor:
    counted = eigenvalues.clamp(min=0)
    return counted / (counted + alpha)


def _of_stack(
    weights: Tensor,
    rows: Tensor,
    labels: Tensor,
    module: nn.Module,
    x: Tensor,
    loss: str,
    alphas: Sequence[float],
    steps: int,
    probes: int,
) -> Tensor:
    """Effective dimensions [K, alphas] of K networks like the module; see ``curvature.in_stacks``."""
    own, each = curvature.mean_losses(module, x[rows], labels, loss)
    draw, (count, size) = generator(0, "quadrature"), weights.shape
    signs = torch.randint(2, (probes, 1, size), generator=draw).to(weights) * 2 - 1
    with evaluation(own):
        with torch.enable_grad():
            weights = weights.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(each(weights).sum(), weights, create_graph=True)
        # All probes go back through the graph of the gradient at once.
        product = lambda v: torch.autograd.grad(gradient, weights, v, retain_graph=True, is_grads_batched=True)[0]  # noqa: E731
        places, shares = _quadrature(product, (signs / size**0.5).expand(-1, count, -1), steps)
    return size * torch.stack([(shares * _directions(places, alpha)).sum(2).mean(0) for alpha in alphas], 1)


def _quadrature(product: Callable[[Tensor], Tensor], v: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Places and shares [Q, K, steps], in float64 on the CPU, with vᵀ f(H) v ≈ Σ share · f(place) for unit vectors v [Q, K, P]."""
    steps = min(steps, v.shape[2])
    basis, inside, between = v.new_zeros(*v.shape[:2], steps, v.shape[2]), [], []
    for k in range(steps):
        basis[:, :, k] = v
        known, v = basis[:, :, : k + 1], product(v)
        along = torch.zeros_like(v[..., 0])
        for _ in range(2):  # once is not enough: rounding leaves a part of the basis in v
            part = torch.einsum("qkjp,qkp->qkj", known, v)
            v = v - torch.einsum("qkjp,qkj->qkp", known, part)
            along = along + part[..., k]
        length = v.norm(dim=2)
        v = v / length.clamp(min=torch.finfo(v.dtype).tiny)[..., None]
        inside.append(along)
        between.append(length)
    diagonal, beside = (torch.stack(values, 2).double().cpu() for values in (inside, between))
    off = torch.diag_embed(beside[..., :-1], offset=1)
    places, vectors = torch.linalg.eigh(torch.diag_embed(diagonal) + off + off.mT)
    return places, vectors[..., 0, :].square()
