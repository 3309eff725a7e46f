"""Networks trained together, with what is recorded while they train: one record per network."""

import math
import operator
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from overparam.architectures.base import Architecture
from overparam.architectures.evaluate import gradient_norms
from overparam.arithmetic import NO_BFLOAT16, full_precision, has_bfloat16
from overparam.data.dataset import Data
from overparam.engine.examples import check
from overparam.engine.settings import (
    FREE,
    PRESENT,
    Measure,
    Record,
    Settings,
    epochs_of,
    log_schedule,
    recording,
    require_settings,
)
from overparam.engine.single import Single
from overparam.engine.stack import Stack
from overparam.errors import DEVICES, in_short, require, shown
from overparam.randomness import drawing, generator

EVALUATED = ("train_loss", "train_error", "test_loss", "test_error")
PER_EXAMPLE = ("correct", "losses", "gradient_norms")
PER_TEST_EXAMPLE = ("test_correct", "test_losses")
DIVERGED_FROM = 10  # times the training loss at the start, or that of answering 0 to everything if it is larger
_CHECK_EVERY = 10  # epochs between checks of who has finished: a check waits for the device
_CHECK_STEPS = 100  # steps between them at least where the host runs ahead of the device


def default_device() -> torch.device:
    """CUDA where there is a GPU, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def chosen_device(device: torch.device | str | None, elsewhere: bool = False) -> torch.device:
    """The device of that name, ``default_device()`` for None; ValueError where there is none that networks train on.

    It need not be a device of this machine if it is for one ``elsewhere``.
    """
    if device is None:
        return default_device()
    says = f"device is {shown(device)}; networks train on 'cpu', or on 'cuda' where there is a GPU of NVIDIA or AMD."
    require(isinstance(device, str | torch.device), says)
    try:
        found = torch.device(device)
    except RuntimeError:  # torch lists all devices that it has heard of
        raise ValueError(says) from None
    require(found.type in DEVICES, says)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    require(
        elsewhere or found.type == "cpu" or (found.index or 0) < count,
        f"device is {str(found)!r} but this machine has {count or 'no'} {'GPU' if count < 2 else 'GPUs'} that PyTorch can use; "
        "leave device out to train on what there is.",
    )
    return found


def train(
    networks: Sequence[Settings],
    data: Data,
    record: Record = (),
    device: torch.device | str | None = None,
) -> list[dict]:
    """Train one stack; one record per network, in the order given.

    A record holds the final losses (mean over examples) and errors (share misclassified, in [0, 1]) on the network's own
    training examples and on the data set's test examples, the number of ``epochs_run``, the number of ``parameters``,
    and whether training ``diverged``: its weights are not finite, or its training loss has ended above `DIVERGED_FROM` times
    the larger of what it began with and what outputs of 0 give. Then losses, errors and predictions are NaN, and so is what was
    recorded at the end, or from where curves show a loss as high; its neighbours are untouched.

    ``record`` asks for more, by names or as a mapping from names to epochs (fractions fall between the steps of an
    epoch; the end of training is always added). Per name, with T recorded times:

    - ``"curves"``: the four losses and errors as arrays ``curve_train_loss`` [T], …, at ``curve_epoch`` [T]; on a
      logarithmic schedule unless epochs are given
    - ``"correct"``, ``"losses"``, ``"gradient_norms"``: per training example, [T, n], at ``correct_epoch`` [T], …;
      ``examples`` [n] says which rows of the data's pool they are and ``labels`` [n] what they were taught as
    - ``"test_correct"``, ``"test_losses"``: per test example, [T, test examples], at ``test_correct_epoch`` [T], …
    - ``"weights"``: [T, parameters] in the order of ``nn.Module.parameters()``, at ``weights_epoch`` [T]; the running
      statistics of batch norm are not among them
    - ``"predictions"``: outputs on the test examples at the end, flattened from [test examples, outputs];
      probabilities where the loss is cross-entropy
    - any other name, which is mapped to a function or to a pair (function, epochs): what ``function(module, data)`` gives,
      a number, as an array [T] at ``NAME_epoch`` [T]. The module is a copy of the network in evaluation mode, and takes
      ``data.x``; data is a `Data` of the training examples of this network with the labels that it is taught, and of the
      test examples. Gradients can be taken; what is drawn from torch's random numbers follows from the network's seed.
      Of weights that are not finite it is NaN.

    Only on a CPU, with the same version of torch and the same stack, are the numbers the same to the bit. On a GPU orders of
    examples are drawn another way than on a CPU.
    """
    record, networks, device = recording(record), require_settings(networks), chosen_device(device)
    check(networks, data)
    check_record(record, networks, data)
    require(
        len({s.signature() for s in networks}) == 1,
        f"the networks of one stack may differ in width, in {', '.join(sorted(FREE))} (at equal steps per epoch) and in the "
        f"strength of {', '.join(PRESENT)}, and these differ in more; train them apart.",
    )
    started = time.perf_counter()
    check_device(networks, device)
    stacks = networks[0].architecture.stacks
    require(stacks or len(networks) == 1, f"{networks[0].architecture} does not stack; train such networks one by one.")
    # A recorded graph is one of the current GPU, whatever the tensors say.
    on_device = torch.cuda.device(device) if device.type == "cuda" else nullcontext()
    with full_precision(), torch.no_grad(), on_device:
        records = _train((Stack if stacks else Single)(networks, data, device), networks, data, record)
    seconds = (time.perf_counter() - started) / len(networks)
    for row in records:
        row |= {"device": device.type, "stack_size": len(networks), "seconds": seconds}
    return records


def check_device(networks: Sequence[Settings], device: torch.device) -> None:
    """Raise ValueError unless these networks can be trained there."""
    require(
        device.type == "cpu" or all(s.dtype == "float32" for s in networks) or has_bfloat16(device),
        NO_BFLOAT16.format(device),
    )


def check_record(record: Mapping, networks: Sequence[Settings], data: Data) -> None:
    """Raise ValueError unless this can be recorded of these networks."""
    require(
        data.classes is not None or not {"correct", "test_correct"} & set(record),
        f"{data.name} has no classes, so that no answer is correct or wrong; record losses instead.",
    )
    require(
        "gradient_norms" not in record
        or not any(s.architecture.stacks and s.architecture.normalises(data.shape, data.outputs) for s in networks),
        "gradient_norms are not recorded of stacked networks with batch norm, where an example's loss is not its own; "
        "record losses, or set batch_norm=False.",
    )
    for name in (name for name, wanted in record.items() if isinstance(wanted, Measure)):
        taken = {s.architecture for s in networks if name in s.architecture.columns()}
        require(not taken, f"{name} is an argument of the architecture; give your measure another name.")
    own = {s.architecture: s for s in networks if "gradient_norms" in record and s.architecture.user_defined}
    for architecture, s in own.items():
        module = architecture.build(data.shape, data.outputs, generator(0, "init"))
        try:
            with drawing(0):
                gradient_norms(module, data.x[:2], data.y[:2], s.loss)
        except Exception as error:  # whatever torch cannot differentiate example by example
            raise ValueError(
                f"gradient_norms of {architecture} cannot be taken ({in_short(error)}); record losses instead."
            ) from error


def try_measures(record: Mapping, networks: Sequence[Settings], data: Data, device: torch.device) -> None:
    """Raise ValueError unless the measures of the user's own give a number of the first of these networks, untrained."""
    own = {name: wanted for name, wanted in record.items() if isinstance(wanted, Measure)}
    if own:
        with full_precision(), torch.no_grad():
            stack = (Stack if networks[0].architecture.stacks else Single)(networks[:1], data, device)
            _measures(own, stack, networks[:1], data, [0])


