"""The rule: from the values of replicates and a protocol to one of five outcomes.

At each look (10, 20, … 160 replicates) every condition has a 99 % interval; a finding stops at the first look that decides
it. Five looks with 1 % each leave an error of at most 5 %. A finding with k conditions fails only by an interval at level
1 − 0.01/k, so that a true claim of several parts is not contradicted more often than a simple one.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from overparam.report.intervals import Estimate
from overparam.report.protocols import LOOKS, Condition, Protocol

LEVEL = 0.99
MISSING = 0.01  # of the replicates may have diverged: who leaves out more judges those that did well


def outcome(values: Mapping[str, Sequence[float]], protocol: Protocol) -> str:
    """The outcome that one value per replicate for each estimate of the protocol gives, at one look."""
    if any(np.isnan(np.asarray(values[name], dtype=float)).mean() > MISSING for name in protocol.estimates):
        return "inconclusive"
    parts = [
        of_condition(values[name], condition, len(protocol.estimates)) for name, condition in protocol.estimates.items()
    ]
    for failing in ("contradicted", "no effect"):
        if failing in parts:
            return failing
    if set(parts) == {"supported"}:
        none_claimed = all(condition.equals is not None for condition in protocol.estimates.values())
        return "no effect" if none_claimed else "supported"
    return "inconclusive"


def of_condition(values: Sequence[float], condition: Condition, conditions: int = 1) -> str:
    """The same for one condition of several."""
    estimate = condition.estimate(values, LEVEL)
    strict = condition.estimate(values, 1 - (1 - LEVEL) / conditions)
    if condition.quantity == "location" and 2.0 ** (1 - len(_finite(values))) > (1 - LEVEL) / conditions:
        return "inconclusive"  # from the smallest to the largest value is no interval at this level yet
    negligible = condition.negligible if condition.equals is None else None
    if negligible and _inside(strict, negligible):
        return "no effect"
    low, high = condition.claimed
    if _inside(estimate, (low, high)):  # but not where only the stricter level keeps it from being no effect
        return "inconclusive" if negligible and _inside(estimate, negligible) else "supported"
    return "contradicted" if strict.high < low or strict.low > high else "inconclusive"


def next_look(done: int) -> int | None:
    """The number of replicates of the look after ``done``; None after the last."""
    return next((n for n in LOOKS if n > done), None)


def would_decide(values: Mapping[str, Sequence[float]], protocol: Protocol, power: float = 0.8) -> int | None:
    """About how many replicates would decide the finding with this power if all stays as it is; None where none would.

    For the condition that needs most: n = (z₁ + z₂)² sd² / d² with d the distance to the nearest end of the range, of those in
    which the condition is decided, that is easiest to stay in.
    """
    needed = [_needed(values[name], condition, power) for name, condition in protocol.estimates.items()
              if of_condition(values[name], condition, len(protocol.estimates)) == "inconclusive"]  # fmt: skip
    known = [number for number in needed if number is not None]
    return max(known, default=None) if len(known) == len(needed) else None


def _inside(estimate: Estimate, bounds: tuple[float, float]) -> bool:
    return bounds[0] < estimate.low and estimate.high < bounds[1]


def _finite(values: Sequence[float]) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    return array[~np.isnan(array)]


def _needed(values: Sequence[float], condition: Condition, power: float) -> int | None:
    kept, on_axis = _finite(values), _AXES.get(condition.quantity, float)
    if condition.quantity == "sign":
        kept = (kept[kept != 0] > 0).astype(float)
    shown = np.array([on_axis(value) for value in kept])
    middle, spread = shown.mean(), shown.std(ddof=1)
    if condition.quantity in ("share", "sign"):  # not 0 where all agree (Agresti & Coull 1998)
        share = (kept.sum() + 2) / (len(kept) + 4)
        spread = math.sqrt(share * (1 - share))
    by_signs = condition.quantity == "location"  # how many values lie beyond an end
    if by_signs:
        middle, spread = np.median(kept), 0.5

    def gap(end: float) -> float:
        return abs(np.mean(kept > end) - 0.5) if by_signs else abs(middle - on_axis(end))

    low, high = condition.claimed
    decided = [(low, high), (-math.inf, low), (high, math.inf)]
    if condition.equals is None and condition.negligible:
        decided.append(condition.negligible)
    around = [ends for ends in decided if on_axis(ends[0]) <= middle <= on_axis(ends[1])]
    distance = max((min(gap(end) for end in ends if math.isfinite(end)) for ends in around), default=0)
    if distance == 0:
        return None
    z = stats.norm.ppf((1 + LEVEL) / 2) + stats.norm.ppf(power)
    return math.ceil((z * spread / distance) ** 2 * len(values) / len(kept))  # as many diverge, or are 0, as now


def _logarithm(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _fisher(value: float) -> float:
    return math.atanh(min(max(value, -0.999), 0.999)) if abs(value) < math.inf else value


_AXES: dict[str, Callable[[float], float]] = {"ratio": _logarithm, "correlation": _fisher}  # else the values themselves
