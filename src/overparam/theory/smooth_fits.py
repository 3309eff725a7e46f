"""How smoothly random ReLU features can fit given labels: the smoothest interpolant, the shortest, and a lower bound for all.

f(x) = b + Σ_j θ_j √d max(0, w_j · x) for x and w_j on the unit sphere in d dimensions. Smoothness is the root of the mean over the sphere
of ‖∇f‖², along the sphere; no Lipschitz constant is smaller. All means over the sphere are exact, in float64.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import require, tensor


@dataclass(frozen=True)
class Fits:
    """Root mean square gradients of interpolants of the same labels, and a bound that none of them can pass."""

    smoothest: float
    shortest: float  # the one of least ‖θ‖, where gradient descent from zero goes if the intercept is fitted exactly throughout
    bound: float  # √((d − 1) n var(y) / λ), λ the largest eigenvalue of the whitened Gram matrix
    whitened: float  # λ
    weights: tuple[Tensor, Tensor]  # θ [p] of the smoothest and of the shortest


@full_precision()
def moments(directions: Tensor) -> tuple[Tensor, Tensor, float]:
    """Over the sphere: covariance [p, p] of the features √d max(0, w · x), mean ∇φ · ∇φᵀ along the sphere [p, p], mean φ.

    ``directions`` [p, d] have length 1. A product of two features is homogeneous, so its mean is that over N(0, I): the arc-cosine
    kernel (Cho & Saul 2009).
    """
    d = tensor("directions", directions, 2).shape[1]
    cosine = (directions @ directions.T).clamp(-1, 1)
    cosine.fill_diagonal_(1)
    angle = cosine.arccos()
    products = (angle.sin() + (math.pi - angle) * cosine) / (2 * math.pi)
    mean = math.sqrt(d) * math.exp(math.lgamma(d / 2) - math.lgamma((d + 1) / 2)) / (2 * math.sqrt(math.pi))
    gradients = d * cosine * (math.pi - angle) / (2 * math.pi) - products  # ∇φ · x = φ is their part across the sphere
    return products - mean**2, gradients, mean


@full_precision()
def fits(x: Tensor, y: Tensor, directions: Tensor) -> Fits:
    """Interpolants of y [n] at x [n, d] on the unit sphere, by features with directions [p, d] of length 1, p > n."""
    tensor("x", x, 2)
    require(y.shape == x.shape[:1], f"y has one label for each of {len(x):,} examples; got shape {tuple(y.shape)}.")
    n, p = len(x), len(directions)
    require(p > n, f"{p:,} features cannot fit {n:,} labels in general; give more features than labels.")
    x, y, directions = x.double(), y.double(), directions.double()
    covariance, gradients, mean = moments(directions)
    d = x.shape[1]
    features = math.sqrt(d) * (x @ directions.T).relu() - mean

    def least(metric: Tensor | None) -> Tensor:
        """θ of the interpolant with the least θᵀ M θ, intercept free."""
        back = features.T if metric is None else torch.cholesky_solve(features.T, torch.linalg.cholesky(metric))
        system = torch.linalg.cholesky(features @ back)
        ones = torch.ones(n, 1, dtype=x.dtype, device=x.device)
        solved = torch.cholesky_solve(torch.cat([y[:, None], ones], 1), system)
        intercept = solved[:, 0].sum() / solved[:, 1].sum()
        return back @ (solved[:, 0] - intercept * solved[:, 1])

    smooth, short = least(gradients), least(None)
    white = torch.linalg.solve_triangular(torch.linalg.cholesky(covariance), features.T, upper=False)
    largest = torch.linalg.eigvalsh(white.T @ white)[-1].item()
    spread = (y - y.mean()).square().sum().item()

    def roughness(theta: Tensor) -> float:
        return (gradients @ theta * theta).sum().sqrt().item()

    bound = math.sqrt((d - 1) * spread / largest)
    return Fits(roughness(smooth), roughness(short), bound, largest, (smooth, short))


@full_precision()
def steps(x: Tensor, directions: Tensor) -> tuple[float, float]:
    """The two inequalities of the bound where they are sharp, each as the ratio of its sides, which is at least 1.

    Largest eigenvalue of the whitened Gram matrix of x [n, d] times the least ‖u‖² with Z u = y, over Σ y², for the labels y for which
    the ratio is 1 (its first eigenvector); and the least mean squared gradient of a combination of variance 1, over d − 1.
    """
    x, directions = x.double(), directions.double()
    covariance, gradients, mean = moments(directions)
    d, root = x.shape[1], torch.linalg.cholesky(covariance)
    features = math.sqrt(d) * (x @ directions.T).relu() - mean
    white = torch.linalg.solve_triangular(root, features.T, upper=False).T
    values, vectors = torch.linalg.eigh(white @ white.T)
    least = torch.linalg.pinv(white) @ vectors[:, -1]
    half = torch.linalg.solve_triangular(root, gradients, upper=False)
    rough = torch.linalg.solve_triangular(root, half.T, upper=False)
    return (values[-1] * least.square().sum()).item(), torch.linalg.eigvalsh((rough + rough.T) / 2)[0].item() / (d - 1)


@full_precision()
def slopes(at: Tensor, directions: Tensor, weights: Tensor) -> Tensor:
    """‖∇f‖ [m] along the sphere at points [m, d] on it, of the fit with these weights [p]."""
    at, directions = at.double(), directions.double()
    active = (at @ directions.T > 0).to(at.dtype) * weights
    full = math.sqrt(at.shape[1]) * active @ directions
    return (full - (full * at).sum(1, keepdim=True) * at).norm(dim=1)
