"""Two concentric spheres, and very wide networks on them: data on which two-sided uniform convergence fails (Nagarajan & Kolter 2019).

Points of class 0 have length 1, those of class 1 a length of ``outer``. To move a point is to give it the other length and the
other class, so that a moved training set is as likely as the training set.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.errors import real, require, shown, tensor, whole
from overparam.randomness import rng
from overparam.theory.kernels import relu_kernel


@dataclass(frozen=True)
class Points:
    """Directions of points, the first ``train`` of which are training points; classes alternate."""

    unit: Tensor  # [points, d] float64, of length 1
    train: int

    @property
    def classes(self) -> Tensor:
        """0 for the inner sphere, 1 for the outer: [points] int64."""
        return torch.arange(len(self.unit), device=self.unit.device) % 2

    @cached_property
    def kernel(self) -> Tensor:
        """The kernel of infinitely many ReLU units between directions and those of training points [points, train]."""
        return 2 * np.pi * self.unit.shape[1] * relu_kernel(self.unit, self.unit[: self.train])

    def lengths(self, outer: float, moved: bool = False) -> Tensor:
        """Lengths of all points [points], of which the larger is ``outer``, or those which they are moved to."""
        outer = real("outer", outer)
        require(outer > 1, f"outer is the radius of the outer sphere, more than 1; got {shown(outer)}.")
        return 1 + (outer - 1) * (1 - self.classes if moved else self.classes).double()

    def data(self, outer: float, moved: bool = False) -> Data:
        """The points as a data set, or all of them moved."""
        x = (self.unit * self.lengths(outer, moved)[:, None]).float()
        y, n = (1 - self.classes if moved else self.classes), self.train
        return Data("spheres", x[:n], y[:n], x[n:], y[n:], f"spheres of radii 1 and {outer:g}; constructed", 2)

    @full_precision()
    def fit(self, outer: float, free: float = 100.0) -> "Fit":
        """The infinitely wide network that fits the training points with the smallest output weights, which alone are trained.

        What training by gradient descent from zero ends at, where the hidden weights stay as drawn. The output's offset has ``free``
        times the variance of a weight, so that it counts little. In float64; one Cholesky decomposition of [train, train].
        """
        free = real("free", free)
        at = self.lengths(outer)
        gram, signs = self.kernel * at[:, None] * at[: self.train], 2.0 * self.classes[:, None].double() - 1
        factor = torch.linalg.cholesky(gram[: self.train] + free)
        weights = torch.cholesky_solve(signs[: self.train], factor)
        return Fit(self, outer, weights[:, 0], free * weights.sum(), gram @ weights)


@dataclass(frozen=True)
class Fit:
    """A fitted network: its value is the sum of the kernel with each training point times its weight, and the offset."""

    points: Points
    outer: float
    weights: Tensor  # [train] float64
    offset: Tensor  # []
    response: Tensor  # [points, 1]: its values at all points, without the offset

    @full_precision()
    def __call__(self, x: Tensor) -> Tensor:
        """Values [m] at inputs x [m, d]; negative is class 0."""
        points = self.points
        centres = (points.unit * points.lengths(self.outer)[:, None])[: points.train]
        return relu_kernel(tensor("x", x, 2), centres) * 2 * np.pi * centres.shape[1] @ self.weights + self.offset

    def misclassified(self) -> dict[str, float]:
        """Per cent misclassified of the ``new`` points, of the training points after each was ``moved``, and of the new ones (``moved new``)."""
        points, signs = self.points, 2.0 * self.points.classes[:, None].double() - 1
        times = points.lengths(self.outer, moved=True) / points.lengths(self.outer)
        here = (self.response + self.offset) * signs < 0
        moved = (times[:, None] * self.response + self.offset) * signs > 0
        n = points.train
        parts = {"new": here[n:], "moved": moved[:n], "moved new": moved[n:]}
        return {name: 100 * part.double().mean().item() for name, part in parts.items()}


def draw(seed: int, train: int, new: int = 1000, dimensions: int = 200) -> Points:
    """Directions that are uniform on the sphere, all of them drawn from ``seed`` and the number of training points."""
    train, new = whole("train", train, 2), whole("new", new, 2)
    dimensions = whole("dimensions", dimensions, 2)
    directions = rng(seed, train).standard_normal((train + new, dimensions))
    return Points(torch.from_numpy(directions / np.linalg.norm(directions, axis=1, keepdims=True)), train)
