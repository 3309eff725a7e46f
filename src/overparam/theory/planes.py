"""Bumps and planes, fitted by gradient descent: why more of them than needed make training easier.

Every function trains many independent runs at once, along the first dimension.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.randomness import generator


@full_precision()
def fit_bumps(
    bumps: int,
    runs: int,
    seed: int,
    *,
    target: float = 3.0,
    spread: float = 0.5,
    reach: float = 10.0,
    steps: int = 800,
    lr: float = 2.0,
    points: int = 100,
) -> tuple[Tensor, Tensor]:
    """Fit one Gaussian bump at ``target`` by a sum of movable bumps of the same width ``spread``, by gradient descent.

    Each run starts ``bumps`` bumps at places uniform in ±``reach``, of height 1/``bumps``, and trains places and heights on the
    mean squared error over ``points`` evenly spaced points of ±``reach``. Returns that error divided by the mean square of the
    target [runs], and the final places [runs, bumps].
    """
    g = generator(seed, f"{bumps} bumps")
    x = torch.linspace(-reach, reach, points)
    y = torch.exp(-((x - target) ** 2) / (2 * spread**2))
    places = reach * (2 * torch.rand(runs, bumps, 1, generator=g) - 1)
    heights = torch.full((runs, bumps, 1), 1 / bumps)
    for _ in range(steps):
        away = (x - places) / spread**2
        shapes = torch.exp((-(spread**2) * away**2 / 2).clamp(min=-87))  # what is less takes fifty times as long
        residual = (heights * shapes).sum(1, keepdim=True) - y
        heights_gradient = 2 / points * residual * shapes  # [runs, bumps, points], to be summed over the points
        places_gradient = (heights_gradient * heights * away).sum(2, keepdim=True)
        heights = heights - lr * heights_gradient.sum(2, keepdim=True)
        places = places - lr * places_gradient
    shapes = torch.exp(-((x - places) ** 2) / (2 * spread**2))
    error = (((heights * shapes).sum(1) - y) ** 2).mean(1)
    return error / (y**2).mean(), places[..., 0]


@full_precision()
def fit_planes(
    planes: int,
    runs: int,
    seed: int,
    targets: Callable[[Tensor], Tensor],
    *,
    steps: int = 2000,
    lr: float = 0.1,
    points: int = 101,
) -> tuple[Tensor, Tensor]:
    """Fit f(x) = max_j (a_j x + b_j) to ``targets(x)`` on ±1 by gradient descent: the picture of a network as a maximum of planes.

    Slopes start at N(0, 4), offsets at N(0, 1). Returns the mean squared error over the variance of the targets [runs], and the share
    of the planes that are the maximum at no point [runs]: they are dead, since no gradient reaches them.
    """
    g = generator(seed, f"{planes} planes")
    x = torch.linspace(-1, 1, points)
    y = targets(x)
    slopes = 2 * torch.randn(runs, planes, 1, generator=g)
    offsets = torch.randn(runs, planes, 1, generator=g)
    for step in range(steps):
        value, highest = (slopes * x + offsets).max(1)  # [runs, points]
        residual = (2 / points * (value - y))[:, None]
        own = torch.zeros(runs, planes, points).scatter_(1, highest[:, None], residual)
        rate = lr * 0.5 * (1 + math.cos(math.pi * step / steps))
        slopes = slopes - rate * (own * x).sum(2, keepdim=True)
        offsets = offsets - rate * own.sum(2, keepdim=True)
    value, highest = (slopes * x + offsets).max(1)
    alive = torch.zeros(runs, planes).scatter_(1, highest, 1.0)
    return ((value - y) ** 2).mean(1) / y.var(), 1 - alive.mean(1)


def best_convex_fit(y: np.ndarray) -> float:
    """The mean squared error of the best convex function through evenly spaced points, over the variance of ``y`` [n].

    A convex function is, on these points, a straight line plus kinks that bend upwards: least squares with weights that are
    not negative. No maximum of planes does better; ``fit_planes`` divides by the same variance.
    """
    y = np.asarray(y, float)
    x = np.linspace(-1, 1, len(y))
    kinks = np.maximum(0, x[:, None] - x[1:-1])
    basis = np.column_stack([np.ones_like(x), -np.ones_like(x), x, -x, kinks])
    return float(nnls(basis, y)[1] ** 2 / len(y) / y.var(ddof=1))
