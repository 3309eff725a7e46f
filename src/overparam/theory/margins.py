"""Margins of classifiers, and where descent on a loss with an exponential tail takes them (Soudry et al. 2018; Lyu & Li 2020)."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.integrate import solve_ivp
from scipy.optimize import nnls
from scipy.special import expit
from torch import Tensor

from overparam.errors import require
from overparam.randomness import generator


def max_margin(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The w [d] of least norm with y_i w·x_i ≥ 1 for all i: the hard-margin classifier through the origin; x [n, d], y [n] of ±1.

    A least-distance problem, solved exactly by non-negative least squares (Lawson & Hanson 1974, chapter 23).
    """
    signed = y[:, None] * x
    system = np.vstack([signed.T, np.ones(len(y))])
    residual = np.r_[np.zeros(x.shape[1]), 1.0] - system @ nnls(system, np.r_[np.zeros(x.shape[1]), 1.0])[0]
    require(residual[-1] > 1e-12, "No hyperplane through the origin separates these classes; give separable data.")
    return -residual[:-1] / residual[-1]


def logistic_flow(x: np.ndarray, y: np.ndarray, log_times: np.ndarray) -> np.ndarray:
    """Gradient flow of Σ log(1 + exp(−y_i w·x_i)) from 0: w [times, d] at times exp(log_times), which begin at a small one.

    In the time s = log t, and with exponents added before they are taken, so that t may be as large as one likes.
    """
    signed = y[:, None] * x

    def slope(s: float, w: np.ndarray) -> np.ndarray:
        return np.exp(s - np.logaddexp(0, signed @ w)) @ signed

    def jacobian(s: float, w: np.ndarray) -> np.ndarray:
        margins = signed @ w
        return -(signed.T * (np.exp(s - np.logaddexp(0, margins)) * expit(margins))) @ signed

    span = log_times[0], log_times[-1]
    start = np.exp(span[0]) * signed.sum(0) / 2  # the first piece of the flow, to first order
    found = solve_ivp(slope, span, start, "Radau", log_times, jac=jacobian, rtol=1e-9, atol=1e-10)
    require(found.success, f"The flow was not integrated: {found.message}")
    return found.y.T


@dataclass(frozen=True)
class MarginPath:
    """K networks at several numbers of steps [T]: logarithm of the loss, normalized margins, test error, each [T, K].

    ``margin`` is divided by the product of the layers' norms, ``margin_of_all`` by the power of the norm of all weights.
    """

    steps: np.ndarray
    log_loss: np.ndarray
    margin: np.ndarray
    margin_of_all: np.ndarray
    test_error: np.ndarray


def homogeneous_start(sizes: Sequence[int], seeds: Sequence[int]) -> tuple[list[Tensor], Tensor]:
    """Layers [K, in, out] with weights N(0, 2/in) and a bias [K, 1, out] of 0 for the first, float64: one network for each of K seeds."""

    def one(seed: int) -> list[Tensor]:
        g = generator(seed, "homogeneous")
        shapes = itertools.pairwise(sizes)
        return [torch.randn(a, b, generator=g, dtype=torch.float64) * (2 / a) ** 0.5 for a, b in shapes]

    layers = [torch.stack(same) for same in zip(*map(one, seeds), strict=True)]
    return layers, torch.zeros(len(seeds), 1, sizes[1], dtype=torch.float64)


def outputs(layers: Sequence[Tensor], bias: Tensor, x: Tensor) -> Tensor:
    """Outputs [K, n, classes] of K ReLU networks without biases but in the first layer: weights [K, in, out], bias [K, 1, H], x [K, n, d]."""
    hidden = torch.baddbmm(bias, x, layers[0])
    for layer in layers[1:]:
        hidden = hidden.relu() @ layer
    return hidden


def margins(logits: Tensor, labels: Tensor) -> Tensor:
    """Output of the right class less the largest other one [..., n], for logits [..., n, classes] and labels [..., n]."""
    right = logits.gather(-1, labels[..., None])
    others = logits.scatter(-1, labels[..., None], -torch.inf)
    return right[..., 0] - others.amax(-1)


def log_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Logarithm [...] of the mean cross-entropy, which may itself be too small for a floating-point number."""
    right = logits.gather(-1, labels[..., None])
    z = (logits.scatter(-1, labels[..., None], -torch.inf) - right).logsumexp(-1)  # the loss is log(1 + e^z)
    small = z.clamp(max=-20)
    each = torch.where(z < -20, small - small.exp() / 2, torch.nn.functional.softplus(z.clamp(min=-20)).log())
    return each.logsumexp(-1) - np.log(z.shape[-1])


def grow_margins(
    layers: Sequence[Tensor],
    bias: Tensor,
    x: Tensor,
    labels: Tensor,
    x_test: Tensor,
    test_labels: Tensor,
    at: Sequence[int],
) -> MarginPath:
    """Full-batch descent with a loss-based rate α/L from the given weights of K networks, in their dtype (Lyu & Li 2020, appendix).

    α is 0.1 at first; a step that raises the loss is undone and divides α by 2^(1/10), any other multiplies it by 2^(1/5). A step of
    α/L on L is a step of α on log L. ``outputs`` says what the shapes are; ``at`` lists numbers of steps.
    """
    weights = [w.detach().clone() for w in (*layers, bias)]
    scale, rows = weights[0].new_full((len(bias), 1, 1), 0.1), []
    value, slope = _log_loss_and_slope(weights, x, labels)
    for step in range(max(at) + 1):
        if step in at:
            rows.append(_look(weights, value, x, labels, x_test, test_labels))
        tried = [w - scale * g for w, g in zip(weights, slope, strict=True)]
        new, new_slope = _log_loss_and_slope(tried, x, labels)
        better = (new <= value)[:, None, None]
        scale = torch.where(better, scale * 2 ** (1 / 5), scale / 2 ** (1 / 10))
        weights = [torch.where(better, b, a) for a, b in zip(weights, tried, strict=True)]
        slope = [torch.where(better, b, a) for a, b in zip(slope, new_slope, strict=True)]
        value = torch.where(better[:, 0, 0], new, value)
    return MarginPath(np.array(sorted(at)), *np.swapaxes(np.array(rows), 0, 1))


def _log_loss_and_slope(weights: list[Tensor], x: Tensor, labels: Tensor) -> tuple[Tensor, list[Tensor]]:
    with torch.enable_grad():
        weights = [w.requires_grad_() for w in weights]
        value = log_loss(outputs(weights[:-1], weights[-1], x), labels)
        slope = torch.autograd.grad(value.sum(), weights)
    for w in weights:
        w.requires_grad_(False)
    return value.detach(), list(slope)


def _look(
    weights: list[Tensor], value: Tensor, x: Tensor, labels: Tensor, x_test: Tensor, test_labels: Tensor
) -> list[np.ndarray]:
    *layers, bias = weights
    smallest = margins(outputs(layers, bias, x), labels).amin(-1)
    squares = torch.stack([w.square().sum((1, 2)) for w in layers])
    squares[0] += bias.square().sum((1, 2))
    wrong = outputs(layers, bias, x_test).argmax(-1) != test_labels
    of_all = smallest / squares.sum(0) ** (len(layers) / 2)
    return [
        t.double().cpu().numpy() for t in (value, smallest / squares.prod(0).sqrt(), of_all, wrong.double().mean(-1))
    ]