def _train(stack: Stack | Single, networks: Sequence[Settings], data: Data, record: Mapping) -> list[dict]:
    """Take all networks of a stack through their epochs; their records in the order given."""
    progress, recorder = _Progress(stack, networks), _Recorder(stack, networks, data, record)
    rewind = networks[0].rewind
    records: list[dict] = [{} for _ in networks]
    epochs, steps = networks[0].epochs, networks[0].steps
    for epoch in range(epochs):
        if epoch == rewind > 0:
            stack.branch(epoch)
        for step in range(steps):
            recorder.record_due(epoch * steps + step, progress)
            progress.step(step)
        progress.end_epoch()
        last = epoch + 1 == epochs
        if not (last or (epoch + 1) % progress.check_every == 0):
            continue
        leaving = progress.leaving(all_of_them=last)
        if not leaving.any():
            continue
        for row, values in recorder.results(leaving, progress):
            records[progress.position[row]] = values
        if bool(leaving.all()):
            break
        recorder.keep(~leaving)
        progress.keep(~leaving)
    return records


class _Progress:
    """How far each network of a stack is, and which have finished."""

    def __init__(self, stack: Stack | Single, networks: Sequence[Settings]) -> None:
        self.stack = stack
        self.position = list(range(len(networks)))  # of each network in the order given, as networks leave
        column = lambda name: torch.tensor([getattr(s, name) for s in networks], device=stack.device)  # noqa: E731
        self.stop_loss, self.stop_fitted = column("stop_loss"), column("stop_fitted")
        self.epochs_run = torch.zeros_like(self.stop_fitted)
        self.fitted = torch.zeros_like(self.stop_fitted)  # epochs in a row at whose end no training error was made
        self.full_batch = networks[0].steps == 1
        self.watches_loss = any(s.stop_loss for s in networks)
        self.watches_error = any(s.stop_fitted for s in networks)
        self.total: Any = 0.0  # of the epoch: the mean loss [network]
        self.epoch = 0
        ahead = stack.device.type != "cpu"
        self.check_every = max(_CHECK_EVERY, math.ceil(_CHECK_STEPS / networks[0].steps)) if ahead else _CHECK_EVERY

    def step(self, step: int) -> None:
        """One update; in full-batch training the loss before it decides whether a network stops there."""
        if step == 0:
            self.stack.examples.shuffle()
        if step == 0 and not self.full_batch:
            self.epochs_run += self.stack.running()
            self.total = 0.0
        losses = self.stack.step(step, self.stop_loss if self.watches_loss else None)
        if self.watches_loss and not self.full_batch:
            assert losses is not None  # since it was asked for
            self.total += losses * self.stack.examples.weight(step)

    def end_epoch(self) -> None:
        """Stop the networks that have reached what they train for."""
        self.epoch += 1
        if self.full_batch:
            self.epochs_run += self.stack.running()
        elif self.watches_loss:
            self.stack.freeze(self.total < self.stop_loss)
        if self.watches_error:
            wrong = self.stack.examples.mean(self.stack.outcomes(test=False)[1])
            self.fitted = torch.where(wrong == 0, self.fitted + 1, 0)
            self.stack.freeze((self.stop_fitted > 0) & (self.fitted >= self.stop_fitted))
        if self.epoch % self.check_every == 0:
            self.stack.freeze(~self.stack.finite())

    def leaving(self, all_of_them: bool) -> torch.Tensor:
        """Which networks leave the stack now [network], on the CPU: in groups, since each departure copies what stays."""
        finished = ~self.stack.running().cpu()
        if all_of_them:
            return torch.ones_like(finished)
        return finished if 4 * int(finished.sum()) >= len(finished) else torch.zeros_like(finished)

    def keep(self, staying: torch.Tensor) -> None:
        """Drop the networks that have left."""
        rows = staying.nonzero().flatten()
        self.position = [self.position[r] for r in rows.tolist()]
        assert isinstance(self.stack, Stack)  # a network that trains alone leaves nobody behind
        self.stack.keep(rows)
        rows = rows.to(self.stack.device)
        for name in ("stop_loss", "stop_fitted", "epochs_run", "fitted"):
            setattr(self, name, getattr(self, name)[rows])


