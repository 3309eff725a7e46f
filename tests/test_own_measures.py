"""Measures of the user's own, taken of networks while they train: `record={"mine": (function, epochs)}`."""

import importlib
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from overparam.architectures.alone import CNN, Custom
from overparam.architectures.stacked import CNN1D, MLP, mlp
from overparam.data.load import digits
from overparam.engine import plan
from overparam.engine.settings import Settings
from overparam.engine.sweep import network, run, sweep
from overparam.engine.train import train
from overparam.engine.workers import LocalWorkers

EPOCHS = [0, 1.5, 4]
SETTINGS = {"n": 40, "epochs": 6, "lr": 0.1, "batch_size": 10, "device": "cpu"}


@pytest.fixture(scope="module")
def images():
    return digits(400)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    return tmp_path / "runs"


def last(runs, name):
    return runs[name].map(lambda values: values[-1])


class Noisy(nn.Module):
    """A network of one's own with batch norm and dropout."""

    def __init__(self, width):
        super().__init__()
        parts = nn.Linear(64, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(width, 10)
        self.layers = nn.Sequential(*parts)

    def forward(self, x):
        return self.layers(x)


def train_error(module, data):
    with torch.no_grad():
        return (module(data.x).argmax(1) != data.y).float().mean()


def error_on_tests(module, data):
    with torch.no_grad():
        return float((module(data.x_test).argmax(1) != data.y_test).double().mean())


def distance(module, data):
    """How long the weights are."""
    return sum(p.square().sum() for p in module.parameters()).sqrt()


@pytest.mark.parametrize(
    "architectures",
    [
        [MLP(3), MLP(9), MLP(5)],
        [MLP(3, 2, batch_norm=True), MLP(8, 2, batch_norm=True)],
        [CNN1D(2, batch_norm=True)],
        [CNN(2)],
        [Custom(Noisy, (("width", 6),))],
    ],
    ids=str,
)
def test_a_measure_sees_the_network_and_its_own_examples(images, architectures):
    record = {"curves": EPOCHS, "taught": (train_error, EPOCHS), "tested": (error_on_tests, EPOCHS)}
    noisy = {name: value for name, value in SETTINGS.items() if name != "device"} | {"label_noise": 0.3}
    networks = [Settings(a, **noisy, init_seed=i, data_seed=i) for i, a in enumerate(architectures)]
    for row in train(networks, images, record, "cpu"):
        np.testing.assert_array_equal(row["taught_epoch"], [*EPOCHS, 6])
        np.testing.assert_allclose(row["taught"], row["curve_train_error"], atol=1e-6)
        np.testing.assert_allclose(row["tested"], row["curve_test_error"], atol=1e-6)


def test_a_measure_is_that_of_the_recorded_weights(images):
    record = {"weights": EPOCHS, "length": (distance, EPOCHS)}
    runs = sweep(mlp([3, 8]), images, averaging=[0.9], record=record, **SETTINGS)
    for _, row in runs.iterrows():
        recorded = [distance(network(row, images, time), images).item() for time in range(4)]
        np.testing.assert_allclose(row["length"], recorded, rtol=1e-6)


def test_networks_that_stop_early_keep_their_own_measures(images):
    networks = [Settings(MLP(32), 40, 300, 0.5, stop_fitted=1, init_seed=i, data_seed=i) for i in range(4)]
    together = run(networks, images, record={"length": (distance, range(0, 300, 7)), "weights": None}, device="cpu")
    assert together.epochs_run.nunique() > 1
    for _, row in together.iterrows():
        assert row["length_epoch"][-1] == row.epochs_run
        assert row["length"][-1] == pytest.approx(np.linalg.norm(row["weights"][-1]), rel=1e-5)


@pytest.mark.parametrize("architecture", [MLP(4), Custom(Noisy, (("width", 6),))], ids=str)
def test_training_does_not_notice(images, architecture):
    def destroy(module, data):
        torch.rand(3)
        for p in module.parameters():
            p.data.zero_()
        data.x.zero_()
        return 0

    settings = Settings(architecture, 40, 3, 0.1, batch_size=10)
    (plain,) = train([settings], images, ["weights"], "cpu")
    (watched,) = train([settings], images, {"weights": None, "mine": (destroy, range(3))}, "cpu")
    np.testing.assert_array_equal(plain["weights"], watched["weights"])


def test_gradients_can_be_taken_and_what_is_drawn_follows_from_the_seed(images):
    def gradient(module, data):
        loss = nn.functional.cross_entropy(module(data.x), data.y)
        return sum(g.square().sum() for g in torch.autograd.grad(loss, list(module.parameters())))

    def drawn(module, data):
        return torch.rand(())

    record = {"steep": gradient, "drawn": drawn}
    first, second = (sweep(mlp(4), images, seed=range(2), record=record, cache=False, **SETTINGS) for _ in range(2))
    assert (last(first, "steep") > 0).all()
    assert last(first, "drawn").nunique() == 2
    assert last(first, "drawn").equals(last(second, "drawn"))


def test_weights_that_are_not_finite_are_not_measured(images):
    def never_nan(module, data):
        assert all(p.isfinite().all() for p in module.parameters())
        return 1

    settings = Settings(MLP(4), 40, 40, 1e30)
    (row,) = train([settings], images, {"mine": (never_nan, [0])}, "cpu")
    assert row["diverged"]
    assert row["mine"][0] == 1
    assert math.isnan(row["mine"][-1])


def test_measures_are_stored_under_their_code(images, in_this_process, monkeypatch):
    def measured(scale):
        return sweep(mlp(4), images, record={"mine": lambda module, data: scale}, **SETTINGS).mine[0][-1]

    assert measured(1) == 1
    assert measured(2) == 2
    monkeypatch.setattr("overparam.engine.sweep.train", lambda *_: pytest.fail("it was trained again"))
    assert measured(1) == 1


def test_a_measure_of_which_not_all_can_be_told_is_taken_anew_and_it_is_said(images, cache):
    numbers = iter(range(99))
    with pytest.warns(UserWarning, match="It cannot be told what a measure of your own depends on"):
        runs = sweep(mlp(4), images, record={"mine": lambda module, data: next(numbers)}, **SETTINGS)
    assert len(runs) == 1
    assert not list(cache.rglob("*.parquet"))


def test_workers_take_measures_that_they_can_import(images, tmp_path, monkeypatch):
    text = "import os\n\ndef process(module, data):\n    return os.getpid()\n"
    (tmp_path / "importable_measure.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(plan.MAX_STACK, "cpu", 1)
    mine = importlib.import_module("importable_measure")
    options = SETTINGS | {"cache": False, "executor": LocalWorkers(0.0), "seed": range(2)}
    there = sweep(mlp(4), images, record={"mine": mine.process}, **options)
    here = sweep(mlp(4), images, record={"mine": lambda module, data: mine.process(module, data)}, **options)
    sys.modules.pop("importable_measure")
    assert mine.os.getpid() not in set(last(there, "mine"))
    assert set(last(here, "mine")) == {mine.os.getpid()}  # a function without a name of its own stays where it is


def fails(module, data):
    raise KeyError("nothing\nthere")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"mine": fails}, r"mine of MLP\(width=4.*cannot be measured \(KeyError: 'nothing.*\)"),
        ({"mine": lambda module, data: module(data.x)}, "mine must give one number; of MLP.*it gave Tensor of shape"),
        ({"mine": lambda module, data: None}, "mine must give one number; of MLP.* it gave None"),
        ({"mine": lambda module: 1}, "mine of MLP.*cannot be measured .TypeError"),
        ({"mine": (fails, [-1])}, "Epochs at which mine are recorded count from 0"),
        ({"mine": [0, 1]}, "Cannot record mine; choose from .* or give a function of your own"),
        ({"width": fails}, "width is an argument of the architecture; give your measure another name"),
        ({"lr": fails}, "'lr' is no free name"),
        ({"weights": fails}, "'weights' is no free name"),
        ({"curve_mine": fails}, "'curve_mine' is no free name"),
        ({"two words": fails}, "'two words' is no free name"),
    ],
)
def test_errors_are_one_sentence_before_any_work(images, cache, monkeypatch, record, said):
    monkeypatch.setattr("overparam.engine.sweep.train", lambda *_: pytest.fail("it was trained first"))
    with pytest.raises(ValueError, match=said) as raised:
        sweep(mlp(4), images, record=record, **SETTINGS)
    assert "\n" not in str(raised.value)
    assert not list(cache.rglob("*.parquet"))


