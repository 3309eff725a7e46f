"""Many networks trained as one program: the hot core of the book.

Networks of one architecture are stacked along a first dimension, so that one batched matrix product serves them all.
Layout is [network, feature, example]. Narrower networks are padded with zero units: a ReLU unit with zero weights
has activation 0 and gradient 0, so it stays zero and the padded network computes exactly what the narrow one does.
The backward pass is written out (it is four lines per layer); the tests hold it to a plain PyTorch loop.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from overparam.data import Data, corrupt_labels, generator, subset
from overparam.models import MLP

OPTIMIZERS = ("sgd", "adam")
LOSSES = ("cross_entropy", "squared")
RECORDABLE = ("curves", "predictions")
EVALUATED = ("train_loss", "train_error", "test_loss", "test_error")
_CHECK_EVERY = 10  # epochs between looks at who has finished: a look waits for the device


@dataclass(frozen=True)
class Settings:
    """Everything that determines one trained network, apart from the data set that it draws its examples from.

    ``n`` training examples are drawn without replacement with ``data_seed``, which also decides which labels are
    corrupted (``label_noise``: the share of labels replaced by a uniformly drawn class). ``init_seed`` decides the
    initial weights and the order of the examples. ``batch_size=None`` is full-batch gradient descent, one step per
    epoch. A network trains for ``epochs``, or until its training loss is below ``stop_loss``: of the whole training set
    before the step in full-batch training, averaged over the batches of the last epoch otherwise.
    """

    architecture: MLP
    n: int
    epochs: int
    lr: float
    label_noise: float = 0.0
    batch_size: int | None = None
    momentum: float = 0.0
    weight_decay: float = 0.0
    optimizer: str = "sgd"
    loss: str = "cross_entropy"
    stop_loss: float = 0.0
    init_seed: int = 0
    data_seed: int = 0

    def __post_init__(self):
        _require(
            self.optimizer in OPTIMIZERS,
            f"optimizer must be one of {', '.join(OPTIMIZERS)}; got {self.optimizer!r}.",
        )
        _require(self.loss in LOSSES, f"loss must be one of {', '.join(LOSSES)}; got {self.loss!r}.")
        _require(self.epochs >= 1, f"epochs must be at least 1; got {self.epochs}.")
        _require(self.lr > 0, f"lr (the learning rate) must be positive; got {self.lr}.")
        _require(0 <= self.label_noise <= 1, f"label noise must lie in [0, 1]; got {self.label_noise}.")
        _require(0 <= self.momentum < 1, f"momentum must lie in [0, 1); got {self.momentum}.")
        _require(self.weight_decay >= 0, f"weight decay must not be negative; got {self.weight_decay}.")
        _require(
            self.batch_size is None or 1 <= self.batch_size <= self.n,
            f"batch_size must lie between 1 and the {self.n} training examples; got {self.batch_size}.",
        )

    def signature(self) -> tuple:
        """What networks must share to train in one stack."""
        return (
            type(self.architecture),
            self.architecture.depth,
            self.n,
            self.batch_size,
            self.epochs,
            self.optimizer,
            self.loss,
        )

    def columns(self) -> dict:
        """The settings as one flat row of a table."""
        row = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "architecture"}
        architecture = {f.name: getattr(self.architecture, f.name) for f in fields(self.architecture)}
        return {"architecture": type(self.architecture).__name__.lower(), **architecture, **row}


def default_device() -> torch.device:
    """CUDA where there is a GPU, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(networks: Sequence[Settings], data: Data, record: Sequence[str] = (), device=None) -> list[dict]:
    """Train one stack; one record per network, in the order given.

    A record holds the final losses (mean over examples) and errors (share misclassified, in [0, 1]) on the network's own
    training examples and on the data set's test examples, the number of ``epochs_run``, the number of ``parameters``,
    and whether training ``diverged`` (a loss that is not finite; its neighbours in the stack are untouched).
    ``record`` asks for more: ``"curves"`` (the same four numbers on a logarithmic schedule of epochs, as the arrays
    ``curve_epoch``, ``curve_train_error``, …) and ``"predictions"`` (outputs on the test examples, flattened from
    [test examples, outputs]; probabilities where the loss is cross-entropy).
    """
    check_record(record)
    _require(
        len({s.signature() for s in networks}) == 1,
        "the networks of one stack must share their depth, n, batch size, epochs, optimizer and loss; train them apart.",
    )
    started = time.perf_counter()
    device = torch.device(device) if device is not None else default_device()
    stack = _Stack(networks, data, device)
    epochs = networks[0].epochs
    schedule = set(log_schedule(epochs)) if "curves" in record else set()
    records: list[dict] = [{} for _ in networks]
    curves: list[list[list[float]]] = [[] for _ in networks]

    for epoch in range(epochs):
        if epoch in schedule:
            for position, running, values in zip(
                stack.position, stack.running().tolist(), stack.evaluate(), strict=True
            ):
                if running:
                    curves[position].append([epoch, *values])
        stack.epoch()
        last = epoch + 1 == epochs
        if not (last or (epoch + 1) % _CHECK_EVERY == 0):
            continue
        running = stack.running().cpu()
        leaving = torch.ones_like(running) if last else ~running
        if not last and 4 * int(leaving.sum()) < len(running):
            continue  # every departure copies what stays, so networks leave in groups
        for position, values in stack.results(leaving, "predictions" in record):
            if schedule:
                final = [values["epochs_run"], *(values[name] for name in EVALUATED)]
                earlier = [row for row in curves[position] if row[0] < values["epochs_run"]]
                table = np.array([*earlier, final])
                values |= {f"curve_{name}": table[:, k] for k, name in enumerate(("epoch", *EVALUATED))}
            records[position] = values
        if bool(leaving.all()):
            break
        stack.keep(~leaving)
    seconds = (time.perf_counter() - started) / len(networks)
    for row in records:
        row |= {"device": device.type, "stack_size": len(networks), "seconds": seconds}
    return records


