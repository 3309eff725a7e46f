"""Central flows: the path of gradient descent at the edge of stability, averaged over its oscillations (Cohen et al. 2025).

Where the largest eigenvalue S of the Hessian, the sharpness, reaches 2/h, gradient descent with steps of size h oscillates
along its eigenvector u, and the oscillation pushes it to where S is smaller. Let σ² be the variance of the oscillation. The
mean path follows, with time in steps,

    dθ/dt = −h (∇L + σ²/2 ∇S),    σ² = 2 ⟨−∇L, ∇S⟩ / ‖∇S‖²,

since only with this variance does S stay at 2/h; below 2/h, σ² is 0 and this is gradient flow. With several eigenvalues at
2/h the variance is a matrix: see ``central_flow``. For gradient descent itself and gradient flow, see ``backward_error``.
Points θ are NumPy arrays [p] in float64.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse.linalg import LinearOperator, eigsh

from overparam.engine import workers
from overparam.errors import between, numbers, require, whole
from overparam.theory.backward_error import Landscape, descend, flow

_APART = 1e-3  # between the points whose gradients are compared: errors of 1e-6 of the fourth and fifth derivatives


@dataclass(frozen=True)
class CentralFlow:
    """A central flow at times 0, 1, ..., T, in steps of the gradient descent that it predicts.

    ``weights`` [T + 1, p]; ``loss`` [T + 1], that of these weights; ``predicted_loss`` [T + 1], what the loss of gradient
    descent is on average over its oscillations, L + tr Σ / h; ``variance`` [T + 1], the trace of their covariance Σ;
    ``eigenvalues`` [T + 1, directions], the largest of the Hessian, descending.
    """

    weights: np.ndarray
    loss: np.ndarray
    predicted_loss: np.ndarray
    variance: np.ndarray
    eigenvalues: np.ndarray

    @property
    def sharpness(self) -> np.ndarray:
        """The largest eigenvalue of the Hessian: [T + 1]."""
        return self.eigenvalues[:, 0]


def top_eigenpairs(loss: Landscape, theta: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalues [count] of the Hessian at θ [p], descending, and their eigenvectors [p, count]; count < p.

    By Lanczos' method from a start that is always the same, to a relative tolerance of 1e-6.
    """
    p = len(theta)
    count = whole("count", count, 1, p - 1)
    hessian = LinearOperator((p, p), matvec=lambda v: loss.hessian_product(theta, v.ravel()), dtype=float)
    start = np.random.default_rng(0).standard_normal(p)
    values, vectors = eigsh(hessian, count, which="LA", v0=start, tol=1e-6)
    descending = np.argsort(-values)
    return values[descending], vectors[:, descending]


def central_flow(
    loss: Landscape, start: np.ndarray, step: float, steps: int, substeps: int = 4, directions: int = 2
) -> CentralFlow:
    """The central flow from θ(0) = start [p], where the sharpness is below 2/step, over so many steps (Cohen et al. 2025).

    dθ/dt = −step (∇L + ½ ∇⟨∇²L, Σ⟩), where Σ is the covariance that keeps all eigenvalues at 2/step or below and is 0
    across the directions where they are below. At most so many eigenvalues reach 2/step: ``directions`` < p. By Euler's
    method with ``substeps`` to a step. The eigenvectors are followed by one power iteration in each.
    """
    theta = numbers("start", start, 1, 2).astype(float)
    require(between("step", step, 0) > 0, f"step must be above 0; got {step!r}.")
    steps, substeps = whole("steps", steps, 0), whole("substeps", substeps, 1)
    directions = whole("directions", directions, 1, len(theta) - 1)
    values, basis = top_eigenpairs(loss, theta, directions)
    require(
        values[0] <= 2 / step,
        f"A central flow starts where the sharpness is below 2/step = {2 / step:g}; it is {values[0]:g}: take a smaller step.",
    )
    rows = []
    for _ in range(steps + 1):
        for substep in range(substeps):
            gradient, hessian, slopes = _derivatives(loss, theta, basis)
            along = basis.T @ hessian
            along = (along + along.T) / 2
            # What is left above or below 2/step is made up for within this substep: else the errors of Euler's method add up.
            excess = (along - 2 / step * np.eye(directions)) * substeps / step
            covariance = _covariance(slopes, excess - slopes @ gradient)
            if substep == 0:
                rows.append((theta.copy(), loss.loss(theta), np.trace(covariance), np.linalg.eigvalsh(along)[::-1]))
            theta -= step / substeps * (gradient + np.tensordot(covariance, slopes, 2) / 2)
            basis = np.linalg.qr(hessian)[0]
    weights, losses, variance, eigenvalues = (np.array(column) for column in zip(*rows, strict=True))
    return CentralFlow(weights, losses, losses + variance / step, variance, eigenvalues)


def compare(loss: Landscape, start: np.ndarray, step: float, steps: int) -> pd.DataFrame:
    """Gradient descent, its central flow with two directions, and gradient flow, from one start: one row for each time 0, 1, ..., in steps.

    Columns ``descent`` and ``gradient_flow``, losses; ``prediction``, the loss that the central flow predicts for gradient descent;
    ``sharpness``, along the central flow; ``to_central_flow`` and ``to_gradient_flow``, distances of gradient descent from the two.
    """
    central = central_flow(loss, start, step, steps, substeps=2, directions=2)
    descent = descend(loss.gradient, start, step, steps)
    straight = flow(loss.gradient, start, [step * time for time in range(steps + 1)], tolerance=1e-7)
    return pd.DataFrame(
        {
            "descent": [loss.loss(theta) for theta in descent],
            "gradient_flow": [loss.loss(theta) for theta in straight],
            "prediction": central.predicted_loss,
            "sharpness": central.sharpness,
            "to_central_flow": np.linalg.norm(descent - central.weights, axis=1),
            "to_gradient_flow": np.linalg.norm(descent - straight, axis=1),
        }
    )


