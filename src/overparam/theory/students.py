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


@full_precision()
def expected_loss(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Loss [runs] of students Σ_j max(0, w_j · x) with these weights [runs, width, k], and its gradient of the same shape.

    The teacher is Σ_i max(0, x_i) over the k coordinates of x ~ N(0, I), and the loss ½ E (student − teacher)²: no training set is
    drawn, since E max(0, w · x) max(0, v · x) = |w| |v| (sin θ + (π − θ) cos θ) / 2π, θ the angle between w and v (Cho & Saul 2009;
    Safran & Shamir 2018, arXiv 1712.08968).
    """
    runs, width, k = weights.shape
    lengths = weights.norm(dim=2)
    own = weights / lengths[..., None]
    every = torch.cat([own, torch.eye(k).to(weights).expand(runs, k, k)], 1)  # the student's, then the teacher's
    sizes = torch.cat([lengths, -torch.ones_like(weights[:, 0])], 1)[:, None]
    cosine = (own @ every.mT).clamp(-1, 1)
    sine, rest = (1 - cosine**2).sqrt(), math.pi - cosine.arccos()
    gradient = (sizes * sine).sum(2, keepdim=True) * own + (sizes * rest) @ every
    products = (lengths[..., None] * sizes * (sine + rest * cosine)).split([width, k], 2)
    of_teacher = k * (math.pi + k - 1)  # the same sum over pairs of its neurons
    loss = (products[0].sum((1, 2)) + 2 * products[1].sum((1, 2)) + of_teacher) / (4 * math.pi)
    return loss, gradient / (2 * math.pi)


def descend(weights: Tensor, steps: int = 2000, lr: float = 0.1, momentum: float = 0.9) -> tuple[Tensor, Tensor]:
    """Weights [runs, width, k] after gradient descent with momentum on the ``expected_loss``, and that loss [runs]."""
    velocity = torch.zeros_like(weights)
    for _ in range(steps):
        velocity = momentum * velocity - lr * expected_loss(weights)[1]
        weights = weights + velocity
    return weights, expected_loss(weights)[0]


def winners(weights: Tensor) -> Tensor:
    """Which neurons of trained students [runs, width, k] stand for the teacher's, one each: their numbers [runs, k], ascending.

    The assignment maximises the sum of their components along the teacher's neurons, which are the coordinates.
    """
    rows = [linear_sum_assignment(own, maximize=True)[0] for own in weights.cpu().numpy()]
    return torch.from_numpy(np.sort(rows, axis=1))
