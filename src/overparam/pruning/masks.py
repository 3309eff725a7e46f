"""Masks: which weights of a network are pruned. A mask is one number per weight and bias, 1 where it is kept.

``Settings.mask`` trains a network with a mask, from its initial weights or from any other (``start``); ``tickets``
prunes in rounds.
"""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from torch.nn.utils import parameters_to_vector

from overparam import randomness
from overparam.architectures.alone import Alone, affine_layers
from overparam.architectures.base import Architecture
from overparam.architectures.stacked import Layer, Layered
from overparam.data.dataset import Data, require_data
from overparam.engine.settings import Settings, Vector, require_architecture, require_settings
from overparam.errors import listed, numbers, real, require, shown

FREEZING = 2.0**-20  # what ``frozen`` multiplies the steps of a pruned weight by: over any training here, nothing


# --- masks ------------------------------------------------------------------------------------------------------------


def prune_smallest(
    weights: np.ndarray, mask: Vector | None, layers: Sequence[Layer], shares: float | Sequence[float]
) -> Vector:
    """The mask without the smallest of the weights that are left: in each layer this share of them (of all layers, or one each).

    Magnitude pruning (Han et al. 2015); in rounds, each from the initial weights, it finds lottery tickets (Frankle and
    Carbin 2019). ``weights`` [parameters] are as recorded; biases are never pruned.
    """
    return prune_lowest(np.abs(numbers("weights", weights, 1)), mask, layers, shares)


def prune_lowest(
    scores: np.ndarray, mask: Vector | None, layers: Sequence[Layer], shares: float | Sequence[float]
) -> Vector:
    """As ``prune_smallest``, but by any ``scores`` [parameters]: the weights with the lowest go."""
    layers = _require_layers(layers)
    shares = [shares] * len(layers) if np.isscalar(shares) else shares
    says = f"Pruning takes a share between 0 and 1, or one for each of the {len(layers)} layers; got {shown(shares)}."
    shares = listed(shares, says)
    shares = [real("share", share, says) for share in shares]
    require(len(shares) == len(layers) and all(0 <= share <= 1 for share in shares), says)
    scores = numbers("scores", scores)
    if mask is not None:
        _require_mask(mask, layers)
    kept = np.ones(sum(layer.parameters for layer in layers), np.float32) if mask is None else mask.values.copy()
    require(
        np.shape(scores) == kept.shape,
        f"The network has {len(kept):,} weights and biases; got weights of shape {np.shape(scores)}.",
    )
    for own, share in zip(weights_of(layers), shares, strict=True):
        left = np.flatnonzero(kept[own])
        lowest = left[np.argsort(scores[own][left], kind="stable")[: round(share * len(left))]]
        kept[own][lowest] = 0
    return Vector(kept)


def prune_units(weights: np.ndarray, layers: Sequence[Layer], share: float) -> Vector:
    """Structured pruning: the mask without this share of the units of each hidden layer, those with the smallest ℓ1 norm.

    The norm is that of a unit's incoming weights (Li et al. 2017, for filters; Liu et al. 2019). What enters and leaves a
    pruned unit is masked, its bias too. ``weights`` [parameters] are those of fully connected ``layers``.
    """
    says = f"The share of units to prune lies in [0, 1); got {shown(share)}."
    share = real("share", share, says)
    require(0 <= share < 1, says)
    layers = _require_layers(layers)
    _require_per_weight("weights", weights, layers)
    kept = np.ones(sum(layer.parameters for layer in layers), np.float32)
    places = weights_of(layers)
    for number, (layer, own) in enumerate(zip(layers[:-1], places[:-1], strict=True)):
        rows = np.abs(weights[own]).reshape(layer.outputs, layer.fan_in).sum(1)
        gone = np.argsort(rows, kind="stable")[: round(share * layer.outputs)]
        kept[own].reshape(layer.outputs, layer.fan_in)[gone] = 0
        kept[own.stop : own.stop + layer.outputs][gone] = 0
        after = layers[number + 1]
        kept[places[number + 1]].reshape(after.outputs, after.fan_in)[:, gone] = 0
    return Vector(kept)


