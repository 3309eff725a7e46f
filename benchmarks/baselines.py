"""What the engine is compared with in PyTorch: one network after another, or all of a width at once by `torch.func.vmap`.

As a careful user writes it: the model's modes are set, evaluation runs without gradients on whole tensors, nothing is read
back from a step, and the `DataLoader` has no worker processes, which would cost more than the small batches that they
fetch. All use torch's default number of threads.
"""

import copy
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn.utils import prune
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import datasets
from benchmarks.works import PRUNED, Work
from overparam.data import Data, corrupt_labels
from overparam.randomness import generator


class ShuffledBatches:
    """What a DataLoader does, with the data as tensors: a batch is an index."""

    def __init__(self, x: Tensor, y: Tensor, batch_size: int):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in torch.randperm(len(self.y)).split(self.batch_size):
            yield self.x[rows], self.y[rows]


def prepare(work: Work, data: Data, variant: str) -> Callable[[int], list[float]]:
    """A function that does the work for a number of epochs and returns each network's test error."""
    shape = {"mlp": (-1,), "cnn1d": (1, 40), "cnn": (3, 32, 32)}[work.architecture]
    x, x_test = (inputs.reshape(len(inputs), *shape) for inputs in (data.x, data.x_test))
    if variant == "vmap":
        return functools.partial(run_mapped, work, data, x, x_test)

    def run(epochs: int) -> list[float]:
        errors = []
        for width, noise, seed in work.networks():
            y = corrupt_labels(data.y, noise, data.classes, generator(seed, "label noise"))
            torch.manual_seed(seed)
            model = build(work.architecture, x[0].numel(), width, work.depth)
            train(model, x, y, x_test, data.y_test, work, epochs, variant)
            errors.append(evaluate(model, x_test, data.y_test)[1])
        return errors

    return run


def train(model: nn.Sequential, x, y, x_test, y_test, work: Work, epochs: int, variant: str) -> list:
    """Train one network; returns its losses and errors on all training and test examples where the work wants them."""
    history = []

    def after_epoch() -> None:
        history.append((evaluate(model, x, y), evaluate(model, x_test, y_test)))

    plain = variant == "loader"
    if plain:
        batches = DataLoader(TensorDataset(x, y), batch_size=work.batch_size, shuffle=True)
    else:
        batches = ShuffledBatches(x, y, work.batch_size)
    if work.rounds > 1:
        (train_pruned if plain else train_masked)(model, batches, work, epochs)
    else:
        sgd = optimizer(model, work, fused=not plain)
        fit(model, batches, sgd, epochs, after_epoch=after_epoch if work.every_epoch else None)
    return history


def build(architecture: str, inputs: int, width: int, depth: int) -> nn.Sequential:
    """The network, with PyTorch's default initialisation."""
    if architecture == "cnn":
        return build_cnn(width)
    layers = []
    for number in range(depth):
        if architecture == "mlp":
            layers += [nn.Linear(width if number else inputs, width), nn.ReLU()]
        else:
            layers += [nn.Conv1d(width if number else 1, width, 5, stride=2), nn.ReLU()]
    if architecture == "mlp":
        return nn.Sequential(*layers, nn.Linear(width, 10))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2 * width, 10))


def build_cnn(width: int) -> nn.Sequential:
    """The 5-layer CNN of Nakkiran et al. (2020) for 32×32 images."""
    layers, channels = [], 3
    for factor, pool in ((1, 1), (2, 2), (4, 2), (8, 8)):
        layers += [nn.Conv2d(channels, factor * width, 3, padding=1), nn.BatchNorm2d(factor * width), nn.ReLU()]
        layers += [nn.MaxPool2d(pool)] if pool > 1 else []
        channels = factor * width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, 10))


def optimizer(model: nn.Module, work: Work, fused: bool) -> torch.optim.SGD:
    """SGD with the work's settings; `fused` updates all parameters in one kernel."""
    return torch.optim.SGD(model.parameters(), lr=work.lr, momentum=work.momentum, fused=fused)


def fit(
    model: nn.Module, batches: Iterable, sgd: torch.optim.Optimizer, epochs: int, after_step=None, after_epoch=None
):
    """The training loop."""
    for _ in range(epochs):
        model.train()
        for x, y in batches:
            sgd.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            sgd.step()
            if after_step:
                after_step()
        if after_epoch:
            after_epoch()


