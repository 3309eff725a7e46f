"""Teachers of few neurons and students of more."""

import math
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from overparam.architectures.stacked import MLP, Layer
from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.engine.settings import Settings, Vector
from overparam.randomness import generator, rng


@full_precision()
def relu_teacher(neurons: int, n: int, seed: int = 0) -> Data:
    """y = Σ max(0, x_i) over the coordinates of x ~ N(0, I): a teacher of orthonormal ReLU neurons (Safran & Shamir 2018).

    As many inputs as ``neurons``; x [n, neurons], y [n, 1], and as many test examples as a tenth of n.
    """
    x = torch.randn(n + n // 10, neurons, generator=generator(seed, "teacher inputs"))
    y = x.relu().sum(1, keepdim=True)
    source = f"sum of {neurons} orthonormal ReLU neurons of Gaussian inputs, synthetic"
    return Data("relu_teacher", x[:n], y[:n], x[n:], y[n:], source)


@full_precision()
def tanh_teacher(x: Tensor, units: int, seed: int) -> Tensor:
    """The outputs [n, 1] of a random network of tanh units on x [n, d], with mean 0 and variance 1.

    Smooth, and too much for a network of fewer units: such a one has minima of positive loss to fit it with.
    """
    g = generator(seed, "tanh teacher")
    first = torch.randn(units, x.shape[1], generator=g, dtype=x.dtype)
    second = torch.randn(units, 1, generator=g, dtype=x.dtype)
    y = torch.tanh(x @ first.T) @ second
    return (y - y.mean()) / y.std()


def student(first: np.ndarray, seed: int, **settings: Any) -> Settings:
    """A student Σ_j max(0, w_j · x), whose w_j start at the rows of ``first`` [width, inputs]: its output weights stay 1, its biases 0."""
    width, inputs = first.shape
    layers = [Layer(inputs, width), Layer(width, 1)]
    start = np.concatenate([first.ravel(), np.zeros(width), np.ones(width), [0.0]])
    mask = np.concatenate([np.ones(first.size), np.zeros(width), np.ones(width), [0.0]])
    assert len(start) == sum(layer.parameters for layer in layers)
    return Settings(
        MLP(width),
        start=Vector(start),
        mask=Vector(mask),
        layer_lr=(1.0, 0.0),
        loss="squared",
        optimizer="adam",
        schedule="cosine",
        init_seed=seed,
        data_seed=seed,
        **settings,
    )


def first_weights(width: int, inputs: int, seed: int, draw: int = 0) -> np.ndarray:
    """Initial weights of a student [width, inputs], N(0, 1/inputs); those of a narrower one are the first rows of a wider one's."""
    return rng(seed, draw).standard_normal((width, inputs)) / math.sqrt(inputs)


def winners(weights: np.ndarray, teachers: int) -> np.ndarray:
    """Which ``teachers`` neurons of a trained student stand for the teacher's, one each: their rows, ascending.

    ``weights`` [width, teachers] are a student's first layer; the assignment maximises the sum of its components along the
    teacher's neurons, which are the coordinates.
    """
    rows, _ = linear_sum_assignment(weights[:, :teachers], maximize=True)
    return np.sort(rows)
