"""Masks: which weights of a network are pruned. A mask is one number per weight and bias, 1 where it is kept.

``settings.Settings.mask`` trains a network with a mask, from its initial weights or from any other (``start``).
"""

from collections.abc import Sequence

import numpy as np

from overparam.models import Layer
from overparam.settings import Vector, require


def prune_smallest(
    weights: np.ndarray, mask: Vector | None, layers: Sequence[Layer], shares: float | Sequence[float]
) -> Vector:
    """The mask without the smallest of the weights that are left: in each layer this share of them (of all layers, or one each).

    Magnitude pruning (Han et al. 2015); in rounds, each from the initial weights, it finds lottery tickets (Frankle and
    Carbin 2019). ``weights`` [parameters] are as recorded; biases are never pruned.
    """
    shares = [shares] * len(layers) if np.isscalar(shares) else list(shares)
    require(
        len(shares) == len(layers) and all(0 <= share <= 1 for share in shares),
        f"Pruning takes a share between 0 and 1, or one for each of the {len(layers)} layers; got {shares}.",
    )
    kept = np.ones(sum(layer.parameters for layer in layers), np.float32) if mask is None else mask.values.copy()
    require(
        np.shape(weights) == kept.shape,
        f"The network has {len(kept):,} weights and biases; got weights of shape {np.shape(weights)}.",
    )
    first = 0
    for layer, share in zip(layers, shares, strict=True):
        own = slice(first, first + layer.outputs * layer.fan_in)
        left = np.flatnonzero(kept[own])
        smallest = left[np.argsort(np.abs(weights[own][left]), kind="stable")[: round(share * len(left))]]
        kept[own][smallest] = 0
        first += layer.parameters
    return Vector(kept)
