"""What is measured on trained networks and other fitted predictors."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from overparam.arithmetic import full_precision
from overparam.engine.single import gradient_norms, losses
from overparam.errors import (
    evaluation,
    listed,
    numbers,
    outputs_on,
    require,
    require_examples,
    require_network,
    shown,
    whole,
)


@dataclass(frozen=True)
class Components:
    """Expected squared error of a predictor, split by where its randomness comes from; all in units of the target².

    ``bias2`` is the squared error of the mean prediction over training sets and initialisations; the variance is the
    sum of ``sampling`` (training set), ``initialisation`` and ``interaction`` (what neither explains alone). Estimates
    are unbiased, so a small one may come out below zero. The noise of the targets, if any, is not in them.
    """

    bias2: float
    sampling: float
    initialisation: float
    interaction: float

    @property
    def variance(self) -> float:
        """The whole variance, over training sets and initialisations together."""
        return self.sampling + self.initialisation + self.interaction

    @property
    def from_initialisation(self) -> float:
        """E_S Var_θ0: the mean variance over initialisations with the training set held fixed (Neal et al. 2018)."""
        return self.initialisation + self.interaction

    @property
    def from_sampling(self) -> float:
        """Var_S E_θ0: the variance over training sets that an infinite ensemble would still have."""
        return self.sampling

    @property
    def risk(self) -> float:
        """Expected squared error against noiseless targets."""
        return self.bias2 + self.variance


class CrossedRuns:
    """Predictions of runs that cross S training sets with I initialisations, ready to be decomposed and resampled.

    predictions [S, I, m] (m = test examples × outputs) and target [m], noiseless. The error is the squared distance summed
    over outputs and averaged over the ``examples`` test examples. Only inner products between runs are kept, so
    leaving training sets out costs nothing.
    """

    def __init__(self, predictions: np.ndarray, target: np.ndarray, examples: int):
        predictions, target = numbers("predictions", predictions), numbers("target", target)
        if predictions.ndim != 3 or predictions.shape[2:] != target.shape:
            raise ValueError(
                f"predictions must be [training sets, initialisations, m] with a target [m]; "
                f"got {predictions.shape} and {target.shape}."
            )
        s, i, m = predictions.shape
        examples = whole(
            "examples",
            examples,
            1,
            m,
            f"examples lies between 1 and the {m} numbers of a target; got {shown(examples)}.",
        )
        error = (predictions - target).reshape(s * i, m).astype(np.float64)
        self.products = (error @ error.T / examples).reshape(s, i, s, i)

    def components(self, training_sets=slice(None), initialisations=slice(None)) -> Components:
        """Two-way analysis of variance of the runs, or of those on some training sets and initialisations.

        With e[s, i] = prediction − target, averages of ⟨e[s, i], e[s', i']⟩ over pairs that share nothing, the training set,
        the initialisation, or both, estimate bias², bias² + sampling, bias² + initialisation, and the risk.
        """
        p = self.products[training_sets][:, initialisations][:, :, training_sets][:, :, :, initialisations]
        s, i = p.shape[:2]
        if s < 2 or i < 2:
            raise ValueError(
                f"A split of the variance needs at least 2 training sets and 2 initialisations; got {s} and {i}."
            )
        both = np.einsum("sisi->", p)
        same_set, same_init, everything = np.einsum("sisj->", p), np.einsum("siti->", p), p.sum()
        risk = both / (s * i)
        share_set = (same_set - both) / (s * i * (i - 1))
        share_init = (same_init - both) / (s * i * (s - 1))
        bias2 = (everything - same_set - same_init + both) / (s * i * (s - 1) * (i - 1))
        sampling, initialisation = share_set - bias2, share_init - bias2
        return Components(bias2, sampling, initialisation, risk - bias2 - sampling - initialisation)

    def leave_one_out(self) -> tuple[list[Components], list[Components]]:
        """The components without each training set in turn, and without each initialisation in turn."""
        sets, inits = (np.arange(k) for k in self.products.shape[:2])
        return (
            [self.components(training_sets=np.delete(sets, k)) for k in sets],
            [self.components(initialisations=np.delete(inits, k)) for k in inits],
        )

    def error_of_mean(self, training_sets, initialisations) -> float:
        """Squared error of the average prediction over these runs: an ensemble, a bag, or both."""
        places = []
        for name, chosen, size in zip(
            ("training_sets", "initialisations"), (training_sets, initialisations), self.products.shape, strict=False
        ):
            says = f"{name} lists some of the {size} {name.replace('_', ' ')} by their numbers from 0; got {shown(chosen)}."
            places.append([whole(name, k, -size, size - 1, says) for k in listed(chosen, says)])
            require(bool(places[-1]), says)
        training_sets, initialisations = places
        block = self.products[np.ix_(training_sets, initialisations, training_sets, initialisations)]
        return float(block.mean())


def bias_variance(predictions: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared bias and variance at every test point: predictions [training sets, …, points], target [points].

    Returns arrays [..., points]. The bias² of the sample mean is corrected by variance / training sets, so that both
    estimates are unbiased.
    """
    predictions, target = numbers("predictions", predictions), numbers("target", target, 1)
    require(
        predictions.ndim >= 2 and len(predictions) >= 2 and predictions.shape[-1:] == target.shape,
        "predictions must be [training sets, …, points] of 2 training sets or more with a target [points]; "
        f"got {list(predictions.shape)} and {list(target.shape)}.",
    )
    variance = predictions.var(0, ddof=1)
    return (predictions.mean(0) - target) ** 2 - variance / len(predictions), variance


