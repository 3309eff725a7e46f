"""Where a training procedure just fits its data, and what the test error does there (Nakkiran et al. 2020; Heckel & Yilmaz 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from overparam.architectures.stacked import MLP
from overparam.arithmetic import full_precision
from overparam.data.dataset import Data, corrupt_labels, generator
from overparam.engine.settings import Settings, Vector
from overparam.engine.sweep import run
from overparam.errors import require
from overparam.report.scale import rng
from overparam.theory.linear import spread

# --- The threshold ----------------------------------------------------------------------------------------------------


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


def plurality(outputs: np.ndarray) -> np.ndarray:
    """Class [..., m] that most of the members answer, for outputs [..., members, m, K]; ties go to the larger mean output."""
    outputs = np.asarray(outputs)
    votes = np.eye(outputs.shape[-1])[outputs.argmax(-1)].sum(-3)
    mean = outputs.mean(-3)
    return (votes + mean / (1 + np.abs(mean).max()) / 2).argmax(-1)


def noisy_copies(data: Data, share: float, copies: int, seed: int = 0) -> dict[str, Data]:
    """The data set with a ``share`` of its pool's labels drawn anew, independently in each of so many copies; the test set stays."""
    draw = generator(seed, "noisy copies")
    return {
        f"copy {k}": replace(data, y=corrupt_labels(data.y, share, data.classes, draw), name=f"{data.name}_{k}")
        for k in range(copies)
    }


# --- Reuse of weights -------------------------------------------------------------------------------------------------


@full_precision()
def grown(weights: np.ndarray, old: MLP, new: MLP, inputs: int, outputs: int, seed: int, sd: float = 0.1) -> Vector:
    """Weights of a wider network of one hidden layer that computes with its first units what the narrower computes.

    All new numbers are drawn from N(0, sd²), also those that lead from new units to the outputs, as Belkin et al. (2019) do.
    """
    require(
        old.depth == new.depth == 1 and old.width <= new.width,
        f"Weights are handed on from one hidden layer to one at least as wide; got {old} and {new}.",
    )
    g, start = generator(seed, f"grown to {new.width}"), 0
    parts = []
    shapes = [((a, inputs), (a,), (outputs, a), (outputs,)) for a in (old.width, new.width)]
    for before, after in zip(*shapes, strict=True):
        part = sd * torch.randn(after, generator=g)
        size = int(np.prod(before))
        part[tuple(slice(n) for n in before)] = torch.from_numpy(weights[start : start + size].copy()).view(before)
        parts.append(part.flatten())
        start += size
    return Vector(torch.cat(parts).numpy())


def reuse(networks: Sequence[Settings], widths: Sequence[int], data: Data) -> pd.DataFrame:
    """Train these networks at ascending widths, each begun with the weights that it had at the width before (see ``grown``).

    Of ``networks`` all settings but the width are taken; the narrowest start as they say. One row per network and width.
    """
    inputs, outputs = data.x[0].numel(), data.classes or data.y.shape[1]
    tables: list[pd.DataFrame] = []
    current = [replace(s, architecture=MLP(widths[0])) for s in networks]
    for k, width in enumerate(widths):
        if k:
            last = zip(current, tables[-1]["weights"], strict=True)
            current = [
                replace(
                    s,
                    architecture=MLP(width),
                    start=grown(w[-1], s.architecture, MLP(width), inputs, outputs, s.init_seed),
                )
                for s, w in last
            ]
        tables.append(run(current, data, record={"weights": [max(s.epochs for s in networks)]}))
    return pd.concat([t.drop(columns=["weights", "weights_epoch"]) for t in tables], ignore_index=True)


# --- Two speeds -------------------------------------------------------------------------------------------------------


@full_precision()
def two_speeds(data: Data, fast: int, nuisance: int, slow: int, scale: float, seed: int = 0) -> Data:
    """Inputs in which some of the information is large and the rest small, and with it noise that is large: constructed data.

    The inputs are flattened and replaced by their principal components, each with mean 0 and variance 1 over the pool: the first
    ``fast`` as they are, ``nuisance`` standard normal numbers that know nothing of the class, and the next ``slow`` components
    times ``scale``. Gradient descent on a linear model learns a direction at a speed that is proportional to its variance.
    """
    x, x_test = data.x.flatten(1).double(), data.x_test.flatten(1).double()
    centre = x.mean(0)
    _, _, directions = torch.linalg.svd(x - centre, full_matrices=False)
    require(fast + slow <= len(directions), f"There are {len(directions)} components; got {fast} + {slow}.")
    axes = directions[: fast + slow].T
    spread = ((x - centre) @ axes).std(0)
    noise = generator(seed, "nuisance inputs")

    def lay_out(part: Tensor) -> Tensor:
        components = ((part - centre) @ axes / spread).float()
        useless = torch.randn(len(part), nuisance, generator=noise)
        return torch.cat([components[:, :fast], useless, scale * components[:, fast:]], 1)

    source = f"principal components of {data.source} at two scales, with {nuisance} inputs of noise; constructed"
    return replace(data, name=f"{data.name}_two_speeds", x=lay_out(x), x_test=lay_out(x_test), source=source)


