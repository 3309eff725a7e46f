"""Sizes of a network's weights, and networks with some of their layers exchanged."""

import copy
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from overparam.arithmetic import full_precision
from overparam.errors import listed, outputs_on, require, require_examples, require_network, shown, whole


def layers(module: nn.Module) -> list[nn.Module]:
    """The parts of a network that have weights of their own (batch norm too), from the input to the output."""
    require_network(module)
    return [part for part in module.modules() if list(part.parameters(recurse=False))]


def with_layers(module: nn.Module, source: nn.Module, numbers: Iterable[int]) -> nn.Module:
    """A copy of the module in which these ``layers`` (0 is the first) are those of another module of the same architecture.

    With the network at initialisation as source it re-initialises layers; with a fresh draw it re-randomises them (Zhang,
    Bengio & Singer 2019).
    """
    _require_same_shapes(module, source)
    changed = copy.deepcopy(module)
    own, other = layers(changed), layers(source)
    says = f"The layers are numbered from 0 to {len(own) - 1}; got {shown(numbers)}."
    for k in [whole("number", k, 0, len(own) - 1, says) for k in listed(numbers, says)]:
        own[k].load_state_dict(other[k].state_dict())
    return changed


def _require_same_shapes(module: nn.Module, other: nn.Module) -> None:
    require_network(module)
    require_network(other)
    shapes, others = ([list(p.shape) for p in m.parameters()] for m in (module, other))
    require(
        shapes == others,
        f"The two networks must have the same architecture; their weights and biases have the shapes {shapes} and {others}.",
    )


@full_precision()
def norms(module: nn.Module, start: nn.Module, shape: tuple[int, ...]) -> dict[str, float]:
    """Four sizes of a network's weights; ``start`` is the network at initialisation, shape that of one example.

    None is divided by a margin, as in bounds on the risk: compare networks trained to the same loss (Neyshabur et al. 2017).
    """
    return {
        "distance": distance(module, start),
        "frobenius": frobenius(module),
        "path": path_norm(module, shape),
        "spectral": spectral_product(module),
    }


@full_precision()
@torch.no_grad()
def distance(module: nn.Module, start: nn.Module) -> float:
    """Euclidean distance between two networks' weights and biases."""
    _require_same_shapes(module, start)
    return _norm([p - q for p, q in zip(module.parameters(), start.parameters(), strict=True)])


@full_precision()
@torch.no_grad()
def frobenius(module: nn.Module) -> float:
    """Euclidean norm of all weights and biases."""
    require_network(module)
    return _norm(list(module.parameters()))


def _norm(tensors: list[Tensor]) -> float:
    total = cast(Tensor, sum(t.double().square().sum() for t in tensors))
    return float(total.sqrt())


@full_precision()
@torch.no_grad()
def path_norm(module: nn.Module, shape: tuple[int, ...]) -> float:
    """Root of the sum, over all paths from an input to an output, of the product of their squared weights (Neyshabur et al. 2015).

    A bias counts as the weight of a connection from a constant input 1, so paths may begin at it. One forward pass of the
    input 1 with all weights squared; float64, since sums of such products span many orders of magnitude.
    """
    _require_layered(module)
    says = f"shape is that of one example, such as (64,); got {shown(shape)}."
    shape = tuple(whole("shape", size, 1, says=says) for size in listed(shape, says))
    first = next(module.parameters())
    outputs_on(module, torch.ones(1, *shape, dtype=first.dtype, device=first.device), "an example")
    squared = copy.deepcopy(module).double()
    for p in squared.parameters():
        p.square_()
    ones = torch.ones(1, *shape, dtype=torch.float64, device=next(squared.parameters()).device)
    return float(squared(ones).sum().sqrt())


@full_precision()
@torch.no_grad()
def spectral_product(module: nn.Module) -> float:
    """Product over the layers of the largest singular value of their weights [out, fan-in], biases left out.

    Of a convolution this is the norm of its map from one window to the channels, not of its map between whole signals.
    """
    _require_layered(module)
    values = [torch.linalg.matrix_norm(part.get_parameter("weight").flatten(1).double(), 2) for part in layers(module)]
    return float(torch.stack(values).prod())


@full_precision()
@torch.no_grad()
def margins(module: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Margins [n] of a classifier at x [n, ...]: the output of the label's class less the largest of the others; negative where it errs."""
    require_examples(module, x, y)
    outputs = module(x)
    own = outputs.gather(1, y[:, None])
    return own[:, 0] - outputs.scatter(1, y[:, None], -torch.inf).amax(1)


def _require_layered(module: nn.Module) -> None:
    require_network(module)
    known = (nn.Sequential, nn.Flatten, nn.Unflatten, nn.ReLU, nn.Linear, nn.Conv1d, nn.Conv2d)
    unknown = [type(part).__name__ for part in module.modules() if not isinstance(part, known)]
    require(
        not unknown,
        f"This norm is defined for affine layers with ReLU between them; the network also has {', '.join(unknown)}.",
    )
