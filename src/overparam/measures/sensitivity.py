"""How training depends on its inputs, and how near to its inputs a network changes its mind (Arpit et al. 2017)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from overparam.architectures.evaluate import losses_at
from overparam.arithmetic import full_precision
from overparam.errors import (
    evaluation,
    listed,
    numbers,
    outputs_on,
    real,
    require,
    require_examples,
    require_inputs,
    shown,
    whole,
)
from overparam.randomness import generator

_AT_ONCE = 2**22  # numbers in the inputs of examples that are searched together


def gini(values: np.ndarray) -> np.ndarray:
    """Gini coefficients [...] of values [..., n] from 0 up: 0 where all are equal, 1 − 1/n where one holds everything.

    Mean absolute difference of two values drawn with replacement, divided by twice their mean.
    """
    says = f"A Gini coefficient needs an array of numbers; got {shown(values)}."
    try:
        values = np.asarray(values, dtype=np.float64)
    except (ValueError, TypeError):
        raise ValueError(says) from None
    require(values.ndim > 0 and values.size > 0, says)
    values = np.sort(values, axis=-1)
    n, total = values.shape[-1], values.sum(-1)
    require(
        np.isfinite(values).all() and (values >= 0).all() and (total > 0).all(),
        "A Gini coefficient needs values that are finite, not negative and not all 0; "
        f"got {values.min():g} to {values.max():g}.",
    )
    return (values @ (2 * np.arange(1, n + 1) - n - 1)) / (n * total)


@full_precision()
def unrolled(
    module: nn.Module,
    x: Tensor,
    y: Tensor,
    lr: float,
    batch_size: int,
    at: Sequence[int],
    seed: int = 0,
    loss: str = "cross_entropy",
) -> np.ndarray:
    """Loss sensitivity ‖∂L_t/∂x_i‖₁ [at, n] of a training that goes on from the module's weights, by training example.

    L_t is the mean loss on all n examples after t more steps of SGD (no momentum), for every t in ``at``. It depends on
    x_i through the steps that used x_i, back through which the gradient is taken, and through the example's own term in
    the mean. Arpit et al. (2017, section 3.2) average it over t: ``unrolled(...).mean(0)``.

    The order of the examples is drawn with the seed, anew for every epoch. From the initialisation of a network of a sweep, with
    its examples and labels in their order there, its step, batch size and seed, these are the very steps that trained it. The
    module itself does not change; it is used in evaluation mode.
    """
    require_examples(module, x, y, loss)
    each = torch.full((1, len(x)), 1 / len(x), device=x.device, dtype=x.dtype)
    return _sensitivities(module, x, y, each, lr, batch_size, at, seed, loss)[:, 0]


@full_precision()
def unrolled_by_class(
    module: nn.Module,
    x: Tensor,
    y: Tensor,
    classes: int,
    lr: float,
    batch_size: int,
    at: Sequence[int],
    seed: int = 0,
    loss: str = "cross_entropy",
) -> np.ndarray:
    """As ``unrolled``, with the mean loss of the examples labelled k in place of the mean of all: [at, classes, n]."""
    require_examples(module, x, y, loss)
    says = f"classes is the number of different labels, up to that of the {len(y):,} examples; got {shown(classes)}."
    classes = whole("classes", classes, 1, len(y), says)
    require(y.dim() == 1, f"Sensitivities by class need class labels [n]; got {shown(y)}.")
    member = torch.stack([y == k for k in range(classes)]).to(x.dtype)
    sizes = member.sum(1, keepdim=True)
    require(
        bool((sizes > 0).all()) and int(sizes.sum()) == len(y),
        f"Every label must be one of 0 to {classes - 1}, and each must occur; got {len(y.unique())} different ones "
        f"from {y.min()} to {y.max()}.",
    )
    return _sensitivities(module, x, y, member / sizes, lr, batch_size, at, seed, loss)


def class_grid(by_class: np.ndarray, y: Tensor) -> np.ndarray:
    """Sensitivities by class [..., classes, n] averaged over the examples with each label: [..., classes, classes].

    Entry (k, j) says how much the loss of class k depends on an example of class j (Arpit et al. 2017, Fig. 5).
    """
    by_class, labels = numbers("by_class", by_class), numbers("y", y, 1)
    require(
        by_class.ndim >= 2 and by_class.shape[-1] == len(labels),
        f"by_class must be [..., classes, n] for labels [n]; got {list(by_class.shape)} and {list(labels.shape)}.",
    )
    classes = by_class.shape[-2]
    require(
        set(labels.tolist()) == set(range(classes)),
        f"Labels must be 0 to {classes - 1}, each of them at least once; got {len(set(labels.tolist()))} different ones.",
    )
    return np.stack([by_class[..., labels == j].mean(-1) for j in range(classes)], axis=-1)


def _sensitivities(
    module: nn.Module,
    x: Tensor,
    y: Tensor,
    weights: Tensor,
    lr: float,
    batch_size: int,
    at: Sequence[int],
    seed: int,
    loss: str,
) -> np.ndarray:
    """‖∂(weights · losses after t steps)/∂x_i‖₁ [at, rows of weights, n]; weights [rows, n]."""
    says = f"at lists the numbers of steps after which to look, each from 1 up; got {shown(list(at) if isinstance(at, tuple | range) else at)}."
    at = [whole("at", step, 1, says=says) for step in listed(at, says)]
    require(bool(at), says)
    says = f"batch_size lies between 1 and the {len(x):,} examples; got {shown(batch_size)}."
    batch_size = whole("batch_size", batch_size, 1, len(x), says)
    lr = real("lr", lr)
    parameters = {name: p.detach().requires_grad_() for name, p in module.named_parameters()}
    batches, found = [], {}
    with evaluation(module), torch.enable_grad():
        for number, rows in enumerate(_batches(len(x), batch_size, max(at), seed), 1):
            rows = rows.to(x.device)
            # Each batch is a leaf of its own, so that going back through a step does not fill an array of all examples.
            batches.append((rows, x[rows].detach().requires_grad_()))
            mean = losses_at(module, parameters, batches[-1][1], y[rows], loss).mean()
            gradients = torch.autograd.grad(mean, list(parameters.values()), create_graph=True)
            parameters = {name: p - lr * g for (name, p), g in zip(parameters.items(), gradients, strict=True)}
            if number in at:
                found[number] = _norms(module, parameters, x, y, weights, batches, loss)
    return torch.stack([found[number] for number in at]).cpu().numpy()


def _norms(
    module: nn.Module,
    parameters: dict[str, Tensor],
    x: Tensor,
    y: Tensor,
    weights: Tensor,
    batches: list[tuple[Tensor, Tensor]],
    loss: str,
) -> Tensor:
    """‖∂(weights · losses)/∂x_i‖₁ [rows of weights, n] at these parameters, which depend on the batches."""
    own = x.detach().requires_grad_()
    values = weights @ losses_at(module, parameters, own, y, loss)
    rows, inputs = torch.cat([rows for rows, _ in batches]), [own, *(batch for _, batch in batches)]
    # All rows of weights go back through the steps together, each with a 1 at its own value.
    one_each = torch.eye(len(values), dtype=values.dtype, device=values.device)
    direct, *steps = torch.autograd.grad(values, inputs, one_each, retain_graph=True, is_grads_batched=True)
    return direct.index_add(1, rows, torch.cat(steps, 1)).flatten(2).abs().sum(2)


def _batches(n: int, batch_size: int, steps: int, seed: int) -> list[Tensor]:
    """Rows of the first ``steps`` batches: every epoch goes through all n examples in a fresh order."""
    order = generator(seed, "order")
    batches: list[Tensor] = []
    while len(batches) < steps:
        batches += torch.randperm(n, generator=order).split(batch_size)
    return batches[:steps]


@full_precision()
def critical_samples(
    module: nn.Module,
    x: Tensor,
    radius: float,
    step_size: float,
    steps: int = 10,
) -> np.ndarray:
    """Whether the predicted class of each example is seen to change within ``radius`` of it in every input: bool [n].

    From the example, each of ``steps`` steps adds ``step_size`` · sign of the gradient of the margin (the highest logit
    of another class less that of the first prediction), and is cut back to the box; a change at any step counts. Both
    lengths are in units of the inputs, which are not cut to a range of their own. Their share is the critical sample ratio. A search finds some of the changes that there are: it bounds them from below.

    Arpit et al. (2017, section 4) add noise to each step ("Langevin") and go uphill in the cross-entropy of the first
    prediction; where the network is sure, rounding makes the gradient of that vanish, but not that of the margin.
    """
    says = (
        "A search needs radius > 0, step_size > 0 and at least 1 step; "
        f"got radius={shown(radius)}, step_size={shown(step_size)}, steps={shown(steps)}."
    )
    radius, step_size = (real("a length", value, says) for value in (radius, step_size))
    require(radius > 0 and step_size > 0, says)
    steps = whole("steps", steps, 1, says=says)
    require_inputs("x", x)
    outputs = outputs_on(module, x)
    require(outputs > 1, "Predicted classes change only where there are two or more; the network has one output.")
    together = max(1, _AT_ONCE // x[0].numel())
    with evaluation(module):
        parts = [_search(module, part, radius, step_size, steps) for part in x.split(together)]
    return torch.cat(parts).cpu().numpy()


def _search(module: nn.Module, x: Tensor, radius: float, step_size: float, steps: int) -> Tensor:
    """As ``critical_samples``, for examples that fit into memory together."""
    with torch.no_grad():
        first = module(x).argmax(1, keepdim=True)
    changed = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    moved = x
    for _ in range(steps):
        moved = (moved + step_size * _uphill(module, moved, first)).clamp(x - radius, x + radius)
        with torch.no_grad():
            changed |= module(moved).argmax(1) != first[:, 0]
    return changed


def _uphill(module: nn.Module, x: Tensor, first: Tensor) -> Tensor:
    """Sign of the gradient in x of the margin of other classes over those in first [n, 1]."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        logits = module(x)
        others = logits.scatter(1, first, -torch.inf).amax(1)
        (gradient,) = torch.autograd.grad((others - logits.gather(1, first)[:, 0]).sum(), x)
    return gradient.sign()