@torch.no_grad()
def evaluate(model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Mean loss and share of errors."""
    model.eval()
    logits = model(x)
    return F.cross_entropy(logits, y).item(), (logits.argmax(1) != y).float().mean().item()


def train_pruned(model: nn.Sequential, batches: Iterable, work: Work, epochs: int) -> None:
    """Magnitude pruning with rewinding (Frankle and Carbin 2019), with the tools of torch.nn.utils.prune."""
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    initial = [(layer.weight.detach().clone(), layer.bias.detach().clone()) for layer in layers]
    for done in range(work.rounds):
        if done:
            for layer, amount, (weight, bias) in zip(layers, PRUNED, initial, strict=True):
                prune.l1_unstructured(layer, "weight", amount)  # of the weights that are left
                layer.weight_orig.data.copy_(weight)
                layer.bias.data.copy_(bias)
        fit(model, batches, optimizer(model, work, fused=False), epochs)


def train_masked(model: nn.Sequential, batches: Iterable, work: Work, epochs: int) -> None:
    """The same with a mask for each layer, which is applied to the weights after every step."""
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    initial = copy.deepcopy(model.state_dict())
    masks = [torch.ones_like(layer.weight) for layer in layers]

    @torch.no_grad()
    def apply_masks() -> None:
        for layer, mask in zip(layers, masks, strict=True):
            layer.weight.mul_(mask)

    for done in range(work.rounds):
        if done:
            for layer, amount, mask in zip(layers, PRUNED, masks, strict=True):
                remove_smallest(mask, layer.weight.detach(), amount)
            model.load_state_dict(initial)
            apply_masks()
        fit(model, batches, optimizer(model, work, fused=True), epochs, after_step=apply_masks if done else None)


def remove_smallest(mask: Tensor, weight: Tensor, share: float) -> None:
    """Set `share` of the mask's ones to zero: those of the smallest weights."""
    left = int(mask.sum())
    magnitude = weight.abs().masked_fill(mask == 0, torch.inf)
    mask.view(-1)[magnitude.flatten().topk(round(share * left), largest=False).indices] = 0


# --- All networks of a width at once ----------------------------------------------------------------------------------


def run_mapped(work: Work, data: Data, x: Tensor, x_test: Tensor, epochs: int) -> list[float]:
    """Each network's test error after so many epochs."""
    taught, errors = iter(datasets.labels(work, data)), []
    for width, group in itertools.groupby(work.networks(), key=lambda network: network[0]):
        models, y = [], []
        for _, _, seed in group:
            torch.manual_seed(seed)
            models.append(build(work.architecture, x[0].numel(), width, work.depth))
            y.append(next(taught))
        errors += train_mapped(models, x, torch.stack(y), x_test, data.y_test, work, epochs)
    return errors


def train_mapped(models: list[nn.Sequential], x, y, x_test, y_test, work: Work, epochs: int) -> list[float]:
    """Train networks of one shape as an ensemble, as the documentation of `torch.func` teaches; y is [network, example]."""
    stacked, _ = stack_module_state(models)
    parameters = {name: tensor.detach() for name, tensor in stacked.items()}
    initial = {name: tensor.clone() for name, tensor in parameters.items()}
    base = copy.deepcopy(models[0]).to("meta")

    def outputs(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(base, parameters, (x,))

    def loss(parameters: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(outputs(parameters, x), y)

    gradients = vmap(grad(loss))

    def evaluate_all(x: Tensor, y: Tensor) -> tuple[list[float], list[float]]:
        logits = vmap(outputs, in_dims=(0, None))(parameters, x)
        losses = F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none").view(y.shape).mean(1)
        return losses.tolist(), (logits.argmax(2) != y).float().mean(1).tolist()

    masks: dict[str, Tensor] = {}
    history, tests = [], y_test.expand(len(models), -1)
    for done in range(work.rounds):
        if done:
            prune_mapped(parameters, masks, initial)
        sgd = torch.optim.SGD(parameters.values(), lr=work.lr, momentum=work.momentum, fused=True)
        for _ in range(epochs):
            orders = torch.stack([torch.randperm(len(x)) for _ in models])
            for rows in orders.split(work.batch_size, dim=1):
                found = gradients(parameters, x[rows], y.gather(1, rows))
                for name, tensor in parameters.items():
                    tensor.grad = found[name]
                sgd.step()
                for name, mask in masks.items():
                    parameters[name].mul_(mask)
            if work.every_epoch:
                history.append((evaluate_all(x, y), evaluate_all(x_test, tests)))
    return evaluate_all(x_test, tests)[1]


def prune_mapped(parameters: dict[str, Tensor], masks: dict[str, Tensor], initial: dict[str, Tensor]) -> None:
    """Take the smallest weights of each network away, as `train_masked` does, and set the others back."""
    names = [name for name in parameters if name.endswith("weight")]
    for name, amount in zip(names, PRUNED, strict=True):
        mask = masks.setdefault(name, torch.ones_like(parameters[name]))
        for own, weight in zip(mask, parameters[name], strict=True):
            remove_smallest(own, weight, amount)
    for name, tensor in parameters.items():
        tensor.copy_(initial[name]).mul_(masks.get(name, 1))
