"""Sharpness in a box, measures of flatness that rescaling does not change, and rescaling itself.

Rescaling multiplies one layer of a ReLU network and divides the next (Dinh et al. 2017, arXiv 1703.04933).
"""

import copy
from collections.abc import Callable, Mapping

import pandas as pd
import torch
from torch import Tensor, nn

from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.errors import between, evaluation, require, require_examples, shown, whole
from overparam.measures import curvature
from overparam.measures.norms import layers
from overparam.randomness import generator

_LAYERED = (nn.Sequential, nn.Flatten, nn.Unflatten, nn.ReLU, nn.Linear, nn.Conv1d, nn.Conv2d)


def rescaled(module: nn.Module, alpha: float, layer: int = 0) -> nn.Module:
    """A copy with weights and biases of one of the ``layers`` (0 is the first) times α > 0, and the weights of the next divided by α.

    In exact arithmetic the outputs stay, since ReLU(αz) = α ReLU(z).
    """
    own = layers(module)
    unknown = [type(part).__name__ for part in module.modules() if not isinstance(part, _LAYERED)]
    require(not unknown, f"Rescaling needs affine layers with ReLU between them; the network has {', '.join(unknown)}.")
    says = f"layer is one that another follows, numbered from 0 to {len(own) - 2}; got {shown(layer)}."
    layer, alpha = whole("layer", layer, 0, len(own) - 2, says), between("alpha", alpha, 0)
    require(alpha > 0, f"alpha must be positive; got {alpha:g}.")
    changed = copy.deepcopy(module)
    first, second = layers(changed)[layer : layer + 2]
    with torch.no_grad():
        for p in first.parameters(recurse=False):
            p.mul_(alpha)
        second.get_parameter("weight").div_(alpha)
    return changed


@full_precision()
def box(
    module: nn.Module, x: Tensor, y: Tensor, epsilon: float = 1e-3, loss: str = "cross_entropy", steps: int = 10
) -> float:
    """Keskar et al.'s (2017) sharpness 100 · (max L(w + v) − L(w)) / (1 + L(w)) over the box |v_i| ≤ ε(|w_i| + 1), in per cent.

    L is the mean loss over the examples. The maximum is a lower bound: from each point the search goes to the corner of the
    box to which the gradient there points, ``steps`` times, and takes the best; on convex losses it only rises.
    """
    start, found = _searched(
        module, x, y, loss, lambda w: epsilon * (w.abs() + 1), between("epsilon", epsilon, 0), steps
    )
    return float(100 * (found - start) / (1 + start))


@full_precision()
def adaptive(
    module: nn.Module, x: Tensor, y: Tensor, rho: float = 0.05, loss: str = "cross_entropy", steps: int = 10
) -> float:
    """Adaptive sharpness max L(w + v) − L(w) over |v_i| ≤ ρ|w_i| (Kwon et al. 2021), searched as in ``box``.

    Rescaling a layer pair, or a unit, moves the box with the weights, and so changes nothing.
    """
    start, found = _searched(module, x, y, loss, lambda w: rho * w.abs(), between("rho", rho, 0), steps)
    return float(found - start)


@full_precision()
def trace(module: nn.Module, x: Tensor, y: Tensor, loss: str = "cross_entropy", probes: int = 30) -> float:
    """Trace of the Hessian of the mean loss in all parameters: mean of zᵀHz over ``probes`` random vectors z of signs (Hutchinson)."""
    return _weighted(module, x, y, loss, probes, layerwise=False)


@full_precision()
def relative(module: nn.Module, x: Tensor, y: Tensor, loss: str = "cross_entropy", probes: int = 30) -> float:
    """Relative flatness Σ_l ‖W_l‖² tr H_l, H_l the Hessian of the mean loss in the weights W_l of a layer; biases are left out.

    A simple form of the measure of Petzka et al. (2021); rescaling a layer pair changes nothing. By Hutchinson, as ``trace``.
    """
    return _weighted(module, x, y, loss, probes, layerwise=True)


def table(
    runs: pd.DataFrame,
    data: Data | Mapping[str, Data],
    epsilon: float = 1e-3,
    rho: float = 0.05,
    steps: int = 10,
    probes: int = 30,
    device: torch.device | str | None = None,
) -> pd.DataFrame:
    """``trace``, ``box``, ``adaptive`` and ``relative`` of every row's network at its last recorded time, as columns.

    The runs are those of a sweep over ``data`` with record=["weights"], of MLPs or 1-D CNNs without batch norm, or what
    ``curvature.at_moment`` makes of them. The loss is that on the network's own examples and labels.
    """
    options = (
        between("epsilon", epsilon, 0),
        between("rho", rho, 0),
        whole("steps", steps, 1),
        whole("probes", probes, 1),
    )
    last = runs.assign(weights=[weights[-1:] for weights in runs["weights"]])
    rows = [values[0] for values in curvature.in_stacks(last, data, _all, options, device)]
    return pd.DataFrame(rows, runs.index, ["trace", "box", "adaptive", "relative"])


