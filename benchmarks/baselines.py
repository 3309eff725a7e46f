"""The plain PyTorch loops that the engine is compared with: one network after another, as a careful learner writes it.

Careful means: the model's modes are set, evaluation runs without gradients on whole tensors, nothing is read back from
a step, and the `DataLoader` has no worker processes, which would cost more than the small batches that they fetch.
Both loops use torch's default number of threads.
"""

import copy
from collections.abc import Callable, Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.utils.data import DataLoader, TensorDataset

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
