"""Estimates with intervals, each kind of quantity with its own: an interval never leaves the range that its quantity has."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from overparam.errors import numbers, real, require, shown
from overparam.report import scale


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval, and how many replicates were left out of it, since they are NaN: they diverged.

    ``quantity`` (a key of QUANTITIES) decides how it is drawn, and nothing else.
    """

    value: float
    low: float
    high: float
    left_out: int = 0
    quantity: str = field(default="mean", compare=False, repr=False)

    def __format__(self, spec: str) -> str:
        spec = spec or ".3g"
        text = f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"
        return text.replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")

    def __mul__(self, factor: float) -> "Estimate":
        """The same in other units: ``100 * error`` in points."""
        factor = real("factor", factor)
        low, high = sorted((factor * self.low, factor * self.high))
        return Estimate(factor * self.value, low, high, self.left_out)

    __rmul__ = __mul__

    def __neg__(self) -> "Estimate":
        """A difference taken the other way round."""
        return -1 * self


# --- One value per replicate --------------------------------------------------------------------------------------------


def _replicates(values: object) -> np.ndarray:
    """Two finite replicates or more [n], as float64; NaN are left out."""
    says = f"An interval needs at least 2 finite replicates; got {shown(values)}."
    try:
        array = np.asarray(values, dtype=float)
    except (ValueError, TypeError):
        raise ValueError(says) from None
    require(array.ndim == 1, says)
    array = array[~np.isnan(array)]
    require(len(array) >= 2 and bool(np.isfinite(array).all()), says)
    return array


def _level(level: float) -> float:
    says = f"The level of an interval lies between 0 and 1, such as 0.95; got {shown(level)}."
    level = real("level", level, says)
    require(0 < level < 1, says)
    return level


def _student(values: np.ndarray, level: float, given: np.ndarray | None = None) -> tuple[float, float, float]:
    """Mean and interval of Student's t; replicates that all agree have no interval, see `mean`.

    ``given`` are the replicates as they were measured, where ``values`` are transformed.
    """
    if np.ptp(values) == 0:
        if scale.current() == "smoke":
            return (float(values[0]),) * 3
        same = (values if given is None else given)[0]
        raise ValueError(f"All {len(values)} replicates are {same:g}: state that as a fact, it has no interval.")
    middle, half = values.mean(), _quantile(level, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(middle), float(middle - half), float(middle + half)


@functools.cache
def _quantile(level: float, freedom: int) -> float:
    """Half the width of an interval of Student's t in standard errors."""
    return float(stats.t.ppf((1 + level) / 2, freedom))


def mean(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Mean over replicates (one per seed; pass differences for a paired comparison) with its interval of Student's t.

    A bootstrap's would be too short for the few seeds of most experiments. Replicates that all agree have no interval; at
    ``smoke`` scale, where two or three seeds may well agree and nothing is decided, it is their value. Replicates that are
    NaN, as the errors of networks that diverged are, are left out and counted.
    """
    level, kept = _level(level), _replicates(values)
    return Estimate(*_student(kept, level), len(values) - len(kept))


def ratio(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Geometric mean of one positive ratio per replicate, with the t interval of its logarithm."""
    level, kept = _level(level), _replicates(values)
    require(bool((kept > 0).all()), f"A ratio is positive; got {kept.min():g}.")
    value, low, high = map(float, np.exp(_student(np.log(kept), level, kept)))
    return Estimate(value, low, high, len(values) - len(kept), "ratio")


def correlation(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Mean of one correlation per replicate by Fisher's z; beyond ±0.999, whose z is without bound, it counts as ±0.999."""
    level, kept = _level(level), _replicates(values)
    require(bool((np.abs(kept) <= 1).all()), f"A correlation lies in [−1, 1]; got {kept[np.abs(kept).argmax()]:g}.")
    z = np.arctanh(kept.clip(-0.999, 0.999))
    value, low, high = map(float, np.tanh(_student(z, level, kept)))
    return Estimate(value, low, high, len(values) - len(kept), "correlation")


def share(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Share of the replicates that succeed (1, or 0 for those that do not), with the exact interval of Clopper and Pearson.

    Wilson's errs too often on one side near 0 and 1: at a bound of 0.99, in 13 % of findings.
    """
    level, kept = _level(level), _replicates(values)
    require(bool(np.isin(kept, (0, 1)).all()), f"A share takes 0 or 1 for each replicate; got {shown(values)}.")
    interval = _binomial(int(kept.sum()), len(kept), level)
    return Estimate(float(kept.mean()), *interval, len(values) - len(kept), "share")


def sign(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Share of positive values among those that are not 0, with the exact interval of Clopper and Pearson (1934)."""
    level, kept = _level(level), _replicates(values)
    positive, n = int((kept > 0).sum()), int((kept != 0).sum())
    require(n > 0, f"A share of signs needs a value that is not 0; got {shown(values)}.")
    return Estimate(positive / n, *_binomial(positive, n, level), len(values) - len(kept), "sign")


def location(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Median of one place per replicate, with the exact interval between two order statistics (all, where n is too small)."""
    level, kept = _level(level), np.sort(_replicates(values))
    n = len(kept)
    below = max(int(stats.binom.ppf((1 - level) / 2, n, 0.5)) - 1, 0)  # so many can be cut off at either end
    return Estimate(float(np.median(kept)), float(kept[below]), float(kept[n - 1 - below]), len(values) - n, "location")


QUANTITIES: Mapping[str, Callable[[Sequence[float], float], Estimate]] = MappingProxyType(
    {
        "mean": mean,
        "ratio": ratio,
        "share": share,
        "correlation": correlation,
        "location": location,
        "sign": sign,
    }
)


# --- Other designs ------------------------------------------------------------------------------------------------------


def rank_correlation(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rank correlation of pairs. It is not defined where one side is constant: at ``smoke`` scale that counts as 0."""
    x, y = numbers("x", x, 1), numbers("y", y, 1)
    if np.ptp(x) > 0 and np.ptp(y) > 0:
        return float(stats.spearmanr(x, y).statistic)
    if scale.current() == "smoke":
        return 0.0
    raise ValueError(
        f"All of one side of {len(x)} pairs are equal: there is no rank correlation, state that as a fact."
    )


@functools.cache
def _binomial(successes: int, trials: int, level: float) -> tuple[float, float]:
    interval = stats.binomtest(successes, trials).proportion_ci(level, method="exact")
    return float(interval.low), float(interval.high)
