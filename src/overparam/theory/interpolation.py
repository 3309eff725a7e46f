"""What fitting noise costs an interpolating predictor, in float64: weighted averages, spectra, kernels.

Where a prediction is linear in the labels, f(x) = Σ_i s_i(x) y_i, noise of variance σ² in the labels costs an excess risk of
σ² · mean ‖s(x)‖², exactly. All variances here are in units of σ²: 1 is the cost of one nearest neighbour.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import brentq
from scipy.spatial.distance import cdist
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import listed, numbers, real, require, shown, tensor, whole
from overparam.randomness import rng


def inverse_distance(x: np.ndarray, y: np.ndarray, at: np.ndarray, power: float) -> np.ndarray:
    """The average of labels with weights ‖x − x_i‖^−power (Shepard 1968), x [n, d], y [n] or [n, k], at [m, d].

    The result is [m] or [m, k]; for y = I it is the matrix of weights. The average interpolates for every positive power: at a
    training point it is that point's label. Weights are computed from their logarithms, so that no power is too large; as it
    grows the average becomes that of the nearest neighbour.
    """
    x, at, y = numbers("x", x, 2), numbers("at", at, 2), numbers("y", y, (1, 2))
    require(x.shape[1] == at.shape[1], f"Points must have equally many inputs; got {x.shape[1]:,} and {at.shape[1]:,}.")
    require(len(x) == len(y), f"x holds {len(x):,} points and y {len(y):,} labels; give one label for each.")
    power = real("power", power)
    require(power > 0, f"The power must be positive; got {power:g}.")
    squared = cdist(at, x, "sqeuclidean").clip(min=np.finfo(float).tiny)
    logarithms = -power / 2 * np.log(squared)
    weights = np.exp(logarithms - logarithms.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    return weights @ y


# --- Linear regression on features with given variances ----------------------------------------------


class EffectiveRanks(NamedTuple):
    """Bartlett et al. 2020: ``k`` is k*, the directions that count as few; ``r`` and ``R`` the effective ranks of the rest."""

    k: int
    r: float
    R: float

    def bound(self, n: int) -> float:
        """k*/n + n/R: up to constants the variance of the minimum-norm interpolator, in units of σ²."""
        return math.inf if self.R == 0 else self.k / whole("n", n, 1) + n / self.R


def effective_ranks(spectrum: Sequence[float], n: int, multiple: float = 1.0) -> EffectiveRanks:
    """k*, r and R of eigenvalues λ_1 ≥ λ_2 ≥ … ≥ λ_p (Bartlett et al. 2020, arXiv 1906.11300).

    r_k = Σ_{i>k} λ_i / λ_{k+1}, R_k = (Σ_{i>k} λ_i)² / Σ_{i>k} λ_i², and k* is the first k with r_k ≥ multiple · n. Where
    there is none, k* = p and both ranks are 0.
    """
    values, n, multiple = _spectrum(spectrum), whole("n", n, 1), real("multiple", multiple)
    require(multiple > 0, f"The multiple of n must be positive; got {multiple:g}.")
    values = np.sort(values)[::-1]
    tail, squares = (np.cumsum(v[::-1])[::-1] for v in (values, values**2))
    enough = np.flatnonzero(tail / values >= multiple * n)
    if not len(enough):
        return EffectiveRanks(len(values), 0.0, 0.0)
    k = int(enough[0])
    return EffectiveRanks(k, float(tail[k] / values[k]), float(tail[k] ** 2 / squares[k]))


def predicted_variance(spectrum: Sequence[float], n: int) -> float:
    """Variance of minimum-norm least squares as n and p grow: n / (n − Σ s_k²) − 1 with s_k = λ_k/(λ_k + κ), κ from Σ s_k = n.

    In units of σ², for n examples of independent features with the variances λ_k, more than n of them (Hastie et al. 2022;
    Mallinar et al. 2022, arXiv 2207.06569).
    """
    values, n = _spectrum(spectrum), whole("n", n, 1)
    require(len(values) > n, f"An interpolator of {n:,} examples needs more features than that; got {len(values):,}.")
    # Σ s_k is nearly p at one end, and below 1 at the other.
    low, high = math.log(values.min()) - 50, math.log(values.sum())
    log_kappa = brentq(lambda t: _shares(values, t).sum() - n, low, high, xtol=1e-12)
    return n / (n - float((_shares(values, log_kappa) ** 2).sum())) - 1


def sampled_variance(spectrum: Sequence[float], n: int, seeds: Sequence[int]) -> np.ndarray:
    """Variance [seeds] of minimum-norm least squares on n examples of Gaussian features with the variances λ_k.

    In units of σ², given the inputs and exactly averaged over the noise: tr(G⁻¹ X Λ Xᵀ G⁻¹) with G = X Xᵀ.
    """
    values, n = _spectrum(spectrum), whole("n", n, 1)
    require(len(values) > n, f"An interpolator of {n:,} examples needs more features than that; got {len(values):,}.")
    says = f"seeds lists whole numbers, one or more; got {shown(seeds)}."
    return np.array([_variance(values, n, whole("seed", s, says=says)) for s in listed(seeds, says)])


def _variance(values: np.ndarray, n: int, seed: int) -> float:
    x = rng(seed, n).standard_normal((n, len(values))) * np.sqrt(values)
    spread = (x * values) @ x.T
    inverse = np.linalg.inv(x @ x.T)
    return float(((inverse @ spread) * inverse).sum())


def _shares(values: np.ndarray, log_kappa: float) -> np.ndarray:
    return values / (values + math.exp(log_kappa))


def _spectrum(spectrum: Sequence[float]) -> np.ndarray:
    values = numbers("spectrum", spectrum, 1).astype(float)
    require(bool((values > 0).all()), "Eigenvalues must be positive.")
    return values


# --- Kernels -----------------------------------------------------------------------------------------


def sphere(n: int, d: int, seed: int) -> np.ndarray:
    """n points, uniform on the sphere S^d of radius 1; [n, d + 1]."""
    points = rng(seed, d).standard_normal((whole("n", n, 1), whole("d", d, 1) + 1))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@full_precision()
def kernel_variance(gram: Tensor, cross: Tensor) -> float:
    """Variance of kernel interpolation in units of σ²: the mean over test points of ‖K⁻¹ k(x)‖²; K [n, n], k(x) [m, n].

    Exact, given the inputs. ValueError where K has no Cholesky decomposition in float64.
    """
    gram, cross = (tensor(name, part, 2).double() for name, part in (("gram", gram), ("cross", cross)))
    require(
        gram.shape[0] == gram.shape[1] == cross.shape[1],
        f"A kernel of n points is [n, n], and [m, n] at others; got {list(gram.shape)} and {list(cross.shape)}.",
    )
    factor, failed = torch.linalg.cholesky_ex(gram)
    require(
        not failed,
        "The kernel matrix has no Cholesky decomposition in float64; take a rougher kernel or fewer points.",
    )
    return torch.cholesky_solve(cross.T, factor).square().sum(0).mean().item()
