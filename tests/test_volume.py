"""Radii to a level of the loss, in the right units, and the volume that is made of them."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from overparam import MLP
from overparam.measures import volume
from overparam.randomness import generator, rng


def network(seed=0, width=5, depth=2, inputs=3, outputs=2):
    module = MLP(width, depth=depth).build((inputs,), outputs, generator(seed, "init"))
    return module, nn.utils.parameters_to_vector(module.parameters()).detach()


def stacked(count=3):
    module, _ = network()
    return module, torch.stack([network(seed)[1] for seed in range(count)])


def examples(n=20, inputs=3):
    draw = generator(1, "examples")
    return torch.randn(n, inputs, generator=draw), torch.randint(2, (n,), generator=draw)


def test_outputs_are_those_of_each_network(monkeypatch):
    monkeypatch.setattr(volume, "_AT_ONCE", 1)  # a network at a time
    module, weights = stacked()
    x, y = examples()
    for seed, own in enumerate(volume.outputs(module, weights, x)):
        assert torch.allclose(own, network(seed)[0](x), atol=1e-6)
    expected = [nn.functional.cross_entropy(network(seed)[0](x), y).item() for seed in range(3)]
    assert np.allclose(volume.losses(module, weights, x, y), expected, atol=1e-6)


def test_a_filter_gets_the_length_that_it_has():
    module, weights = stacked()
    along = volume.directions(module, weights, 4, seed=0)
    assert along.shape == (3, 4, weights.shape[1])
    rows = along[2, 3, :15].view(5, 3).norm(dim=1), weights[2, :15].view(5, 3).norm(dim=1)
    assert torch.allclose(*rows)
    assert torch.allclose(along[2, 3, 15:20].abs(), weights[2, 15:20].abs())  # biases
    assert torch.allclose(along.norm(dim=2), weights.norm(dim=1)[:, None].expand(3, 4))


def test_other_directions():
    module, weights = stacked()
    single = volume.directions(module, weights, 4, seed=0, normalise="none")
    assert torch.allclose(single.norm(dim=2), torch.ones(3, 4))
    by_weight = volume.directions(module, weights, 4, seed=0, normalise="weight")
    draws = by_weight / weights[:, None].abs()
    assert torch.allclose(draws[0], draws[2], rtol=1e-4)  # the same draws for all
    assert not torch.allclose(
        draws[0], (volume.directions(module, weights, 4, 1, "weight") / weights[:, None].abs())[0]
    )


def line(slope=1.0):
    """A linear network of one input whose loss on x = 1, y = 0 is ln(1 + e^w) with w = its second weight less its first."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(1, 2))
    return module, torch.tensor([[0.0, -5.0, 0.0, 0.0]]), torch.ones(1, 1), torch.zeros(1, dtype=torch.int64)


def test_the_radius_is_where_the_loss_is_the_cutoff():
    module, weights, x, y = line()
    along = torch.tensor([[[0.0, 1, 0, 0], [0, 2, 0, 0], [0, -1, 0, 0]]])
    found = volume.radii(module, weights, x, y, along, (0.1, 0.5))
    for c, cutoff in enumerate((0.1, 0.5)):
        exact = 5 + math.log(math.expm1(cutoff))
        assert found[0, 0, c] == pytest.approx(exact, rel=2e-3)
        assert found[0, 1, c] == pytest.approx(exact / 2, rel=2e-3)
    assert (found[0, 2] == 20).all()  # never
    assert (volume.radii(module, weights, x, y, along, (1e-9,))[0, :2] == 0.01).all()  # at once


def test_the_first_crossing_counts():
    profile = np.array([[0.0, 0.0], [2.0, 0.5], [0.0, 0.5], [2.0, 2.0]])
    found = volume._first_crossing(profile, 1.0)
    assert volume._RADII[0] < found[0] < volume._RADII[1]
    assert volume._RADII[2] < found[1] < volume._RADII[3]


def test_filter_normalised_radii_do_not_see_the_scale_of_a_layer():
    module, weights = network()
    module, (x, y) = module.double(), examples()
    parts = list(weights.double().split([p.numel() for p in module.parameters()]))
    other = torch.cat([10 * parts[0], 10 * parts[1], parts[2] / 10, *parts[3:]])
    both = torch.stack([weights.double(), other])
    for how, same in (("filter", True), ("weight", True), ("none", False)):
        along = volume.directions(module, both, 5, 0, how)
        first, second = volume.radii(module, both, x.double(), y, along, (1.5,))[:, :, 0]
        assert np.allclose(first, second, rtol=1e-9) == same, how


def test_the_volume_of_an_ellipse():
    angles = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    radii = ((np.cos(angles) / 3) ** 2 + (np.sin(angles) / 0.5) ** 2) ** -0.5
    assert volume.log_volume(radii, 2) == pytest.approx(math.log(3 * 0.5), abs=1e-9)
    assert volume.log_volume([radii, 2 * radii], 2)[1] == pytest.approx(math.log(4 * 1.5), abs=1e-9)


def test_powers_leave_one_direction():
    radii = np.exp(0.1 * rng(0).standard_normal(50))
    effective = [volume.effective_directions(radii, p) for p in (1, 10, 100, 10_000)]
    assert effective[0] == pytest.approx(50, rel=0.05)
    assert effective == sorted(effective, reverse=True)
    assert effective[-1] == pytest.approx(1)
    assert volume.effective_directions(np.ones(7), 10_000) == pytest.approx(7)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"normalise": "layer"}, "normalise must be one of filter, weight, none; got 'layer'"),
        ({"count": 0}, "count must be a whole number of at least 1"),
        ({"weights": torch.zeros(2, 7)}, "The network has 62 weights and biases"),
    ],
)
def test_what_is_wrong_with_directions_is_said(change, says):
    module, weights = stacked()
    how = {"weights": weights, "count": 3, "seed": 0} | change
    with pytest.raises(ValueError, match=says):
        volume.directions(module, **how)


def test_what_is_wrong_with_radii_is_said():
    module, weights = stacked()
    x, y = examples()
    with pytest.raises(ValueError, match="Directions are"):
        volume.radii(module, weights, x, y, volume.directions(module, weights[:2], 3, 0))
    with pytest.raises(ValueError, match="Take a fully connected ReLU network"):
        volume.outputs(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), weights, x)
    with pytest.raises(ValueError, match="Radii are positive"):
        volume.log_volume([0.0, 1.0], 2)