@full_precision()
def traces(
    runs: pd.DataFrame, data: Data | Mapping[str, Data], probes: int = 30, device: torch.device | str | None = None
) -> pd.Series:
    """``trace`` of every row's network at its last recorded time, alone and so several times as fast as ``table``; runs as there."""
    last = runs.assign(weights=[weights[-1:] for weights in runs["weights"]])
    values = curvature.in_stacks(last, data, _trace_of_stack, (whole("probes", probes, 1),), device)
    return pd.Series([value[0] for value in values], runs.index, name="trace")


def _trace_of_stack(
    weights: Tensor, rows: Tensor, labels: Tensor, module: nn.Module, x: Tensor, loss: str, probes: int
) -> Tensor:
    own, each = curvature.mean_losses(module, x[rows], labels, loss)
    with evaluation(own):
        product = curvature.hessian_product(lambda w: each(w).sum(), weights)
        return _traces(product, torch.ones_like(weights), probes)


def _all(
    weights: Tensor,
    rows: Tensor,
    labels: Tensor,
    module: nn.Module,
    x: Tensor,
    loss: str,
    epsilon: float,
    rho: float,
    steps: int,
    probes: int,
) -> Tensor:
    """The measures of ``table`` [K, 4] for K networks like the module; see ``curvature.in_stacks``."""
    own, each = curvature.mean_losses(module, x[rows], labels, loss)
    with evaluation(own):
        product = curvature.hessian_product(lambda w: each(w).sum(), weights)
        traces = [_traces(product, scale, probes) for scale in (torch.ones_like(weights), _layer_norms(own, weights))]
        start, boxed = _highest(each, weights, epsilon * (weights.abs() + 1), steps)
        _, adapted = _highest(each, weights, rho * weights.abs(), steps)
    box = 100 * (boxed - start) / (1 + start)
    return torch.stack([traces[0], box, adapted - start, traces[1]], 1)


def _flat(module: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])[None]


def _searched(
    module: nn.Module,
    x: Tensor,
    y: Tensor,
    loss: str,
    radius: Callable[[Tensor], Tensor],
    size: float,
    steps: int,
) -> tuple[Tensor, Tensor]:
    """The loss of a module, and the highest that is found in the box of this radius."""
    require_examples(module, x, y, loss)
    require(size > 0, f"The size of the box must be positive; got {size:g}.")
    weights = _flat(module)
    own, each = curvature.mean_losses(module, x[None], y[None], loss)
    with evaluation(own):
        start, found = _highest(each, weights, radius(weights), whole("steps", steps, 1))
    return start[0], found[0]


def _highest(each: Callable[[Tensor], Tensor], weights: Tensor, radius: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Losses [K] at weights [K, P], and the highest that are found in the boxes of this radius [K, P] around them."""
    v, found = torch.zeros_like(weights), []
    for _ in range(steps + 1):
        with torch.enable_grad():
            moved = (weights + v).requires_grad_()
            values = each(moved)
            (gradient,) = torch.autograd.grad(values.sum(), moved)
        found.append(values.detach())
        v = radius * gradient.sign()
    return found[0], torch.stack(found).amax(0)


def _weighted(module: nn.Module, x: Tensor, y: Tensor, loss: str, probes: int, layerwise: bool) -> float:
    require_examples(module, x, y, loss)
    weights = _flat(module)
    own, each = curvature.mean_losses(module, x[None], y[None], loss)
    with evaluation(own):
        product = curvature.hessian_product(lambda w: each(w).sum(), weights)
        scale = _layer_norms(own, weights) if layerwise else torch.ones_like(weights)
        return float(_traces(product, scale, whole("probes", probes, 1))[0])


def _traces(product: Callable[[Tensor], Tensor], scale: Tensor, probes: int) -> Tensor:
    """Traces [K] of D H D with D = diag(scale [K, P]), by Hutchinson's estimator; the signs are always the same."""
    draw, total = generator(0, "hutchinson"), torch.zeros(len(scale), dtype=scale.dtype, device=scale.device)
    for _ in range(probes):
        z = torch.randint(2, (scale.shape[1],), generator=draw).to(scale) * 2 - 1
        v = scale * z
        total += (v * product(v)).sum(1)
    return total / probes


def _layer_norms(module: nn.Module, weights: Tensor) -> Tensor:
    """For every weight [K, P] the norm of its layer's weight tensor, and 0 for the biases."""
    parts = weights.split([p.numel() for p in module.parameters()], 1)
    norms = [
        part.norm(dim=1, keepdim=True).expand_as(part) if name.endswith("weight") else torch.zeros_like(part)
        for (name, _), part in zip(module.named_parameters(), parts, strict=True)
    ]
    return torch.cat(norms, 1)
