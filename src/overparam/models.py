"""Architectures as functions of their width.

An architecture is a small frozen description. ``build`` turns it into a plain ``nn.Module``; the stacked engine
reads the same description, and both draw the same initial weights from the same generator.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.tree import DecisionTreeRegressor
from torch import Tensor, nn


@dataclass(frozen=True)
class MLP:
    """Fully connected ReLU network with ``depth`` hidden layers of ``width`` units each."""

    width: int
    depth: int = 1

    def __post_init__(self):
        for name in ("width", "depth"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number from 1 up; got {value!r}.")

    def shapes(self, inputs: int, outputs: int) -> list[tuple[int, int]]:
        """Shapes (fan-out, fan-in) of the weight matrices, from the input to the output."""
        sizes = [inputs, *[self.width] * self.depth, outputs]
        return [(b, a) for a, b in itertools.pairwise(sizes)]

    def initial(self, inputs: int, outputs: int, generator: torch.Generator) -> list[tuple[Tensor, Tensor]]:
        """Initial (weight [out, in], bias [out]) per layer, uniform on ±1/√fan-in as ``nn.Linear`` draws them."""
        return [
            tuple(
                (2 * torch.rand(shape, generator=generator) - 1) / math.sqrt(fan_in)
                for shape in ((fan_out, fan_in), (fan_out,))
            )
            for fan_out, fan_in in self.shapes(inputs, outputs)
        ]

    def parameters(self, inputs: int, outputs: int) -> int:
        """Number of weights and biases."""
        return sum(fan_out * (fan_in + 1) for fan_out, fan_in in self.shapes(inputs, outputs))

    def build(self, inputs: int, outputs: int, generator: torch.Generator) -> nn.Sequential:
        """The network as a plain module that maps [batch, inputs] to [batch, outputs]."""
        layers: list[nn.Module] = []
        for weight, bias in self.initial(inputs, outputs, generator):
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight.data, linear.bias.data = weight, bias
            layers += [linear, nn.ReLU()]
        return nn.Sequential(*layers[:-1])


def mlp(width, depth=1) -> dict:
    """Describe one MLP, or a grid of them where ``width`` or ``depth`` is a list (see ``sweep.sweep``)."""
    return {"architecture": MLP, "width": width, "depth": depth}


def relu_features(x: Tensor, width: int, generator: torch.Generator) -> Tensor:
    """Random ReLU features of x [..., d]: max(0, w·x / √d) with w ~ N(0, I), scaled by 1/√width; [..., width].

    A one-hidden-layer network whose first layer stays at its initialisation (Rahimi & Recht 2007).
    """
    directions = torch.randn(x.shape[-1], width, generator=generator, dtype=x.dtype) / math.sqrt(x.shape[-1])
    return (x @ directions).relu() / math.sqrt(width)


def ridge(features: Tensor, y: Tensor, penalty: float) -> Tensor:
    """Coefficients that minimise ‖F c − y‖² + penalty ‖c‖²; F [..., n, p], y [..., n, k], result [..., p, k].

    Solves the smaller of the p×p and the n×n system; penalty → 0 gives the minimum-norm least-squares solution. The
    penalty must be positive, and in float64 at least 1e-10 of the features' squared norm.
    """
    n, p = features.shape[-2:]
    wide = p > n
    gram = features @ features.mT if wide else features.mT @ features
    gram.diagonal(dim1=-2, dim2=-1).add_(penalty)
    factor = torch.linalg.cholesky(gram)  # not an LU solve: that of MKL fails on batches of several threads
    return features.mT @ torch.cholesky_solve(y, factor) if wide else torch.cholesky_solve(features.mT @ y, factor)


def forest_smoother(x: Tensor, labels: np.ndarray, at: Tensor, leaves: int, trees: int, seed: int) -> np.ndarray:
    """The matrix [m, n] that a random forest applies to its training labels: forest(at) = matrix · labels.

    ``trees`` regression trees of at most ``leaves`` leaves, each fitted to all of x [n, d] and labels [n, K] with √d
    features tried at a split, average the labels of the training points that share a leaf with a point of at [m, d].
    """
    smoother = np.zeros((len(at), len(x)))
    for k in range(trees):
        tree = DecisionTreeRegressor(max_leaf_nodes=leaves, max_features="sqrt", random_state=1000 * seed + k)
        tree.fit(x.numpy(), labels)
        together = tree.apply(at.numpy())[:, None] == tree.apply(x.numpy())
        smoother += together / together.sum(1, keepdims=True) / trees
    return smoother
