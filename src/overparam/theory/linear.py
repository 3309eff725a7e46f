"""Linear models, in float64: minimum-norm least squares, ridge and gradient descent, and what theory says of their risk.

Everything works on stacks of draws, [..., n, p]. The matrices are small, so that one thread each is best: see ``parallel_map``.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import ndtr
from threadpoolctl import threadpool_limits
from torch import Tensor

from overparam import machine
from overparam.engine.train import chosen_device
from overparam.errors import between, listed, numbers, real, require, require_rows, shown, tensor, whole
from overparam.randomness import generator


def parallel_map(function: Callable, values: Iterable) -> list:
    """[function(v) for v in values], on one thread per core; each multiplies its matrices alone. On a GPU one after the other."""
    require(callable(function), f"parallel_map calls a function; got {shown(function)}.")
    values = (
        list(values)
        if isinstance(values, Mapping)
        else listed(values, f"parallel_map takes the values of a list; got {shown(values)}.")
    )
    before = torch.get_num_threads()
    threads = 1 if torch.cuda.is_available() else machine.cores()
    try:
        torch.set_num_threads(1)
        with (
            threadpool_limits(1),
            ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool,
        ):
            return list(pool.map(function, values))
    finally:
        torch.set_num_threads(before)


# --- Solvers ------------------------------------------------------------------------------------------


def minimum_norm(features: Tensor, y: Tensor) -> Tensor:
    """Least-squares coefficients of smallest norm; F [..., n, p] of full rank, y [..., n, k], result [..., p, k].

    Through the QR decomposition of F or of its transpose, whichever is tall: the error grows with the condition number of F and
    not with its square, which is what counts at p = n.
    """
    require_rows(features=features, y=y)
    n, p = features.shape[-2:]
    q, r = torch.linalg.qr(features.mT if p > n else features)
    if p > n:
        return q @ torch.linalg.solve_triangular(r.mT, y, upper=False)
    return torch.linalg.solve_triangular(r, q.mT @ y, upper=True)


def ridge_predictions(features: Tensor, y: Tensor, at: Tensor, penalties: Sequence[float]) -> Tensor:
    """Predictions [penalties, m, k] of ridge regression at features [m, p]; F [n, p], y [n, k]; see ``kernels.ridge``.

    The smaller Gram matrix is made once and has one Cholesky decomposition for each penalty.
    """
    require_rows(2, features=features, y=y)
    tensor("at", at, 2)
    says = f"penalties lists positive numbers; got {shown(penalties)}."
    penalties = [real("penalty", penalty, says) for penalty in listed(penalties, says)]
    require(bool(penalties) and min(penalties) > 0, says)
    require(
        at.shape[1] == features.shape[1],
        f"features has {features.shape[1]:,} columns and at {at.shape[1]:,}; give the same features at other points.",
    )
    n, p = features.shape
    wide = p > n
    gram = features @ features.T if wide else features.T @ features
    before, after = (y, at @ features.T) if wide else (features.T @ y, at)
    predictions = []
    for penalty in penalties:
        shifted = gram.clone()
        shifted.diagonal().add_(penalty)
        predictions.append(after @ torch.cholesky_solve(before, torch.linalg.cholesky(shifted)))
    return torch.stack(predictions)


def descent_risks(x: Tensor, noise: Tensor, beta: Tensor, steps: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Excess risks of gradient descent on least squares, and the smallest positive eigenvalue of the sample covariance XᵀX/n.

    Inputs x [draws, n, d] with identity covariance, y = x β + noise, noise [draws, n, 1] and β [d, 1]. From zero with step size
    1/s², s the largest singular value of X, ``steps`` steps give β̂ = V diag((1 − (1 − sᵢ²/s²)^T) / sᵢ) Uᵀ y; infinitely many
    give the minimum-norm solution. The risks ‖β̂ − β‖² are [steps, draws], the eigenvalues [draws].
    """
    require_rows(3, x=x, noise=noise)
    tensor("beta", beta, 2)
    require(
        tuple(beta.shape) == (x.shape[2], 1) and noise.shape[2] == 1,
        f"For x [draws, n, d] noise is [draws, n, 1] and beta [d, 1]; got {list(x.shape)}, {list(noise.shape)} and {list(beta.shape)}.",
    )
    says = f"steps lists numbers of steps from 0 up, math.inf for the end; got {shown(steps)}."
    steps = listed(steps, says)
    require(bool(steps) and all(isinstance(t, Real) and float(t) >= 0 for t in steps), says)
    u, s, vt = torch.linalg.svd(x, full_matrices=False)
    seen = u.mT @ (x @ beta + noise)
    left = 1 - (s / s[..., :1]) ** 2
    risks = []
    for t in steps:
        fitted = 1 - left**t if math.isfinite(t) else torch.ones_like(s)
        estimate = vt.mT @ ((fitted / s)[..., None] * seen)
        risks.append(((estimate - beta) ** 2).sum((-2, -1)))
    return torch.stack(risks), s[..., -1] ** 2 / x.shape[-2]


