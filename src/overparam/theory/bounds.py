"""What can be promised of a classifier's error on new examples: finite sets of candidates, and PAC-Bayes.

Every bound holds with probability 1 − failure over the draw of n examples, for losses between 0 and 1. Numbers of candidates are
given by their natural logarithm, since networks are too many for a floating-point number.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import gammaln, rel_entr
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from overparam.arithmetic import full_precision
from overparam.errors import numbers, real, require, require_examples, tensor, whole
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
    error: float  # mean error of the drawn networks on the examples that the bound counts
    divergence: float  # between posterior and prior, in nats
    prior_deviation: float  # of every weight
    weights: Tensor  # [p], the posterior's mean
    deviations: Tensor  # [p], the posterior's


@full_precision()
def gaussian_bound(
    module: nn.Module,
    weights: Tensor,
    prior: Tensor,
    x: Tensor,
    y: Tensor,
    steps: int = 1000,
    draws: int = 1000,
    seed: int = 0,
    failure: float = 0.05,
) -> GaussianBound:
    """A PAC-Bayes bound with a Gaussian posterior that is optimised, after Dziugaite & Roy 2017 (arXiv 1703.11008).

    The posterior is N(w, diag s²), where w begins at ``weights`` [p]; the prior is N(prior, λ² I). ``steps`` of Adam on batches of 250
    lower cross-entropy / ln 2 + √((KL + ln(2√n/failure)) / 2n) in w, s and λ. Then λ is rounded to exp(−j/20), j = 1, 2, …, each
    of which has the share 6/(π² j²) of the failure, and ``draws`` networks estimate the error, for which a fifth of the failure is
    set aside (Langford & Caruana 2002). ``module`` is a fully connected ReLU network of the architecture, with its weights in the
    order of its parameters. The prior must not depend on the examples x [n, d], y [n].
    """
    require_examples(module, x, y)
    steps, draws, failure = whole("steps", steps, 0), whole("draws", draws, 1), _failure(failure)
    weights, prior = tensor("weights", weights, 1), tensor("prior", prior, 1)
    require(weights.shape == prior.shape, "The weights and the prior's must be equally many; both are vectors [p].")
    w, s, scale = _optimised(module, weights, prior, x, y, steps, seed, failure)
    j = max(1, round(-20 * float(scale)))
    divergence = float(_divergence(w, s, prior, 0 * scale - j / 20))
    error = float(np.mean(errors_around(module, w, s.exp(), x, y, draws, seed)))
    upper = kl_inverse(error, -math.log(_SIMULATION * failure) / draws)
    bound = pac_bayes(upper, divergence, len(x), (1 - _SIMULATION) * failure * 6 / (math.pi * j) ** 2)
    return GaussianBound(float(bound), error, divergence, math.exp(-j / 20), w, s.exp())


def _optimised(
    module: nn.Module, weights: Tensor, prior: Tensor, x: Tensor, y: Tensor, steps: int, seed: int, failure: float
) -> list[Tensor]:
    """Mean, logarithms of deviations, and logarithm of the prior's deviation, after these steps on the bound."""
    g = generator(whole("seed", seed), "posterior")
    begin = math.log(0.03)
    parts = [weights.clone(), 0 * weights + begin, 0 * weights[:1] + begin]
    w, s, scale = (part.requires_grad_() for part in parts)
    optimizer = torch.optim.Adam([w, s, scale], lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    names, shapes = zip(*((name, p.shape) for name, p in module.named_parameters()), strict=True)
    for _ in range(steps):
        batch = torch.randint(len(x), (min(250, len(x)),), generator=g).to(x.device)
        drawn = w + s.exp() * torch.randn(len(w), generator=g).to(w)
        pieces = drawn.split([shape.numel() for shape in shapes])
        drawn_parts = {name: piece.view(shape) for name, piece, shape in zip(names, pieces, shapes, strict=True)}
        outputs = functional_call(module, drawn_parts, x[batch])
        paid = (_divergence(w, s, prior, scale) + math.log(2 * math.sqrt(len(x)) / failure)) / (2 * len(x))
        optimizer.zero_grad()
        (cross_entropy(outputs, y[batch]) / math.log(2) + paid.sqrt()).backward()
        optimizer.step()
        schedule.step()
    return [part.detach() for part in (w, s, scale)]


def _divergence(w: Tensor, s: Tensor, prior: Tensor, scale: Tensor) -> Tensor:
    """KL(N(w, diag e^2s) ‖ N(prior, e^(2 scale) I)) in nats."""
    relative = (2 * (s - scale)).exp().sum() + ((w - prior) / scale.exp()).square().sum() - len(w)
    return relative / 2 + (scale - s).sum()


@full_precision()
@torch.no_grad()
def errors_around(
    module: nn.Module, weights: Tensor, deviations: Tensor, x: Tensor, y: Tensor, draws: int, seed: int
) -> np.ndarray:
    """Shares of the examples x [n, d], y [n] that networks with weights N(weights, diag deviations²), both [p], misclassify, [draws]."""
    require_examples(module, x, y)
    weights, deviations = tensor("weights", weights, 1), tensor("deviations", deviations, 1)
    require(
        weights.shape == deviations.shape, "Weights and their deviations must be equally many; both are vectors [p]."
    )
    g = generator(whole("seed", seed), "draws of a posterior")
    shares = []
    for start in range(0, whole("draws", draws, 1), 50):
        noise = torch.randn(min(50, draws - start), len(weights), generator=g).to(weights)
        outputs = volume.outputs(module, weights + deviations * noise, x)
        shares.append((outputs.argmax(-1) != y).double().mean(1))
    return torch.cat(shares).cpu().numpy()
