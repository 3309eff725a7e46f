"""The engine and the measures on a GPU that is pretended: right, on one device, and without waiting in a step."""

import contextlib
import copy
import dataclasses
import functools
import importlib
import inspect
import math
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from pretend_gpu import READS, OnGpu, PretendGpu
from torch import nn

from overparam import measures, pruning, theory
from overparam.architectures import evaluate
from overparam.architectures.alone import CNN, Conv, Custom, ResNet18, Transformer
from overparam.architectures.stacked import CNN1D, MLP, LeNet, mlp
from overparam.data.dataset import Data
from overparam.data.load import digits
from overparam.engine import examples, hashing, sweep
from overparam.engine.examples import Examples
from overparam.engine.passes import Pass
from overparam.engine.plan import memory_limit, plan
from overparam.engine.settings import DTYPES, LOSSES, OPTIMIZERS, RECORDABLE, SCHEDULES, Settings, Vector
from overparam.engine.single import Single
from overparam.engine.stack import Stack
from overparam.engine.train import train
from overparam.measures import (
    coherence,
    collapse,
    connectivity,
    curvature,
    dimension,
    information,
    regions,
    sensitivity,
    sharpness,
    statistics,
    volume,
)
from overparam.pruning import tickets
from overparam.randomness import generator
from overparam.theory import (
    backward_error,
    bounds,
    critical_points,
    cross_validation,
    deep_linear,
    diagonal,
    fourier,
    functions,
    guessing,
    interpolation,
    kernels,
    linear,
    margins,
    norm_bounds,
    phases,
    planes,
    smooth_fits,
    spheres,
    students,
    subspace,
    tangent,
    wide_and_deep,
)

DIGITS = digits()
IMAGES = Data("images", DIGITS.x[:40], DIGITS.y[:40], DIGITS.x_test[:15], DIGITS.y_test[:15], "digits", classes=10)
PAIRS = torch.cat([torch.randint(5, (50, 2), generator=generator(0, "pairs")), torch.full((50, 1), 5)], 1)
ANSWERS = PAIRS[:, :2].sum(1) % 5
SUMS = Data("sums", PAIRS[:40].float(), ANSWERS[:40], PAIRS[40:].float(), ANSWERS[40:], "sums modulo 5", 5)
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


STARTS = [{"start": Vector(np.linspace(-0.3, 0.3, MLP(w).parameters((64,), 10)))} for w in (3, 4)]
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
        stack(stop_loss=1.7, batch_size=None, epochs=60),
        stack({"stop_loss": 2.0}, {"stop_loss": 1.7}, epochs=30),
        alone(CNN(2), stop_loss=1.0, batch_size=None, epochs=12, momentum=0.5),
        alone(CNN(2), stop_loss=1.5, epochs=11),
        alone(ResNet18(1), stop_loss=2.0, batch_size=None, epochs=5, optimizer="adam", lr=0.01),
    ],
    "stop_fitted": [
        stack({"stop_fitted": 2}, {"stop_fitted": 1}, n=4, batch_size=2, epochs=60),
        alone(CNN(2), n=4, batch_size=2, stop_fitted=1, epochs=16),
    ],
    "dtype": [stack(dtype=name) for name in DTYPES],
    "start": [stack(*STARTS)],
    "mask": [stack(*MASKS), alone(CNN(2), mask=vector(CNN(2), 0.3))],
    "rewind": [stack(*MASKS, rewind=2, order_seed=7), alone(CNN(2), mask=vector(CNN(2), 0.3), rewind=2)],
    "init_seed": [stack({"init_seed": 5}, {"init_seed": 6})],
    "data_seed": [stack({"data_seed": 5}, {"data_seed": 6})],
    "order_seed": [stack({"order_seed": 5}, {"order_seed": None})],
}
CASES = [(name, networks) for name, stacks in STACKS.items() for networks in stacks]
OF_THE_MACHINE = {"device", "seconds", "stack_size"}


def everything(networks: Sequence[Settings]) -> dict:
    """All that can be recorded of these networks, at the start, after an epoch, and at the end."""
    normalised = networks[0].architecture.stacks and networks[0].architecture.batch_norm
    record = {name: [0, 1] for name in RECORDABLE if name != "gradient_norms" or not normalised}
    return record | {"predictions": None}


STOPPING = {id(networks) for name in ("stop_loss", "stop_fitted") for networks in STACKS[name]}


