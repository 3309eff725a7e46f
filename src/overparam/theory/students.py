"""Teachers of few neurons and students of more."""

import math

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.randomness import generator


@full_precision()
def tanh_teacher(x: Tensor, units: int, seed: int) -> Tensor:
    """The outputs [n, 1] of a random network of tanh units on x [n, d], with mean 0 and variance 1.

    Smooth, and too much for a network of fewer units: such a one has minima of positive loss to fit it with.
    """
    g = generator(seed, "tanh teacher")
    first = torch.randn(units, x.shape[1], generator=g, dtype=x.dtype).to(x.device)
    second = torch.randn(units, 1, generator=g, dtype=x.dtype).to(x.device)
    y = torch.tanh(x @ first.T) @ second
    return (y - y.mean()) / y.std()


@full_precision()
def first_weights(runs: int, width: int, inputs: int, seed: int) -> Tensor:
    """Initial weights of students [runs, width, inputs], N(0, 1/inputs)."""
    draw = generator(seed, f"students of {width} neurons")
    return torch.randn(runs, width, inputs, generator=draw) / math.sqrt(inputs)


class _Pairs:
    """Angles between the neurons w_j of students [runs, width, k], and between these and their teacher's, the coordinates."""

    def __init__(self, weights: Tensor) -> None:
        runs, self.width, self.k = weights.shape
        self.lengths = weights.norm(dim=2)
        self.own = weights / self.lengths[..., None]
        teacher = torch.eye(self.k).to(weights).expand(runs, self.k, self.k)
        self.every = torch.cat([self.own, teacher], 1)
        self.sizes = torch.cat([self.lengths, -torch.ones_like(weights[:, 0])], 1)[:, None]
        self.cosine = (self.own @ self.every.mT).clamp(-1, 1)
        self.sine, self.rest = (1 - self.cosine**2).sqrt(), math.pi - self.cosine.arccos()

    def loss(self) -> Tensor:
        """See ``expected_loss``."""
        products = self.lengths[..., None] * self.sizes * (self.sine + self.rest * self.cosine)
        own, with_teacher = products.split([self.width, self.k], 2)
        of_teacher = self.k * (math.pi + self.k - 1)  # the same sum over pairs of its neurons
        return (own.sum((1, 2)) + 2 * with_teacher.sum((1, 2)) + of_teacher) / (4 * math.pi)

    def gradient(self) -> Tensor:
        """Of the loss in the weights."""
        along = (self.sizes * self.sine).sum(2, keepdim=True) * self.own
        return (along + (self.sizes * self.rest) @ self.every) / (2 * math.pi)


@full_precision()
def expected_loss(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Loss [runs] of students Σ_j max(0, w_j · x) with these weights [runs, width, k], and its gradient of the same shape.

    The teacher is Σ_i max(0, x_i) over the k coordinates of x ~ N(0, I), and the loss ½ E (student − teacher)²: no training set is
    drawn, since E max(0, w · x) max(0, v · x) = |w| |v| (sin θ + (π − θ) cos θ) / 2π, θ the angle between w and v (Cho & Saul 2009;
    Safran & Shamir 2018, arXiv 1712.08968).
    """
    pairs = _Pairs(weights)
    return pairs.loss(), pairs.gradient()


@full_precision()
def descend(weights: Tensor, steps: int = 2000, lr: float = 0.1, momentum: float = 0.9) -> tuple[Tensor, Tensor]:
    """Weights [runs, width, k] after gradient descent with momentum on the ``expected_loss``, and that loss [runs]."""
    velocity = torch.zeros_like(weights)
    for _ in range(steps):
        velocity = momentum * velocity - lr * _Pairs(weights).gradient()
        weights = weights + velocity
    return weights, _Pairs(weights).loss()


def winners(weights: Tensor) -> Tensor:
    """Which neurons of trained students [runs, width, k] stand for the teacher's, one each: their numbers [runs, k], ascending.

    The assignment maximises the sum of their components along the teacher's neurons, which are the coordinates.
    """
    rows = [linear_sum_assignment(own, maximize=True)[0] for own in weights.cpu().numpy()]
    return torch.from_numpy(np.sort(rows, axis=1))
