"""The engine and the measures on a GPU that is pretended: right, on one device, and without waiting in a step."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import nn

from overparam.architectures.alone import CNN, Conv, Custom, ResNet18, Transformer
from overparam.architectures.stacked import CNN1D, MLP, LeNet
from overparam.data.dataset import Data
from overparam.data.load import digits
from overparam.engine import examples
from overparam.engine.settings import DTYPES, LOSSES, OPTIMIZERS, RECORDABLE, SCHEDULES, Settings, Vector
from overparam.engine.train import train
from pretend_gpu import PretendGpu

DIGITS = digits()
IMAGES = Data("images", DIGITS.x[:40], DIGITS.y[:40], DIGITS.x_test[:15], DIGITS.y_test[:15], "digits", classes=10)
PAIRS = torch.cat([torch.randint(5, (50, 2)), torch.full((50, 1), 5)], 1).float()
SUMS = Data("sums", PAIRS[:40], (PAIRS[:40, :2].sum(1) % 5).long(), PAIRS[40:], (PAIRS[40:, :2].sum(1) % 5).long(), "", 5)
LINES = Data("lines", IMAGES.x, IMAGES.x[:, :2], IMAGES.x_test, IMAGES.x_test[:, :2], "made up")


class Noisy(nn.Module):
    """A reader's own network, which draws from torch's global numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(64, 6), nn.BatchNorm1d(6), nn.Linear(6, 10)

    def forward(self, x):
        return self.last(nn.functional.dropout(self.norm(self.first(x)).relu(), 0.3, self.training))


BASE = {"n": 12, "batch_size": 6, "epochs": 4, "lr": 0.1}
WIDTHS = [{"architecture": MLP(w), "lr": lr, "init_seed": w} for w, lr in ((3, 0.1), (4, 0.2))]


def stack(*others: dict, **shared) -> list[Settings]:
    """Two networks of two widths with these settings, that of each network in ``others`` where they are two."""
    return [Settings(**(BASE | own | shared | other)) for own, other in zip(WIDTHS, others or ({}, {}), strict=True)]


def alone(architecture, **shared) -> list[Settings]:
    """One network that does not stack."""
    return [Settings(architecture, **(BASE | shared))]


def vector(architecture, low: float, shape=(64,)) -> Vector:
    """One number for each weight of a network on images: 0 or 1, and above ``low`` at random."""
    total = architecture.parameters(shape, 10)
    return Vector((np.random.default_rng(0).random(total) > low).astype(np.float32))