def check_training(networks: Sequence[Settings], data: Data, without: Collection[str] = ()) -> PretendGpu:
    """Fail unless these networks train on the GPU as on a CPU, there alone, and without waiting in a step."""
    record = {name: epochs for name, epochs in everything(networks).items() if name not in without}
    with PretendGpu() as gpu:
        found = train(networks, data, record, device="cuda")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "is_hashed", lambda device: True)  # with the orders of a GPU
        expected = train(networks, data, record, device="cpu")
    waits = [f"{event.kind} at {event.place}" for event in gpu.events if event.in_a_step]
    assert not waits, f"a step waits: {waits}"
    elsewhere = [event.place for event in gpu.products if event.kind == "on the CPU" and "_train" in event.within]
    assert not elsewhere, f"products on the CPU: {elsewhere}"
    loose = networks[0].dtype == "bfloat16" and not networks[0].architecture.stacks
    close = {"rtol": 0.1, "atol": 0.1} if loose else {"rtol": 1e-3, "atol": 1e-4}
    if id(networks) in STOPPING:
        assert any(1 < row["epochs_run"] < networks[0].epochs for row in found), "none stopped on the way"
    for there, here in zip(found, expected, strict=True):
        assert there.keys() == here.keys()
        for name in there.keys() - OF_THE_MACHINE:
            np.testing.assert_allclose(there[name], here[name], err_msg=name, **close)
    return gpu


def test_every_setting_is_tried():
    assert STACKS.keys() == {field.name for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize(("name", "networks"), CASES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)])
def test_networks_train_there_as_on_a_cpu(name, networks):
    check_training(networks, IMAGES)


def test_other_data_are_trained_on_there():
    check_training(alone(Transformer(4, 1, 2, tokens=6), optimizer="adam", lr=0.01), SUMS)
    regression = {"loss": "squared", "lr": 0.01}
    with_classes = {"correct", "test_correct"}
    for networks in (stack(*[{"lr": 0.01}] * 2, loss="squared"), alone(CNN(2), **regression)):
        check_training(networks, LINES, without=with_classes)


# --- measures, pruning, theory ----------------------------------------------------------------------------------------


def there(value: Any) -> Any:
    """A value with all of its tensors on the GPU."""
    if isinstance(value, torch.Tensor):
        return value.to("cuda")
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).to("cuda")
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Settings | Data | MLP):
        return dataclasses.replace(value, **{f.name: there(getattr(value, f.name)) for f in dataclasses.fields(value)})
    if isinstance(value, dict):
        return {name: there(each) for name, each in value.items()}
    return type(value)(map(there, value)) if isinstance(value, list | tuple) else value


def numbers_of(value: Any) -> list[np.ndarray]:
    """All numbers of an answer, and fails where a tensor of it has been left elsewhere than the others."""
    if isinstance(value, torch.Tensor):
        return [(value.elem if isinstance(value, OnGpu) else value).detach().numpy()]
    if isinstance(value, nn.Module):
        return numbers_of(list(value.parameters()))
    if dataclasses.is_dataclass(value):
        return numbers_of([getattr(value, field.name) for field in dataclasses.fields(value)])
    if isinstance(value, dict | pd.DataFrame):
        return [number for name in value if name not in OF_THE_MACHINE for number in numbers_of(value[name])]
    if isinstance(value, list | tuple | pd.Series):
        return [number for each in value for number in numbers_of(each)]
    return [] if value is None or isinstance(value, str | Settings) else [np.asarray(value)]


class Made(NamedTuple):
    """An argument that is made anew for each call."""

    make: Callable

    def __call__(self) -> Any:
        return self.make()


def check_measure(function: Callable, given: dict) -> PretendGpu:
    """Fail unless this gives on the GPU what it gives on a CPU, and does its products there."""
    asked = "device" in inspect.signature(function).parameters
    ready = lambda: {name: value() if isinstance(value, Made) else value for name, value in given.items()}  # noqa: E731
    expected = function(**ready(), **({"device": "cpu"} if asked else {}))
    given = ready()
    with PretendGpu() as gpu:
        found = function(**(given if asked else there(given)), **({"device": "cuda"} if asked else {}))
        found = numbers_of(found)
    expected = numbers_of(expected)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
    elsewhere = [event.place for event in gpu.products if event.kind == "on the CPU"]
    assert not elsewhere, f"products on the CPU: {elsewhere}"
    return gpu


NET = MLP(4, 2).build((64,), 10, generator(0, "init")).requires_grad_()
SMALL = MLP(3).build((4,), 3, generator(0, "init"))
TWO, OTHER = (MLP(3).build((4,), 2, generator(seed, "init")) for seed in (0, 1))
FOUR, THREE = torch.randn(12, 4, generator=generator(0, "x")), torch.arange(12) % 3
E = {"module": NET, "x": IMAGES.x[:20], "y": IMAGES.y[:20]}
S = {"module": SMALL, "x": FOUR, "y": THREE}
SEVERAL = torch.stack([nn.utils.parameters_to_vector(SMALL.parameters()).detach() * scale for scale in (1, 0.5)])
SHAPES = tuple(p.shape for p in SMALL.parameters())
WIDE = FOUR.double()
TANH = critical_points.TanhNet(WIDE, WIDE[:, :2], 3)
AT = torch.randn(2, TANH.parameters, generator=generator(1, "x"), dtype=torch.float64)
PAIR = tangent.two_layer(4, 4, [0, 1])
SIGNS = torch.where(FOUR[:, 0] > 0, 1.0, -1.0)
DRAWS = torch.randn(2, 6, 3, generator=generator(2, "x"), dtype=torch.float64)
KERNEL = kernels.gaussian_kernel(WIDE, WIDE, 0.5)
SPHERE = nn.functional.normalize(FOUR.double())
FACTORS = deep_linear.random_start([4, 3, 4], 0.5, 0)
MARGINS = margins.homogeneous_start([4, 5, 3], [0, 1])
STUDENTS = students.first_weights(2, 5, 4, 0)
POINTS = spheres.draw(0, 6, new=2, dimensions=3)
CURVE = backward_error.landscape(lambda w: (w**4).sum())