def log_schedule(epochs: int, per_doubling: int = 3) -> list[int]:
    """Epochs 0, 1, 2, … spaced evenly in their logarithm, ``per_doubling`` to a factor of two, below ``epochs``."""
    steps = np.arange(0, per_doubling * np.log2(epochs) + 1e-9) / per_doubling
    return [0, *np.unique(np.round(2**steps).astype(int)).tolist()] if epochs > 1 else [0]


def check_record(record: Sequence[str]) -> None:
    """Raise unless everything asked for can be recorded."""
    unknown = sorted(set(record) - set(RECORDABLE))
    _require(not unknown, f"Cannot record {', '.join(unknown)}; choose from {', '.join(RECORDABLE)}.")


class _Stack:
    """The state of a stack in training: parameters, optimizer state and examples, all with the network first."""

    def __init__(self, networks: Sequence[Settings], data: Data, device: torch.device):
        first = networks[0]
        self.device = device
        self.settings = first
        self.position = list(range(len(networks)))  # of each network in the order given, as networks leave
        self.classes = data.classes
        outputs = data.classes or data.y.shape[1]
        x = data.x.flatten(1)
        self.parameters = [s.architecture.parameters(x.shape[1], outputs) for s in networks]
        self.weights, self.biases = _padded_initial(networks, x.shape[1], outputs, device)
        tensors = [*self.weights, *self.biases]
        self.state = [[torch.zeros_like(p) for p in tensors] for _ in range({"sgd": 1, "adam": 2}[first.optimizer])]
        self.updates = 0

        column = lambda name: torch.tensor([float(getattr(s, name)) for s in networks], device=device).view(-1, 1, 1)  # noqa: E731
        self.lr, self.momentum, self.weight_decay = column("lr"), column("momentum"), column("weight_decay")
        self.stop_loss = column("stop_loss").flatten()
        self.epochs_run = torch.zeros(len(networks), dtype=torch.int64, device=device)
        self.order = [generator(s.init_seed, "order") for s in networks]

        self.pool, self.x_test = x.to(device), data.x_test.flatten(1).to(device).T.contiguous()
        self.y_test = data.y_test.to(device)
        chosen = [subset(data, s.n, s.data_seed) for s in networks]
        self.chosen = torch.stack(chosen).to(device)
        self.y = torch.stack([_targets(data, rows, s) for rows, s in zip(chosen, networks, strict=True)]).to(device)
        self.x = self._gather(self.chosen) if first.batch_size is None else None

    def _gather(self, rows: Tensor) -> Tensor:
        """Training examples of each network as [network, feature, example]; rows [network, example]."""
        return self.pool[rows].transpose(1, 2).contiguous()

    def running(self) -> Tensor:
        """Which networks still train; a finished one is frozen by a learning rate of zero."""
        return self.lr.flatten() > 0

    def epoch(self) -> None:
        """One pass of every network over its own training examples, in its own order."""
        size = self.settings.batch_size
        if size is None:
            self._step(self.x, self.y, stop=True)
            self.epochs_run += self.running()
            return
        self.epochs_run += self.running()
        n = self.settings.n
        order = torch.stack([torch.randperm(n, generator=g) for g in self.order]).to(self.device)
        total = torch.zeros(len(self.position), device=self.device)
        for batch in order.split(size, dim=1):
            rows = self.chosen.gather(1, batch)
            labels = self.y.gather(1, batch) if self.classes else self.y[torch.arange(len(batch))[:, None], batch]
            total += self._step(self._gather(rows), labels) * batch.shape[1]
        self._freeze(total / n)

    def _freeze(self, loss: Tensor) -> None:
        self.lr *= (loss >= self.stop_loss).view(-1, 1, 1) | ~torch.isfinite(loss).view(-1, 1, 1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        """Activations of every layer, input first and logits last; x [network or 1, feature, example]."""
        activations = [x]
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = activations[-1]
            if len(x) == len(weight):
                z = torch.baddbmm(bias, weight, x)
            else:  # the same examples for all networks: one matrix product instead of many
                z = (weight.flatten(0, 1) @ x[0]).view(*weight.shape[:2], -1).add_(bias)
            activations.append(z.relu_() if layer + 1 < len(self.weights) else z)
        return activations

    def _loss(self, logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of every network [network] and its gradient in the logits [network, output, example]."""
        if self.settings.loss == "squared":
            target = F.one_hot(y, self.classes).float() if self.classes else y
            residual = logits - target.transpose(1, 2)
            return residual.square().mean((1, 2)), residual * (2 / residual[0].numel())
        log_p = logits.log_softmax(1)
        loss = -log_p.gather(1, y[:, None]).mean((1, 2))
        gradient = log_p.exp_().scatter_add_(1, y[:, None], torch.full_like(y, -1.0, dtype=logits.dtype)[:, None])
        return loss, gradient.div_(y.shape[1])

    def _step(self, x: Tensor, y: Tensor, stop: bool = False) -> Tensor:
        """One update of every network; its loss before the update [network]."""
        activations = self._forward(x)
        loss, gradient = self._loss(activations.pop(), y)
        if stop:
            self._freeze(loss)
        gradients_w, gradients_b = [], []
        for layer in reversed(range(len(self.weights))):
            a = activations.pop()
            gradients_w.append(torch.bmm(gradient, a.transpose(1, 2)))
            gradients_b.append(gradient.sum(2, keepdim=True))
            if layer:
                gradient = torch.bmm(self.weights[layer].transpose(1, 2), gradient).mul_(a > 0)
        self._update([*reversed(gradients_w), *reversed(gradients_b)])
        return loss

    def _update(self, gradients: list[Tensor]) -> None:
        """SGD with momentum or Adam, with the formulas and defaults of ``torch.optim``."""
        self.updates += 1
        for k, (p, g) in enumerate(zip([*self.weights, *self.biases], gradients, strict=True)):
            g.addcmul_(p, self.weight_decay)
            if self.settings.optimizer == "sgd":
                velocity = self.state[0][k].mul_(self.momentum).add_(g)
                p.addcmul_(velocity, self.lr, value=-1)
            else:
                beta1, beta2, epsilon = 0.9, 0.999, 1e-8
                mean = self.state[0][k].lerp_(g, 1 - beta1)
                square = self.state[1][k].mul_(beta2).addcmul_(g, g, value=1 - beta2)
                scale = (square / (1 - beta2**self.updates)).sqrt_().add_(epsilon)
                p.addcmul_(mean / scale, self.lr, value=-1 / (1 - beta1**self.updates))

    def evaluate(self) -> list[list[float]]:
        """The EVALUATED losses and errors of every network."""
        x = self.x if self.x is not None else self._gather(self.chosen)
        columns = []
        for inputs, labels in (
            (x, self.y),
            (self.x_test[None], self.y_test.expand(len(self.position), *self.y_test.shape)),
        ):
            logits = self._forward(inputs)[-1]
            wrong = (
                (logits.argmax(1) != labels).float().mean(1)
                if self.classes
                else torch.full_like(self.stop_loss, torch.nan)
            )
            columns += [self._loss(logits, labels)[0], wrong]
        return torch.stack(columns, 1).tolist()

    def results(self, leaving: Tensor, predictions: bool) -> list[tuple[int, dict]]:
        """(position, record) of each network that is leaving; leaving [network] is boolean, on the CPU."""
        values, epochs_run = self.evaluate(), self.epochs_run.tolist()
        if predictions:
            logits = self._forward(self.x_test[None])[-1]
            outputs = logits.softmax(1) if self.settings.loss == "cross_entropy" else logits
        results = []
        for row in leaving.nonzero().flatten().tolist():
            result = dict(zip(EVALUATED, values[row], strict=True)) | {
                "epochs_run": epochs_run[row],
                "parameters": self.parameters[row],
                "diverged": not np.isfinite(values[row][0]),
            }
            if predictions:
                result["predictions"] = outputs[row].T.flatten().cpu().numpy()
            results.append((self.position[row], result))
        return results

    def keep(self, staying: Tensor) -> None:
        """Drop the networks that have left; staying [network] is boolean, on the CPU."""
        rows = staying.nonzero().flatten()
        self.position, self.parameters, self.order = (
            [values[r] for r in rows.tolist()] for values in (self.position, self.parameters, self.order)
        )
        rows = rows.to(self.device)
        for name in ("lr", "momentum", "weight_decay", "stop_loss", "epochs_run", "chosen", "y"):
            setattr(self, name, getattr(self, name)[rows])
        self.x = self.x[rows] if self.x is not None else None
        self.weights, self.biases = [w[rows] for w in self.weights], [b[rows] for b in self.biases]
        self.state = [[s[rows] for s in slot] for slot in self.state]


def _padded_initial(
    networks: Sequence[Settings], inputs: int, outputs: int, device
) -> tuple[list[Tensor], list[Tensor]]:
    """Initial weights [network, out, in] and biases [network, out, 1] per layer, zero-padded to the widest network."""
    drawn = [s.architecture.initial(inputs, outputs, generator(s.init_seed, "init")) for s in networks]
    weights, biases = [], []
    for layer in zip(*drawn, strict=True):
        shape = [max(w.shape[k] for w, _ in layer) for k in (0, 1)]
        weight, bias = torch.zeros(len(layer), *shape), torch.zeros(len(layer), shape[0], 1)
        for row, (w, b) in enumerate(layer):
            weight[row, : w.shape[0], : w.shape[1]], bias[row, : len(b), 0] = w, b
        weights.append(weight.to(device))
        biases.append(bias.to(device))
    return weights, biases


def _targets(data: Data, rows: Tensor, settings: Settings) -> Tensor:
    """The labels that a network trains on: those of its examples, corrupted as its settings say."""
    y = data.y[rows]
    if settings.label_noise == 0:
        return y
    _require(data.classes is not None, f"label noise needs class labels; {data.name} has none, set label_noise=0.")
    return corrupt_labels(y, settings.label_noise, data.classes, generator(settings.data_seed, "label noise"))


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)
