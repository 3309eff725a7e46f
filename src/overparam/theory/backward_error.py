"""Backward error analysis: which differential equation do the steps of gradient descent follow?

A step of size h leaves the gradient flow dθ/dt = −∇L by O(h²). It follows the flow of L + h/4 ‖∇L‖² to O(h³) (Barrett &
Dherin 2021, section 3), and an epoch of SGD, averaged over the orders of its minibatches, that of Smith et al. 2021, eq. 1.
Points θ are NumPy arrays [p] in float64, and flows are integrated so accurately that only the step's own error is seen.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

Gradient = Callable[[np.ndarray], np.ndarray]  # θ [p] → [p]


@dataclass(frozen=True)
class Landscape:
    """A loss of p parameters, its gradient [p], and its Hessian at a point times a vector [p], as functions of θ [p]."""

    loss: Callable[[np.ndarray], float]
    gradient: Gradient
    hessian_product: Callable[[np.ndarray, np.ndarray], np.ndarray]


def landscape(function: Callable[[Tensor], Tensor]) -> Landscape:
    """The landscape of a torch function of one vector θ [p], float64; derivatives by autograd."""

    def point(values: np.ndarray) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, requires_grad=True)

    def gradient_of(theta: Tensor, again: bool) -> Tensor:
        return torch.autograd.grad(function(theta), theta, create_graph=again)[0]

    def hessian_product(theta: np.ndarray, vector: np.ndarray) -> np.ndarray:
        at = point(theta)
        slope = gradient_of(at, True) @ torch.as_tensor(vector, dtype=torch.float64)
        product = torch.autograd.grad(slope, at, allow_unused=True)[0] if slope.requires_grad else None
        return np.zeros(len(theta)) if product is None else product.numpy()

    return Landscape(
        loss=lambda theta: float(function(point(theta)).detach()),
        gradient=lambda theta: gradient_of(point(theta), False).numpy(),
        hessian_product=hessian_product,
    )


def least_squares(x: np.ndarray, y: np.ndarray) -> Landscape:
    """The landscape of ½ mean (x w − y)² over w [d], for x [n, d] and y [n]."""
    hessian, target = x.T @ x / len(x), x.T @ y / len(x)
    return Landscape(
        loss=lambda w: float(np.mean((x @ w - y) ** 2) / 2),
        gradient=lambda w: hessian @ w - target,
        hessian_product=lambda w, vector: hessian @ vector,
    )


def mean_of(batches: Sequence[Landscape]) -> Landscape:
    """The landscape of the mean of several losses: of the whole training set, from those of equal minibatches."""
    return Landscape(
        loss=lambda theta: float(np.mean([b.loss(theta) for b in batches])),
        gradient=lambda theta: np.mean([b.gradient(theta) for b in batches], axis=0),
        hessian_product=lambda theta, v: np.mean([b.hessian_product(theta, v) for b in batches], axis=0),
    )


def modified_gradient(loss: Landscape, step: float) -> Gradient:
    """Gradient of L + h/4 ‖∇L‖², which is ∇L + h/2 (∇²L) ∇L (Barrett & Dherin 2021, section 3)."""

    def gradient(theta: np.ndarray) -> np.ndarray:
        g = loss.gradient(theta)
        return g + step / 2 * loss.hessian_product(theta, g)

    return gradient


def sgd_modified_gradient(batches: Sequence[Landscape], step: float) -> Gradient:
    """Gradient of L + h/4 · mean over minibatches of ‖∇L_k‖², where L is the mean of the L_k (Smith et al. 2021, eq. 1)."""

    def gradient(theta: np.ndarray) -> np.ndarray:
        slopes = [b.gradient(theta) for b in batches]
        bends = [b.hessian_product(theta, g) for b, g in zip(batches, slopes, strict=True)]
        return np.mean(slopes, axis=0) + step / 2 * np.mean(bends, axis=0)

    return gradient


def descend(gradient: Gradient, start: np.ndarray, step: float, steps: int = 1) -> np.ndarray:
    """The iterates θ − h ∇L(θ) from the start on: [steps + 1, p]."""
    path = [np.asarray(start, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] - step * gradient(path[-1]))
    return np.stack(path)


def mean_epoch(batches: Sequence[Landscape], start: np.ndarray, step: float) -> np.ndarray:
    """Where one epoch of SGD ends, [p], on average over all orders of its minibatches (at most 8 of them)."""
    if len(batches) > 8:
        raise ValueError(f"{len(batches)} minibatches have {len(batches)}! orders; take at most 8.")
    ends = []
    for order in itertools.permutations(batches):
        theta = np.asarray(start, dtype=float)
        for batch in order:
            theta = theta - step * batch.gradient(theta)
        ends.append(theta)
    return np.mean(ends, axis=0)


def flow(gradient: Gradient, start: np.ndarray, times: Sequence[float], tolerance: float = 1e-12) -> np.ndarray:
    """The solution of dθ/dt = −gradient(θ) from θ(0) = start at ascending times: [times, p].

    By the Runge-Kutta method of order 8 of Dormand and Prince with this relative tolerance.
    """
    times = np.asarray(times, dtype=float)
    if len(times) == 0 or times[0] < 0 or (np.diff(times) <= 0).any():
        raise ValueError(f"times must be at least one, ascending, from 0 on; got {times.tolist()}.")
    if times[-1] == 0:
        return np.asarray(start, dtype=float)[None]
    solution = solve_ivp(
        lambda t, theta: -gradient(theta),
        (0, times[-1]),
        start,
        method="DOP853",
        t_eval=times,
        rtol=tolerance,
        atol=tolerance / 100,
    )
    if not solution.success:
        raise RuntimeError(f"The flow could not be followed to time {times[-1]:g}: {solution.message}")
    return solution.y.T


def distances(loss: Landscape, start: np.ndarray, step: float, steps: int = 1) -> tuple[float, float]:
    """How far gradient descent is, after so many steps, from the gradient flow and from the modified flow."""
    end = descend(loss.gradient, start, step, steps)[-1]
    flows = loss.gradient, modified_gradient(loss, step)
    first, second = (float(np.linalg.norm(end - flow(f, start, [steps * step])[-1])) for f in flows)
    return first, second


def step_errors(loss: Landscape, start: np.ndarray, fractions: Sequence[float]) -> np.ndarray:
    """How far one step of gradient descent is from the gradient flow and from the modified flow: [2, steps].

    The steps are these fractions of 1/curvature, the largest absolute eigenvalue of the Hessian at the start.
    """
    hessian = np.stack([loss.hessian_product(start, direction) for direction in np.eye(len(start))])
    unit = 1 / np.abs(np.linalg.eigvalsh(hessian)).max()
    return np.transpose([distances(loss, start, fraction * unit) for fraction in fractions])


def epoch_errors(batches: Sequence[Landscape], start: np.ndarray, steps: Sequence[float]) -> np.ndarray:
    """How far the mean epoch of SGD is from three flows: of the loss, of full-batch descent's law, and of SGD's own: [3, steps]."""
    whole, rows = mean_of(batches), []
    for step in steps:
        laws = whole.gradient, modified_gradient(whole, step), sgd_modified_gradient(batches, step)
        end = mean_epoch(batches, start, step)
        rows.append([np.linalg.norm(end - flow(law, start, [len(batches) * step])[-1]) for law in laws])
    return np.transpose(rows)


def order(steps: Sequence[float], errors: Sequence[float]) -> float:
    """The power of the step with which errors grow: the least-squares slope of log error on log step."""
    return float(np.polyfit(np.log(steps), np.log(errors), 1)[0])