@functools.cache
def runs() -> pd.DataFrame:
    """A sweep with all that the measures of tables of runs ask for."""
    looks = {name: [0, 2] for name in ("weights", "test_correct", "curves", "correct", "test_losses")}
    grid = {"n": 12, "epochs": 4, "lr": 0.1, "seed": range(2), "label_noise": 0.2, "record": looks, "device": "cpu"}
    return sweep.sweep(mlp([3, 4]), IMAGES, cache=False, **grid)


def tickets_of(device: str) -> pd.DataFrame:
    """Two rounds of pruning; the orders of a GPU in both places."""
    dense = [Settings(MLP(4), n=12, batch_size=6, epochs=3, lr=0.1, init_seed=i) for i in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "is_hashed", lambda device: True)
        recipe = tickets.Recipe(rounds=(1, 1))
        looks = {"validation": 5, "looks": [1, 2], "rewind": 1}
        return tickets.find_tickets(dense, IMAGES, recipe, device=device, **looks).drop(columns="settings")


def random_features(device: str) -> list:
    """All that random Fourier features do."""
    features = linear.Fourier(4, 8, 0.5, seed=0, device=device)
    fits = list(features.fits(FOUR, FOUR[:, :2], FOUR[:3], [2, 8]))
    return [features(FOUR, 3), fits, features.ridge(FOUR, FOUR[:, :2], FOUR[:3], 4, [0.1])]