def shuffled(mask: Vector, layers: Sequence[Layer], seed: int) -> Vector:
    """A random mask that keeps as many weights of each layer as this one does: its entries in another order."""
    layers = _require_layers(layers)
    _require_mask(mask, layers)
    kept = mask.values.copy()
    for number, own in enumerate(weights_of(layers)):
        order = torch.randperm(own.stop - own.start, generator=randomness.generator(seed, f"mask of layer {number}"))
        kept[own] = kept[own][order.numpy()]
    return Vector(kept)


def kept(mask: Vector) -> np.ndarray:
    """Whether each weight and bias is kept [parameters]."""
    _require_mask(mask)
    return mask.values != 0


def share_left(mask: Vector | None, layers: Sequence[Layer]) -> float:
    """The share of the weights that a mask keeps; biases are not counted."""
    if mask is None:
        return 1.0
    layers = _require_layers(layers)
    _require_mask(mask, layers)
    kept = np.concatenate([mask.values[own] for own in weights_of(layers)])
    return float(kept.mean())


def weights_of(layers: Sequence[Layer]) -> list[slice]:
    """Where the weights of each layer stand in a vector of all parameters; its biases follow."""
    layers = _require_layers(layers)
    ends = np.cumsum([layer.parameters for layer in layers])
    return [
        slice(int(end) - layer.parameters, int(end) - layer.outputs) for end, layer in zip(ends, layers, strict=True)
    ]


def prunable_layers(architecture: Architecture, data: Data) -> list[Layer]:
    """The layers of a network on this data set; of a convolutional one its convolutions and linear maps, without batch norm."""
    require_architecture(architecture)
    require_data(data)
    shape, outputs = data.shape, data.outputs
    if architecture.stacks:
        layered = cast(Layered, architecture)
        require(not layered.batch_norm, "Networks with batch norm are not pruned here; set batch_norm=False.")
        return layered.layers(shape, outputs)
    found = affine_layers(cast(Alone, architecture).outline(shape, outputs))
    require(
        all(len(own) == 2 and own[1].dim() == 1 and own[0].dim() > 1 for own in found),
        f"{architecture} has parts that are neither weights nor biases; prune mlp, lenet, cnn1d or conv.",
    )
    return [Layer(weight[0].numel(), len(weight)) for weight, _ in found]


def _require_layers(layers: Sequence[Layer]) -> list[Layer]:
    """The layers as a list; ValueError unless they are one or more of ``Layer``."""
    says = f"layers lists the layers of a network, as prunable_layers gives them; got {shown(layers)}."
    layers = listed(layers, says)
    require(bool(layers) and all(isinstance(layer, Layer) for layer in layers), says)
    return layers


def _require_per_weight(name: str, values: np.ndarray, layers: Sequence[Layer] | int) -> np.ndarray:
    """The values; ValueError unless they are one number for each weight and bias of these layers, or so many."""
    values = numbers(name, values, 1)
    total = layers if isinstance(layers, int) else sum(layer.parameters for layer in layers)
    require(
        len(values) == total, f"The network has {total:,} weights and biases; {name} holds {len(values):,} numbers."
    )
    return values


def _require_mask(mask: Vector, layers: Sequence[Layer] = ()) -> None:
    require(isinstance(mask, Vector), f"A mask is a Vector of one number per weight; got {shown(mask)}.")
    if layers:
        _require_per_weight("the mask", mask.values, layers)


# --- where a pruned network starts ------------------------------------------------------------------------------------


def initial_weights(settings: Settings, data: Data, fresh: bool = False) -> np.ndarray:
    """All weights and biases [parameters] that a network starts from, or (``fresh``) another draw of them."""
    require_settings([settings])
    require_data(data)
    draw = randomness.generator(settings.init_seed, "another init" if fresh else "init")
    module = settings.architecture.build(data.shape, data.outputs, draw)
    return parameters_to_vector(module.parameters()).detach().numpy()


