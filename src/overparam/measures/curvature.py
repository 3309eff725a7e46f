"""Curvature of the training loss: the largest eigenvalue of its Hessian, its sharpness (Cohen et al. 2021, arXiv 2103.00065)."""

import copy
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from overparam.architectures.evaluate import losses, losses_at
from overparam.arithmetic import full_precision
from overparam.data.dataset import Data, require_data, subset
from overparam.engine import sweep, workers
from overparam.engine.examples import targets
from overparam.engine.train import chosen_device
from overparam.errors import between, evaluation, require, require_examples, whole
from overparam.randomness import generator

_AT_ONCE = {"cpu": 2**19, "cuda": 2**26}  # inputs, activations and vectors of the networks that are handled together


@full_precision()
def top_eigenvalue(
    module: nn.Module,
    x: Tensor,
    y: Tensor,
    loss: str = "cross_entropy",
    iterations: int = 100,
    tolerance: float = 1e-4,
) -> float:
    """Largest eigenvalue θ of the Hessian H of the mean loss on these examples in all parameters.

    The largest, not the one of largest size: a negative one counts as such. In evaluation mode (batch norm uses its
    running statistics), on all examples at once. By Lanczos' method with full re-orthogonalisation, from a random vector
    that is always the same. It stops where the residual of the unit vector v that belongs to θ, ‖Hv − θv‖, is at most
    ``tolerance`` · |θ|. Then an eigenvalue of H lies within the residual of θ, and by its square over the distance to
    the next one. No residual says that this one is the largest, but at 1e-4 a larger one is almost never missed; at
    0.01 that happened to a few networks in a hundred.
    """
    require_examples(module, x, y, loss)
    iterations, tolerance = whole("iterations", iterations, 1), between("tolerance", tolerance, 0)
    weights = torch.cat([p.detach().flatten() for p in module.parameters()])
    with evaluation(module):
        values = _top(lambda w: _mean_loss(module, w[0], x, y, loss), weights[None], iterations, tolerance)
    return float(values[0])


@full_precision()
def hessian(module: nn.Module, x: Tensor, y: Tensor, loss: str = "cross_entropy") -> Tensor:
    """The Hessian [P, P] of the mean loss on these examples in all parameters, in the order of ``module.parameters()``.

    By P products with unit vectors, so for small networks.
    """
    require_examples(module, x, y, loss)
    weights = torch.cat([p.detach().flatten() for p in module.parameters()])
    with evaluation(module):
        product = hessian_product(lambda w: _mean_loss(module, w, x, y, loss), weights)
        return torch.stack([product(unit) for unit in torch.eye(len(weights)).to(weights)])