# Every public function of measures/, pruning/ and theory/ that takes a network, tensors, or a device.
MEASURES: dict[Callable, dict] = {
    coherence.m_coherence: E,
    collapse.neural_collapse: {
        "features": FOUR, "labels": THREE, "weight": torch.randn(3, 4, generator=generator(0, "w")), "bias": torch.zeros(3),
    },
    connectivity.path_errors: S | {"first": SEVERAL[0].numpy(), "second": -SEVERAL[1].numpy()},
    connectivity.errors_at: {"architecture": MLP(3), "data": IMAGES, "weights": [np.ones(235), np.arange(235) - 99.0]},
    curvature.top_eigenvalue: S,
    curvature.hessian: S,
    curvature.squared_gradient: E,
    curvature.sharpness: {"runs": Made(runs), "data": IMAGES},
    curvature.at_moment: {"runs": Made(runs), "data": IMAGES, "choose": lambda row: -1},
    measures.layers: {"module": NET},
    measures.with_layers: {"module": NET, "source": NET, "numbers": [0]},
    measures.norms: {"module": NET, "start": MLP(4, 2).build((64,), 10, generator(1, "init")), "shape": (64,)},
    measures.margins: E,
    measures.distance: {"module": NET, "start": NET},
    measures.frobenius: {"module": NET},
    measures.path_norm: {"module": NET, "shape": (64,)},
    measures.spectral_product: {"module": NET},
    regions.planes: {"module": SMALL, "triplets": FOUR.view(4, 3, 4), "resolution": 5},
    sensitivity.unrolled: S | {"lr": 0.1, "batch_size": 4, "at": [1, 4]},
    sensitivity.unrolled_by_class: S | {"classes": 3, "lr": 0.1, "batch_size": 4, "at": [2]},
    sensitivity.class_grid: {"by_class": np.ones((3, 12)), "y": THREE},
    sensitivity.critical_samples: {"module": SMALL, "x": FOUR, "radius": 0.5, "step_size": 0.1},
    sharpness.rescaled: {"module": NET, "alpha": 2.0},
    sharpness.box: E,
    sharpness.adaptive: E,
    sharpness.trace: E,
    sharpness.relative: E,
    sharpness.table: {"runs": Made(runs), "data": IMAGES},
    sharpness.traces: {"runs": Made(runs), "data": IMAGES, "probes": 2},
    dimension.effective_dimension: {"eigenvalues": WIDE[:, 0], "alpha": 0.1},
    dimension.of_hessians: {"runs": Made(runs), "data": IMAGES, "alphas": [0.1], "steps": 5, "probes": 2},
    statistics.weight_statistics: {"module": NET},
    volume.outputs: {"module": SMALL, "weights": SEVERAL, "x": FOUR},
    volume.losses: S | {"weights": SEVERAL},
    volume.directions: {"module": SMALL, "weights": SEVERAL, "count": 3, "seed": 0},
    volume.radii: S | {"weights": SEVERAL, "along": volume.directions(SMALL, SEVERAL, 3, 0), "cutoffs": (1.2, 1.5)},
    tickets.run_each: {"networks": stack(batch_size=None), "data": IMAGES},
    tickets_of: {},
    bounds.gaussian_bound: S | {"weights": SEVERAL[0], "prior": SEVERAL[1], "steps": 3, "draws": 60},
    bounds.errors_around: S | {"weights": SEVERAL[0], "deviations": SEVERAL[0].abs(), "draws": 3, "seed": 0},
    critical_points.TanhNet.outputs: {"self": TANH, "weights": AT},
    critical_points.TanhNet.loss: {"self": TANH, "weights": AT},
    critical_points.TanhNet.derivatives: {"self": TANH, "weights": AT},
    critical_points.TanhNet.gradient: {"self": TANH, "weights": AT},
    critical_points.TanhNet.descend: {"self": TANH, "weights": AT, "steps": 3},
    critical_points.TanhNet.minimise: {"self": TANH, "weights": AT, "iterations": 3},
    critical_points.TanhNet.critical_points: {"self": TANH, "weights": AT, "iterations": 3},
    critical_points.TanhNet.split: {"self": TANH, "weights": AT[0], "unit": 1, "share": 0.3},
    critical_points.TanhNet.splitting_matrix: {"self": TANH, "weights": AT[0], "unit": 1},
    cross_validation.scores: {"gram": KERNEL, "y": WIDE[:, 0], "penalties": [0.1, 1.0], "cross": KERNEL[:3], "y_new": WIDE[:3, 0]},
    deep_linear.aligned_start: {"target": WIDE[:4], "initial": 0.1, "seed": 0},
    deep_linear.growing_parts: {"factors": FACTORS, "target": WIDE[:4]},
    deep_linear.strengths: {"products": DRAWS[:, :3], "target": DRAWS[0, :3]},
    deep_linear.descend: {"factors": FACTORS, "target": WIDE[:4], "lr": 0.1, "steps": 4, "at": [1], "adaptive": True},
    deep_linear.effective_rank: {"matrices": DRAWS},
    diagonal.descend: {"x": DRAWS[:, :2], "y": DRAWS[:, :2, 0], "start": 0.5, "lr": 0.1, "steps": 3},
    diagonal.limit: {"x": DRAWS[:, :2], "y": DRAWS[:, :2, 0], "start": 0.5},
    diagonal.potential: {"beta": DRAWS[:, 0], "start": 0.5},
    guessing.outputs: {"first": STUDENTS, "second": STUDENTS[:, :, 0], "x": FOUR},
    guessing.guess: {"x": FOUR[:3], "y": SIGNS[:3], "width": 3, "window": (0.1, 0.6), "wanted": 2},
    guessing.descend: {"x": FOUR[:3], "y": SIGNS[:3], "width": 3, "window": (0.3, 0.6), "runs": 4, "steps": 20},
    guessing.Networks.errors: {"self": guessing.Networks(STUDENTS, STUDENTS[:, :, 0], 2, 2), "x": FOUR, "y": SIGNS},
    interpolation.kernel_variance: {"gram": KERNEL, "cross": KERNEL[:3]},
    kernels.Interpolant.__call__: {"self": kernels.interpolate(WIDE, WIDE[:, :2], 0.5), "x": WIDE},
    kernels.interpolate: {"x": FOUR, "y": THREE, "bandwidth": 0.5},
    kernels.gaussian_kernel: {"a": FOUR, "b": FOUR[:3], "bandwidth": 0.5},
    kernels.laplace_kernel: {"a": FOUR, "b": FOUR[:3], "bandwidth": 0.5},
    kernels.median_distance: {"x": FOUR},
    kernels.wavelet_features: {"signals": IMAGES.x[:3], "pool": 8},
    kernels.relu_features: {"x": FOUR, "width": 3, "generator": Made(lambda: generator(0, "features"))},
    kernels.relu_kernel: {"a": FOUR, "b": FOUR},
    kernels.ridge: {"features": WIDE, "y": WIDE[:, :1], "penalty": 0.1},
    linear.minimum_norm: {"features": WIDE, "y": WIDE[:, :1]},
    linear.ridge_predictions: {"features": WIDE, "y": WIDE[:, :1], "at": WIDE, "penalties": [0.1, 1.0]},
    linear.descent_risks: {"x": DRAWS, "noise": DRAWS[..., :1], "beta": DRAWS[0, 0, :, None], "steps": [1, 5]},
    linear.minimum_norm_parts: {"x": DRAWS, "noise": DRAWS[..., :1]},
    linear.ridge_risk: {"x": DRAWS, "penalty": 0.1, "signal": 1.0, "noise": 0.5},
    random_features: {},
    margins.outputs: {"layers": MARGINS[0], "bias": MARGINS[1], "x": WIDE.expand(2, -1, -1)},
    margins.margins: {"logits": WIDE[:, :3], "labels": THREE},
    margins.log_loss: {"logits": WIDE[:, :3], "labels": THREE},
    margins.grow_margins: {
        "layers": MARGINS[0], "bias": MARGINS[1], "x": WIDE.expand(2, -1, -1), "labels": THREE.expand(2, -1), "x_test": WIDE.expand(2, -1, -1), "test_labels": THREE.expand(2, -1), "at": [1, 3],
    },
    norm_bounds.matrices: {"module": TWO},
    norm_bounds.by_margin: {"margins": FOUR[:, 0] + 5, "complexity": 0.1},
    norm_bounds.radius: {"x": FOUR},
    norm_bounds.frobenius: {"layers": norm_bounds.matrices(TWO), "size": 2.0, "n": 10},
    norm_bounds.spectral: {"layers": norm_bounds.matrices(TWO), "start": norm_bounds.matrices(OTHER), "size": 2.0, "n": 10},
    students.tanh_teacher: {"x": FOUR, "units": 3, "seed": 0},
    students.expected_loss: {"weights": STUDENTS},
    students.descend: {"weights": STUDENTS, "steps": 3},
    students.winners: {"weights": STUDENTS},
    subspace.train: {
        "architecture": MLP(3), "x": FOUR.expand(2, -1, -1), "y": THREE.expand(2, -1), "seeds": [0, 1], "dimension": 5, "steps": 3,
    },
    subspace.Trained.__call__: {"self": subspace.Trained(SEVERAL, SHAPES), "x": FOUR.expand(2, -1, -1)},
    subspace.Trained.error: {"self": subspace.Trained(SEVERAL, SHAPES), "x": FOUR.expand(2, -1, -1), "y": THREE.expand(2, -1)},
    tangent.TwoLayer.__call__: {"self": PAIR, "x": FOUR},
    tangent.TwoLayer.hidden: {"self": PAIR, "x": FOUR},
    tangent.TwoLayer.length: {"self": PAIR},
    tangent.TwoLayer.distance: {"self": PAIR, "other": PAIR},
    tangent.kernel: {"network": PAIR, "a": FOUR},
    information.noisy: {"units": FOUR, "variance": 0.1},
    fourier.by_distance: {"outputs": FOUR, "answers": THREE},
    fourier.power: {"weights": FOUR},
    fourier.plane: {"weights": FOUR.repeat(1, 2)[:, :6], "frequency": 1},
    fourier.strongest: {"weights": FOUR},
    spheres.Points.lengths: {"self": POINTS, "outer": 1.2},
    spheres.Fit.__call__: {"self": POINTS.fit(1.2), "x": POINTS.unit},
    smooth_fits.fits: {"x": SPHERE[:5], "y": SIGNS[:5].double(), "directions": SPHERE},
    smooth_fits.moments: {"directions": SPHERE[:8]},
    smooth_fits.slopes: {"at": SPHERE, "directions": SPHERE[:8], "weights": SPHERE[:8, 0]},
    smooth_fits.steps: {"x": SPHERE, "directions": SPHERE[:8]},
    wide_and_deep.condition_number: {"kernel": KERNEL},
    wide_and_deep.erf_kernels: {"x": SPHERE, "at": SPHERE[:3], "depths": [1, 3], "weight": 2.0, "bias": 0.1},
    wide_and_deep.mean_prediction: {"kernel": KERNEL[:, :5], "y": KERNEL[:5, :2]},
    tangent.moved: {"start": PAIR, "end": tangent.TwoLayer(PAIR.first * 2, PAIR.second), "x": FOUR},
    tangent.limit_kernel: {"a": FOUR, "b": FOUR},
    tangent.descend: {"network": PAIR, "x": FOUR.expand(2, -1, -1), "y": SIGNS.expand(2, -1), "most": 5},
    tangent.tangent_kernel: {"module": SMALL, "a": FOUR[:3]},
    tangent.fit: {"module": Made(lambda: copy.deepcopy(SMALL)), "x": FOUR, "y": FOUR[:, :3], "lr": 0.1, "steps": 3},
}  # fmt: skip
# What is a step of what is in the table, makes its tensors itself on the CPU, or only holds them.
WITHIN = {
    curvature.in_stacks, curvature.mean_losses, curvature.hessian_product, tickets.find_tickets, tickets.early_stopping,
    backward_error.landscape, planes.fit_bumps, planes.fit_planes, deep_linear.random_start, students.first_weights,
    margins.homogeneous_start, functions.corners, linear.gaussian, tangent.linearized, tangent.linearized.forward, linear.Fourier.__call__, linear.Fourier.fits,
    linear.Fourier.ridge, fourier.SquareNetwork.forward, fourier.circuit_strength, phases.Stacked.layers, phases.Stacked.step,
}  # fmt: skip


