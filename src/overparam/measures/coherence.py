"""Agreement of the gradients of the examples."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from overparam.architectures.evaluate import gradient_norms, losses
from overparam.arithmetic import full_precision
from overparam.errors import evaluation, require, require_examples
from overparam.measures.norms import layers


@full_precision()
def m_coherence(module: nn.Module, x: Tensor, y: Tensor, loss: str = "cross_entropy") -> float:
    """Agreement of the gradients g of all n examples in all parameters: n ‖mean g‖² / mean ‖g‖² (Chatterjee & Zielinski 2020).

    1 where they are orthogonal, n where they are equal, 0 at a stationary point of the mean loss that is not one of every
    example's: about how many examples, itself among them, a step on one example helps. In evaluation mode.
    """
    require_examples(module, x, y, loss)
    parameters = [p for p in module.parameters() if p.requires_grad]
    seen: list[tuple[nn.Linear, Tensor, Tensor]] = []
    require(bool(parameters), "The network has no weights whose gradient could be taken.")

    def keep(part: Any, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        seen.append((part, inputs[0].detach(), output))
        return output.clone()  # so that a ReLU in place does not change what is kept

    hooks = [part.register_forward_hook(keep) for part in layers(module) if type(part) is nn.Linear]
    try:
        with evaluation(module), torch.enable_grad():
            mean = losses(module(x), y, loss).mean()
    finally:
        for hook in hooks:
            hook.remove()
    found = torch.autograd.grad(mean, parameters + [output for *_, output in seen], allow_unused=True)
    gradients, deltas = found[: len(parameters)], found[len(parameters) :]
    of_mean = sum(g.square().sum() for g in gradients if g is not None)
    if _are_all_of_it(seen, deltas, parameters, gradients):
        of_each = _squared_norms(seen, deltas)
    else:
        of_each = gradient_norms(module, x, y, loss).square()
    return float(len(x) * of_mean / of_each.mean())


def _are_all_of_it(seen: list, deltas: Sequence, parameters: Sequence[Tensor], gradients: Sequence) -> bool:
    """Whether these inputs a and ∂ mean loss / ∂ outputs δ of fully connected layers give the whole gradient, as δᵀa and Σδ."""
    expected = {id(p): g for p, g in zip(parameters, gradients, strict=True)}
    if any(a.dim() != 2 or d is None for (_, a, _), d in zip(seen, deltas, strict=True)):
        return False
    given = [(part.weight, d.T @ a) for (part, a, _), d in zip(seen, deltas, strict=True)]
    given += [(part.bias, d.sum(0)) for (part, *_), d in zip(seen, deltas, strict=True) if part.bias is not None]
    return sorted(id(p) for p, _ in given) == sorted(expected) and all(
        expected[id(p)] is not None and torch.allclose(g, expected[id(p)], rtol=1e-3, atol=1e-6) for p, g in given
    )


def _squared_norms(seen: list[tuple[nn.Linear, Tensor, Tensor]], deltas: Iterable[Tensor]) -> Tensor:
    """Squared norm [n] of the gradient of every example's loss, from fully connected layers' inputs a and ∂ mean loss / ∂ outputs δ.

    An example's gradient in a layer's weights is the outer product of its n δ and its a, in the bias n δ: no gradient of
    one example need be formed, which is some ten times as fast as ``gradient_norms``.
    """
    norms = sum(
        (len(a) * delta).square().sum(1) * (a.square().sum(1) + (part.bias is not None))
        for (part, a, _), delta in zip(seen, deltas, strict=True)
    )
    return cast(Tensor, norms)