@dataclass(frozen=True)
class TwoSpeedRegression:
    """Linear regression by gradient descent with a fast and a slow group of features (after Heckel & Yilmaz 2021, section 2).

    y = x·β + ε with features of mean square s_j²: 1 for the ``fast`` ones, ``scale``² for the ``slow``. Each group of b_j = s_j β_j has
    squared length ``energy``, ε has variance ``noise``. With ``design="orthonormal"`` the training inputs have XᵀX/n = diag(s²)
    exactly, with ``"gaussian"`` they are drawn. The test inputs have covariance diag(s²).
    """

    n: int
    fast: int
    slow: int
    scale: float
    energy: float
    noise: float
    design: str = "orthonormal"

    @property
    def scales(self) -> np.ndarray:
        """s_j of all features, the fast ones first."""
        return np.r_[np.ones(self.fast), np.full(self.slow, self.scale)]

    def risks(
        self, seed: int, steps: np.ndarray, step_size: float = 0.5, factors: Sequence[float] = (1, 1)
    ) -> np.ndarray:
        """Excess risk [2, T] of the fast and of the slow group after so many ``steps`` [T] from zero, for one draw; they add up.

        The step size is relative to the largest eigenvalue of the training inputs' covariance, after ``factors`` have multiplied
        the gradients of the two groups. In closed form: the error of eigendirection k shrinks by 1 − h λ_k in each step.
        """
        draw, s = rng(seed, 4), self.scales
        d, n = self.fast + self.slow, self.n
        x = draw.standard_normal((n, d))
        if self.design == "orthonormal":
            x = np.linalg.qr(x)[0] * np.sqrt(n)
        signal = [draw.standard_normal(k) for k in (self.fast, self.slow)]
        b = np.concatenate([np.sqrt(self.energy) * part / np.linalg.norm(part) for part in signal])
        y = x @ b + np.sqrt(self.noise) * draw.standard_normal(n)
        # Gradients of group j times f_j are plain gradients after the features are multiplied by √f_j.
        faster = s * np.sqrt(np.repeat(factors, (self.fast, self.slow)))
        moved = x * faster
        eigenvalues, vectors = np.linalg.eigh(moved.T @ moved / n)
        eigenvalues = eigenvalues.clip(1e-15)
        left = np.exp(np.outer(steps, np.log1p(-step_size * eigenvalues / eigenvalues[-1])))  # [T, d]
        found = (1 - left) * (vectors.T @ (moved.T @ y / n)) / eigenvalues
        errors = (found @ vectors.T * (faster / s) * s - b) ** 2
        return np.stack([errors[:, : self.fast].sum(1), errors[:, self.fast :].sum(1)])

    def draws(self, seeds: Sequence[int], steps: np.ndarray, **options: object) -> np.ndarray:
        """``risks`` for every seed: [seeds, 2, T]."""
        return np.stack(spread(lambda seed: self.risks(seed, steps, **options), seeds))

    def expected(self, steps: np.ndarray, step_size: float = 0.5, factors: Sequence[float] = (1, 1)) -> np.ndarray:
        """Expectation [2, T] of ``risks`` for the orthonormal design: energy (1 − u)² + u² · features · noise / n in each group.

        u = 1 − (1 − h f s²)^t is the share of a feature that has been learned; h f s² is 1 at most.
        """
        speeds = np.array([1.0, self.scale**2]) * np.asarray(factors)
        u = 1 - (1 - step_size * speeds / speeds.max())[:, None] ** steps
        variance = np.array([[self.fast], [self.slow]]) * self.noise / self.n
        return self.energy * (1 - u) ** 2 + u**2 * variance


def minima(curves: np.ndarray) -> np.ndarray:
    """Number of local minima of smooth curves [..., T]; an end that is still going down counts as one, a flat stretch as none."""
    curves = np.asarray(curves)
    slopes = np.diff(curves)
    slopes = np.where(np.abs(slopes) < 1e-9 * np.abs(curves).max(-1, keepdims=True), 0, np.sign(slopes))

    def count(slope: np.ndarray) -> int:
        moving = slope[slope != 0]
        turns = int(((moving[:-1] < 0) & (moving[1:] > 0)).sum())
        return turns + int(moving.size > 0 and moving[-1] < 0)

    return np.apply_along_axis(count, -1, slopes)