def takes_tensors() -> Iterator[Callable]:
    """The public functions, and methods of public classes, that take a network, tensors or a device."""
    for package in (measures, pruning, theory):
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            own = [
                v
                for name, v in vars(module).items()
                if name[0] != "_" and getattr(v, "__module__", "") == module.__name__
            ]
            for kind in [v for v in own if inspect.isclass(v)]:
                own += [
                    v
                    for name, v in vars(kind).items()
                    if inspect.isfunction(v) and (name[0] != "_" or name == "__call__")
                ]
            for function in own:
                if inspect.isfunction(function) and re.search(
                    r"Tensor|Module|device", str(inspect.signature(function))
                ):
                    yield function


def test_every_measure_is_tried():
    missing = {f.__qualname__ for f in set(takes_tensors()) - MEASURES.keys() - WITHIN}
    assert not missing


@pytest.mark.parametrize("function", MEASURES, ids=lambda f: f"{f.__module__.rpartition('.')[2]}.{f.__qualname__}")
def test_a_measure_gives_there_what_it_gives_on_a_cpu(function):
    check_measure(function, MEASURES[function])


def test_a_linearized_network_moves_as_a_whole():
    """(Forward-mode derivatives, which its outputs are, cannot be pretended.)"""
    with PretendGpu():
        moved = tangent.linearized(SMALL).to("cuda")
        tensors = [*moved.parameters(), *moved._module[0].parameters()]
        assert {t.device.type for t in tensors} == {"cuda"}


