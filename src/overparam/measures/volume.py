"""How far a minimum reaches: radii along random directions to a level of the loss, and the volume that is extrapolated from them.

After Huang et al. (2020, arXiv 1906.03291). For fully connected ReLU networks, many at once: ``module`` is one of their architecture, and
their weights are vectors [networks, p], as a sweep records them with ``record=["weights"]``, in the order of ``module.parameters()``.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from torch import Tensor, nn

from overparam.arithmetic import full_precision
from overparam.errors import numbers, require, require_examples, require_network, shown, tensor, whole
from overparam.randomness import generator

NORMALISATIONS = ("filter", "weight", "none")
_RADII = np.geomspace(0.01, 20, 160)  # that are tried, one after the other: a twentieth apart
_AT_ONCE = 2**20  # activations that are computed together


@full_precision()
@torch.no_grad()
def outputs(module: nn.Module, weights: Tensor, x: Tensor) -> Tensor:
    """Outputs [networks, n, K] on x [n, d] of networks with these weights [networks, p]."""
    shapes = _shapes(module, weights)
    together = max(1, _AT_ONCE // (len(x) * sum(shape[0] for shape in shapes)))
    return torch.cat([_outputs(shapes, part, x) for part in weights.split(together)])


@full_precision()
@torch.no_grad()
def losses(module: nn.Module, weights: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy [networks] on x [n, d] with labels y [n] of networks with these weights [networks, p]."""
    require_examples(module, x, y)
    return _losses(module, weights, x, y)


@full_precision()
@torch.no_grad()
def directions(module: nn.Module, weights: Tensor, count: int, seed: int, normalise: str = "filter") -> Tensor:
    """Random directions [networks, count, p] for networks with these weights [networks, p], from the same draws for all of them.

    Each is a Gaussian vector g, scaled in one of three ways. By "filter" (Li et al. 2018, arXiv 1712.09913) the incoming weights of
    every unit get the length that they have in the network, and every bias its size; by "weight" they are g_i |θ_i|; by "none" the
    whole has length 1. In the first two a step of 1 is about as long as the vector of all weights.
    """
    known = isinstance(normalise, str) and normalise in NORMALISATIONS
    require(known, f"normalise must be one of {', '.join(NORMALISATIONS)}; got {shown(normalise)}.")
    shapes, count = _shapes(module, weights), whole("count", count, 1)
    g = torch.randn(count, weights.shape[1], generator=generator(seed, "directions")).to(weights)
    if normalise == "none":
        return (g / g.norm(dim=1, keepdim=True)).expand(len(weights), -1, -1)
    if normalise == "weight":
        return g * weights[:, None].abs()
    parts = zip(_split(shapes, g), _split(shapes, weights), strict=True)
    scaled = [
        random / random.norm(dim=-1, keepdim=True) * own.norm(dim=-1, keepdim=True)[:, None] for random, own in parts
    ]
    return torch.cat([part.flatten(2) for part in scaled], 2)


@full_precision()
@torch.no_grad()
def radii(
    module: nn.Module, weights: Tensor, x: Tensor, y: Tensor, along: Tensor, cutoffs: Sequence[float] = (0.1,)
) -> np.ndarray:
    """How far one can go from networks [networks, p] along directions [networks, count, p] before their loss is at a cutoff.

    An array [networks, count, cutoffs] of the smallest radii r at which the mean cross-entropy on x [n, d], y [n] at θ + r · direction
    reaches the cutoff. Radii from 0.01 to 20 are tried, each a twentieth larger than the one before, and the logarithm of r is read as
    linear in the loss between two of them. Beyond these ends the radius is that end: a bound.
    """
    require_examples(module, x, y)
    levels = numbers("cutoffs", cutoffs, 1)
    require(
        along.dim() == 3 and (along.shape[0], along.shape[2]) == tuple(weights.shape),
        f"Directions are [networks, count, p] for weights [networks, p]; got {list(along.shape)} and {list(weights.shape)}.",
    )
    found = np.empty((*along.shape[:2], len(levels)))
    for own, ways, places in zip(weights, along, found, strict=True):
        profile, highest = [], np.zeros(len(ways))
        for radius in _RADII:
            profile.append(_losses(module, own + radius * ways, x, y).double().cpu().numpy())
            highest = np.fmax(highest, profile[-1])
            if (highest >= levels.max()).all():
                break
        for c, level in enumerate(levels):
            places[:, c] = _first_crossing(np.array(profile), level)
    return found