class _Recorder:
    """What is recorded of each network while it trains."""

    def __init__(self, stack: Stack | Single, networks: Sequence[Settings], data: Data, record: Mapping) -> None:
        self.stack, self.data, self.record = stack, data, record
        self.networks = list(networks)
        self.measures = [name for name, wanted in record.items() if isinstance(wanted, Measure)]
        self.steps = networks[0].steps
        self.due: dict[int, list[str]] = {}  # names by the number of steps made
        for name, wanted in record.items():
            epochs = epochs_of(wanted)
            if name == "curves" and epochs is None:
                epochs = log_schedule(networks[0].epochs)
            for epoch in epochs or ():
                step = round(epoch * self.steps)
                if name not in self.due.setdefault(step, []):
                    self.due[step].append(name)
        self.recorded: list[list[tuple[float, dict]]] = [[] for _ in networks]
        self.divergence_losses = _divergence_losses(stack)

    def record_due(self, step: int, progress: _Progress) -> None:
        """Record what is due after this many steps, of the networks that still train."""
        if step not in self.due:
            return
        running = progress.stack.running().nonzero().flatten().tolist()
        values = self._evaluate(self.due[step], running)
        for row in running:
            self.recorded[row].append((step / self.steps, values[row]))

    def _evaluate(self, names: Iterable[str], rows: Sequence[int]) -> list[dict]:
        """The values of these names now, for each network: those of the averaged weights where weights are averaged.

        The user's own measures, which take a while, are those of the networks in these rows.
        """
        with self.stack.averaged():
            found = self._evaluate_weights(names)
            if own := {name: self.record[name] for name in self.measures if name in names}:
                for row, values in _measures(own, self.stack, self.networks, self.data, rows).items():
                    found[row] |= values
            return found

    def _evaluate_weights(self, names: Iterable[str]) -> list[dict]:
        stack, examples = self.stack, self.stack.examples
        found: list[dict] = [{} for _ in examples.n]
        columns = {}
        if {"curves", "correct", "losses"} & set(names):
            losses, wrong = stack.outcomes(test=False)
            columns = {"losses": losses, "correct": wrong == 0}
        if {"curves", *PER_TEST_EXAMPLE} & set(names):
            test_losses, test_wrong = stack.outcomes(test=True)
            tests = {"test_losses": test_losses, "test_correct": test_wrong == 0}
            for name in set(names) & set(PER_TEST_EXAMPLE):
                for row, values in zip(found, tests[name].cpu().numpy(), strict=True):
                    row[name] = values.copy()
        if "curves" in names:
            means = [
                examples.mean(losses),
                examples.mean(wrong),
                test_losses.double().mean(1),
                test_wrong.double().mean(1),
            ]
            for row, four in zip(found, torch.stack(means, 1).tolist(), strict=True):
                row |= dict(zip(EVALUATED, four, strict=True))
        if "gradient_norms" in names:
            columns["gradient_norms"] = stack.gradient_norms()
        for name in set(names) & set(PER_EXAMPLE):
            for row, n, values in zip(found, examples.n, columns[name].cpu().numpy(), strict=True):
                row[name] = values[:n].copy()
        if "weights" in names:
            for row, vector in zip(found, stack.vectors(), strict=True):
                row["weights"] = vector.numpy()
        return found

    def results(self, leaving: torch.Tensor, progress: _Progress) -> list[tuple[int, dict]]:
        """(row in the stack, record) of each network that is leaving."""
        stack, examples = self.stack, self.stack.examples
        final = self._evaluate({"curves", *self.record} - {"predictions"}, leaving.nonzero().flatten().tolist())
        epochs_run = progress.epochs_run.tolist()
        finite = stack.finite().tolist()
        with stack.averaged():
            predictions = stack.predictions().cpu() if "predictions" in self.record else None
        results = []
        per_example = bool(set(PER_EXAMPLE) & set(self.record))
        rows, labels = (examples.rows.cpu(), examples.y.cpu()) if per_example else (None, None)
        for row in leaving.nonzero().flatten().tolist():
            last, threshold = final[row], self.divergence_losses[row]
            diverged = not (finite[row] and last["train_loss"] <= threshold)
            record = {name: np.nan if diverged else last[name] for name in EVALUATED} | {
                "epochs_run": epochs_run[row],
                "parameters": stack.parameters[row],
                "diverged": diverged,
            }
            recorded = [(epoch, values) for epoch, values in self.recorded[row] if epoch < epochs_run[row]]
            record |= self._series([*recorded, (float(epochs_run[row]), last)])
            if diverged:
                record |= _without_diverged(record, threshold, self.measures)
            if predictions is not None:
                answers = predictions[row].flatten().numpy()
                record["predictions"] = np.full_like(answers, np.nan) if diverged else answers
            if rows is not None and labels is not None:
                n = examples.n[row]
                record["examples"], record["labels"] = examples.used[rows[row, :n]].numpy(), labels[row, :n].numpy()
            results.append((row, record))
        return results

    def _series(self, recorded: list[tuple[float, dict]]) -> dict[str, np.ndarray]:
        """What was recorded at several epochs as arrays with the time first."""
        series = {}
        for name in [name for name in self.record if name != "predictions"]:
            rows = [
                (epoch, values) for epoch, values in recorded if (EVALUATED[0] if name == "curves" else name) in values
            ]
            epochs = np.array([epoch for epoch, _ in rows])
            if name == "curves":
                series["curve_epoch"] = epochs
                series |= {f"curve_{key}": np.array([values[key] for _, values in rows]) for key in EVALUATED}
            else:
                series |= {f"{name}_epoch": epochs, name: np.stack([values[name] for _, values in rows])}
        return series

    def keep(self, staying: torch.Tensor) -> None:
        """Drop the networks that have left."""
        for name in ("networks", "recorded", "divergence_losses"):
            setattr(
                self, name, [own for own, stays in zip(getattr(self, name), staying.tolist(), strict=True) if stays]
            )


