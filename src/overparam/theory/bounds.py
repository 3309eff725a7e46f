"""What can be promised of a classifier's error on new examples: finite sets of candidates, and PAC-Bayes.

Every bound holds with probability 1 − failure over the draw of n examples, for losses between 0 and 1. Numbers of candidates are
given by their natural logarithm, since networks are too many for a floating-point number.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import gammaln, rel_entr
from torch import Tensor, nn

from overparam.arithmetic import full_precision
from overparam.errors import listed, numbers, real, require, require_examples, shown, tensor, whole
from overparam.measures import volume
from overparam.randomness import generator

_SIMULATION = 0.2  # the share of the failure that is left to the draws of networks


# --- Finitely many candidates ---------------------------------------------------------------------------


def hoeffding(n: int, log_size: ArrayLike = 0.0, failure: float = 0.05) -> np.ndarray:
    """√(ln(K/failure) / 2n): by how much the error of any of K candidates exceeds its error on n examples, at most.

    ``log_size`` is ln K, a number or an array. The candidates must have been fixed without the examples (Hoeffding 1963, union bound).
    """
    return np.sqrt(_cost(log_size, failure) / (2 * whole("n", n, 1)))


def bernstein(n: int, log_size: ArrayLike = 0.0, failure: float = 0.05, variance: float = 1.0) -> np.ndarray:
    """2 ln(K/failure) / 3n + √(2 · variance · ln(K/failure) / n): the same for losses of at most this variance (Kawaguchi et al. 2017)."""
    n, variance = whole("n", n, 1), real("variance", variance)
    require(variance >= 0, f"A variance is not negative; got {variance:g}.")
    cost = _cost(log_size, failure)
    return 2 * cost / (3 * n) + np.sqrt(2 * variance * cost / n)


def luckiest(n: int, log_size: float) -> float:
    """The median of the smallest share of errors on n examples among K candidates that all guess (log_size = ln K).

    Exact: the first share whose binomial probability, of at most so many errors, reaches 1 − 2^(−1/K).
    """
    n, log_size = whole("n", n, 1, 10**7), real("log_size", log_size)
    require(log_size >= 0, f"log_size is the logarithm of 1 candidate or more; got {log_size:g}.")
    k = np.arange(n + 1)
    mass = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) - n * math.log(2)
    each = math.log(2) * math.exp(-min(log_size, 600.0))  # −ln of the chance that one candidate is above the median
    needed = math.log(-math.expm1(-each)) - max(0.0, log_size - 600.0)
    return int(np.argmax(np.logaddexp.accumulate(mass) >= needed - 1e-9)) / n


def _cost(log_size: ArrayLike, failure: float) -> np.ndarray:
    failure, size = _failure(failure), numbers("log_size", log_size)
    require(bool((size >= 0).all()), "log_size is the logarithm of 1 candidate or more, so it is not negative.")
    return size - math.log(failure)


def _failure(failure: float) -> float:
    failure = real("failure", failure)
    require(0 < failure < 1, f"failure is a probability in (0, 1); got {failure:g}.")
    return failure


# --- PAC-Bayes ------------------------------------------------------------------------------------------


def kl_inverse(error: ArrayLike, budget: ArrayLike) -> np.ndarray:
    """The largest p with kl(error ‖ p) ≤ budget, where kl is between two coins; by bisection, to 1e-12.

    For an error of 0 it is 1 − e^(−budget). Both are numbers, or arrays of one shape, or one of each.
    """
    error, budget = numbers("error", error), numbers("budget", budget)
    require(bool(((error >= 0) & (error <= 1)).all()), "An error lies in [0, 1].")
    require(bool((budget >= 0).all()), "A budget of a divergence is not negative.")
    fitting = error.shape == budget.shape or not error.ndim or not budget.ndim
    require(
        fitting,
        f"Errors {list(error.shape)} and budgets {list(budget.shape)} must be equally many, or one of them a number.",
    )
    error, budget = (np.array(a, dtype=float) for a in np.broadcast_arrays(error, budget))
    low, high = error.copy(), np.ones_like(error)
    for _ in range(42):
        middle = (low + high) / 2
        fits = rel_entr(error, middle) + rel_entr(1 - error, 1 - middle) <= budget
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return high


def pac_bayes(error: ArrayLike, divergence: ArrayLike, n: int, failure: float = 0.05) -> np.ndarray:
    """Bound on the mean error of networks drawn from Q, from their mean error on n examples and KL(Q ‖ P) in nats.

    The largest p with kl(error ‖ p) ≤ (KL + ln(2√n / failure)) / n (Seeger 2002; Maurer 2004). P must not depend on the examples.
    """
    n, divergence = whole("n", n, 1), numbers("divergence", divergence)
    require(bool((divergence >= 0).all()), "A divergence is not negative.")
    return kl_inverse(error, (divergence + math.log(2 * math.sqrt(n) / _failure(failure))) / n)


@dataclass(frozen=True)
class GaussianBound:
    """A PAC-Bayes bound on networks with Gaussian weights: what it is, and what it is made of."""

    bound: float
    deviation: float  # of every weight
    error: float  # mean error of the drawn networks on the examples that the bound counts
    divergence: float  # between posterior and prior, in nats


@full_precision()
def gaussian_bound(
    module: nn.Module,
    weights: Tensor,
    prior: Tensor,
    x: Tensor,
    y: Tensor,
    deviations: Sequence[float] = tuple(0.005 * 2 ** (k / 2) for k in range(10)),
    draws: int = 1000,
    seed: int = 0,
    failure: float = 0.05,
) -> GaussianBound:
    """The least PAC-Bayes bound over these deviations σ, for the posterior N(weights, σ² I) and the prior N(prior, σ² I).

    ``module`` is a fully connected ReLU network of the architecture, ``weights`` and ``prior`` [p] in the order of its parameters.
    The prior must not depend on the examples x [n, d], y [n]. The divergence is ‖weights − prior‖² / 2σ². A fifth of the failure
    is for the draws by which the mean error is estimated (Langford & Caruana 2002), the rest is shared by the deviations; the one
    with the best bound on the first 50 draws is taken, and ``draws`` others count.
    """
    require_examples(module, x, y)
    draws, failure = whole("draws", draws, 1), _failure(failure)
    says = f"deviations lists positive numbers; got {shown(deviations)}."
    tried = [real("deviation", d, says) for d in listed(deviations, says)]
    require(bool(tried) and min(tried) > 0, says)
    require(weights.shape == prior.shape, "The weights and the prior's must be equally many; both are vectors [p].")
    squared = float((weights - prior).double().square().sum())

    def promised(deviation: float, error: float) -> float:
        each = (1 - _SIMULATION) * failure / len(tried)
        return float(pac_bayes(error, squared / (2 * deviation**2), len(x), each))

    def mean_error(deviation: float, count: int, stream: int) -> float:
        return float(np.mean(errors_around(module, weights, deviation, x, y, count, seed, stream)))

    first = {d: promised(d, mean_error(d, min(50, draws), 0)) for d in tried}
    best = min(first, key=lambda d: first[d])
    error = mean_error(best, draws, 1)
    upper = float(kl_inverse(error, -math.log(_SIMULATION * failure) / draws))
    return GaussianBound(promised(best, upper), best, error, squared / (2 * best**2))


@full_precision()
@torch.no_grad()
def errors_around(
    module: nn.Module, weights: Tensor, deviation: float, x: Tensor, y: Tensor, draws: int, seed: int, stream: int = 0
) -> np.ndarray:
    """Shares of the examples x [n, d], y [n] that networks with weights N(weights, deviation² I) misclassify, [draws]."""
    require_examples(module, x, y)
    weights = tensor("weights", weights, 1)
    deviation, g = real("deviation", deviation), generator(whole("seed", seed), f"posterior {whole('stream', stream)}")
    shares = []
    for start in range(0, whole("draws", draws, 1), 50):
        noise = torch.randn(min(50, draws - start), len(weights), generator=g).to(weights)
        outputs = volume.outputs(module, weights + deviation * noise, x)
        shares.append((outputs.argmax(-1) != y).double().mean(1))
    return torch.cat(shares).cpu().numpy()
