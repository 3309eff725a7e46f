"""Diagonal linear networks: regression with coefficients β = u² − v², whose start decides which interpolator is found.

Gradient flow from u = v = α ends, if it fits, at the interpolator that minimises Σ_i q(β_i / α²) with
q(z) = 2 − √(4 + z²) + z arcsinh(z/2) (Woodworth et al. 2020, arXiv 2002.09277).
"""

import math

import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import real, require, require_rows, whole


@full_precision()
def descend(x: Tensor, y: Tensor, start: float, lr: float, steps: int) -> Tensor:
    """β [..., d] after gradient descent on the mean squared error in u and v from u = v = start; x [..., n, d], y [..., n]."""
    start = _positive_start(x, y, start)
    lr, steps = real("lr", lr), whole("steps", steps, 1)
    u = torch.full_like(x[..., 0, :], start)
    v = u.clone()
    gram, pull = 2 * x.mT @ x / x.shape[-2], 2 * (x.mT @ y[..., None]) / x.shape[-2]
    for _ in range(steps):
        slope = 2 * lr * (gram @ (u * u - v * v)[..., None] - pull)[..., 0]
        u, v = u * (1 - slope), v * (1 + slope)
    return u * u - v * v


@full_precision()
def limit(x: Tensor, y: Tensor, start: float, tolerance: float = 1e-10) -> Tensor:
    """β [..., d] that gradient flow from u = v = start ends with, for x [..., n, d] of rank n and y [..., n] in float64.

    Minimising Σ q(β_i / α²) with Xβ = y gives β = 2α² sinh(Xᵀν), and ν [n] minimises the convex Σ 2α² cosh(Xᵀν)_i − y·ν. Newton's
    method, no step of which moves an entry of Xᵀν by more than 1, so that it cannot overflow.
    """
    start = _positive_start(x, y, start)
    require(x.dtype == torch.float64, f"limit() needs float64; got {x.dtype}.")
    nu, size = torch.zeros_like(y), 2 * start**2
    for _ in range(500):
        logs = (x.mT @ nu[..., None])[..., 0]
        missing = y - (x @ (size * logs.sinh())[..., None])[..., 0]
        if (missing.norm(dim=-1) <= tolerance * y.norm(dim=-1)).all():
            return size * logs.sinh()
        hessian = (x * (size * logs.cosh())[..., None, :]) @ x.mT
        step = torch.linalg.solve(hessian, missing)
        most = (x.mT @ step[..., None])[..., 0].abs().amax(-1, keepdim=True)
        nu = nu + step / most.clamp(min=1)
    raise ValueError("Newton's method did not reach Xβ = y: are the rows of x linearly independent?")


def potential(beta: Tensor, start: float) -> Tensor:
    """Σ_i q(β_i / start²) [...], which gradient flow from u = v = start minimises over the interpolators β [..., d]."""
    z = beta / real("start", start) ** 2
    return (2 - (4 + z * z).sqrt() + z * (z / 2).arcsinh()).sum(-1)


def _positive_start(x: Tensor, y: Tensor, start: float) -> float:
    require_rows(x=x, y=y[..., None])
    start = real("start", start)
    require(0 < start < math.inf, f"start, the value of all u and v, must be positive; got {start:g}.")
    return start