def _measures(
    own: Mapping[str, Measure], stack: Stack | Single, networks: Sequence[Settings], data: Data, rows: Sequence[int]
) -> dict[int, dict[str, float]]:
    """What these measures of the user's own say now of the networks in these rows of a stack, by row."""
    found: dict[int, dict[str, float]] = {row: {} for row in rows}
    finite = stack.finite().tolist()
    for name, wanted in own.items():
        for row, module in zip(rows, stack.modules(rows), strict=True):
            settings = networks[row]
            taught = _own_data(stack, settings.architecture, data, row)
            # The same draws each time: less noise.
            key = generator(settings.init_seed, f"measure {name}").initial_seed()
            found[row][name] = _measured(name, wanted, settings, module, taught, key) if finite[row] else np.nan
    return found


def _own_data(stack: Stack | Single, architecture: Architecture, data: Data, row: int) -> Data:
    """The training examples of the network in this row, with the labels that it is taught, and the test examples: copies, on its device."""
    examples, n = stack.examples, stack.examples.n[row]
    used = examples.used[examples.rows[row, :n].cpu()]
    return replace(
        data,
        x=architecture.examples(data.x[used]).to(stack.device),
        y=examples.y[row, :n].clone(),
        x_test=architecture.examples(data.x_test).to(stack.device, copy=True),
        y_test=data.y_test.to(stack.device, copy=True),
    )


