"""Norms that bound the capacity of networks, against networks whose norms are known and against search."""

import math

import numpy as np
import pytest
import torch

from overparam import measures, mlp, network, sweep
from overparam.architectures.stacked import MLP
from overparam.data.dataset import Data
from overparam.randomness import generator
from overparam.theory import norm_bounds


@pytest.fixture
def module():
    return MLP(5, depth=2).build((3,), 2, generator(0, "init"))


def test_the_matrices_compute_the_difference_of_the_outputs(module):
    x = torch.randn(7, 3, generator=generator(0, "x"))
    at = torch.cat([x, torch.ones(7, 1)], 1).double().T
    *inner, last = norm_bounds.matrices(module)
    for layer in inner:
        at = (layer @ at).relu()
    outputs = module(x).detach()
    np.testing.assert_allclose((last @ at)[0], outputs[:, 1] - outputs[:, 0], atol=1e-5)


def test_the_radius_counts_the_constant():
    assert norm_bounds.radius(torch.tensor([[3.0, 4.0], [0.0, 0.0]])) == pytest.approx(math.sqrt((26 + 1) / 2))


def test_frobenius_of_known_layers():
    layers = [torch.full((2, 2), 1.0).double(), torch.tensor([[3.0, 4.0]]).double()]
    assert norm_bounds.frobenius(layers, 2.0, 100, "doubled") == pytest.approx(2 * 2 / 10 * 2 * 5)
    assert norm_bounds.frobenius(layers, 2.0, 100) == pytest.approx((math.sqrt(4 * math.log(2)) + 1) * 2 / 10 * 2 * 5)


def test_spectral_of_known_layers():
    layers = [2 * torch.eye(2).double(), torch.tensor([[3.0, 4.0]]).double()]
    start = [torch.zeros(2, 2).double(), torch.tensor([[3.0, 4.0]]).double()]  # the second layer has not moved
    assert norm_bounds.spectral(layers, start, 1.0, 4) == pytest.approx(0.5 * 10 * (4 / 2))


def test_a_bound_by_margins_of_known_size():
    margins = torch.cat([torch.full((198,), 4.0), torch.tensor([-1.0, 0.5])])
    expected = 0.02 + 2 * 0.1 / 4 + math.sqrt(math.log(10) / 400)
    assert norm_bounds.by_margin(margins, 0.1, share=0.02, failure=0.1) == pytest.approx(expected)
    with pytest.raises(ValueError, match="train longer"):
        norm_bounds.by_margin(-margins, 0.1)


def test_what_norms_say_of_a_run_is_what_its_parts_say():
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((60, 3)), np.arange(60) % 2
    x[:, 0] += 4 * y
    own = Data("two classes", x, y, x[:9], y[:9], "made up", classes=2)
    row = sweep(mlp(4), own, epochs=300, lr=0.2, seed=3, record={"weights": [0]}, cache=False).iloc[0]
    found, net = norm_bounds.of_run(row, own), network(row, own)
    margins = net(own.x).detach().diff(dim=1)[:, 0] * (2 * own.y - 1)
    complexity = norm_bounds.frobenius(norm_bounds.matrices(net), norm_bounds.radius(own.x), 60)
    assert found["rooted"] == pytest.approx(norm_bounds.by_margin(margins, complexity))
    assert found["rooted_part"] == pytest.approx(complexity / found["margin"])
    assert found["bits"] == pytest.approx(math.sqrt((32 * 26 * math.log(2) + math.log(20)) / 120))
    assert found["distance"] == pytest.approx(measures.distance(net, network(row, own, 0)), rel=1e-5)


def test_complexity_in_the_plane_by_hand():
    """One point (1, 0): a linear map reaches ±1 for either sign, a unit too."""
    assert norm_bounds.planar(np.array([[1.0, 0.0]])) == (1.0, 1.0)
    # Two opposite points: maps that are odd reach 2 where the signs differ and 0 where they agree; a unit reaches 1 always.
    assert norm_bounds.planar(np.array([[1.0, 0.0], [-1.0, 0.0]])) == (0.5, 0.5)


def test_no_wide_network_exceeds_what_one_unit_reaches():
    draw = np.random.default_rng(0)
    x = draw.standard_normal((6, 2))
    linear, hidden = norm_bounds.planar(x)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1).T
    best = np.zeros(len(signs))
    for width in (1, 3, 20) * 200:
        inner, outer = draw.laplace(size=(width, 2)), draw.laplace(size=width)
        inner /= np.abs(inner).sum(1, keepdims=True)
        best = np.maximum(best, np.abs(signs @ np.maximum(inner @ x.T, 0).T @ outer / np.abs(outer).sum()))
    assert 0.9 * hidden < best.mean() / 6 <= hidden + 1e-12
    assert hidden <= 2 * linear


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: norm_bounds.matrices(MLP(3).build((3,), 3, generator(0, "init"))), "Two classes"),
        (lambda: norm_bounds.matrices(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())), "Tanh"),
        (lambda: norm_bounds.frobenius([torch.eye(2)], 1.0, 10, "tripled"), "depth must be"),
        (lambda: norm_bounds.spectral([torch.eye(2)], [], 1.0, 10), "equally many layers"),
        (lambda: norm_bounds.planar(np.ones((20, 2))), "up to 16"),
    ],
)
def test_what_makes_no_sense_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
