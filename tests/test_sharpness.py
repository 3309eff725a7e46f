"""Measures of flatness: closed forms where there are any, and what rescaling does to each."""

import numpy as np
import pytest
import torch
from torch import nn

from overparam import data, measures, mlp, sweep
from overparam.engine.sweep import network
from overparam.measures import curvature, sharpness


@pytest.fixture
def net():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 6), nn.ReLU(), nn.Linear(6, 3)).double()
    return module, torch.randn(20, 5, dtype=torch.float64), torch.randint(3, (20,))


def test_the_hessian_is_the_derivative_of_the_gradient(net):
    module, x, y = net
    H, place, step = curvature.hessian(module, x, y), 3, 1e-6

    def gradient(sign):
        moved = sharpness.rescaled(module, 1)
        with torch.no_grad():
            next(moved.parameters()).view(-1)[place] += sign * step
        loss = nn.functional.cross_entropy(moved(x), y)
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(moved.parameters()))])

    assert torch.allclose((gradient(1) - gradient(-1)) / (2 * step), H[place], atol=1e-8)
    assert torch.allclose(H, H.T, atol=1e-12)


@pytest.mark.parametrize("layer", [0, 1])
def test_rescaling_keeps_the_function_and_moves_the_hessian(net, layer):
    module, x, y = net
    changed = sharpness.rescaled(module, 10, layer)
    assert torch.allclose(changed(x), module(x), rtol=1e-12)
    assert not torch.allclose(changed[2 * layer].weight, module[2 * layer].weight)
    before, after = (curvature.hessian(m, x, y) for m in (module, changed))
    places = np.repeat(range(6), [p.numel() for p in module.parameters()])
    factor = {2 * layer: 10, 2 * layer + 1: 10, 2 * layer + 2: 0.1}
    scale = torch.tensor([factor.get(place, 1) for place in places], dtype=torch.float64)
    assert torch.allclose(after * scale * scale[:, None], before, rtol=1e-8, atol=1e-12)


def test_rescaling_leaves_adaptive_and_relative_sharpness_and_changes_the_others(net):
    module, x, y = net
    changed = sharpness.rescaled(module, 100, 1)
    for measure in (sharpness.adaptive, sharpness.relative):
        assert measure(changed, x, y) == pytest.approx(measure(module, x, y), rel=1e-9)
    for measure in (sharpness.box, sharpness.trace):
        assert measure(changed, x, y) > 2 * measure(module, x, y)


def test_traces_are_those_of_the_hessian(net):
    module, x, y = net
    H = curvature.hessian(module, x, y)
    assert sharpness.trace(module, x, y, probes=4000) == pytest.approx(float(H.trace()), rel=0.05)
    diagonal, expected, place = H.diagonal(), 0.0, 0
    for p in module.parameters():
        block = diagonal[place : place + p.numel()]
        expected += (p.dim() == 2) * float(p.detach().square().sum() * block.sum())
        place += p.numel()
    assert sharpness.relative(module, x, y, probes=4000) == pytest.approx(expected, rel=0.05)


def test_the_boxes_of_a_convex_loss():
    # One weight and one bias, squared loss on x = 1, y = 0: L = (w + b)², highest at a corner of the box.
    module = nn.Linear(1, 1).double()
    with torch.no_grad():
        module.weight.fill_(2.0)
        module.bias.fill_(-1.0)
    x, y = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    highest = (1 + 0.1 * 3 + 0.1 * 2) ** 2
    assert sharpness.box(module, x, y, epsilon=0.1, loss="squared") == pytest.approx(100 * (highest - 1) / 2)
    assert sharpness.adaptive(module, x, y, rho=0.1, loss="squared") == pytest.approx((1 + 0.2 + 0.1) ** 2 - 1)


def test_a_table_has_what_the_functions_give_network_by_network():
    sets = {s: data.mnist1d(60, 50, s) for s in (0, 1)}
    runs = sweep(mlp([8, 12]), sets, n=40, seed={s: s for s in sets}, epochs=20, lr=0.2, record=["weights"])
    found = sharpness.table(runs, sets)
    for (_, row), (_, values) in zip(runs.iterrows(), found.iterrows(), strict=True):
        of, module = sets[row["data"]], network(row, sets[row["data"]])
        rows = data.subset(of, row["n"], row["data_seed"])
        examples = of.x[rows], of.y[rows]
        for name in ("trace", "box", "adaptive", "relative"):
            assert values[name] == pytest.approx(getattr(sharpness, name)(module, *examples), rel=1e-3), name
    assert np.isfinite(found).all(axis=None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((0.0,), "alpha must be positive"), ((2.0, 2), "numbered from 0 to 1"), ((-1.0,), "alpha")],
)
def test_rescaling_refuses(net, arguments, says):
    with pytest.raises(ValueError, match=says):
        sharpness.rescaled(net[0], *arguments)


def test_rescaling_needs_relu():
    with pytest.raises(ValueError, match="Tanh"):
        sharpness.rescaled(nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)), 2.0)


def test_a_box_has_a_size(net):
    with pytest.raises(ValueError, match="must be positive"):
        sharpness.box(*net, epsilon=0)
    assert measures.sharpness is sharpness