def _measured(name: str, wanted: Measure, settings: Settings, module: torch.nn.Module, own: Data, key: int) -> float:
    try:
        with torch.enable_grad(), drawing(key, own.x.device):
            value = wanted.function(module, own)
    except Exception as error:  # whatever a user's function raises
        raise ValueError(f"{name} of {settings.architecture} cannot be measured ({in_short(error)}).") from error
    try:
        return float(value.item() if isinstance(value, torch.Tensor | np.ndarray) else operator.truediv(value, 1))
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise ValueError(f"{name} must give one number; of {settings.architecture} it gave {shown(value)}.") from None


def _without_diverged(record: dict, threshold: float, measures: Iterable[str] = ()) -> dict:
    """What was recorded of a network that diverged, NaN from where its training loss is known to have been too high."""
    lost_from = float(record["epochs_run"])
    if "curve_train_loss" in record:
        high = ~(record["curve_train_loss"] <= threshold)
        lost_from = record["curve_epoch"][high].min(initial=lost_from)
    cut = {}
    for name in (*(f"curve_{name}" for name in EVALUATED), *PER_EXAMPLE, *PER_TEST_EXAMPLE, *measures):
        if name in record:
            values = record[name].astype(np.result_type(record[name], np.float32))
            values[record["curve_epoch" if name.startswith("curve_") else f"{name}_epoch"] >= lost_from] = np.nan
            cut[name] = values
    return cut


def _divergence_losses(stack: Stack | Single) -> list[float]:
    """The training loss of each network above which it has diverged."""
    examples = stack.examples
    at_start = examples.mean(stack.outcomes(test=False)[0])
    if stack.loss == "cross_entropy":
        of_zero = torch.full_like(at_start, np.log(stack.outputs))
    elif stack.classes:
        of_zero = torch.full_like(at_start, 1 / stack.outputs)
    else:
        of_zero = examples.mean(examples.y.square().mean(2))
    return (DIVERGED_FROM * torch.maximum(at_start, of_zero)).tolist()
