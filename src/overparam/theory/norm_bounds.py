"""Bounds on the capacity of ReLU networks by norms of their weights, in float64.

A network of affine layers is written without biases: a constant 1 is appended to the input, and passed on by every layer.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.engine.sweep import network
from overparam.errors import between, numbers, real, require, require_network, shown, tensor, whole
from overparam.measures.norms import margins as margins_of
from overparam.theory.bounds import hoeffding

DEPTHS = ("doubled", "rooted")


@full_precision()
@torch.no_grad()
def matrices(module: nn.Module) -> list[Tensor]:
    """The layers of f₁ − f₀, the difference of the two outputs of a fully connected ReLU network, as matrices without biases.

    [[W, b], [0, 1]] for each layer but the last, which is one row: f₁(x) − f₀(x) = A_L relu(… relu(A₁ (x, 1))). Its sign is the class.
    """
    require_network(module)
    known = (nn.Sequential, nn.Flatten, nn.Unflatten, nn.ReLU, nn.Linear)
    unknown = [type(part).__name__ for part in module.modules() if not isinstance(part, known)]
    require(not unknown, f"These bounds are for fully connected ReLU networks; this one has {', '.join(unknown)}.")
    layers = [part for part in module.modules() if isinstance(part, nn.Linear)]
    require(layers[-1].out_features == 2, f"Two classes have two outputs; this network has {layers[-1].out_features}.")
    augmented = [torch.cat([part.weight, part.bias[:, None]], 1).double() for part in layers]
    *inner, last = augmented
    constant = [torch.eye(m.shape[1], dtype=m.dtype, device=m.device)[-1:] for m in inner]
    return [*(torch.cat([m, row]) for m, row in zip(inner, constant, strict=True)), last[1:] - last[:1]]


def radius(x: Tensor) -> float:
    """The root mean square of the Euclidean norms of (x, 1) over the inputs x [n, d]."""
    return math.sqrt(tensor("x", x, 2).double().square().sum(1).mean().item() + 1)


@full_precision()
def frobenius(layers: Sequence[Tensor], size: float, n: int, depth: str = "rooted") -> float:
    """Bound on the Rademacher complexity, on n inputs of root mean square norm ``size``, of all networks whose layers' Frobenius norms are these.

    The product of the norms times size/√n, times 2^(d−1) for d layers ("doubled"; Neyshabur et al. 2015) or √(2d ln 2) + 1
    ("rooted"; Golowich et al. 2018, arXiv 1712.06541). Whatever the widths.
    """
    require(depth in DEPTHS, f"depth must be one of {', '.join(DEPTHS)}; got {shown(depth)}.")
    d, n, size = len(layers), whole("n", n, 1), real("size", size)
    factor = 2 ** (d - 1) if depth == "doubled" else math.sqrt(2 * math.log(2) * d) + 1
    return factor * size / math.sqrt(n) * math.prod(float(torch.linalg.matrix_norm(layer)) for layer in layers)


@full_precision()
def spectral(layers: Sequence[Tensor], start: Sequence[Tensor], size: float, n: int) -> float:
    """The bound of Bartlett et al. 2017 (arXiv 1706.08498) on Rademacher complexity, without its constant and logarithms.

    On n inputs of root mean square norm ``size``: size/√n · Π ‖A‖ · (Σ (‖A − A⁰‖₂,₁ / ‖A‖)^(2/3))^(3/2) with spectral norms ‖A‖, the layers A⁰ at the start, and ‖·‖₂,₁ the sum of
    the Euclidean norms of the units' incoming weights.
    """
    require(len(layers) == len(start), "The network and its start must have equally many layers.")
    n, size = whole("n", n, 1), real("size", size)
    norms = [float(torch.linalg.matrix_norm(layer, 2)) for layer in layers]
    moved = [float((a - b).norm(dim=1).sum()) for a, b in zip(layers, start, strict=True)]
    parts = sum((m / s) ** (2 / 3) for m, s in zip(moved, norms, strict=True))
    return size / math.sqrt(n) * math.prod(norms) * parts**1.5


def planar(x: np.ndarray) -> tuple[float, float]:
    """Empirical Rademacher complexity, on points x [m, 2], of two classes: linear maps w·x, and ReLU networks with one hidden layer.

    All incoming weights, of the output too, have an ℓ1 norm of 1 at most; there are no biases. Exact, over all 2^m signs (m up to
    16): for given signs the best network of any width is one unit, ±relu(w·x), since the sum is linear in the outer weights, and its
    sum is piecewise linear in w along the edges of the square ‖w‖₁ = 1, with kinks where w·x_i = 0.
    """
    x = numbers("x", x, 2)
    m = len(x)
    require(m <= 16 and x.shape[1] == 2, f"x holds up to 16 points of the plane, [m, 2]; got {shown(x)}.")
    signs = np.array(list(itertools.product((-1, 1), repeat=m)))
    corners = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    kinks = np.array([[-b, a] for a, b in x[np.abs(x).sum(1) > 0]]).reshape(-1, 2)
    kinks /= np.abs(kinks).sum(1, keepdims=True)
    units = np.maximum(np.concatenate([corners, kinks, -kinks]) @ x.T, 0)
    linear = np.abs(signs @ x).max(1).mean() / m
    return float(linear), float(np.abs(signs @ units.T).max(1).mean() / m)


def by_margin(margins: Tensor, complexity: float, share: float = 0.01, failure: float = 0.05) -> float:
    """Bound on the error from margins [n] on the examples and the Rademacher complexity of f₁ − f₀; 1 or more says nothing.

    share + 2 · complexity / γ + √(ln(1/failure) / 2n) with γ the margin that all but this share of the examples reach (Bartlett &
    Mendelson 2002; Koltchinskii & Panchenko 2002). That γ and the norms are read off the network costs terms that are left out.
    """
    margins, n = tensor("margins", margins, 1), len(margins)
    share, failure = between("share", share, 0, 1), real("failure", failure)
    require(0 < failure < 1, f"failure is a probability in (0, 1); got {failure:g}.")
    gamma = float(torch.quantile(margins.double(), share))
    require(
        gamma > 0,
        f"Fewer than {1 - share:.0%} of the examples are classified correctly; train longer, or raise the share.",
    )
    return share + 2 * complexity / gamma + math.sqrt(math.log(1 / failure) / (2 * n))


def of_run(row: pd.Series, data: Data, failure: float = 0.05) -> dict[str, float]:
    """What norms promise of one row of a sweep on two classes, n of whose training pool are all of it; weights recorded at 0 and the end.

    ``bits`` (32 for each weight, by number), ``doubled``, ``rooted`` and ``spectral`` are bounds on the error (see ``by_margin``), with
    ``margin`` that of all but 1 % of the examples; ``…_part`` is a complexity over that margin; ``distance`` is that from the start.
    Margins below 0.001 count as 0.001: where a network fits too few examples, the bounds are large, and say nothing.
    """
    net, start = (network(row, data, time) for time in (-1, 0))
    layers, before, n = matrices(net), matrices(start), len(data.x)
    margins = margins_of(net, data.x, data.y).clamp(min=1e-3)
    size, margin = radius(data.x), float(margins.quantile(0.01))
    found = {depth: frobenius(layers, size, n, depth) for depth in DEPTHS}
    found["spectral"] = spectral(layers, before, size, n)
    bits = row["train_error"] + float(hoeffding(n, 32 * math.log(2) * row["parameters"], failure))
    moved = float(np.linalg.norm(row["weights"][-1] - row["weights"][0]))
    parts = {f"{name}_part": value / margin for name, value in found.items()}
    bounds = {name: by_margin(margins, value, failure=failure) for name, value in found.items()}
    return {"bits": bits, "distance": moved, "margin": margin} | bounds | parts
