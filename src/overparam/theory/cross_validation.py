"""Ridge regression in a kernel's space, and what its training data tell of its risk: leaving one out, exactly and averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import listed, real, require, shown, tensor


@dataclass(frozen=True)
class Scores:
    """Ridge regression at several penalties; every entry is [penalties], errors are means of squares."""

    training: Tensor
    left_out: Tensor  # each example predicted from all others, without fitting again
    gcv: Tensor  # generalized cross-validation (Craven & Wahba 1979; Golub, Heath & Wahba 1979)
    freedom: Tensor  # trace of the matrix that maps targets to fitted values
    norm: Tensor  # of the fit in the kernel's space, squared
    risk: Tensor | None = None  # on other points, where they were given


@full_precision()
def scores(
    gram: Tensor,
    y: Tensor,
    penalties: Sequence[float],
    cross: Tensor | None = None,
    y_new: Tensor | None = None,
) -> Scores:
    """Training error, leave-one-out error and GCV of f(x) = k(x)ᵀ (K + δI)⁻¹ y for every penalty δ > 0, in float64.

    K = gram [n, n] is the kernel's matrix of the examples (F Fᵀ for features F, whatever their number) and y [n] the targets. With
    cross [m, n], the kernel between m new points and the examples, and their targets y_new [m], also the risk there. One
    eigendecomposition serves all penalties.
    """
    gram, y = tensor("gram", gram, 2).double(), tensor("y", y, 1).double()
    n = len(y)
    require(gram.shape == (n, n), f"gram must be [{n}, {n}], a row for each target; got {list(gram.shape)}.")
    says = f"penalties lists positive numbers; got {shown(penalties)}."
    deltas = [real("penalty", penalty, says) for penalty in listed(penalties, says)]
    require(bool(deltas) and min(deltas) > 0, says)
    require((cross is None) == (y_new is None), "New points need both cross and y_new; give both or none.")
    values, vectors = torch.linalg.eigh(gram)
    added = torch.tensor(deltas, dtype=gram.dtype, device=gram.device)
    inverse = 1 / (values.clamp(min=0)[None] + added[:, None])  # [penalties, n]
    weights = (inverse * (vectors.T @ y)) @ vectors.T  # (K + δI)⁻¹ y
    diagonal = inverse @ vectors.T.square()  # of (K + δI)⁻¹
    training = added.square() * weights.square().mean(1)
    risk = None
    if cross is not None and y_new is not None:
        new = tensor("y_new", y_new, 1).double()
        risk = (weights @ tensor("cross", cross, 2).double().T - new).square().mean(1)
    return Scores(
        training,
        (weights / diagonal).square().mean(1),
        weights.square().mean(1) / inverse.mean(1).square(),
        (values.clamp(min=0) * inverse).sum(1),
        torch.einsum("pi,ij,pj->p", weights, gram, weights),
        risk,
    )