def hashed_orders(n: list[int], epoch: int = 3) -> torch.Tensor:
    keys = torch.cat([hashing.hash_keys(seed, "order", 1) for seed in range(len(n))])
    valid = torch.arange(max(n)) < torch.tensor(n)[:, None]
    return hashing.permutations(keys, torch.tensor(epoch, dtype=torch.int32), valid)


def test_an_order_made_of_hashes_is_a_permutation_of_the_networks_own():
    """The same in any stack, another in each epoch, and every example equally often in every place."""
    orders = hashed_orders([20, 12, 20])
    assert all(sorted(own[:n].tolist()) == list(range(n)) for own, n in zip(orders, (20, 12, 20), strict=True))
    assert torch.equal(orders[:2, :12], hashed_orders([20, 12])[:, :12])
    assert torch.equal(orders[1, :12], hashed_orders([12, 12])[1])
    assert not torch.equal(orders, hashed_orders([20, 12, 20], epoch=4))
    first = torch.stack([hashed_orders([8] * 50, epoch) for epoch in range(200)]).flatten(0, 1)  # [10000, 8]
    places = torch.stack([(first == example).double().mean(0) for example in range(8)])
    assert (places - 1 / 8).abs().max() < 0.02  # six standard deviations
    followers = torch.nn.functional.one_hot(first[:, 0] * 8 + first[:, 1], 64).double().mean(0).view(8, 8)
    assert (followers[~torch.eye(8, dtype=bool)] - 1 / 56).abs().max() < 0.008


def test_copies_are_drawn_equally_often():
    keys, ways = torch.cat([hashing.hash_keys(s, "version", 1) for s in (0, 1)]), torch.tensor([3, 5])
    drawn = hashing.choices(keys, torch.tensor(1, dtype=torch.int32), 10_000, ways)
    for own, number in zip(drawn, (3, 5), strict=True):
        assert (torch.bincount(own, minlength=number) / 10_000 - 1 / number).abs().max() < 0.03
        assert own.max() == number - 1


# --- what is refused, and what is planned ------------------------------------------------------------------------------


def test_data_may_lie_there_already():
    with PretendGpu():
        moved = Data(
            "images", *(getattr(IMAGES, name).to("cuda") for name in ("x", "y", "x_test", "y_test")), "digits", 10
        )
        assert moved.x.device.type == "cuda"
        found = train(stack(batch_size=None), moved, ["weights", "correct"], device="cuda")
    for there, here in zip(found, train(stack(batch_size=None), IMAGES, ["weights", "correct"], "cpu"), strict=True):
        np.testing.assert_allclose(there["weights"], here["weights"], atol=1e-5)
        np.testing.assert_array_equal(there["examples"], here["examples"])


def test_a_sweep_plans_and_trains_there():
    with PretendGpu():
        planned = sweep.sweep(mlp([3, 4]), IMAGES, n=12, epochs=4, lr=0.1, seed=range(2), explain=True)
        found = sweep.sweep(mlp([3, 4]), IMAGES, n=12, epochs=4, lr=0.1, seed=range(2), cache=False)
    assert set(planned.device) == set(found.device) == {"cuda"}
    here = sweep.sweep(mlp([3, 4]), IMAGES, n=12, epochs=4, lr=0.1, seed=range(2), cache=False, device="cpu")
    np.testing.assert_allclose(found.train_loss, here.train_loss, rtol=1e-5)