def frozen(start: np.ndarray, mask: Vector, zeroed: np.ndarray | None = None) -> dict[str, Vector]:
    """``start`` and ``mask`` of a network whose pruned weights keep their initial value instead of being 0.

    Those of them where ``zeroed`` [parameters] is true are 0 nevertheless. The engine multiplies the start and every step by the
    mask; a mask of 2⁻²⁰ undone in the start leaves a weight where it was, for all that steps of any size used here could do.
    For networks that stack only.
    """
    _require_mask(mask)
    start = _require_per_weight("start", start, len(mask.values))
    if zeroed is not None:
        zeroed = _require_per_weight("zeroed", zeroed, len(mask.values)).astype(bool)
    factor = np.where(mask.values == 0, np.float32(FREEZING), np.float32(1))
    masked = factor if zeroed is None else np.where((mask.values == 0) & zeroed, np.float32(0), factor)
    return {"start": Vector(start / factor), "mask": Vector(masked)}


def at_random(chosen: np.ndarray, mask: Vector, layers: Sequence[Layer], seed: int) -> np.ndarray:
    """As many pruned weights of each layer as ``chosen`` [parameters] has among them, drawn at random.

    The answer says of each weight and bias whether it was drawn [parameters]: what ``frozen`` takes as ``zeroed``.
    """
    layers = _require_layers(layers)
    _require_mask(mask, layers)
    chosen = _require_per_weight("chosen", chosen, layers)
    rng = randomness.rng(seed, 7)
    drawn = np.zeros(len(mask.values), bool)
    for own in weights_of(layers):
        pruned = np.flatnonzero(mask.values[own] == 0)
        drawn[own][rng.choice(pruned, int(chosen[own][pruned].sum()), replace=False)] = True
    return drawn


def reinitialized(start: np.ndarray, mask: Vector, layers: Sequence[Layer], seed: int) -> dict[str, np.ndarray]:
    """Other initial values [parameters] for the kept weights, by name (Zhou et al. 2019, section 4); biases stay.

    "reshuffled" exchanges the kept weights of each layer, "redrawn" draws them anew from the distribution of the initial weights
    of PyTorch, "redrawn at equal spread" scales that draw to the standard deviation of the layer's kept weights, and "constant"
    takes the standard deviation of the layer's initial weights. Each has a sign: that of the initial weight in "…, signs kept",
    else as it comes (for "constant" a coin). At equal spread only the sizes are in question, so its signs are always kept.
    """
    layers = _require_layers(layers)
    _require_mask(mask, layers)
    start = _require_per_weight("start", start, layers)
    names = ("reshuffled", "redrawn", "constant")
    variants = {f"{name}, signs {kept}": start.copy() for name in names for kept in ("kept", "lost")}
    variants["redrawn at equal spread, signs kept"] = start.copy()
    rng = randomness.rng(seed, 6)
    for own, layer in zip(weights_of(layers), layers, strict=True):
        left = np.flatnonzero(mask.values[own])
        signs = np.sign(start[own][left])
        bound = layer.fan_in**-0.5
        values = {
            "reshuffled": rng.permutation(start[own][left]),
            "redrawn": rng.uniform(-bound, bound, len(left)),
            "constant": start[own].std() * rng.choice([-1.0, 1.0], len(left)),
        }
        spread = start[own][left].std() / values["redrawn"].std() if len(left) > 1 else 1
        for name, value in values.items():
            variants[f"{name}, signs lost"][own][left] = value
            variants[f"{name}, signs kept"][own][left] = np.abs(value) * signs
        variants["redrawn at equal spread, signs kept"][own][left] = np.abs(values["redrawn"]) * spread * signs
    return variants


SUPERMASKS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "large final": lambda start, end: np.abs(end),
    "large final, same sign": lambda start, end: end * np.sign(start),
    "large start": lambda start, end: np.abs(start),
}  # scores by which weights are kept (Zhou et al. 2019, section 5), from their initial and their final values
