"""Learning at two speeds: data and a regression whose test error descends twice over time (Heckel & Yilmaz 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.errors import real, whole
from overparam.randomness import rng
from overparam.theory.linear import parallel_map


@full_precision()
def two_speed_classes(
    n: int, n_test: int, seed: int, scale: float, fast: int = 5, nuisance: int = 90, slow: int = 35
) -> Data:
    """Ten Gaussian classes whose inputs are large or small: constructed data, all of them drawn from ``seed``.

    The means of the classes differ in ``fast`` inputs (by N(0, 1.2²) each) and in ``slow`` ones (by N(0, 0.7²)), which are then
    multiplied by ``scale``; between them stand ``nuisance`` inputs that know nothing of the class. Each input has noise of
    variance 1 before that. Gradient descent on a linear model learns a direction at a speed that is proportional to its variance.
    """
    n, n_test = whole("n", n, 1), whole("n_test", n_test, 1)
    scale = real("scale", scale)
    draw, d = rng(seed, 6), fast + nuisance + slow
    y = draw.integers(0, 10, n + n_test)
    distances = np.repeat([1.2, 0.0, 0.7], (fast, nuisance, slow))
    x = (draw.standard_normal((10, d)) * distances)[y] + draw.standard_normal((n + n_test, d))
    x[:, d - slow :] *= scale
    x, y = torch.from_numpy(x).float(), torch.from_numpy(y)
    source = f"Gaussian classes, {slow} of {d} inputs times {scale:g}; constructed"
    return Data("two_speed_classes", x[:n], y[:n], x[n:], y[n:], source, classes=10)


@dataclass(frozen=True)
class TwoSpeedRegression:
    """Linear regression by gradient descent with a fast and a slow group of features (after Heckel & Yilmaz 2021, section 2).

    y = x·β + ε with features of mean square s_j²: 1 for the ``fast`` ones, ``scale``² for the ``slow``. Each group of b_j = s_j β_j has
    squared length ``energy``, ε has variance ``noise``. With ``design="orthonormal"`` the training inputs have XᵀX/n = diag(s²)
    exactly, with ``"gaussian"`` they are drawn. The test inputs have covariance diag(s²).
    """

    n: int
    fast: int
    slow: int
    scale: float
    energy: float
    noise: float
    design: str = "orthonormal"

    @property
    def scales(self) -> np.ndarray:
        """s_j of all features, the fast ones first."""
        return np.r_[np.ones(self.fast), np.full(self.slow, self.scale)]

    def risks(
        self, seed: int, steps: np.ndarray, step_size: float = 0.5, factors: Sequence[float] = (1, 1)
    ) -> np.ndarray:
        """Excess risk [2, T] of the fast and of the slow group after so many ``steps`` [T] from zero, for one draw; they add up.

        The step size is relative to the largest eigenvalue of the training inputs' covariance, after ``factors`` have multiplied
        the gradients of the two groups. In closed form: the error of eigendirection k shrinks by 1 − h λ_k in each step.
        """
        draw, s = rng(seed, 4), self.scales
        d, n = self.fast + self.slow, self.n
        x = draw.standard_normal((n, d))
        if self.design == "orthonormal":
            x = np.linalg.qr(x)[0] * np.sqrt(n)
        signal = [draw.standard_normal(k) for k in (self.fast, self.slow)]
        b = np.concatenate([np.sqrt(self.energy) * part / np.linalg.norm(part) for part in signal])
        y = x @ b + np.sqrt(self.noise) * draw.standard_normal(n)
        # Gradients of group j times f_j are plain gradients after the features are multiplied by √f_j.
        faster = s * np.sqrt(np.repeat(factors, (self.fast, self.slow)))
        moved = x * faster
        eigenvalues, vectors = np.linalg.eigh(moved.T @ moved / n)
        eigenvalues = eigenvalues.clip(1e-15)
        left = np.exp(np.outer(steps, np.log1p(-step_size * eigenvalues / eigenvalues[-1])))  # [T, d]
        found = (1 - left) * (vectors.T @ (moved.T @ y / n)) / eigenvalues
        errors = (found @ vectors.T * (faster / s) * s - b) ** 2
        return np.stack([errors[:, : self.fast].sum(1), errors[:, self.fast :].sum(1)])

    def draws(self, seeds: Sequence[int], steps: np.ndarray, **options: Any) -> np.ndarray:
        """``risks`` for every seed: [seeds, 2, T]."""
        return np.stack(parallel_map(lambda seed: self.risks(seed, steps, **options), seeds))

    def expected(self, steps: np.ndarray, step_size: float = 0.5, factors: Sequence[float] = (1, 1)) -> np.ndarray:
        """Expectation [2, T] of ``risks`` for the orthonormal design: energy (1 − u)² + u² · features · noise / n in each group.

        u = 1 − (1 − h f s²)^t is the share of a feature that has been learned; h f s² is 1 at most.
        """
        speeds = np.array([1.0, self.scale**2]) * np.asarray(factors)
        u = 1 - (1 - step_size * speeds / speeds.max())[:, None] ** steps
        variance = np.array([[self.fast], [self.slow]]) * self.noise / self.n
        return self.energy * (1 - u) ** 2 + u**2 * variance


def minima(curves: np.ndarray) -> np.ndarray:
    """Number of local minima of smooth curves [..., T]; an end that is still going down counts as one, a flat stretch as none."""
    curves = np.asarray(curves)
    slopes = np.diff(curves)
    slopes = np.where(np.abs(slopes) < 1e-9 * np.abs(curves).max(-1, keepdims=True), 0, np.sign(slopes))

    def count(slope: np.ndarray) -> int:
        moving = slope[slope != 0]
        turns = int(((moving[:-1] < 0) & (moving[1:] > 0)).sum())
        return turns + int(moving.size > 0 and moving[-1] < 0)

    return np.apply_along_axis(count, -1, slopes)
