"""What a trained network gives on examples: its outputs, losses and norms of gradients."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from overparam.arithmetic import NO_BFLOAT16, full_precision, has_bfloat16
from overparam.errors import evaluation, require


def losses(logits: Tensor, y: Tensor, loss: str = "cross_entropy") -> Tensor:
    """Loss of every example [n]: cross-entropy, or the squared error averaged over outputs (labels as one-hot rows)."""
    if loss == "cross_entropy":
        return F.cross_entropy(logits, y, reduction="none")
    return (logits - targets(y, logits.shape[1])).square().mean(1)


def targets(y: Tensor, outputs: int) -> Tensor:
    """What the squared loss compares the outputs with [n, outputs]: labels as one-hot rows, numbers as they are."""
    return (y[:, None] == torch.arange(outputs, device=y.device)).float() if y.dim() == 1 else y


def losses_at(
    module: nn.Module, parameters: dict[str, Tensor], x: Tensor, y: Tensor, loss: str = "cross_entropy"
) -> Tensor:
    """Loss of every example [n] with these parameters, by name, in the place of the module's own; differentiable in them."""
    return losses(torch.func.functional_call(module, parameters, (x,)), y, loss)


@full_precision()
@torch.no_grad()
def outputs(module: nn.Module, x: Tensor, chunk: int | None = None, dtype: torch.dtype = torch.float32) -> Tensor:
    """Logits [n, outputs] (float32) in evaluation mode, ``chunk`` examples at a time: what suits the device if None."""
    chunk = chunk or examples_at_a_time(x.device)
    low = dtype == torch.bfloat16
    require(not low or x.device.type == "cpu" or has_bfloat16(x.device), NO_BFLOAT16.format(x.device))
    with evaluation(module), torch.autocast(x.device.type, torch.bfloat16, enabled=low):
        return torch.cat([module(part).float() for part in x.split(chunk)])


def examples_at_a_time(device: torch.device) -> int:
    """How many examples ``outputs`` takes at a time: on a CPU, activations that stay in cache."""
    return 128 if device.type == "cpu" else 2000


@full_precision()
def gradient_norms(module: nn.Module, x: Tensor, y: Tensor, loss: str = "cross_entropy") -> Tensor:
    """Norm [n] of the gradient of every example's loss in all parameters (GraNd is its mean over initialisations: Paul et al. 2021).

    In evaluation mode: batch norm in training mode lets every example's loss depend on the whole batch, so a gradient of
    one example does not exist there; with the running statistics it does.
    """
    parameters = {name: p.detach() for name, p in module.named_parameters()}

    def loss_of_one(parameters: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return losses_at(module, parameters, x[None], y[None], loss)[0]

    def norm_of_one(x: Tensor, y: Tensor) -> Tensor:
        gradient = torch.func.grad(loss_of_one)(parameters, x, y)
        return sum(g.square().sum() for g in gradient.values()).sqrt()

    chunk = int(gradients_at_a_time(sum(p.numel() for p in parameters.values()), x.device))
    with evaluation(module):
        return torch.cat([torch.vmap(norm_of_one)(*part) for part in zip(x.split(chunk), y.split(chunk), strict=True)])


def gradients_at_a_time(weights: float | np.ndarray, device: torch.device) -> np.ndarray:
    """Of how many examples ``gradient_norms`` holds the gradients in so many weights: 32 MiB on a CPU, 1 GiB on a GPU."""
    return np.maximum(1, (2**23 if device.type == "cpu" else 2**28) // weights)
