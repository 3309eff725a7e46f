"""The rule: from the values of replicates and a protocol to one of five outcomes.

At each look (10, 20, … 160 replicates) every condition has a 99 % interval; a finding stops at the first look that decides
it. Five looks with 1 % each leave an error of at most 5 %. A finding with k conditions fails only by an interval at level
1 − 0.01/k, so that a true claim of several parts is not contradicted more often than a simple one.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from overparam.report.intervals import Estimate
from overparam.report.protocols import LOOKS, OUTCOMES, Condition, Protocol

__all__ = ["LEVEL", "OUTCOMES", "next_look", "of_condition", "outcome", "would_decide"]
LEVEL = 0.99


def outcome(values: Mapping[str, Sequence[float]], protocol: Protocol) -> str:
    """The outcome that one value per replicate for each estimate of the protocol gives, at one look."""
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
    if condition.equals is None and condition.negligible and _inside(strict, condition.negligible):
        return "no effect"
    low, high = condition.claimed
    if _inside(estimate, (low, high)):
        return "supported"
    return "contradicted" if strict.high < low or strict.low > high else "inconclusive"


def next_look(done: int) -> int | None:
    """The number of replicates of the look after ``done``; None after the last."""
    return next((n for n in LOOKS if n > done), None)


def would_decide(values: Mapping[str, Sequence[float]], protocol: Protocol, power: float = 0.8) -> int | None:
    """About how many replicates would decide the finding with this power if all stays as it is; None where none would.

    For the condition that needs most: n = (z₁ + z₂)² sd² / d² with d the distance from the nearest end of a range in
    which the condition is decided.
    """
    needed = [_needed(values[name], condition, power) for name, condition in protocol.estimates.items()
              if of_condition(values[name], condition, len(protocol.estimates)) == "inconclusive"]  # fmt: skip
    known = [number for number in needed if number is not None]
    return max(known, default=None) if len(known) == len(needed) else None


def _inside(estimate: Estimate, bounds: tuple[float, float]) -> bool:
    return bounds[0] < estimate.low and estimate.high < bounds[1]


def _needed(values: Sequence[float], condition: Condition, power: float) -> int | None:
    kept = np.asarray(values, dtype=float)
    kept = kept[~np.isnan(kept)]
    ends = [end for end in (*condition.claimed, *(condition.negligible or ())) if np.isfinite(end)]
    if condition.quantity == "ratio":
        kept, ends = np.log(kept), [np.log(end) for end in ends if end > 0]
    elif condition.quantity == "correlation":
        kept, ends = np.arctanh(kept.clip(-0.999, 0.999)), [np.arctanh(end) for end in ends if abs(end) < 1]
    elif condition.quantity == "sign":
        kept = (kept[kept != 0] > 0).astype(float)
    elif condition.quantity == "location":  # by a test of signs: how many lie beyond the end
        shares = [abs(np.mean(kept > end) - 0.5) for end in ends]
        spread, distance = 0.5, min(shares)
    if condition.quantity != "location":
        spread, distance = kept.std(ddof=1), min(abs(kept.mean() - end) for end in ends)
    if distance == 0:
        return None
    z = stats.norm.ppf((1 + LEVEL) / 2) + stats.norm.ppf(power)
    return int(np.ceil((z * spread / distance) ** 2))
