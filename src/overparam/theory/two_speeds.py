"""Learning at two speeds: data and a regression whose test error descends twice over time (Heckel & Yilmaz 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.errors import require
from overparam.randomness import generator, rng
from overparam.theory.linear import parallel_map


@full_precision()
def two_speeds(data: Data, fast: int, nuisance: int, slow: int, scale: float, seed: int = 0) -> Data:
    """Inputs in which some of the information is large and the rest small, and with it noise that is large: constructed data.

    The inputs are flattened and replaced by their principal components, each with mean 0 and variance 1 over the pool: the first
    ``fast`` as they are, ``nuisance`` standard normal numbers that know nothing of the class, and the next ``slow`` components
    times ``scale``. Gradient descent on a linear model learns a direction at a speed that is proportional to its variance.
    """
    x, x_test = data.x.flatten(1).double(), data.x_test.flatten(1).double()
    centre = x.mean(0)
    _, _, directions = torch.linalg.svd(x - centre, full_matrices=False)
    require(fast + slow <= len(directions), f"There are {len(directions)} components; got {fast} + {slow}.")
    axes = directions[: fast + slow].T
    spread = ((x - centre) @ axes).std(0)
    noise = generator(seed, "nuisance inputs")

    def lay_out(part: Tensor) -> Tensor:
        components = ((part - centre) @ axes / spread).float()
        useless = torch.randn(len(part), nuisance, generator=noise)
        return torch.cat([components[:, :fast], useless, scale * components[:, fast:]], 1)

    source = f"principal components of {data.source} at two scales, with {nuisance} inputs of noise; constructed"
    return replace(data, name=f"{data.name}_two_speeds", x=lay_out(x), x_test=lay_out(x_test), source=source)


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