STARTS = [{"start": Vector(0.3 * vector(MLP(w), 0.5).values - 0.1)} for w in (3, 4)]
MASKS = [{"mask": vector(MLP(w), 0.3)} for w in (3, 4)]
# Stacks for every setting: what is not asked for here fails the test that follows.
STACKS: dict[str, list[list[Settings]]] = {
    "architecture": [
        stack(*({"architecture": MLP(w, 2, batch_norm=True)} for w in (3, 4))),
        stack(*({"architecture": LeNet(w)} for w in (1, 2))),
        stack(*({"architecture": CNN1D(w, 2)} for w in (2, 3))),
        stack(*({"architecture": CNN1D(w, 2, batch_norm=True)} for w in (2, 3))),
        alone(CNN(2)),
        alone(Conv(2)),
        alone(ResNet18(1)),
        alone(Custom(Noisy, ())),
    ],
    "n": [stack({"n": 12}, {"n": 11})],
    "epochs": [stack(epochs=3)],
    "lr": [stack({"lr": 0.3}, {"lr": 0.05})],
    "label_noise": [stack({"label_noise": 0.5}, {"label_noise": 0.0})],
    "batch_size": [stack(batch_size=None, epochs=8), stack({"n": 20, "batch_size": 5}, {"n": 12, "batch_size": 3})],
    "momentum": [stack(momentum=0.9), alone(CNN(2), momentum=0.9)],
    "weight_decay": [stack(weight_decay=0.01)],
    "dropout": [stack(dropout=0.3)],
    "shift": [stack({"shift": 2}, {"shift": 1}), stack(shift=1, batch_size=None), alone(CNN(2), shift=1)],
    "flip": [alone(CNN(2), flip=True)],
    "input_noise": [stack(input_noise=0.1)],
    "adversarial": [stack(adversarial=0.01)],
    "median_of": [stack(median_of=3)],
    "gradient_penalty": [stack(gradient_penalty=0.01), alone(CNN(2), gradient_penalty=0.01)],
    "norm_target": [stack(norm_target=2.0, weight_decay=0.1), alone(CNN(2), norm_target=2.0, weight_decay=0.1)],
    "sam": [stack(sam=0.05), alone(CNN(2), sam=0.05)],
    "output_scale": [stack(output_scale=2.0, loss="squared"), alone(Conv(2), output_scale=2.0, loss="squared")],
    "schedule": [stack(schedule=name) for name in SCHEDULES] + [alone(CNN(2), schedule="cosine")],
    "layer_lr": [stack(layer_lr=(1.0, 0.5)), alone(CNN(2), layer_lr=(1.0, 0.5, 0.5, 0.5, 0.5))],
    "averaging": [stack(averaging=0.9)],
    "optimizer": [stack(optimizer=name, lr=0.01) for name in OPTIMIZERS] + [alone(CNN(2), optimizer="adam", lr=0.01)],
    "loss": [stack(loss=name) for name in LOSSES] + [alone(CNN(2), loss="squared")],
    "stop_loss": [
        stack(stop_loss=2.2, batch_size=None, epochs=120),
        stack({"stop_loss": 2.2}, {"stop_loss": 1.5}, epochs=60),
        alone(CNN(2), stop_loss=2.2, batch_size=None, epochs=101, momentum=0.9),
        alone(ResNet18(1), stop_loss=2.2, batch_size=None, epochs=12, optimizer="adam", lr=0.01),
    ],
    "stop_fitted": [stack({"stop_fitted": 2}, {"stop_fitted": 1}, epochs=60), alone(CNN(2), stop_fitted=1, epochs=20)],
    "dtype": [stack(dtype=name) for name in DTYPES],
    "start": [stack(*STARTS)],
    "mask": [stack(*MASKS), alone(CNN(2), mask=vector(CNN(2), 0.3))],
    "rewind": [stack(*MASKS, rewind=2, order_seed=7), alone(CNN(2), mask=vector(CNN(2), 0.3), rewind=2)],
    "init_seed": [stack({"init_seed": 5}, {"init_seed": 6})],
    "data_seed": [stack({"data_seed": 5}, {"data_seed": 6})],
    "order_seed": [stack({"order_seed": 5}, {"order_seed": None})],
}
CASES = [(name, networks) for name, stacks in STACKS.items() for networks in stacks]
RECORD = {name: [0, 1] for name in RECORDABLE if name != "predictions"} | {"predictions": None}
ONLY_ON_A_CPU = {"device", "seconds", "stack_size"}


def looked_at(networks: Sequence[Settings], data: Data, epochs=(0, 1)) -> dict:
    """All that can be recorded of these networks."""
    normalised = networks[0].architecture.stacks and networks[0].architecture.batch_norm
    record = {name: list(epochs) for name in RECORDABLE if name != "gradient_norms" or not normalised}
    return record | {"predictions": None}


def check_training(networks: Sequence[Settings], data: Data, epochs=(0, 1)) -> PretendGpu:
    """Fail unless these networks train on the GPU as on a CPU, there alone, and without waiting in a step."""
    record = looked_at(networks, data, epochs)
    with PretendGpu() as gpu:
        found = train(networks, data, record, device="cuda")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "is_hashed", lambda device: True)  # with the orders of a GPU
        expected = train(networks, data, record, device="cpu")
    waits = [f"{event.kind} at {event.place}" for event in gpu.events if event.in_a_step]
    assert not waits, f"a step waits: {waits}"
    assert not [place for place in gpu.products if place[0] == "cpu"], f"products on the CPU: {gpu.products}"
    loose = networks[0].dtype == "bfloat16" and not networks[0].architecture.stacks
    close = {"rtol": 0.1, "atol": 0.1} if loose else {"rtol": 1e-3, "atol": 1e-4}
    for there, here in zip(found, expected, strict=True):
        assert there.keys() == here.keys()
        for name in there.keys() - ONLY_ON_A_CPU:
            np.testing.assert_allclose(there[name], here[name], err_msg=name, **close)
    return gpu


def of(networks: Sequence[Settings]) -> Data:
    """The data set that these networks read."""
    if isinstance(networks[0].architecture, Transformer):
        return SUMS
    return IMAGES


def test_every_setting_is_tried():
    assert STACKS.keys() == {field.name for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize(("name", "networks"), CASES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)])
def test_networks_train_there_as_on_a_cpu(name, networks):
    check_training(networks, of(networks))
