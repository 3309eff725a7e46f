"""What is read off tables of runs: one row per seed, choices tested on other seeds, peaks and dips, early stops, labels learned."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from overparam.data.dataset import Data, corrupt_labels, require_data
from overparam.engine.sweep import network, require_runs
from overparam.errors import numbers, real, require, whole
from overparam.randomness import generator

# --- Seeds --------------------------------------------------------------------------------------------


def by_seed(runs: pd.DataFrame, value: str, columns: str | Sequence[str], seed: str = "data_seed") -> pd.DataFrame:
    """A column of a table of runs as one row per seed and one column for each value of ``columns``, both ascending.

    Then ``table[a] - table[b]`` is a paired difference. NaN (a run that diverged) stay; ValueError where a seed has several runs
    in one place, or none.
    """
    names = [columns] if isinstance(columns, str) else list(columns)
    require_runs(runs, value, *names, seed)
    where = " and ".join([seed, *names])
    require(not runs.duplicated([seed, *names]).any(), f"Several runs have the same {where}; select one for each.")
    table = runs.pivot(index=seed, columns=names[0] if len(names) == 1 else names, values=value)  # noqa: PD010 (keeps NaN)
    require(table.size == len(runs), f"Some values of {where} have no run; select those that all have one.")
    return table


def cross_fit(
    table: pd.DataFrame,
    choose: Callable[[pd.DataFrame], Any],
    test: Callable[[pd.DataFrame, Any], pd.Series | pd.DataFrame],
    folds: int = 2,
) -> pd.Series | pd.DataFrame:
    """Choose on some seeds and test on the others: every seed (row) is tested once, and never by its own choice.

    The rows are cut into ``folds`` in their order. For each fold, ``choose(others)`` gets the rows outside it and
    ``test(fold, choice)`` gives one value or row for each seed inside it. With two folds each half chooses for the other; as
    many folds as rows leave one out. Returns these values or rows in the order of the table.
    """
    folds = whole("folds", folds, 2)
    require(
        len(table) >= folds, f"Choosing on some seeds and testing on others needs {folds} or more; got {len(table)}."
    )
    ends = [len(table) * k // folds for k in range(folds + 1)]
    tested = []
    for start, end in itertools.pairwise(ends):
        inside = np.zeros(len(table), bool)
        inside[start:end] = True
        tested.append(test(table[inside], choose(table[~inside])))
    return pd.concat(tested)


def held_out(runs: pd.DataFrame, n: int) -> pd.DataFrame:
    """The runs with ``validation_error`` on the first ``n`` test examples and ``test_error`` on the others, at the end of training.

    For choosing on examples that are not tested on, as `with_validation` arranges them; needs ``record=["test_correct"]``.
    """
    require_runs(runs, "test_correct")
    wrong = 1.0 - np.stack([np.atleast_2d(correct)[-1] for correct in runs["test_correct"]])
    n = whole("n", n, 1, wrong.shape[1] - 1)
    errors = {"validation_error": wrong[:, :n].mean(1), "test_error": wrong[:, n:].mean(1)}
    return runs.drop(columns="test_correct").assign(**errors)


def lowest_at(table: pd.DataFrame) -> np.ndarray:
    """For each row, the base-2 logarithm of the column at which it is lowest; columns ascend by factors of two, three or more.

    The minimum of a parabola through the logarithms of the lowest value and its neighbours, so that it may lie between columns, at most
    one column from these; NaN where one of the three is. For learning rates: ``lowest_at(by_seed(runs, "train_loss", "lr"))``.
    """
    places = np.log2(numbers("The columns", table.columns.to_numpy()).astype(float))
    spaced = len(places) >= 3 and np.allclose(np.diff(places), 1)
    require(bool(spaced), f"The columns must ascend by factors of two, three or more; got {list(table.columns)}.")
    rows, found = np.log(table.to_numpy(float)), np.full(len(table), np.nan)
    for i in np.flatnonzero(np.isfinite(rows).any(1)):
        k = int(np.clip(np.nanargmin(rows[i]), 1, len(places) - 2))
        before, here, after = rows[i, k - 1 : k + 2]
        slope, bend = (after - before) / 2, before - 2 * here + after
        found[i] = places[k] + (np.clip(-slope / bend, -1, 1) if bend > 0 else -np.sign(slope))
    return found


# --- Sizes: thresholds and peaks ----------------------------------------------------------------------


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


def peak_and_dip(errors: pd.Series) -> tuple:
    """The size (label) from which errors by ascending size stand out most, and the one of the smallest error before it.

    The peak is the size, neither the first nor the last, whose error is highest above the smallest error before it, so that the
    first descent does not count.
    """
    sizes = list(errors.index)
    require(len(sizes) >= 3, f"A peak lies between two ends, so three sizes are needed; got {len(sizes)}.")
    before = errors.cummin().shift()
    peak = (errors - before)[sizes[1:-1]].idxmax()
    return peak, errors[sizes[: sizes.index(peak)]].idxmin()


def rise_and_fall(test: pd.DataFrame) -> pd.DataFrame:
    """Rise to a peak and fall after it, for each seed (row) of a table of test errors by ascending size (column).

    Where the peak and the dip before it are (``peak_and_dip`` of the mean), the other half of the seeds says: see ``cross_fit``.
    Columns ``peak``, ``dip``, ``rise`` = e(peak) − e(dip), ``fall`` = e(peak) − e(largest size).
    """

    def measure(half: pd.DataFrame, places: tuple) -> pd.DataFrame:
        peak, dip = places
        rise, fall = half[peak] - half[dip], half[peak] - half.iloc[:, -1]
        return pd.DataFrame({"peak": peak, "dip": dip, "rise": rise, "fall": fall}, half.index)

    return cross_fit(test, lambda half: peak_and_dip(half.mean()), measure)


# --- Time ---------------------------------------------------------------------------------------------


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


def waits(runs: pd.DataFrame, fitted: float = 0.99, found: float = 0.9) -> pd.DataFrame:
    """When each network has fitted its training set and when it generalizes, from its curves; a row for each, with the runs' index.

    Columns: ``fit``, the first recorded epoch with a training accuracy of ``fitted`` or more; ``found``, the first with a test accuracy
    of ``found`` or more; ``delay``, the second over the first; ``arrived``, whether it has found it; ``at_fit`` and ``at_end``, the test
    accuracy when fitted and at the end. What does not happen within the run is censored: it counts as happening at the last epoch.
    So a median over networks of equally long runs is that of Kaplan and Meier (1958) where more than half arrive. NaN if diverged.
    """
    require_runs(runs, "curve_epoch", "curve_train_error", "curve_test_error", "diverged")
    levels = {"fitted": fitted, "found": found}
    for name, level in levels.items():
        levels[name] = real(name, level)
        require(0 < level <= 1, f"{name} is an accuracy, above 0 and up to 1; got {level:g}.")
    rows = []
    for _, row in runs.iterrows():
        epochs, last = np.asarray(row.curve_epoch, float), len(row.curve_epoch) - 1
        train, test = (1 - np.asarray(row[f"curve_{part}_error"], float) for part in ("train", "test"))
        fit, then = (
            int(np.argmax(reached)) if (reached := accuracy >= level - 1e-9).any() else last
            for accuracy, level in zip((train, test), levels.values(), strict=True)
        )
        times = max(epochs[fit], 1.0), max(epochs[then], 1.0)
        rows.append(
            {
                "fit": times[0],
                "found": times[1],
                "delay": times[1] / times[0],
                "arrived": bool((test >= levels["found"] - 1e-9).any()),
                "at_fit": test[fit],
                "at_end": test[-1],
            }
        )
    table = pd.DataFrame(rows, index=runs.index)
    numbers_only = ["fit", "found", "delay", "at_fit", "at_end"]
    table.loc[runs.diverged.to_numpy(bool), numbers_only] = np.nan
    return table


def at_level(level: float, x: Sequence[float], y: Sequence[float]) -> float:
    """``y`` where ``x`` over time first reaches ``level``, read as linear between two times; NaN where it never does.

    Where ``x`` begins above the level it is the first ``y``.
    """
    level, x, y = real("level", level), numbers("x", x, 1), numbers("y", y, 1)
    require(len(x) == len(y), f"x and y stand for the same times; got {len(x)} and {len(y)}.")
    return float(np.interp(level, np.maximum.accumulate(x), y, right=np.nan))


def best_and_last(table: pd.DataFrame, score: str, seed: str = "data_seed") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each seed's row at the epoch where ``score`` is largest (the first of equals), and its row at the last epoch; by seed."""
    require_runs(table, score, seed, "epoch")
    rows = table.sort_values([seed, "epoch"]).reset_index(drop=True)
    require(
        not rows.duplicated([seed, "epoch"]).any(), f"Several rows have the same {seed} and epoch; select one for each."
    )
    groups = rows.groupby(seed)
    best, last = (rows.loc[where].set_index(seed) for where in (groups[score].idxmax(), groups["epoch"].idxmax()))
    return best, last


