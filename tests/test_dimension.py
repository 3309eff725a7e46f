"""Effective dimensions: of spectra that are known, and by quadrature against all eigenvalues."""

import numpy as np
import pytest
import torch

from overparam import data, measures, mlp, sweep
from overparam.engine.sweep import network
from overparam.measures import curvature, dimension, sharpness


def test_directions_count_where_they_are_curved():
    spectrum = [1e6, 1e6, 1.0, 0.0, -5.0]
    assert dimension.effective_dimension(spectrum, 1.0) == pytest.approx(2.5, abs=1e-5)
    assert dimension.effective_dimension(torch.tensor(spectrum), 1e9) == pytest.approx(0.002, rel=1e-2)


@pytest.mark.parametrize("alpha", [0, -1.0, "small"])
def test_alpha_is_positive(alpha):
    with pytest.raises(ValueError, match="alpha"):
        dimension.effective_dimension([1.0], alpha)


@pytest.fixture(scope="module")
def runs():
    own = data.digits(1000, 0)
    grid = {"n": 60, "epochs": 30, "lr": 0.1, "seed": range(2), "cache": False}
    return own, sweep(mlp([2, 3]), own, record={"weights": [0]}, **grid)


def exact(own, table):
    for _, row in table.iterrows():
        net, rows = network(row, own), curvature.subset(own, row.n, row.data_seed)
        yield net, own.x[rows], own.y[rows]


def test_quadrature_finds_the_dimension_of_the_hessian(runs):
    own, table = runs
    found = dimension.of_hessians(table, own, [1e-3, 0.1], steps=60, probes=100)
    for (net, x, y), row in zip(exact(own, table), found.to_numpy(), strict=True):
        spectrum = torch.linalg.eigvalsh(curvature.hessian(net, x, y))
        for alpha, value in zip((1e-3, 0.1), row, strict=True):
            assert value == pytest.approx(dimension.effective_dimension(spectrum, alpha), rel=0.08)


def test_a_dimension_falls_as_alpha_grows(runs):
    own, table = runs
    found = dimension.of_hessians(table, own, [1e-3, 1e-2, 0.1])
    assert (np.diff(found.to_numpy(), axis=1) < 0).all()
    assert list(found.columns) == [1e-3, 1e-2, 0.1]


def test_traces_of_a_table_are_those_of_its_networks(runs):
    own, table = runs
    found = sharpness.traces(table, own, probes=7)
    expected = [sharpness.trace(net, x, y, probes=7) for net, x, y in exact(own, table)]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_nothing_is_asked_for(runs):
    own, table = runs
    with pytest.raises(ValueError, match="alphas lists positive numbers; got \\[\\]"):
        dimension.of_hessians(table, own, [])


def test_weight_statistics_are_those_of_numpy():
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 6.0]]))
    found = measures.weight_statistics(net)
    assert found["layer 1 weight mean"] == 3
    assert found["layer 1 weight deviation"] == pytest.approx(np.std([1, 2, 3, 6]))
    assert (found["layer 1 weight 0%"], found["layer 1 weight 50%"], found["layer 1 weight 100%"]) == (1, 2.5, 6)
    assert len(found) == 4 * 7
    with torch.no_grad():
        net[2].bias.fill_(torch.nan)
    with pytest.raises(ValueError, match="The bias of layer 2 must be finite"):
        measures.weight_statistics(net)


def test_margins_are_what_the_right_class_is_ahead_by():
    outputs = torch.tensor([[2.0, 0.5, 1.0], [0.0, 3.0, 1.0]])
    same = torch.nn.Linear(3, 3, bias=False)
    torch.nn.init.eye_(same.weight)
    found = measures.margins(same, outputs, torch.tensor([0, 2]))
    assert found.tolist() == [1.0, -2.0]
