"""Interpolation with a Gaussian kernel, in float64, and the fixed features that it is compared on.

A kernel machine is linear in a fixed space of features, so its minimum-norm interpolant is unique and is found by one
linear solve: the same puzzle as an overparameterized network, without the training (Zhang et al. 2017, section 5).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import finite, real, require, require_rows, shown, tensor, whole


@dataclass(frozen=True)
class Interpolant:
    """The function of smallest norm through given points, f(x) = Σ_i k(x, centre_i) · coefficient_i."""

    centres: Tensor  # [n, d] float64
    coefficients: Tensor  # [n, K]
    bandwidth: float
    norm: float  # the square root of the summed squared RKHS norms of the K outputs, √tr(Yᵀ K⁻¹ Y)

    def __call__(self, x: Tensor) -> Tensor:
        """Values [m, K] at x [m, ...]."""
        return gaussian_kernel(x, self.centres, self.bandwidth) @ self.coefficients


@full_precision()
def interpolate(x: Tensor, y: Tensor, bandwidth: float) -> Interpolant:
    """The minimum-norm function with f(x_i) = y_i; x [n, ...], y [n, K] values or [n] class labels, taken as 0/1 vectors.

    One Cholesky decomposition of the n×n kernel matrix, without any ridge; about 8 n² bytes twice over.
    """
    tensor("x", x)
    labels = isinstance(y, Tensor) and (
        (y.dtype == torch.int64 and y.dim() == 1) or (y.is_floating_point() and y.dim() == 2)
    )
    require(labels, f"y must be values [n, K] of floats or class labels [n] of int64; got {shown(y)}.")
    require(len(x) == len(y), f"x holds {len(x):,} examples and y {len(y):,}; give one value for each example.")
    require(y.is_floating_point() or int(y.min()) >= 0, f"Class labels count from 0; got {y.min()}.")
    require(finite(y), "y must be finite; some of the values are NaN or infinite.")
    values = (F.one_hot(y) if y.dim() == 1 else y).double()
    centres = x.reshape(len(x), -1).double()
    factor, failed = torch.linalg.cholesky_ex(gaussian_kernel(centres, centres, bandwidth))
    if failed:
        raise ValueError(
            f"the kernel matrix of {len(x)} examples has no Cholesky decomposition in float64 at bandwidth "
            f"{bandwidth:.3g}: remove examples that coincide, or take a smaller bandwidth"
        )
    coefficients = torch.cholesky_solve(values, factor)
    return Interpolant(centres, coefficients, bandwidth, math.sqrt((values * coefficients).sum().item()))


@full_precision()
def gaussian_kernel(a: Tensor, b: Tensor, bandwidth: float) -> Tensor:
    """exp(−‖a_i − b_j‖² / 2s²) [n, m] in float64, for a [n, ...], b [m, ...] and bandwidth s."""
    says = f"the bandwidth must be positive; got {shown(bandwidth)}"
    bandwidth = real("bandwidth", bandwidth, says)
    require(0 < bandwidth < 1e100, says)  # its square is finite
    return _squared_distances(a, b).mul_(-0.5 / bandwidth**2).exp_()


@full_precision()
def laplace_kernel(a: Tensor, b: Tensor, bandwidth: float) -> Tensor:
    """exp(−‖a_i − b_j‖ / s) [n, m] in float64, for a [n, ...], b [m, ...] and bandwidth s."""
    says = f"the bandwidth must be positive; got {shown(bandwidth)}"
    bandwidth = real("bandwidth", bandwidth, says)
    require(bandwidth > 0, says)
    a, b = (tensor("x", part).reshape(len(part), -1).double() for part in (a, b))
    require(a.shape[1] == b.shape[1], f"Examples must have equally many inputs; got {a.shape[1]:,} and {b.shape[1]:,}.")
    # The kernel has a kink at 0, where differences of squares have no digits left.
    distances = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.mul_(-1 / bandwidth).exp_()


@full_precision()
def median_distance(x: Tensor, most: int = 2000) -> float:
    """Median Euclidean distance between two different examples of x [n, ...]; of the first `most` where there are more."""
    tensor("x", x, least=2)
    most = whole("most", most, 2)
    squared = _squared_distances(x[:most], x[:most])
    n = len(squared)
    return squared[*torch.triu_indices(n, n, offset=1)].median().sqrt().item()


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    a, b = (tensor("x", part).reshape(len(part), -1).double() for part in (a, b))
    require(a.shape[1] == b.shape[1], f"Examples must have equally many inputs; got {a.shape[1]:,} and {b.shape[1]:,}.")
    return torch.addmm((a**2).sum(1, keepdim=True) + (b**2).sum(1), a, b.T, alpha=-2).clamp_(min=0)


@full_precision()
def wavelet_features(signals: Tensor, pool: int = 8, largest: bool = False) -> Tensor:
    """Fixed features of signals [n, d], taken as circles: responses to Gabor wavelets, pooled; [n, 40 · d / pool].

    Wavelets of five widths (standard deviations of 1 to 4 samples, wavelengths of four times that) and eight phases, each of
    mean 0 and norm 1. What a response exceeds 1 by is averaged over windows of ``pool`` samples, or with ``largest`` its maximum there.
    """
    tensor("signals", signals, 2)
    pool = whole("pool", pool, 1)
    if signals.shape[1] % pool or signals.shape[1] < 17:
        raise ValueError(
            f"Wavelet features need signals of 17 samples or more whose number pool={pool} divides; got {signals.shape[1]}."
        )
    place = torch.arange(-8.0, 9.0, dtype=signals.dtype)
    width, phase = torch.tensor([1.0, 1.5, 2.0, 3.0, 4.0])[:, None, None], torch.arange(8)[:, None] * math.pi / 4
    waves = torch.exp(-(place**2) / (2 * width**2)) * torch.cos(2 * math.pi * place / (4 * width) + phase)
    waves = waves - waves.mean(-1, keepdim=True)
    waves = (waves / waves.norm(dim=-1, keepdim=True)).to(signals).reshape(-1, 1, len(place))
    responses = F.conv1d(F.pad(signals[:, None], (8, 8), mode="circular"), waves)
    pooled = F.max_pool1d if largest else F.avg_pool1d
    return pooled((responses - 1).relu(), pool).flatten(1)


@full_precision()
def relu_features(x: Tensor, width: int, generator: torch.Generator) -> Tensor:
    """Random ReLU features of x [..., d]: max(0, w·x / √d) with w ~ N(0, I), scaled by 1/√width; [..., width].

    A one-hidden-layer network whose first layer stays at its initialisation (Rahimi & Recht 2007).
    """
    tensor("x", x)
    width = whole("width", width, 1)
    require(
        isinstance(generator, torch.Generator),
        f"Pass a generator, as randomness.generator gives; got {shown(generator)}.",
    )
    directions = torch.randn(x.shape[-1], width, generator=generator, dtype=x.dtype) / math.sqrt(x.shape[-1])
    return (x @ directions.to(x.device)).relu() / math.sqrt(width)


@full_precision()
def relu_kernel(a: Tensor, b: Tensor) -> Tensor:
    """What inner products of `relu_features` tend to as their number grows, [n, m] in float64, for a [n, d] and b [m, d].

    ‖a‖ ‖b‖ (sin t + (π − t) cos t) / 2πd, with t the angle between a and b (Cho & Saul 2009).
    """
    a, b = (tensor("x", part, 2).double() for part in (a, b))
    require(a.shape[1] == b.shape[1], f"Examples must have equally many inputs; got {a.shape[1]:,} and {b.shape[1]:,}.")
    lengths = a.norm(dim=1)[:, None] * b.norm(dim=1)
    cosine = (a @ b.T / lengths.clamp(min=torch.finfo(torch.float64).tiny)).clamp(-1, 1)
    angle = cosine.arccos()
    return lengths * (angle.sin() + (math.pi - angle) * cosine) / (2 * math.pi * a.shape[1])


@full_precision()
def ridge(features: Tensor, y: Tensor, penalty: float) -> Tensor:
    """Coefficients that minimise ‖F c − y‖² + penalty ‖c‖²; F [..., n, p], y [..., n, k], result [..., p, k].

    Solves the smaller of the p×p and the n×n system; penalty → 0 gives the minimum-norm least-squares solution. The
    penalty must be positive, and in float64 at least 1e-10 of the features' squared norm.
    """
    require_rows(features=features, y=y)
    penalty = real("penalty", penalty)
    require(penalty > 0, f"The penalty must be positive; got {penalty:g}.")
    n, p = features.shape[-2:]
    wide = p > n
    gram = features @ features.mT if wide else features.mT @ features
    gram.diagonal(dim1=-2, dim2=-1).add_(penalty)
    factor = torch.linalg.cholesky(gram)  # not an LU solve: that of MKL fails on batches of several threads
    return features.mT @ torch.cholesky_solve(y, factor) if wide else torch.cholesky_solve(features.mT @ y, factor)