def test_several_data_sets_are_each_measured_with_their_own(images):
    fewer = replace(images, name="fewer", x_test=images.x_test[:7], y_test=images.y_test[:7])
    record = {"tests": lambda module, data: len(data.x_test)}
    runs = sweep(mlp(4), {"all": images, "fewer": fewer}, record=record, **SETTINGS)
    assert last(runs, "tests").to_list() == [len(images.x_test), 7]


@pytest.mark.parametrize("architecture", [MLP(8, 2, batch_norm=True), CNN(2)], ids=str)
def test_a_measure_finds_its_network_and_its_data_on_the_gpu(images, architecture):
    pretend_gpu = pytest.importorskip("pretend_gpu")

    def steep(module, data):
        loss = nn.functional.cross_entropy(module(data.x), data.y) + nn.functional.mse_loss(data.x_test, data.x_test)
        return sum(g.square().sum() for g in torch.autograd.grad(loss, list(module.parameters())))

    settings = Settings(architecture, 40, 1, 0.1, batch_size=10)
    (here,) = train([settings], images, {"steep": (steep, [0])}, "cpu")
    with pretend_gpu.PretendGpu():
        (there,) = train([settings], images, {"steep": (steep, [0])}, "cuda")
    assert there["steep"][0] == pytest.approx(here["steep"][0], rel=1e-3)