@torch.no_grad()
def label_history(runs: pd.DataFrame, data: Data, validation: int = 0) -> pd.DataFrame:
    """Which labels networks give over time to training examples whose own label is wrong: one row per network and recorded time.

    ``runs`` are those of a sweep of MLPs or 1-D CNNs over ``data`` with record=["weights", "correct"]. Shares of the examples with a
    wrong label: ``true_label``, those that are given their true one, and ``wrong_label``, those that are given the wrong one that
    they were trained with; NaN where no label is wrong. ``right_label``: share of the others that are given theirs. ``train`` and
    ``test``: accuracy on all training labels, and on the test set. Beside these stand ``epoch`` and the settings of the network.

    Where the first test examples are for validation (`data.with_validation`), ``validation`` is their number and the accuracy on
    them a column of this name, with labels as noisy as those that the network was trained with; ``test`` is that on the others.
    """
    require_runs(runs, "weights", "weights_epoch", "examples", "labels", "label_noise", "data_seed")
    require_data(data)
    first = whole("validation", validation, 0, len(data.x_test) - 1)
    require(data.classes is not None, f"{data.name} is for regression: there are no labels that could be wrong.")
    final = ("train_", "test_")  # at the end of training
    settings = [c for c in runs if not c.startswith(final) and not isinstance(runs[c].iloc[0], np.ndarray)]
    tables = []
    for _, row in runs.iterrows():
        x, true, trained = data.x[row["examples"]], data.y[row["examples"]].numpy(), row["labels"]
        wrong = trained != true
        modules = [network(row, data, time) for time in range(len(row["weights"]))]
        given, tested = (
            np.stack([m(part).argmax(1).numpy() for m in modules]) for part in (x, data.x_test)
        )  # [times, n]
        shares = {
            "true_label": _shares((given == true)[:, wrong]),
            "wrong_label": _shares((given == trained)[:, wrong]),
            "right_label": _shares((given == trained)[:, ~wrong]),
            "train": _shares(given == trained),
            "test": _shares((tested == data.y_test.numpy())[:, first:]),
        }
        if first:
            draw = generator(row["data_seed"], "validation noise")
            noisy = corrupt_labels(data.y_test[:first], row["label_noise"], data.classes, draw).numpy()
            shares["validation"] = _shares(tested[:, :first] == noisy)
        tables.append(pd.DataFrame({"epoch": row["weights_epoch"]} | shares))
    of_networks = runs[settings].iloc[np.repeat(range(len(runs)), [len(table) for table in tables])]
    shares = pd.concat(tables).set_axis(of_networks.index)
    return pd.concat([of_networks, shares], axis=1)


def _shares(correct: np.ndarray) -> np.ndarray:
    """Means over the examples of [times, n]; NaN where there are none."""
    return correct.mean(1) if correct.shape[1] else np.full(len(correct), np.nan)