# --- Isotropic Gaussian inputs ------------------------------------------------------------------------


def gaussian(seeds: Sequence[int], n: int, p: int) -> tuple[Tensor, Tensor]:
    """Independent standard Gaussian inputs [draws, n, p] and noise [draws, n, 1] in float64, one draw for each seed.

    For nested sizes draw the largest and take slices.
    """
    n, p, seeds = whole("n", n, 1), whole("p", p, 1), _seeds(seeds)
    inputs = [torch.randn(n, p, generator=generator(s, "inputs"), dtype=torch.float64) for s in seeds]
    noise = [torch.randn(n, 1, generator=generator(s, "noise"), dtype=torch.float64) for s in seeds]
    return torch.stack(inputs), torch.stack(noise)


def minimum_norm_parts(x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Two parts [draws] of the excess risk of minimum-norm least squares for x [draws, n, p] with identity covariance.

    For y = x β + σ · noise it is ‖β‖² · missed + σ² · amplified: the share of β outside the span of the inputs, and ‖X⁺ noise‖². Both
    parts are orthogonal, so nothing is left out. As the inputs favour no direction, β is that of the first axis.
    """
    require_rows(3, x=x, noise=noise)
    n, p = x.shape[-2:]
    q, r = torch.linalg.qr(x.mT if p > n else x)
    if p > n:
        missed = 1 - (q[..., 0, :] ** 2).sum(-1)
        return missed, torch.linalg.solve_triangular(r.mT, noise, upper=False).square().sum((-2, -1))
    amplified = torch.linalg.solve_triangular(r, q.mT @ noise, upper=True).square().sum((-2, -1))
    return torch.zeros_like(amplified), amplified


def ridge_risk(x: Tensor, penalty: float, signal: float, noise: float) -> Tensor:
    """Expected excess risks [draws] of ridge for x [draws, n, d] with identity covariance, given the inputs, exactly.

    Averaged over noise of variance ``noise`` and over all directions of β with ‖β‖² = ``signal``. Without a penalty they are those of the
    minimum-norm solution.
    """
    tensor("x", x, 3)
    penalty, signal, noise = between("penalty", penalty, 0), between("signal", signal, 0), between("noise", noise, 0)
    n, d = x.shape[1:]
    squared = torch.linalg.svdvals(x) ** 2
    missed, amplified = penalty / (squared + penalty), squared.sqrt() / (squared + penalty)
    return (missed**2 * signal / d + amplified**2 * noise).sum(-1) + signal * max(0, d - n) / d


def expected_parts(n: float, p: float) -> tuple[float, float]:
    """Expectations of ``minimum_norm_parts`` for standard Gaussian inputs, exact at every size; infinite from p = n − 1 to n + 1."""
    n, p = between("n", n, 1), between("p", p, 0)
    if p < n - 1:
        return 0.0, p / (n - p - 1)
    return max(0.0, 1 - n / p), n / (p - n - 1) if p > n + 1 else math.inf


def asymptotic_risk(gamma: ArrayLike, signal: float, noise: float) -> np.ndarray:
    """Limit of the excess risk at p/n = gamma (not 1) as both grow; signal = ‖β‖², noise = σ² (Hastie et al. 2022, section 3)."""
    gamma = numbers("gamma", gamma).astype(float)
    require(bool((gamma > 0).all()), f"gamma = p/n must be positive; got {gamma.min():g}.")
    signal, noise = between("signal", signal, 0), between("noise", noise, 0)
    with np.errstate(divide="ignore"):
        over = signal * (1 - 1 / gamma) + noise / (gamma - 1)
        return np.where(gamma < 1, noise * gamma / (1 - gamma), over)


# --- Random Fourier features --------------------------------------------------------------------------


@dataclass(frozen=True)
class FourierFit:
    """A minimum-norm fit on the first ``width`` random Fourier features, to k targets at once."""

    width: int
    train: Tensor  # fitted values [n, k]
    test: Tensor  # predictions [m, k]
    squared_norms: Tensor  # of the coefficients of each target [k]
    radius: float  # the largest norm of a training example's features


class Fourier:
    """Random Fourier features of a Gaussian kernel, √(2/N) cos(v·x + b) with v ~ N(0, I / bandwidth²), b uniform on [0, 2π].

    Nested: a smaller N takes the first of the same features (Rahimi & Recht 2007).
    """

    def __init__(
        self, inputs: int, most: int, bandwidth: float, seed: int, device: torch.device | str | None = None
    ) -> None:
        inputs, most, bandwidth = whole("inputs", inputs, 1), whole("most", most, 1), real("bandwidth", bandwidth)
        require(bandwidth > 0, f"The bandwidth must be positive; got {bandwidth:g}.")
        g, device = generator(seed, "fourier"), chosen_device(device)
        self.directions = torch.randn(most, inputs, generator=g, dtype=torch.float64).T.to(device) / bandwidth
        self.phases = 2 * math.pi * torch.rand(most, generator=g, dtype=torch.float64).to(device)

    def __call__(self, x: Tensor, width: int) -> Tensor:
        """Features [m, width] of x [m, ...] in float64."""
        says = f"{len(self.phases)} features were drawn; {shown(width)} were asked for."
        width = whole("width", width, 1, len(self.phases), says)
        x = tensor("x", x).reshape(len(x), -1)
        inputs = x.shape[1]
        require(
            inputs == len(self.directions),
            f"The features are of {len(self.directions):,} inputs; x has {inputs:,}.",
        )
        x = x.to(self.phases)
        return (x @ self.directions[:, :width] + self.phases[:width]).cos_().mul_(math.sqrt(2 / width))

    def fits(self, x: Tensor, targets: Tensor, x_test: Tensor, widths: Iterable[int]) -> Iterable[FourierFit]:
        """The minimum-norm fits to targets [n, k] at all these widths, one after the other."""
        widths = listed(widths, f"widths lists numbers of features; got {shown(widths)}.")
        require(bool(widths), "widths lists numbers of features; got none.")
        tensor("targets", targets.double() if isinstance(targets, Tensor) else targets, 2)
        rows = len(tensor("x", x))
        require(
            len(targets) == rows, f"x holds {rows:,} examples and targets {len(targets):,}; give one target for each."
        )
        targets = targets.to(self.phases)
        most = max(widths)
        all_train, all_test = self(x, most), self(x_test, most)
        for width in widths:
            scale = math.sqrt(most / width)
            features = all_train[:, :width] * scale
            coefficients = minimum_norm(features, targets)
            yield FourierFit(
                width,
                (features @ coefficients).cpu(),
                (all_test[:, :width] @ coefficients).mul_(scale).cpu(),
                (coefficients**2).sum(0).cpu(),
                features.norm(dim=1).max().item(),
            )

    def ridge(self, x: Tensor, targets: Tensor, x_test: Tensor, width: int, penalties: Sequence[float]) -> Tensor:
        """Predictions [penalties, m, k] of ridge regression on the first ``width`` features."""
        tensor("targets", targets.double() if isinstance(targets, Tensor) else targets, 2)
        return ridge_predictions(self(x, width), targets.to(self.phases), self(x_test, width), penalties).cpu()


# --- Classification -----------------------------------------------------------------------------------


def pseudo_fisher(n: int, d: int, distance: float, seeds: Sequence[int]) -> np.ndarray:
    """Exact error [draws] of the pseudo-Fisher linear discriminant for two Gaussian classes N(±μ, I_d), 2‖μ‖ = distance.

    n / 2 examples of each class; least squares of smallest norm on labels ±1, inputs centred. The error of the plane that
    results is computed from the normal distribution, without a test set.
    """
    says = f"The two classes need equally many examples; got n = {shown(n)}."
    n = whole("n", n, 2, says=says)
    require(n % 2 == 0, says)
    d, distance, seeds = whole("d", d, 1), real("distance", distance), _seeds(seeds)
    labels = np.repeat([1.0, -1.0], n // 2)
    x = np.stack([torch.randn(n, d, generator=generator(s, f"classes {n}"), dtype=torch.float64) for s in seeds])
    x[:, :, 0] += labels * distance / 2
    centre = x.mean(1)
    weights = np.linalg.pinv(x - centre[:, None], rcond=1e-12) @ labels  # [draws, d]
    offset, length = (weights * centre).sum(1), np.linalg.norm(weights, axis=1)
    signed = weights[:, 0] * distance / 2
    return (ndtr(-(signed - offset) / length) + ndtr(-(signed + offset) / length)) / 2


def vc_bound(training_error: ArrayLike, dimension: ArrayLike, n: int, failure: float = 0.05) -> np.ndarray:
    """Vapnik's upper bound on the error of a classifier from a class of VC dimension h, with probability 1 − failure; may exceed 1.

    E + ε/2 (1 + √(1 + 4E/ε)) with E the training error and ε = 4 (h (ln(2n/h) + 1) − ln(failure/4)) / n (Vapnik 1998). From h = n up a
    class can fit any labels; h is cut off there.
    """
    n, failure = whole("n", n, 1), real("failure", failure)
    require(0 < failure < 1, f"failure is a probability in (0, 1); got {failure:g}.")
    training_error, dimension = numbers("training_error", training_error), numbers("dimension", dimension)
    require(bool((training_error >= 0).all() and (training_error <= 1).all()), "A training error lies in [0, 1].")
    require(bool((dimension > 0).all()), "A VC dimension is positive.")
    h = np.minimum(dimension, n)
    e = 4 * (h * (np.log(2 * n / h) + 1) - math.log(failure / 4)) / n
    return training_error + e / 2 * (1 + np.sqrt(1 + 4 * np.asarray(training_error) / e))


def _seeds(seeds: Sequence[int]) -> list[int]:
    says = f"seeds lists whole numbers, one or more; got {shown(seeds)}."
    seeds = [whole("seed", seed, says=says) for seed in listed(seeds, says)]
    require(bool(seeds), says)
    return seeds