def test_what_a_measure_writes_into_its_data_reaches_neither_training_nor_the_user(images):
    def spoil(module, data):
        for part in (data.x, data.x_test):
            part.add_(1)
        data.y_test.zero_()
        return 0

    kept = replace(images, x_test=images.x_test.clone(), y_test=images.y_test.clone())
    networks = [Settings(MLP(4), **{k: v for k, v in SETTINGS.items() if k != "device"})]
    (expected,) = train(networks, kept, ["curves"], "cpu")
    (found,) = train(networks, images, {"curves": None, "spoil": (spoil, [0, 2])}, "cpu")
    assert torch.equal(images.x_test, kept.x_test)
    assert torch.equal(images.y_test, kept.y_test)
    np.testing.assert_array_equal(found["curve_test_loss"][-1], expected["curve_test_loss"][-1])


@pytest.mark.parametrize("around", [torch.no_grad(), torch.inference_mode()])
def test_a_measure_in_a_decorator_is_known_by_its_own_code(images, around):
    def measured(number):
        @around
        def mine(module, data):
            return number

        return last(sweep(mlp(4), images, record={"mine": mine}, **SETTINGS), "mine").item()

    assert [measured(number) for number in (1.0, 2.0)] == [1, 2]


def test_what_is_more_than_its_elements_is_measured_anew(images):
    class Missing(dict):
        def __missing__(self, key):
            return 3

    table = Missing()
    with pytest.warns(UserWarning, match="cannot be told"):
        runs = sweep(mlp(4), images, record={"mine": lambda module, data: table["x"]}, **SETTINGS)
    assert last(runs, "mine").item() == 3


def test_a_network_that_keeps_what_it_computed_is_measured(images):
    (found,) = train([Settings(Custom(Keeping), n=40, epochs=3, lr=0.1)], images, {"error": (train_error, [1])}, "cpu")
    assert 0 <= found["error"][0] <= 1


class Keeping(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x):
        self.kept = self.layer(x)
        return self.kept


def test_a_measure_over_numbers_of_any_kind_is_stored(images):
    weights = torch.ones(3, dtype=torch.bfloat16)
    runs = sweep(mlp(4), images, record={"mine": lambda module, data: weights.sum()}, **SETTINGS)
    assert last(runs, "mine").item() == 3
