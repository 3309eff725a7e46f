"""What can be said of a network by its weights alone, without an example."""

import numpy as np
from torch import nn

from overparam.errors import require
from overparam.measures.norms import layers

_SHARES = (0, 0.25, 0.5, 0.75, 1)  # quantiles that are taken


def weight_statistics(module: nn.Module) -> dict[str, float]:
    """Mean, standard deviation and quantiles (0, 25, 50, 75, 100 %) of the weights and of the biases of each layer, by name.

    What Unterthiner et al. (2020, arXiv 2002.11448) predict the accuracy of a network from.
    """
    found: dict[str, float] = {}
    for number, layer in enumerate(layers(module), 1):
        for kind, values in layer.named_parameters(recurse=False):
            numbers = values.detach().double().cpu().numpy().ravel()
            require(bool(np.isfinite(numbers).all()), f"The {kind} of layer {number} must be finite: has it diverged?")
            name = f"layer {number} {kind}"
            found |= {f"{name} mean": float(numbers.mean()), f"{name} deviation": float(numbers.std())}
            quantiles = np.quantile(numbers, _SHARES)
            found |= {f"{name} {share:.0%}": float(q) for share, q in zip(_SHARES, quantiles, strict=True)}
    return found
