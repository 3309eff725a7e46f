"""Loss sensitivity against finite differences, critical samples against boundaries whose distance is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from overparam import data, mlp, network, sweep
from overparam.architectures.evaluate import losses
from overparam.architectures.stacked import CNN1D, MLP
from overparam.measures import sensitivity
from overparam.randomness import generator


def test_gini_of_values_we_know():
    assert sensitivity.gini(np.ones(5)) == pytest.approx(0)
    assert sensitivity.gini(np.array([0, 0, 0, 3.0])) == pytest.approx(3 / 4)
    values = np.random.default_rng(0).exponential(size=(2, 50))
    differences = np.abs(values[:, :, None] - values[:, None]).mean((1, 2))
    assert sensitivity.gini(values) == pytest.approx(differences / 2 / values.mean(1))
    assert sensitivity.gini(7 * values[:, ::-1]) == pytest.approx(sensitivity.gini(values))


@pytest.mark.parametrize("values", [[1.0, -1.0, 2.0], [0.0, 0.0], [1.0, np.nan]])
def test_gini_needs_amounts(values):
    with pytest.raises(ValueError, match="finite, not negative and not all 0; got"):
        sensitivity.gini(np.array(values))


# --- Unrolled training ------------------------------------------------------------------------------------------------

N, INPUTS, CLASSES, LR, BATCH, AT = 7, 3, 3, 0.5, 3, (1, 5)


@pytest.fixture
def training():
    """A smooth network in float64 and its examples; a batch of 3 leaves 1 of 7 at the end of every epoch."""
    g = generator(0, "test")
    module = nn.Sequential(nn.Linear(INPUTS, 4), nn.Tanh(), nn.Linear(4, CLASSES)).double()
    for p in module.parameters():
        p.data = torch.randn(p.shape, generator=g, dtype=torch.float64)
    x = torch.randn(N, INPUTS, generator=g, dtype=torch.float64)
    return module, x, torch.tensor([0, 1, 2, 0, 1, 2, 0])


def losses_after(module, x, y, steps, seed, loss):
    """Loss of every example after SGD written as one writes it."""
    order = generator(seed, "order")
    batches = [b for _ in range(steps) for b in torch.randperm(N, generator=order).split(BATCH)][:steps]
    parameters = {name: p.detach().clone().requires_grad_() for name, p in module.named_parameters()}
    for rows in batches:
        mean = losses(torch.func.functional_call(module, parameters, (x[rows],)), y[rows], loss).mean()
        gradients = torch.autograd.grad(mean, parameters.values())
        parameters = {
            name: (p - LR * g).detach().requires_grad_()
            for (name, p), g in zip(parameters.items(), gradients, strict=True)
        }
    with torch.no_grad():
        return losses(torch.func.functional_call(module, parameters, (x,)), y, loss)


def finite_differences(module, x, y, steps, groups, loss, by=1e-5):
    """Σ over inputs of |∂ mean loss of each group / ∂x_i| as [group, n]."""
    result = np.zeros((len(groups), N))
    for i in range(N):
        for j in range(INPUTS):
            step = torch.zeros_like(x)
            step[i, j] = by
            change = losses_after(module, x + step, y, steps, 3, loss) - losses_after(
                module, x - step, y, steps, 3, loss
            )
            result[:, i] += [abs(float(change[group].mean())) / (2 * by) for group in groups]
    return result


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_unrolled_sensitivity_is_the_derivative_of_training(training, loss):
    module, x, y = training
    found = sensitivity.unrolled(module, x, y, LR, BATCH, AT, seed=3, loss=loss)
    for t, row in zip(AT, found, strict=True):
        assert row == pytest.approx(finite_differences(*training, t, [slice(None)], loss)[0], rel=1e-6, abs=1e-9)


def test_the_steps_are_those_of_a_sweep():
    pool = data.linear_teacher(N, INPUTS, 0.1, 0, 2)
    pool = replace(pool, y=torch.tensor([0, 1, 2, 0, 1, 2, 0]), y_test=torch.tensor([0, 1]), classes=CLASSES)
    record = {"weights": [0, 2], "correct": [2]}
    row = sweep(mlp(4), pool, seed=3, lr=LR, batch_size=BATCH, epochs=2, record=record).iloc[0]
    x, y = pool.x[row.examples], torch.from_numpy(row.labels)
    retraced = losses_after(network(row, pool, 0), x, y, 2 * 3, seed=3, loss="cross_entropy")
    torch.testing.assert_close(losses(network(row, pool)(x), y, "cross_entropy").detach(), retraced)


def test_sensitivity_by_class_and_its_grid(training):
    module, x, y = training
    found = sensitivity.unrolled_by_class(module, x, y, CLASSES, LR, BATCH, AT, seed=3)
    expected = finite_differences(*training, AT[1], [y == k for k in range(CLASSES)], "cross_entropy")
    assert found.shape == (2, CLASSES, N)
    assert found[1] == pytest.approx(expected, rel=1e-6, abs=1e-9)
    grid = sensitivity.class_grid(found, y)
    assert grid.shape == (2, CLASSES, CLASSES)
    assert grid[1, 2, 0] == pytest.approx(expected[2, [0, 3, 6]].mean())


def test_unrolling_leaves_the_network_and_its_inputs_as_they_were(training):
    module, x, y = training
    before = [p.detach().clone() for p in module.parameters()]
    module.train()
    first = sensitivity.unrolled(module, x, y, LR, BATCH, AT)
    assert module.training
    assert not x.requires_grad
    assert all(p.grad is None and torch.equal(p, b) for p, b in zip(module.parameters(), before, strict=True))
    assert np.array_equal(first, sensitivity.unrolled(module, x, y, LR, BATCH, AT))
    assert not np.allclose(first, sensitivity.unrolled(module, x, y, LR, BATCH, AT, seed=1))


@pytest.mark.parametrize("architecture", [MLP(8, depth=2), CNN1D(4, depth=2)])
def test_unrolling_takes_the_networks_of_the_book(architecture):
    module = architecture.build((20,), 4, generator(0, "init"))
    x, y = torch.randn(20, 20, generator=generator(0, "test")), torch.arange(20) % 4
    whole = sensitivity.unrolled(module, x, y, 0.1, 10, at=range(2, 7, 2))
    by_class = sensitivity.unrolled_by_class(module, x, y, 4, 0.1, 10, at=range(2, 7, 2))
    assert (whole > 0).all()
    assert (
        by_class.mean(1) >= whole * (1 - 1e-5)
    ).all()  # the mean over equally large classes: the triangle inequality


def test_bad_settings_of_unrolling_are_one_sentence(training):
    module, x, y = training
    with pytest.raises(ValueError, match=r"from 1 up; got \[0, 3\]"):
        sensitivity.unrolled(module, x, y, LR, BATCH, (0, 3))
    with pytest.raises(ValueError, match=r"between 1 and the 7 examples; got 8"):
        sensitivity.unrolled(module, x, y, LR, 8, AT)
    with pytest.raises(ValueError, match=r"one of 0 to 3, and each must occur; got 3 different ones from 0 to 2"):
        sensitivity.unrolled_by_class(module, x, y, 4, LR, BATCH, AT)
    with pytest.raises(ValueError, match=r"one of 0 to 1, and each must occur"):
        sensitivity.unrolled_by_class(module, x, y, 2, LR, BATCH, AT)


# --- Critical samples -------------------------------------------------------------------------------------------------


def test_critical_samples_of_a_linear_classifier():
    """Its boundary lies at |w·x + b| / ‖w‖₁ in the L∞ distance, which a search by signs reaches."""
    g = generator(0, "test")
    module, x = nn.Linear(6, 2), torch.randn(400, 6, generator=g)
    module.weight.data, module.bias.data = torch.randn(2, 6, generator=g), torch.randn(2, generator=g)
    difference = module.weight[1] - module.weight[0]
    boundary = (module(x)[:, 1] - module(x)[:, 0]).abs() / difference.abs().sum()
    for radius in (0.05, 0.2, 1.0):
        found = sensitivity.critical_samples(module, x, radius, step_size=radius / 4)
        assert np.array_equal(found, (boundary < radius).detach().numpy())
        too_short = sensitivity.critical_samples(module, x, radius, step_size=radius / 4, steps=2)
        assert np.array_equal(too_short, (boundary < radius / 2).detach().numpy())


class Band(nn.Module):
    """Class 1 where the distance of a number from 0.5 is below 0.1, class 0 elsewhere."""

    def forward(self, x):
        return torch.cat([torch.zeros_like(x), 0.1 - (x - 0.5).abs()], 1)


def test_a_change_at_any_step_counts():
    x = torch.zeros(1, 1)
    assert sensitivity.critical_samples(Band(), x, radius=1.0, step_size=0.45, steps=2).all()  # 0.45, then 0.9
    assert not sensitivity.critical_samples(Band(), x, radius=0.39, step_size=0.45, steps=2).any()


def test_examples_that_do_not_fit_together_are_searched_in_parts(monkeypatch):
    x = torch.linspace(-1, 1, 30)[:, None]
    whole = sensitivity.critical_samples(Band(), x, 0.3, 0.1)
    monkeypatch.setattr(sensitivity, "_AT_ONCE", 7)
    assert np.array_equal(sensitivity.critical_samples(Band(), x, 0.3, 0.1), whole)


def test_a_search_needs_a_box():
    with pytest.raises(ValueError, match=r"radius > 0.*got radius=0, step_size=0\.1, steps=10"):
        sensitivity.critical_samples(Band(), torch.zeros(1, 1), 0, 0.1)
