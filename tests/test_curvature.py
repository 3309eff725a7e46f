"""The largest eigenvalue of the Hessian against dense Hessians, known spectra, and networks taken one by one."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from overparam import data
from overparam.architectures import stacked
from overparam.architectures.evaluate import losses
from overparam.architectures.stacked import CNN1D, MLP
from overparam.data.dataset import Data
from overparam.engine import sweep
from overparam.measures import curvature
from overparam.randomness import generator


def dense(module, x, y, loss):
    """All eigenvalues of the Hessian, ascending."""
    start = nn.utils.parameters_to_vector(module.parameters()).detach()
    names = [name for name, _ in module.named_parameters()]

    def mean_loss(vector):
        parts = vector.split([p.numel() for p in module.parameters()])
        parameters = {n: v.view_as(p) for n, v, p in zip(names, parts, module.parameters(), strict=True)}
        return losses(torch.func.functional_call(module, parameters, (x,)), y, loss).mean()

    return torch.linalg.eigvalsh(torch.func.hessian(mean_loss)(start)).numpy()


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
@pytest.mark.parametrize("architecture", [MLP(4), MLP(5, depth=2), CNN1D(2, depth=2, kernel=3)])
def test_it_is_the_largest_eigenvalue_of_the_dense_hessian(architecture, loss):
    g = generator(0, "test")
    x, y = torch.randn(30, 12, generator=g, dtype=torch.float64), torch.arange(30) % 3
    for seed in range(3):
        module = architecture.build((12,), 3, generator(seed, "init")).double()
        found = curvature.top_eigenvalue(module, x, y, loss, tolerance=1e-6)
        assert found == pytest.approx(dense(module, x, y, loss)[-1], rel=1e-6)


class Quadratic(nn.Module):
    """½ wᵀA w for every example, at w = 0: the squared error to the target −½ has the Hessian A."""

    def __init__(self, spectrum):
        super().__init__()
        size = len(spectrum)
        q = torch.linalg.qr(torch.randn(size, size, generator=generator(0, "test"), dtype=torch.float64))[0]
        self.a = q * torch.tensor(spectrum, dtype=torch.float64) @ q.T
        self.w = nn.Parameter(torch.zeros(size, dtype=torch.float64))

    def forward(self, x):
        return (self.w @ self.a @ self.w / 2).expand(len(x), 1)

    def top(self, **settings):
        x = torch.zeros(2, 1)
        return curvature.top_eigenvalue(self, x, torch.full((2, 1), -0.5), "squared", **settings)


@pytest.mark.parametrize(
    "spectrum",
    [
        [3.0, 1.0, 0.5, 0.1],
        [2.0, 1.0, -100.0, -3.0],  # the largest, not the one of largest size
        [-1.0, -2.0, -7.0],
        [4.0, 4.0, 4.0, 1.0],  # Krylov space ends early
        [0.0, 0.0, 0.0],
        [0.0, -5.0, -1.0],
        [1.5],
        [*np.linspace(-1, 1, 80), 1.3, 1.25],
    ],
)
def test_a_quadratic_with_a_known_spectrum(spectrum):
    assert Quadratic(spectrum).top() == pytest.approx(max(spectrum), rel=1e-4, abs=1e-9)


def test_an_eigenvalue_lies_within_the_tolerance():
    spectrum = np.linspace(0, 1, 300) ** 2
    module = Quadratic(spectrum)
    for tolerance in (0.1, 0.01, 1e-4):
        found = module.top(tolerance=tolerance)
        assert np.abs(spectrum - found).min() <= tolerance * found
    assert found == pytest.approx(1, rel=1e-6)


def test_too_few_iterations_are_an_error():
    with pytest.raises(RuntimeError, match=r"After 3 iterations .* raise iterations, or tolerance from 0\.0001"):
        Quadratic(np.linspace(0, 1, 50)).top(iterations=3)


def test_the_module_stays_as_it_was():
    module = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(inplace=True), nn.Linear(6, 3))
    x, y = torch.randn(20, 4, generator=generator(0, "test")), torch.arange(20) % 3
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.train()
    with torch.no_grad():
        first = curvature.top_eigenvalue(module, x, y)
    assert first == curvature.top_eigenvalue(module, x, y)
    assert module.training
    assert all(p.grad is None for p in module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    module.eval()
    assert first == pytest.approx(dense(module, x, y, "cross_entropy")[-1], rel=1e-3)  # running statistics


# --- Tables of runs ---------------------------------------------------------------------------------------------------

SETTINGS = {"epochs": 12, "lr": 0.3, "record": {"weights": [0, 5], "correct": [0]}, "cache": False, "device": "cpu"}


@pytest.fixture(scope="module")
def sets():
    return {"digits": data.digits(), "wrong labels": small("wrong", seed=3)}


def small(name, seed, classes=10):
    g = generator(seed, "test")
    x, y = torch.randn(60, 64, generator=g), torch.randint(classes, (60,), generator=g)
    return Data(name, x, y, x[:5], y[:5], "noise", classes=classes)


def one_by_one(runs, sets):
    """Every network at every time by itself, on the examples and labels that training recorded."""
    found = []
    for _, row in runs.iterrows():
        own = sets[row.data]
        x, y = own.x[torch.from_numpy(row.examples)], torch.from_numpy(row.labels)
        modules = [sweep.network(row, own, time) for time in range(len(row.weights))]
        found.append([curvature.top_eigenvalue(module, x, y, row.loss) for module in modules])
    return found


def agrees(found, expected):
    return all(a.shape == (len(b),) and a == pytest.approx(b, rel=1e-3) for a, b in zip(found, expected, strict=True))


def test_sharpness_of_a_sweep_is_that_of_its_networks(sets, monkeypatch):
    runs = pd.concat(
        [
            sweep.sweep(stacked.mlp([3, 8]), sets, n=[20, 30], label_noise=[0, 0.5], data_seed=2, **SETTINGS),
            sweep.sweep(stacked.mlp(6, depth=2), sets["digits"], n=25, stop_loss=2.2, seed=range(3), **SETTINGS),
            sweep.sweep(stacked.cnn1d(2), sets["digits"], n=25, loss="squared", seed=range(2), **SETTINGS),
        ]
    )
    runs.index = np.arange(len(runs))[::-1]
    found, expected = curvature.sharpness(runs, sets), one_by_one(runs, sets)
    assert found.index.equals(runs.index)
    assert agrees(found, expected)
    assert [len(values) for values in found] == [len(epochs) for epochs in runs.weights_epoch]
    for numbers in (1, 2**30):  # one network at a time, and all together
        monkeypatch.setitem(curvature._AT_ONCE, "cpu", numbers)
        assert agrees(curvature.sharpness(runs, sets), expected)
    assert agrees(runs.assign(top=found).top[runs.width == 8], found[runs.width == 8])


def test_times_differ_where_networks_stop(sets):
    d = sets["digits"]
    runs = sweep.sweep(stacked.mlp(8), d, n=30, stop_loss=[0, 2.25], **SETTINGS | {"lr": 0.05, "epochs": 30})
    assert {len(weights) for weights in runs.weights} == {2, 3}
    assert [len(values) for values in curvature.sharpness(runs, d)] == [len(weights) for weights in runs.weights]


def test_the_only_data_set_needs_no_name_but_several_do(sets):
    runs = sweep.sweep(stacked.mlp(4), sets, n=20, **SETTINGS)
    alone = runs[runs.data == "wrong labels"]
    assert agrees(curvature.sharpness(alone, sets["wrong labels"]), one_by_one(alone, sets))
    with pytest.raises(ValueError, match=r"trained on 'wrong labels'; pass the data sets by name.*Given: digits\."):
        curvature.sharpness(runs, sets["digits"])


def test_a_network_that_diverged_has_none_and_disturbs_no_other(sets):
    d = sets["digits"]
    runs = sweep.sweep(stacked.mlp(4), d, n=20, seed=range(3), **SETTINGS)
    expected = curvature.sharpness(runs, d)
    runs.weights.iloc[1][1, 7] = np.nan
    runs.weights.iloc[1][2] = np.inf
    found = np.stack(curvature.sharpness(runs, d))
    assert np.argwhere(np.isnan(found)).tolist() == [[1, 1], [1, 2]]
    assert found[~np.isnan(found)] == pytest.approx(np.stack(expected)[~np.isnan(found)], rel=1e-3)


def test_what_has_no_sharpness_is_one_sentence(sets):
    d, settings = sets["digits"], SETTINGS | {"epochs": 1}
    without = sweep.sweep(stacked.mlp(4), d, n=20, **settings | {"record": ()})
    with pytest.raises(ValueError, match=r'holds no weights; ask for them with record=\["weights"\]'):
        curvature.sharpness(without, d)
    normalised = sweep.sweep(stacked.mlp(4, batch_norm=True), d, n=20, **settings)
    with pytest.raises(ValueError, match="has batch norm"):
        curvature.sharpness(normalised, d)
    with pytest.raises(ValueError, match="mlp and cnn1d; for a transformer call top_eigenvalue"):
        curvature.sharpness(normalised.assign(architecture="transformer"), d)
    with pytest.raises(ValueError, match="table of runs is empty"):
        curvature.sharpness(without[:0], d)


def test_a_moment_is_what_was_recorded_there():
    d = data.digits(60)
    epochs = [0, 3, 10]
    record = dict.fromkeys(("weights", "test_correct", "curves"), epochs)
    runs = sweep.sweep(stacked.mlp([3, 5]), d, n=20, seed=[0, 1], lr=0.3, label_noise=0.3, epochs=10, record=record)
    then = curvature.at_moment(runs, d, lambda row: 1 if row.width == 3 else 2, validation=50)
    whole = curvature.sharpness(runs, d)
    for (_, row), (_, found), time in zip(runs.iterrows(), then.iterrows(), [1, 1, 2, 2], strict=True):
        assert found.epoch == epochs[time]
        assert found.train_loss == row.curve_train_loss[time]
        assert found.train_error == row.curve_train_error[time]
        assert found.test_error == pytest.approx(1 - row.test_correct[time, 50:].mean())
        assert found.sharpness == pytest.approx(whole[row.name][time])
        module, rows = sweep.network(row, d, time), data.subset(d, 20, row.data_seed)
        x, y = d.x[rows], data.corrupt_labels(d.y[rows], 0.3, 10, generator(row.data_seed, "label noise"))
        loss = nn.functional.cross_entropy(module(x), y)
        assert loss.item() == pytest.approx(found.train_loss, rel=1e-4)  # so these are its own labels
        slopes = torch.autograd.grad(loss, list(module.parameters()))
        assert found.squared_gradient == pytest.approx(sum(g.square().sum().item() for g in slopes), rel=1e-4)
    assert "curve_train_loss" not in then


def test_what_has_no_moments_is_one_sentence(sets):
    d, how = data.digits(60), {"n": 20, "lr": 0.1, "epochs": 4}
    apart = {"weights": [2], "test_correct": [2], "curves": [1, 2]}
    runs = sweep.sweep(stacked.mlp(3), d, **how, record=apart)
    with pytest.raises(ValueError, match="recorded at the same epochs"):
        curvature.at_moment(runs, d, lambda row: 0)
    with pytest.raises(ValueError, match="have no column 'test_correct'"):
        curvature.at_moment(sweep.sweep(stacked.mlp(3), d, **how, record=["weights", "curves"]), d, lambda row: 0)


def test_squared_gradient_of_a_linear_network():
    g = generator(0, "test")
    x, y = torch.randn(6, 3, generator=g), torch.randn(6, 2, generator=g)
    module = nn.Linear(3, 2)
    residual = (module(x) - y).detach()  # the loss is the mean over examples and outputs
    gradients = residual.T @ x / 6, residual.mean(0)
    expected = sum(float(part.square().sum()) for part in gradients)
    assert curvature.squared_gradient(module, x, y, "squared") == pytest.approx(expected, rel=1e-5)
