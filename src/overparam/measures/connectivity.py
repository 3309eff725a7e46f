"""The straight line between two networks in the space of their weights: does the error rise on it?

Two copies of a network, trained from the same weights on the same examples in two orders, are *linearly mode connected* if it
does not (Frankle et al. 2020, arXiv 1912.05671); the network was then stable to the noise of SGD.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from overparam.architectures.base import Architecture
from overparam.architectures.evaluate import outputs
from overparam.arithmetic import full_precision
from overparam.data.dataset import Data, require_data
from overparam.engine.settings import Settings, require_architecture
from overparam.engine.train import chosen_device
from overparam.errors import listed, numbers, require, require_examples, require_network, shown, whole

OTHER_ORDER = 500_000  # what is added to a seed so that it draws another order of the examples


def other_order(settings: Settings) -> Settings:
    """The same network trained with its examples in another order, from the end of epoch ``settings.rewind`` on."""
    require(isinstance(settings, Settings), f"Another order is one of Settings; got {shown(settings)}.")
    return replace(settings, order_seed=settings.seed_at(settings.epochs) + OTHER_ORDER)


@full_precision()
@torch.no_grad()
def path_errors(
    module: nn.Module, first: np.ndarray, second: np.ndarray, x: Tensor, y: Tensor, points: int = 11
) -> np.ndarray:
    """Share of x [n, …] misclassified at ``points`` evenly spaced places on the line from one vector of weights to another.

    ``module`` is a network of their architecture, whose weights are left as they were; it must have no batch norm.
    """
    require_network(module)
    if list(module.buffers()):
        raise ValueError("Batch norm's running statistics do not interpolate; compare networks without it.")
    points = whole("points", points, 2)
    require_examples(module, x, y)
    before = nn.utils.parameters_to_vector(module.parameters())
    first, second = (_weights_of(module, weights) for weights in (first, second))
    ends = torch.from_numpy(np.stack([first, second])).to(before)
    errors = _errors(module, [torch.lerp(ends[0], ends[1], t) for t in torch.linspace(0, 1, points).tolist()], x, y)
    nn.utils.vector_to_parameters(before, module.parameters())
    return errors


def barrier(errors: ArrayLike) -> float:
    """How far the error on a line rises above the mean of its ends (Frankle et al. 2020, section 2).

    The ends count, so it is at least half their difference, which is what is left where the error does not rise between them.
    """
    errors = numbers("errors", errors, 1)
    return float(np.max(errors) - (errors[0] + errors[-1]) / 2)


@full_precision()
@torch.no_grad()
def errors_at(
    architecture: Architecture,
    data: Data,
    weights: Sequence[np.ndarray],
    first: int = 0,
    device: torch.device | str | None = None,
) -> np.ndarray:
    """Share of the test examples, from number ``first`` on, that the networks with these weights misclassify; computed on ``device``."""
    device = chosen_device(device)
    module, x, y = _module_and_tests(architecture, data, first)
    weights = listed(weights, f"weights lists weight vectors, each [parameters]; got {shown(weights)}.")
    vectors = [torch.as_tensor(_weights_of(module, vector), dtype=torch.float32).to(device) for vector in weights]
    return _errors(module.to(device), vectors, x.to(device), y.to(device))


def _errors(module: nn.Module, weights: Sequence[Tensor], x: Tensor, y: Tensor) -> np.ndarray:
    errors = []
    for vector in weights:
        nn.utils.vector_to_parameters(vector, module.parameters())
        errors.append((outputs(module, x).argmax(1) != y).float().mean())
    return torch.stack(errors).double().cpu().numpy() if errors else np.array([])


def _weights_of(module: nn.Module, weights: np.ndarray) -> np.ndarray:
    weights, total = numbers("weights", weights, 1), sum(p.numel() for p in module.parameters())
    require(len(weights) == total, f"The network has {total:,} weights and biases; got {len(weights):,}.")
    return weights


def _module_and_tests(architecture: Architecture, data: Data, first: int) -> tuple[nn.Module, Tensor, Tensor]:
    require_architecture(architecture)
    require_data(data)
    require(
        data.classes is not None, f"{data.name} has no classes, so that no answer is an error; take a classification."
    )
    first = whole("first", first, 0, len(data.x_test) - 1)
    module = architecture.build(data.shape, data.outputs, torch.Generator().manual_seed(0))
    return module, architecture.examples(data.x_test[first:]), data.y_test[first:]
