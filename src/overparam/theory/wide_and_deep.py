"""Very deep networks at initialisation: the kernel of infinite width with its tangent kernel, and how far a finite width is from it.

Inputs are on the sphere of radius √d, so that with weights of variance σ_w²/inputs all have the same kernel value at every depth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import real, require, shown, tensor, whole
from overparam.randomness import generator


@dataclass(frozen=True)
class Kernels:
    """Kernels [n, m] in float64 between examples after some number of hidden layers."""

    outputs: Tensor  # covariance of the outputs at initialisation
    tangent: Tensor  # tangent kernel


@full_precision()
def erf_kernels(x: Tensor, at: Tensor, depths: Sequence[int], weight: float, bias: float) -> dict[int, Kernels]:
    """Kernels by number of hidden layers of fully connected erf networks of infinite width, between x [n, d] and at [m, d].

    Weights have variance ``weight``/inputs and biases ``bias``; all examples are first scaled to length √d. Layer by layer
    K ← weight · E[erf(u) erf(v)] + bias and Θ ← K + Θ · weight · E[erf′(u) erf′(v)], u and v Gaussian with covariance K
    (Williams 1997; Jacot et al. 2018, arXiv 1806.07572).
    """
    tensor("x", x, 2)
    tensor("at", at, 2)
    require(
        x.shape[1] == at.shape[1], f"x and at must have equally many inputs; got {x.shape[1]:,} and {at.shape[1]:,}."
    )
    weight, bias = real("weight", weight), real("bias", bias)
    require(weight > 0 and bias >= 0, f"weight is positive and bias not negative; got {weight:g} and {bias:g}.")
    wanted = {whole("depths", depth, 0) for depth in depths}
    require(bool(wanted), "depths names numbers of hidden layers; got none.")
    rows, columns = (part.double() / part.double().norm(dim=1, keepdim=True) for part in (x, at))
    cosine, same = rows @ columns.T, weight + bias  # same: K of an example with itself
    alike = cosine > 1 - 1e-12
    outputs = torch.where(alike, same, weight * cosine + bias)  # chaos would make two examples of one by its rounding
    tangent, found = outputs.clone(), {}
    for depth in range(max(wanted) + 1):
        if depth in wanted:
            found[depth] = Kernels(outputs, tangent)
        both = 1 + 2 * same
        share = 2 * outputs / both  # below 1, since 2 K < 1 + 2 K
        slope = 4 / math.pi / both / (1 - share.square()).sqrt()
        same = weight * (2 / math.pi) * math.asin(2 * same / both) + bias
        outputs = torch.where(alike, same, weight * (2 / math.pi) * share.asin() + bias)
        tangent = outputs + weight * slope * tangent
    return found


def condition_number(kernel: Tensor) -> float:
    """Largest over smallest eigenvalue of a symmetric kernel [n, n]; infinite where the smallest is not positive."""
    values = torch.linalg.eigvalsh(tensor("kernel", kernel, 2))
    return math.inf if values[0] <= 0 else (values[-1] / values[0]).item()


@full_precision()
def mean_prediction(kernel: Tensor, y: Tensor) -> Tensor:
    """Predictions [m, k] by networks trained to the end on the first n of n + m examples, of a kernel [n + m, n] and targets y [n, k].

    The mean over initialisations of gradient flow on the squared error, Θ(new, old) Θ(old, old)⁻¹ y. 1e-14 n times the largest
    diagonal entry, what float64 resolves, is added to the diagonal.
    """
    n = len(y)
    old, scale = kernel[:n], kernel[:n].diagonal().max()
    solved = torch.linalg.solve(
        old + 1e-14 * n * scale * torch.eye(n, dtype=kernel.dtype, device=kernel.device), y.to(kernel.dtype)
    )
    return kernel[n:] @ solved


@full_precision()
def kernel_values(kind: str, width: int, depth: int, networks: int, seed: int, weights: bool = False) -> np.ndarray:
    """The mean square K of a layer, [depth + 1, networks], for one input with K = 1, in networks with ``width`` units in every layer.

    "linear" and "tanh" networks have weights of variance 1/width, "relu" ones 2/width (K is then twice the mean square of the units),
    no biases. Given the units of a layer, W x is Gaussian with variance K, whatever their directions; so the next layer is
    drawn as such. ``weights=True`` draws and multiplies the matrices: the same distribution for width times the work.
    """
    gains = {"linear": 1.0, "tanh": 1.0, "relu": 2.0}
    require(kind in gains, f"kind is 'linear', 'tanh' or 'relu'; got {shown(kind)}.")
    width, depth, networks = whole("width", width, 1), whole("depth", depth, 1), whole("networks", networks, 1)
    draw = generator(seed, f"kernels of {kind} networks, {width} by {depth}")
    gain, values = gains[kind], [torch.ones(networks)]
    units = torch.full((networks, width, 1), (1 / gain) ** 0.5)
    for _ in range(depth):
        if weights:
            before = torch.randn(networks, width, width, generator=draw).mul_((gain / width) ** 0.5) @ units
        else:
            before = torch.randn(networks, width, 1, generator=draw) * values[-1][:, None, None].sqrt()
        units = before if kind == "linear" else before.relu() if kind == "relu" else before.tanh()
        values.append(gain * units.square().mean((1, 2)))
    return torch.stack(values).double().numpy()


def relative_variance(kind: str, width: int, depth: int) -> float:
    """What the variance of K over its squared mean is exactly: (1 + c/width)^depth − 1, c = 2 (linear) or 5 (ReLU)."""
    require(kind in ("linear", "relu"), f"kind is 'linear' or 'relu'; got {shown(kind)}.")
    return (1 + {"linear": 2, "relu": 5}[kind] / whole("width", width, 1)) ** whole("depth", depth, 0) - 1