def compare_all(networks: Sequence[tuple[Landscape, np.ndarray]], step: float, steps: int) -> list[pd.DataFrame]:
    """What ``compare`` finds for each of several (loss, start), side by side in worker processes, to which losses must be sent.

    That is so for ``tanh_network``, and not for a loss that is a function of a notebook.
    """
    found = dict(workers.run(compare, networks, (step, steps)))
    return [found[number] for number in range(len(networks))]


def tanh_network(inputs: np.ndarray, targets: np.ndarray, hidden: Sequence[int]) -> Landscape:
    """Half the mean squared error of a tanh network with these hidden layers, for inputs [n, d] and targets [n, k].

    A function of all weights and biases, layer after layer, each with its weights [fan-in, units] first; see ``random_weights``.
    """
    x, y = numbers("inputs", inputs, 2, 3), numbers("targets", targets, 2, 3)
    require(len(x) == len(y), f"Each input needs a target; got {len(x)} and {len(y)}.")
    network = x.astype(float), y.astype(float), [x.shape[1], *hidden, y.shape[1]]
    part = functools.partial  # and no function of here, so that it can be sent to other processes
    return Landscape(part(_loss, *network), part(_gradient, *network), part(_hessian_product, *network))


def random_weights(sizes: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Weights and biases [p] for a network of these sizes, inputs and outputs included: from N(0, 1 / fan-in), and 0."""
    layers = ((rng.standard_normal(m * k) / m**0.5, np.zeros(k)) for m, k in itertools.pairwise(sizes))
    return np.concatenate([part for layer in layers for part in layer])


def _layers(theta: np.ndarray, sizes: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Views of the weights [fan-in, units] and biases [units] of each layer."""
    layers, start = [], 0
    for m, k in itertools.pairwise(sizes):
        end = start + m * k
        layers.append((theta[start:end].reshape(m, k), theta[end : end + k]))
        start = end + k
    return layers


def _forward(x: np.ndarray, layers: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """The inputs of each layer, and the outputs of the last."""
    passed = [x]
    for weights, biases in layers[:-1]:
        passed.append(np.tanh(passed[-1] @ weights + biases))
    return [*passed, passed[-1] @ layers[-1][0] + layers[-1][1]]


def _loss(x: np.ndarray, y: np.ndarray, sizes: Sequence[int], theta: np.ndarray) -> float:
    return float(np.square(_forward(x, _layers(theta, sizes))[-1] - y).sum() / len(x) / 2)


def _gradient(x: np.ndarray, y: np.ndarray, sizes: Sequence[int], theta: np.ndarray) -> np.ndarray:
    # By hand: for networks as small as these autograd would take five times as long.
    layers, gradient = _layers(theta, sizes), np.empty_like(theta)
    *passed, outputs = _forward(x, layers)
    back = (outputs - y) / len(x)
    for number in reversed(range(len(layers))):
        weights, biases = _layers(gradient, sizes)[number]
        weights[:], biases[:] = passed[number].T @ back, back.sum(0)
        if number:
            back = back @ layers[number][0].T * (1 - passed[number] * passed[number])
    return gradient


def _hessian_product(
    x: np.ndarray, y: np.ndarray, sizes: Sequence[int], theta: np.ndarray, vector: np.ndarray
) -> np.ndarray:
    tiny = 1e-30  # an imaginary step has no rounding error, since nothing is subtracted
    return _gradient(x, y, sizes, theta + 1j * tiny * vector).imag / tiny


def _derivatives(loss: Landscape, theta: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """∇L [p], the Hessian times the basis U [p, k], and the gradients [k, k, p] of the entries of Uᵀ ∇²L U, by differences."""
    here = loss.gradient(theta)
    k = basis.shape[1]
    products, slopes = np.empty_like(basis), np.empty((k, k, len(theta)))

    def differences(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ahead, behind = loss.gradient(theta + _APART * direction), loss.gradient(theta - _APART * direction)
        return (ahead - behind) / (2 * _APART), (ahead - 2 * here + behind) / _APART**2

    for i in range(k):
        products[:, i], slopes[i, i] = differences(basis[:, i])
    for i in range(k):
        for j in range(i):
            both = differences(basis[:, i] + basis[:, j])[1]
            slopes[i, j] = slopes[j, i] = (both - slopes[i, i] - slopes[j, j]) / 2
    return here, products, slopes


def _covariance(slopes: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """The positive semidefinite X [k, k] for which ½ ⟨slopes, slopes⟩ X − growth is so, too, and orthogonal to X.

    ``growth`` [k, k] is the rate at which the entries of the Hessian would grow beyond 2/step with X = 0. X minimises a
    convex quadratic function over a cone, here by the accelerated projected gradient; for k = 1 it is 2 growth / ‖slope‖², or 0.
    """
    k = len(growth)
    if np.linalg.eigvalsh(growth)[-1] <= 0:
        return np.zeros((k, k))
    quadratic = np.einsum("ijp,klp->ijkl", slopes, slopes).reshape(k * k, k * k) / 2
    length = 1 / np.linalg.eigvalsh(quadratic)[-1]
    x = ahead = np.zeros((k, k))
    for iteration in range(1000):
        values, vectors = np.linalg.eigh(ahead + length * (growth - (quadratic @ ahead.ravel()).reshape(k, k)))
        before, x = x, (vectors * values.clip(0)) @ vectors.T
        if np.abs(x - before).max() <= 1e-9 * np.abs(x).max():
            break
        ahead = x + iteration / (iteration + 3) * (x - before)
    return x