def log_volume(radii: ArrayLike, p: int) -> np.ndarray:
    """ln of the mean over directions of r^p, from radii [..., count]: the volume in p dimensions, in units of that of a ball of radius 1."""
    radii, p = _positive(radii), whole("p", p, 1)
    return logsumexp(p * np.log(radii), axis=-1) - np.log(radii.shape[-1])


def effective_directions(radii: ArrayLike, p: int) -> np.ndarray:
    """Of how many directions the mean of r^p really is a mean: (Σ r^p)² / Σ r^2p, from radii [..., count]; 1 where the largest is all."""
    logs = whole("p", p, 1) * np.log(_positive(radii))
    return np.exp(2 * logsumexp(logs, axis=-1) - logsumexp(2 * logs, axis=-1))


def _positive(radii: ArrayLike) -> np.ndarray:
    values = numbers("radii", radii)
    require(
        values.ndim > 0 and bool((values > 0).all()), f"Radii are positive numbers [..., count]; got {shown(values)}."
    )
    return values


def _first_crossing(profile: np.ndarray, level: float) -> np.ndarray:
    """Radii [count] at which losses [radii tried, count] first reach a level."""
    above = profile >= level
    at, columns = above.argmax(0), np.arange(profile.shape[1])
    after, before = profile[at, columns], profile[np.maximum(at - 1, 0), columns]
    share = (level - before) / np.where(after > before, after - before, 1)
    inside = _RADII[np.maximum(at - 1, 0)] * (_RADII[1] / _RADII[0]) ** share
    return np.where(above.any(0), np.where(at > 0, inside, _RADII[0]), _RADII[-1])


def _shapes(module: nn.Module, weights: Tensor) -> list[torch.Size]:
    """The shapes of the weights and biases, layer after layer."""
    require_network(module)
    known = (nn.Sequential, nn.Flatten, nn.Unflatten, nn.ReLU, nn.Linear)
    unknown = [type(part).__name__ for part in module.modules() if not isinstance(part, known)]
    require(not unknown, f"Take a fully connected ReLU network without batch norm; this one has {', '.join(unknown)}.")
    shapes = [parameter.shape for parameter in module.parameters()]
    total = sum(shape.numel() for shape in shapes)
    tensor("weights", weights, 2)
    require(weights.shape[1] == total, f"The network has {total:,} weights and biases; got {list(weights.shape)}.")
    return shapes


def _split(shapes: list[torch.Size], vectors: Tensor) -> list[Tensor]:
    """Vectors [..., p] as the rows that go into each unit [..., out, fan-in], and biases, one to a row [..., out, 1]."""
    parts = vectors.split([shape.numel() for shape in shapes], -1)
    return [part.unflatten(-1, (shape[0], -1)) for part, shape in zip(parts, shapes, strict=True)]


def _outputs(shapes: list[torch.Size], weights: Tensor, x: Tensor) -> Tensor:
    parts = _split(shapes, weights)
    h = x.flatten(1).T.expand(len(weights), -1, -1)  # [networks, units, n]: the long side last
    for layer, (weight, bias) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        h = torch.baddbmm(bias, weight, h.relu_() if layer else h)
    return h.mT


def _losses(module: nn.Module, weights: Tensor, x: Tensor, y: Tensor) -> Tensor:
    logits = outputs(module, weights, x)
    return F.cross_entropy(logits.flatten(0, 1), y.repeat(len(logits)), reduction="none").view(len(logits), -1).mean(1)
