"""How much a layer tells about inputs and labels, in bits: binned, and under added noise.

Patterns are equally likely, and a layer is a function of the pattern, so that I(X; T) = H(T) for whatever T is read from it. What
is read is a choice: continuous values tell every pattern from every other, bins lump some together.
"""

import math

import numpy as np
import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import numbers, real, require, shown, tensor, whole


def bin_edges(units: np.ndarray, bins: int, scheme: str = "fixed", low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """The inner edges [bins − 1] of ``bins`` bins: equally wide from low to high ("fixed"), or equally full ("quantile").

    Equally full are the bins of all values of ``units`` [examples, units] together; what occurs more than once may leave some empty.
    """
    bins = whole("bins", bins, 2)
    require(scheme in ("fixed", "quantile"), f"Bins are 'fixed' or 'quantile'; got {shown(scheme)}.")
    if scheme == "quantile":
        return np.unique(np.quantile(numbers("units", units, 2), np.arange(1, bins) / bins))
    low, high = real("low", low), real("high", high)
    require(low < high, f"Bins reach from low to high; got {low:g} and {high:g}.")
    return np.linspace(low, high, bins + 1)[1:-1]


def binned(units: np.ndarray, labels: np.ndarray, edges: np.ndarray | None) -> tuple[float, float]:
    """I(X; T) and I(T; Y) in bits, T the bins into which ``units`` [examples, units] fall; values beyond the edges are in the outer bins.

    ``edges=None`` takes the values as they are, without bins: only what is equal in every unit falls together.

    Every example is a pattern of its own and all are equally likely, so that I(X; T) is the entropy of T, and I(T; Y) =
    H(T) + H(Y) − H(T, Y) with the labels [examples] as they are (Shwartz-Ziv & Tishby 2017, arXiv 1703.00810).
    """
    units, labels = numbers("units", units, 2), numbers("labels", labels, 1)
    require(len(units) == len(labels), f"There are {len(units):,} examples and {len(labels):,} labels; give each one.")
    classes = np.unique(labels, return_inverse=True)[1]
    if edges is None:
        bins = np.stack([np.unique(column, return_inverse=True)[1] for column in units.T], 1)
    else:
        bins = np.searchsorted(np.asarray(edges), units, side="right")
    states = _states(bins)
    about_inputs = entropy(states)
    return about_inputs, about_inputs + entropy(classes) - entropy(states * (classes.max() + 1) + classes)


def entropy(states: np.ndarray) -> float:
    """Entropy in bits of how often each value occurs among the whole numbers ``states`` [examples]."""
    shares = np.unique(states, return_counts=True)[1] / len(states)
    return float(max(0.0, -(shares * np.log2(shares)).sum()))


def _states(bins: np.ndarray) -> np.ndarray:
    """One whole number for each row of bin numbers [examples, units]; equal rows have equal ones."""
    states = np.zeros(len(bins), dtype=np.int64)
    for column in bins.T:
        if states.max() * (column.max() + 1.0) > 2**60:
            states = np.unique(states, return_inverse=True)[1]
        states = states * (column.max() + 1) + column
    return np.unique(states, return_inverse=True)[1]


@full_precision()
def noisy(units: Tensor, variance: float) -> float:
    """An upper bound in bits on I(X; T + noise), with Gaussian noise of this variance added to each of ``units`` [examples, units].

    −mean_i log₂ mean_j exp(−‖t_i − t_j‖² / 2 variance), of Kolchinsky & Tracey (2017, Entropy 19:361). Examples are equally likely.
    """
    tensor("units", units, 2)
    variance = real("variance", variance)
    require(variance > 0, f"The variance of the noise must be positive; got {variance:g}.")
    apart = torch.cdist(units, units, compute_mode="donot_use_mm_for_euclid_dist").square()
    inner = torch.logsumexp(-apart / (2 * variance), 1) - math.log(len(units))
    return max(0.0, -inner.mean().item() / math.log(2))
