"""What is read off tables of runs: peaks and dips, thresholds, errors at an early stop, choices made on other seeds."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from overparam.errors import require


def effective_complexity(n: Sequence[int], errors: Sequence[float], tolerance: float) -> float:
    """Effective model complexity: the largest number of examples that is fitted up to a training error of ``tolerance``.

    ``errors`` are mean training errors at the sizes ``n``, which ascend (Nakkiran et al. 2020, definition 1). Between two sizes
    the error is read as linear in log n. Where even the smallest n is not fitted it is that n, where all are it is the largest:
    bounds, not values.
    """
    n, errors = np.asarray(n, dtype=float), np.asarray(errors, dtype=float)
    require(
        n.shape == errors.shape and n.size > 1 and (np.diff(n) > 0).all(),
        f"Errors at ascending sizes are needed, at least two; got sizes {n.tolist()} and {errors.size} errors.",
    )
    fitted = np.flatnonzero(errors <= tolerance)
    if not fitted.size:
        return float(n[0])
    last = fitted[-1]
    if last == n.size - 1:
        return float(n[-1])
    way = (tolerance - errors[last]) / (errors[last + 1] - errors[last])
    return float(n[last] ** (1 - way) * n[last + 1] ** way)


def threshold(sizes: Sequence[float], errors: Sequence[float], level: float) -> float:
    """The smallest size at which the training error is down to ``level``, read as linear in log size between two sizes.

    Where the error at the smallest size is lower already it is that size; where no size gets there, the largest: bounds.
    """
    sizes, errors = np.asarray(sizes, dtype=float), np.asarray(errors, dtype=float)
    fits = np.flatnonzero(errors <= level)
    if not fits.size:
        return float(sizes[-1])
    first = fits[0]
    if first == 0:
        return float(sizes[0])
    way = (errors[first - 1] - level) / (errors[first - 1] - errors[first])
    return float(sizes[first - 1] ** (1 - way) * sizes[first] ** way)


def peak_and_dip(errors: pd.Series, candidates: Sequence | None = None) -> tuple:
    """The size (label) from which errors by ascending size stand out most, and the one of the smallest error before it.

    The peak is the size, neither the first nor the last, whose error is highest above the smallest error before it, so that the
    first descent does not count; or, of ``candidates``, the one with the largest error.
    """
    sizes = list(errors.index)
    require(len(sizes) >= 3, f"A peak lies between two ends, so three sizes are needed; got {len(sizes)}.")
    if candidates is None:
        before = errors.cummin().shift()
        peak = (errors - before)[sizes[1:-1]].idxmax()
    else:
        peak = errors[list(candidates)].idxmax()
    return peak, errors[sizes[: sizes.index(peak)]].idxmin()


def contrasts(test: pd.DataFrame, candidates: pd.DataFrame | None = None) -> pd.DataFrame:
    """Rise to a peak and fall after it, for each seed (row) of a table of test errors by ascending size (column).

    One half of the seeds says where the peak and the dip before it are (``peak_and_dip`` of their mean), the other half says how
    high they are, and the other way round, so that every seed is tested once and never by its own choice. ``candidates``, a
    table of the same shape, says for each seed and size whether the peak may be there; a majority decides, and where it allows
    none, any may be. Columns ``peak``, ``dip``, ``rise`` = e(peak) − e(dip), ``fall`` = e(peak) − e(largest size).
    """
    half = len(test) // 2
    require(half >= 1, f"Locating on one half of the seeds and testing on the other needs 2 or more; got {len(test)}.")
    sizes, found = list(test.columns), []
    for locate, judge in ((slice(None, half), slice(half, None)), (slice(half, None), slice(None, half))):
        allowed = None
        if candidates is not None:
            allowed = [size for size in sizes[1:-1] if candidates.iloc[locate][size].mean() >= 0.5] or None
        peak, dip = peak_and_dip(test.iloc[locate].mean(), allowed)
        e = test.iloc[judge]
        found.append(
            pd.DataFrame({"peak": peak, "dip": dip, "rise": e[peak] - e[dip], "fall": e[peak] - e[sizes[-1]]}, e.index)
        )
    return pd.concat(found).loc[test.index]


def stopped_errors(runs: pd.DataFrame) -> pd.DataFrame:
    """For each network of a sweep that recorded ``test_correct``: its error where validation would stop it, and at the end.

    The even test examples choose the recorded epoch with fewest errors (the first of equals) for the odd ones and the odd for
    the even: ``stopped`` and ``final`` are means over both halves, ``epoch`` over both choices.
    """
    rows = []
    for correct, epochs in zip(runs["test_correct"], runs["test_correct_epoch"], strict=True):
        wrong = [1 - correct[:, part::2].mean(1) for part in (0, 1)]
        stops = [int(wrong[part].argmin()) for part in (0, 1)]
        stopped = (wrong[1][stops[0]] + wrong[0][stops[1]]) / 2
        rows.append((stopped, (wrong[0][-1] + wrong[1][-1]) / 2, np.mean([epochs[s] for s in stops])))
    return pd.DataFrame(rows, runs.index, ["stopped", "final", "epoch"])


def lowest_elsewhere(errors: pd.DataFrame, candidates: Sequence) -> pd.Series:
    """For each seed (row), its error at the candidate (column) that has the lowest mean error on the other half of the seeds.

    The first half of the rows chooses for the second and the second for the first, so that every seed is judged once and never
    by its own choice.
    """
    half = len(errors) // 2
    if half < 1:
        raise ValueError(
            f"Choosing on one half of the seeds and judging on the other needs 2 or more; got {len(errors)}."
        )
    parts = (errors.iloc[:half], errors.iloc[half:])
    chosen = [part[list(candidates)].mean().idxmin() for part in parts]
    return pd.concat([parts[0][chosen[1]], parts[1][chosen[0]]]).set_axis(errors.index)