def effective_parameters(smoother: np.ndarray) -> float:
    """Effective parameters that a linear smoother spends on test inputs; smoother [test, train], ŷ(test) = smoother · y.

    n · mean ‖s(x)‖²: 1 for the mean of all labels, n for one nearest neighbour (Curth et al. 2023, generalised p0). Weights
    that were themselves chosen with the labels, such as a tree's, are taken as given: the search is not counted.
    """
    smoother = numbers("smoother", smoother, 2)
    return smoother.shape[1] * float((smoother**2).sum(1).mean())


def over_dispersion(correct: np.ndarray) -> float:
    """How much more the accuracy differs between examples than luck makes it; correct [runs, examples], 0 or 1.

    Variance over examples of the share of runs that classify each correctly, divided by p(1 − p) / runs, what runs that
    are right on every example with the same probability p (their mean accuracy) give on average: 1 for them, up to
    about ``runs`` where each example is always right or always wrong.
    """
    correct = numbers("correct", correct, least=0).astype(np.float64)
    require(
        bool(((correct == 0) | (correct == 1)).all()),
        "correct says of each example whether it is classified correctly, 1 or 0; got other numbers.",
    )
    require(
        correct.ndim == 2 and min(correct.shape) >= 2,
        f"correct must be [runs, examples], 2 of each or more; got {list(correct.shape)}.",
    )
    p = correct.mean()
    require(
        0 < p < 1, f"Where all runs are right, or wrong, on all examples nothing varies; the mean accuracy is {p:g}."
    )
    return float(correct.mean(0).var(ddof=1) * len(correct) / (p * (1 - p)))


@full_precision()
def m_coherence(module: nn.Module, x: Tensor, y: Tensor, loss: str = "cross_entropy") -> float:
    """Agreement of the gradients g of all n examples in all parameters: n ‖mean g‖² / mean ‖g‖² (Chatterjee & Zielinski 2020).

    1 where they are orthogonal, n where they are equal, 0 at a stationary point of the mean loss that is not one of every
    example's: about how many examples, itself among them, a step on one example helps. In evaluation mode.
    """
    require_examples(module, x, y, loss)
    parameters, seen = [p for p in module.parameters() if p.requires_grad], []
    require(bool(parameters), "The network has no weights whose gradient could be taken.")

    def keep(part: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
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


def _are_all_of_it(seen: list, deltas: Sequence, parameters: list[Tensor], gradients: Sequence) -> bool:
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
    return sum(
        (len(a) * delta).square().sum(1) * (a.square().sum(1) + (part.bias is not None))
        for (part, a, _), delta in zip(seen, deltas, strict=True)
    )


# --- Weights ----------------------------------------------------------------------------------------------------------


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
    return float(sum(t.double().square().sum() for t in tensors).sqrt())


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
    values = [torch.linalg.matrix_norm(part.weight.flatten(1).double(), 2) for part in layers(module)]
    return float(torch.stack(values).prod())


def _require_layered(module: nn.Module) -> None:
    require_network(module)
    known = (nn.Sequential, nn.Flatten, nn.Unflatten, nn.ReLU, nn.Linear, nn.Conv1d, nn.Conv2d)
    unknown = [type(part).__name__ for part in module.modules() if not isinstance(part, known)]
    require(
        not unknown,
        f"This norm is defined for affine layers with ReLU between them; the network also has {', '.join(unknown)}.",
    )
