"""Signs of the eigenvalues of random symmetric matrices."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from overparam.randomness import rng


def goe(size: int, count: int, seed: int) -> np.ndarray:
    """``count`` symmetric matrices [count, size, size] of the Gaussian orthogonal ensemble, (A + Aᵀ)/√2 with A_ij ~ N(0, 1)."""
    a = rng(seed, size).standard_normal((count, size, size))
    return (a + a.swapaxes(1, 2)) / math.sqrt(2)


def all_positive(size: int, count: int, seed: int, part: int = 50_000) -> int:
    """How many of ``count`` matrices of the Gaussian orthogonal ensemble have only positive eigenvalues."""
    total = 0
    for number, start in enumerate(range(0, count, part)):
        matrices = goe(size, min(part, count - start), 1000 * seed + number)
        positive = matrices.diagonal(axis1=1, axis2=2).min(1) > 0  # necessary, and cheap
        if positive.any():
            total += int((np.linalg.eigvalsh(matrices[positive]).min(1) > 0).sum())
    return total


def quadratic_test(sizes: ArrayLike, hits: ArrayLike, trials: int) -> tuple[float, float]:
    """Whether log P is a quadratic and no linear function of size: the likelihood ratio of the two, and its p value.

    ``hits`` of ``trials`` at each of the ``sizes`` are binomial with probability P.
    """
    import statsmodels.api as sm  # here, since it takes a second to import

    sizes, hits = np.asarray(sizes, float), np.asarray(hits, float)

    def log_likelihood(degree: int) -> float:
        # With η = −log P the share of misses, 1 − exp(−η), is the distribution function of an exponential variable: a link
        # that keeps P below 1, as that of log P itself does not.
        family = sm.families.Binomial(sm.families.links.CDFLink(stats.expon))
        model = sm.GLM(np.stack([trials - hits, hits], 1), np.vander(sizes, degree + 1), family=family)
        return model.fit(start_params=np.polyfit(sizes, -np.log((hits + 0.5) / (trials + 1)), degree)).llf

    ratio = 2 * (log_likelihood(2) - log_likelihood(1))
    return float(ratio), float(stats.chi2.sf(ratio, 1))