def test_a_process_takes_half_of_what_is_free_there():
    with PretendGpu() as gpu:
        all_of_it = memory_limit(torch.device("cuda"))
        gpu.free = gpu.properties.total_memory // 2
        half = memory_limit(torch.device("cuda"))
        gpu.free -= 2**20  # another plan for a little less would train other stacks after an interruption
        assert memory_limit(torch.device("cuda")) in (half, half - gpu.properties.total_memory // 16)
        gpu.free = 2**28
        with pytest.raises(ValueError, match=r"takes about .* GiB to train but one process may take 0\.1 GiB here"):
            sweep.sweep(mlp(200_000), IMAGES, n=12, epochs=1, lr=0.1, cache=False)
    assert (all_of_it, half) == (gpu.properties.total_memory // 2, gpu.properties.total_memory // 4)


def test_an_evaluation_counts_in_the_plan():
    """It takes two thousand images at a time, whatever a batch is."""
    many = dataclasses.replace(IMAGES, x_test=IMAGES.x_test.repeat(200, 1), y_test=IMAGES.y_test.repeat(200))
    settings, record = Settings(CNN(8), n=12, batch_size=4, epochs=1, lr=0.1), {}
    with PretendGpu():
        few, more = (plan([settings], data, torch.device("cuda"), record)[0].bytes for data in (IMAGES, many))
    units = settings.architecture.sizes(IMAGES.shape, 10).units
    assert more - few > 0.9 * 4 * 2000 * units


@pytest.mark.parametrize(("capability", "refused"), [(7, True), (8, False)])
def test_bfloat16_where_the_hardware_has_none_is_refused_in_a_sentence(capability, refused):
    said = (
        pytest.raises(ValueError, match=r"cuda\S* multiplies no bfloat16 by itself; choose dtype='float32'\.$")
        if refused
        else contextlib.nullcontext()
    )
    with PretendGpu(capability):
        with said:
            train(stack(dtype="bfloat16"), IMAGES, device="cuda")
        with said:
            evaluate.outputs(there(SMALL), FOUR.to("cuda"), dtype=torch.bfloat16)


@pytest.mark.parametrize("function", [curvature.top_eigenvalue, coherence.m_coherence, sharpness.box])
def test_another_device_is_refused_in_a_sentence(function):
    with pytest.raises(
        ValueError, match=r"x is on 'meta', where not all is computed that is needed; move it to 'cpu' or"
    ):
        function(SMALL, FOUR.to("meta"), THREE)
    with pytest.raises(ValueError, match=r"The network is on 'meta', where not all is computed"):
        function(copy.deepcopy(SMALL).to("meta"), FOUR, THREE)


@pytest.mark.parametrize("device", ["mps", "xpu", "meta", torch.device("mps")])
def test_networks_train_on_no_other_device(device):
    with pytest.raises(ValueError, match="networks train on 'cpu', or on 'cuda' where there is a GPU of NVIDIA or AMD"):
        train(stack(), IMAGES, device=device)


# --- what the host waits for -------------------------------------------------------------------------------------------

WAITS = {  # functions that wait for the GPU, once for each time at which something is recorded or looked at
    "_divergence_losses", "record_due", "_evaluate_weights", "vectors", "results", "leaving", "branch",
}  # fmt: skip


def waits(count: int, n: int, architecture: Callable = MLP) -> Counter[str]:
    """What is waited for while so many networks train on so many examples, at all that is recorded."""
    settings = BASE | {"n": n, "batch_size": n // 2 if n < 20 else 4, "stop_loss": 0.01}
    networks = [Settings(architecture(3), **settings | {"init_seed": seed}) for seed in range(count)]
    gpu = check_training(networks, IMAGES)
    names = {next(name for name in event.within if name[0] != "<") for event in gpu.events if event.kind in READS}
    assert names <= WAITS
    return gpu.reads


def check_waits() -> None:
    """Fail unless the host waits equally often however many networks, examples and steps there are."""
    assert waits(2, 12) == waits(3, 24)
    assert waits(1, 12, CNN) == waits(1, 24, CNN)


def test_the_host_waits_for_nothing_that_grows():
    check_waits()


@pytest.mark.parametrize(
    ("function", "steps"),
    [
        (sensitivity.critical_samples, "steps"),
        (sharpness.box, "steps"),
        (sharpness.trace, "probes"),
        (critical_points.TanhNet.minimise, "iterations"),
        (critical_points.TanhNet.critical_points, "iterations"),
        (deep_linear.descend, "steps"),
        (diagonal.descend, "steps"),
        (guessing.descend, "steps"),
        (students.descend, "steps"),
        (tangent.fit, "steps"),
    ],
    ids=lambda value: getattr(value, "__qualname__", value),
)
def test_no_step_of_a_measure_is_waited_for(function, steps):
    few, many = (check_measure(function, MEASURES[function] | {steps: number}).reads for number in (4, 9))
    assert few == many


def test_a_graph_is_recorded_and_replayed_once_a_stack_has_begun():
    for name in ("lr", "stop_loss", "gradient_penalty"):
        for networks in (each for each in STACKS[name] if each[0].architecture.stacks):
            with PretendGpu() as gpu:
                train(networks, IMAGES, device="cuda")
            assert gpu.replays > 0, name


# Each is a mistake that was planted, by exchanging a function of the package, and that a check must not let pass.


def planted(owner: Any, name: str, change: Callable) -> Callable[[pytest.MonkeyPatch], None]:
    """Exchange a function for ``change(the function)``."""
    return lambda patch: patch.setattr(owner, name, change(getattr(owner, name)))


def and_then(extra: Callable) -> Callable:
    """The same function, and something beside it."""

    def change(function: Callable) -> Callable:
        def changed(self, *args, **kwargs):
            found = function(self, *args, **kwargs)
            extra(self)
            return found

        return changed

    return change


def an_order_by_the_host(function: Callable) -> Callable:
    return lambda self: Examples._drawn_slots(self)


def an_index_made_on_the_host(function: Callable) -> Callable:
    def gather(self, pool, rows):
        self.features.flatten(0, 1).copy_(pool[torch.arange(rows.numel()) % len(pool)])
        self.enter()

    return gather


def a_tensor_made_on_the_host(function: Callable) -> Callable:
    return lambda self, logits, y: function(self, logits, y) + torch.zeros(logits.shape)


def masks_left_on_the_host(function: Callable) -> Callable:
    return lambda self, epoch: [mask.cpu() for mask in function(self, epoch)]


def noise_drawn_by_the_host(function: Callable) -> Callable:
    def perturb(self, memory, labels):
        function(self, memory, labels)
        memory.features.add_(0 * torch.randn(memory.features.shape).to(self.device))

    return perturb


def a_generator_of_the_host(function: Callable) -> Callable:
    def perturb(self, memory, labels):
        function(self, memory, labels)
        torch.zeros(3, device=self.device).normal_(generator=torch.Generator())

    return perturb


def steps_counted_by_the_host(function: Callable) -> Callable:
    def schedule(self):
        self.made = getattr(self, "made", -1) + 1
        return torch.full((), 0.5 * (1 + math.cos(math.pi * self.made / self.last_step)), device=self.device)

    return schedule


def a_counter_in_new_memory(function: Callable) -> Callable:
    def step(self, *batch):
        self.steps_made = self.steps_made.clone()
        return function(self, *batch)

    return step


def a_loss_read_by_example(function: Callable) -> Callable:
    def outcomes(self, test):
        losses, wrong = function(self, test)
        return torch.stack([torch.full_like(row, 0).add_(row) for row in losses]), torch.stack(
            [torch.tensor([float(value) for value in row], device=self.device) for row in wrong]
        )

    return outcomes


def numpy_of_a_tensor_there(function: Callable) -> Callable:
    return lambda self: self.weights[0].numpy() is None or function(self)


FAULTS = {
    "a CPU index": (planted(Pass, "gather", an_index_made_on_the_host), "lr"),
    "a host permutation": (planted(Examples, "_hashed_slots", an_order_by_the_host), "lr"),
    "an item() in a step": (planted(Stack, "_update", and_then(lambda self: self.lr.max().item())), "lr"),
    "a tensor made on the CPU in the loss": (planted(Stack, "_residual", a_tensor_made_on_the_host), "lr"),
    "a mask left on the host": (planted(Stack, "_masks", masks_left_on_the_host), "mask"),
    "randn on the host in a step": (planted(Stack, "_perturb_inputs", noise_drawn_by_the_host), "input_noise"),
    "a generator of the host": (planted(Stack, "_perturb_inputs", a_generator_of_the_host), "input_noise"),
    "nonzero in a step": (planted(Stack, "_update", and_then(lambda self: self.lr.flatten().nonzero())), "lr"),
    "tolist in a step": (planted(Stack, "_update", and_then(lambda self: self.lr.tolist())), "lr"),
    "an if on the device": (planted(Stack, "_update", and_then(lambda self: bool((self.lr > 0).all()))), "lr"),
    "a step counted on the host": (planted(Stack, "_schedule_factor", steps_counted_by_the_host), "schedule"),
    "new memory under a graph": (planted(Stack, "_step", a_counter_in_new_memory), "schedule"),
    "NumPy of a tensor there": (planted(Stack, "finite", numpy_of_a_tensor_there), "lr"),
    "a stop read in a step": (planted(Single, "_goes_on", and_then(lambda self: bool(self.frozen))), "stop_loss"),
    "a measure that ignores its device": (planted(curvature, "chosen_device", lambda f: lambda d: torch.device("cpu")), "runs"),
    "an evaluation that reads by example": (planted(Stack, "outcomes", a_loss_read_by_example), "waits"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault, monkeypatch):
    plant, where = FAULTS[fault]
    plant(monkeypatch)
    checks = {"runs": lambda: check_measure(curvature.sharpness, MEASURES[curvature.sharpness]), "waits": check_waits}
    with pytest.raises((AssertionError, RuntimeError, TypeError)):
        checks.get(where, lambda: [check_training(networks, IMAGES) for networks in STACKS.get(where, [])])()