@full_precision()
def squared_gradient(module: nn.Module, x: Tensor, y: Tensor, loss: str = "cross_entropy") -> float:
    """‖∇L‖² of a network, L its mean loss over the examples x [n, ...] and labels y [n]."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    gradients = torch.autograd.grad(losses(module(x), y, loss).mean(), parameters)
    return float(sum(g.double().square().sum() for g in gradients))


@full_precision()
def sharpness(
    runs: pd.DataFrame,
    data: Data | Mapping[str, Data],
    iterations: int = 100,
    tolerance: float = 1e-4,
    device: torch.device | str | None = None,
) -> pd.Series:
    """``top_eigenvalue`` of every row's training loss at all of its recorded times: an array [T] for each row, with its index.

    The runs are those of a sweep over ``data`` with record=["weights"], of MLPs or 1-D CNNs without batch norm; the times
    are the row's ``weights_epoch``. The loss is that on the network's own examples and labels, without weight decay or
    penalty and without what training does to the examples; pruned weights count as parameters. Where it is not finite,
    the value is NaN.
    """
    iterations, tolerance = whole("iterations", iterations, 1), between("tolerance", tolerance, 0)
    values = in_stacks(runs, data, _top_of_stack, (iterations, tolerance), device, vectors=iterations)
    return pd.Series(values, index=runs.index, name="sharpness")


def in_stacks(
    runs: pd.DataFrame,
    data: Data | Mapping[str, Data],
    measure: Callable[..., Tensor],
    options: tuple,
    device: torch.device | str | None = None,
    vectors: int = 0,
) -> list[np.ndarray]:
    """A measure of every row's network at all of its recorded times: an array [T, ...] for each row.

    Runs and data are those of `sharpness`. Networks of one kind go together through ``measure(weights [K, P], rows [K, n],
    labels [K, n], module, x, loss, *options)``, a function at the top of a module, which returns [K, ...]. It may keep so
    many ``vectors`` of the size of the weights, which counts for how many networks go together on a GPU.
    """
    sweep.require_runs(runs, "architecture", "loss", "n", "data_seed", "label_noise", "data")
    device = chosen_device(device)
    named = data if isinstance(data, Mapping) else {runs["data"].iloc[0]: data}
    networks = [_Network(row, named) for _, row in runs.iterrows()]
    alike: dict[tuple, list[_Network]] = {}
    for network in networks:
        alike.setdefault(network.kind, []).append(network)
    for group in alike.values():
        _fill(group, measure, options, device, vectors)
    return [np.array(network.measured) for network in networks]


def at_moment(
    runs: pd.DataFrame,
    data: Data | Mapping[str, Data],
    choose: Callable[[pd.Series], int],
    validation: int = 0,
    device: torch.device | str | None = None,
) -> pd.DataFrame:
    """Every network at one of its recorded times, ``choose(row)``: the runs with what is true of it there, the rest of its history left out.

    The runs are those of a sweep over ``data`` with record=["weights", "test_correct", "curves"], all at the same epochs. Columns ``epoch``,
    ``train_loss``, ``train_error`` and ``test_error``, the latter without the first ``validation`` of the test examples; ``sharpness``;
    ``squared_gradient``, ‖∇L‖² of the training loss L.
    """
    sweep.require_runs(runs, "weights", "test_correct", "curve_train_loss", "architecture", "loss", "n", "data_seed")
    named = data if isinstance(data, Mapping) else {runs["data"].iloc[0]: data}
    validation, device = whole("validation", validation, 0), chosen_device(device)
    found, places = [], []
    for _, row in runs.iterrows():
        times = len(row["weights"])
        require(
            times == len(row["test_correct"]) == len(row["curve_train_loss"]),
            "weights, test_correct and curves must be recorded at the same epochs; give all three the same.",
        )
        time = whole("choose(row)", choose(row), -times, times - 1) % times
        of = _Network(row, named)
        module = sweep.network(row, of.data, time).to(device)
        place = {
            "epoch": row["weights_epoch"][time],
            "train_loss": row["curve_train_loss"][time],
            "train_error": row["curve_train_error"][time],
            "test_error": 1 - row["test_correct"][time, validation:].mean(),
            "squared_gradient": squared_gradient(module, of.data.x[of.rows].to(device), of.labels.to(device), of.loss),
        }
        found.append(place)
        places.append(row["weights"][[time]])
    history = [
        c for c in runs if c.startswith("curve_") or c in ("weights_epoch", "test_correct", "test_correct_epoch")
    ]
    then = runs.drop(columns=history).assign(weights=places, **pd.DataFrame(found, index=runs.index))
    return then.assign(sharpness=[values[0] for values in sharpness(then, named, device=device)])


class _Network:
    """One row of a table of runs, with its training set."""

    def __init__(self, row: pd.Series, named: Mapping[str, Data]) -> None:
        require(
            row["data"] in named,
            f"A row was trained on {row['data']!r}; pass the data sets by name, as to sweep. Given: {', '.join(map(str, named))}.",
        )
        require(
            row["architecture"] in ("mlp", "cnn1d"),
            f"sharpness takes the networks that train in stacks, mlp and cnn1d; for a {row['architecture']} call "
            "top_eigenvalue with its module.",
        )
        require_data(named[row["data"]])
        self.data, self.loss = named[row["data"]], row["loss"]
        self.module = cast(nn.Sequential, sweep.network(row, self.data))  # as all that train in stacks are
        self.weights = row["weights"]
        self.rows = subset(self.data, row["n"], row["data_seed"])
        self.labels = targets(self.data, self.rows, row)
        self.kind = str(self.module), row["n"], row["data"], self.loss  # the text of a module describes all its layers
        self.measured: list = [None] * len(self.weights)


def _fill(
    group: list[_Network], measure: Callable[..., Tensor], options: tuple, device: torch.device, vectors: int
) -> None:
    """Measure networks of one kind at all of their times: chunk by chunk on a GPU, in threads on a CPU."""
    module, x, loss = group[0].module.to(device), group[0].data.x.to(device), group[0].loss
    places = [(network, time) for network in group for time in range(len(network.weights))]
    each = len(group[0].rows) * _numbers(module, x[:1])
    if device.type != "cpu":
        each += vectors * sum(p.numel() for p in module.parameters())
    together = max(1, _AT_ONCE[device.type] // each)
    chunks = [places[start : start + together] for start in range(0, len(places), together)]
    shared = module, x, loss, *options

    def task(chunk: Sequence[tuple[_Network, int]]) -> tuple[Tensor, Tensor, Tensor]:
        weights = torch.from_numpy(np.stack([network.weights[time] for network, time in chunk]))
        rows, labels = (torch.stack([getattr(n, name) for n, _ in chunk]) for name in ("rows", "labels"))
        return weights.to(device), rows.to(device), labels.to(device)

    def fill(number: int, values: Tensor) -> None:
        for (network, time), value in zip(chunks[number], values.tolist(), strict=True):
            network.measured[time] = value

    if device.type != "cpu":
        for number, chunk in enumerate(chunks):
            fill(number, measure(*task(chunk), *shared))
        return
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        for number, values in workers.run(measure, [task(chunk) for chunk in chunks], shared, threads):
            fill(number, values)


def _numbers(module: nn.Sequential, x: Tensor) -> int:
    """How many numbers one example x [1, ...] and its activations are."""
    total = x.numel()
    with torch.no_grad():
        for part in module:
            x = part(x)
            total += x.numel()
    return total


def _top_of_stack(
    weights: Tensor,
    rows: Tensor,
    labels: Tensor,
    module: nn.Module,
    x: Tensor,
    loss: str,
    iterations: int,
    tolerance: float,
) -> Tensor:
    """Largest eigenvalues [K] for K networks like the module with weights [K, P], examples x[rows [K, n]] and labels [K, n]."""
    own, each = mean_losses(module, x[rows], labels, loss)
    with evaluation(own):
        return _top(lambda w: each(w).sum(), weights, iterations, tolerance)


def mean_losses(
    module: nn.Module, x: Tensor, labels: Tensor, loss: str
) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    """A copy of the module, and the mean loss [K] of networks like it as a function of their weights [K, P]; x [K, n, ...], labels [K, n]."""
    own = copy.deepcopy(module)  # a call replaces a module's parameters for a moment, which threads must not share
    each = torch.vmap(lambda w, x, y: _mean_loss(own, w, x, y, loss))
    return own, lambda weights: each(weights, x, labels)


def _mean_loss(module: nn.Module, vector: Tensor, x: Tensor, y: Tensor, loss: str) -> Tensor:
    """Mean loss of the module with all of its parameters taken from one vector, in the order of ``module.parameters()``."""
    shapes = {name: p.shape for name, p in module.named_parameters()}
    parts = vector.split([shape.numel() for shape in shapes.values()])
    parameters = {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
    return losses_at(module, parameters, x, y, loss).mean()


def _top(total: Callable[[Tensor], Tensor], weights: Tensor, iterations: int, tolerance: float) -> Tensor:
    """Largest eigenvalue [K] of each diagonal block of the Hessian of ``total``, a sum of functions of one row of weights [K, P] each."""
    return _lanczos(hessian_product(total, weights), weights, iterations, tolerance)


def hessian_product(total: Callable[[Tensor], Tensor], weights: Tensor) -> Callable[[Tensor], Tensor]:
    """The map from v [K, P] to Hv, H the Hessian of ``total`` at weights [K, P]."""
    with torch.enable_grad():
        weights = weights.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(total(weights), weights, create_graph=True)
    # The graph of the gradient is kept: going back through it with v gives Hv, three times as fast as a fresh derivative.
    return lambda v: torch.autograd.grad(gradient, weights, v, retain_graph=True)[0]


def _lanczos(product: Callable[[Tensor], Tensor], like: Tensor, iterations: int, tolerance: float) -> Tensor:
    """Largest eigenvalue [K] (float64) of K symmetric matrices, given their products with vectors [K, P]; see ``top_eigenvalue``."""
    count, size = like.shape
    steps = min(iterations, size)
    rounding = 100 * torch.finfo(like.dtype).eps
    v = torch.randn(size, generator=generator(0, "lanczos"), dtype=torch.float64).to(like).expand(count, -1)
    v = v / v.norm(dim=1, keepdim=True)
    basis = like.new_empty(count, steps, size)
    projected = torch.zeros(count, steps + 1, steps + 1, dtype=torch.float64)  # on the basis: tridiagonal
    values = torch.full((count,), torch.nan, dtype=torch.float64)
    waiting = torch.ones(count, dtype=torch.bool)
    for k in range(steps):
        basis[:, k] = v
        known, v = basis[:, : k + 1], product(v)
        along = torch.zeros(count, dtype=torch.float64, device=like.device)
        for _ in range(2):  # once is not enough: rounding leaves a part of the basis in v
            shares = torch.einsum("kjp,kp->kj", known, v)
            v = v - torch.einsum("kjp,kj->kp", known, shares)
            along += shares[:, k]
        length = v.norm(dim=1, keepdim=True)
        v = v / length.clamp(min=torch.finfo(like.dtype).tiny)
        projected[:, k, k], projected[:, k, k + 1] = torch.stack([along, length[:, 0].double()]).cpu()  # waits once
        projected[:, k + 1, k] = projected[:, k, k + 1]

        waiting &= projected.isfinite().all(2).all(1)
        ritz, vectors = torch.linalg.eigh(projected[waiting, : k + 1, : k + 1])
        residual = projected[waiting, k, k + 1] * vectors[:, k, -1].abs()
        small = residual <= torch.maximum(tolerance * ritz[:, -1].abs(), rounding * ritz.abs().amax(1))
        reached = waiting.nonzero()[small, 0]
        values[reached] = ritz[small, -1]
        waiting[reached] = False
        if not waiting.any():
            return values
    raise RuntimeError(
        f"After {steps} iterations of Lanczos' method the residual is still {float((residual / ritz[:, -1].abs()).max()):.2g} "
        f"of the eigenvalue; raise iterations, or tolerance from {tolerance:g}."
    )
