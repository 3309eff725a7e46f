"""Networks in the maximal-update parametrization (μP) of Yang & Hu (2021): same initial functions, other learning rates per layer."""

import math

import numpy as np

from overparam.architectures.stacked import MLP
from overparam.errors import require, shown, whole
from overparam.randomness import generator


def adam_rates(network: MLP, base: int) -> tuple[float, ...]:
    """Factors of Adam's learning rate for the layers of an MLP, from the input to the output, in μP: 1, then base / width.

    A network of the width ``base`` trains as in the standard parametrization (Yang et al. 2022, arXiv 2203.03466, table 3). Weights
    into the input layer have a fan-in that does not grow; those of the others do, and their steps must shrink with it.
    """
    _require(network)
    return (1.0, *[whole("base", base, 1) / network.width] * network.depth)


def zero_readout(network: MLP, inputs: int, outputs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Initial weights [p] of an MLP whose outputs are 0, and a mask [p] that leaves out all biases.

    Hidden weights are drawn as by PyTorch and scaled to the variance 2 / fan-in (He et al. 2015); the output layer is 0, as in the
    code of Yang et al. (2022), where both parametrizations start so and differ in learning rates only.
    """
    _require(network)
    weights, mask = [], []
    for k, (weight, bias) in enumerate(network.initial((inputs,), outputs, generator(seed, "init"))):
        weights += [(math.sqrt(6) if k < network.depth else 0.0) * weight.numpy().ravel(), np.zeros(len(bias))]
        mask += [np.ones(weight.numel()), np.zeros(len(bias))]
    return np.concatenate(weights), np.concatenate(mask)


def _require(network: MLP) -> None:
    usable = isinstance(network, MLP) and not network.batch_norm and network.depth > 0
    require(usable, f"This needs an MLP with a hidden layer and without batch norm; got {shown(network)}.")
