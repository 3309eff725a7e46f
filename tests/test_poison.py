"""Training sets with wrong labels beside the right ones."""

import pytest
import torch

from overparam import data


def spirals(n=200):
    return data.two_spirals(n, 100, seed=3)


def test_spirals_are_two_arms_half_a_turn_apart():
    clean = data.two_spirals(400, 10, seed=0, noise=0.0)
    assert clean.x.norm(dim=1).max() <= 4.0 + 1e-5
    assert clean.x.norm(dim=1).min() >= 0.6 - 1e-5
    assert int(clean.y.sum()) == 200
    radius = clean.x.norm(dim=1)
    angle = torch.atan2(clean.x[:, 1], clean.x[:, 0]) - 2 * torch.pi * (radius - 0.6) / 3.4 - torch.pi * clean.y
    assert torch.allclose(angle.cos(), torch.ones(400), atol=1e-4)


def test_replicates_share_nothing():
    assert not torch.equal(spirals().x, data.two_spirals(200, 100, seed=4).x)


def test_wrong_labels_stand_beside_right_ones_and_apart_from_them():
    pool = spirals()
    made = data.poisoned(pool, 20, 30, apart=0.3, copies=2)
    assert len(made.x) == 2 * 20 + 30
    assert torch.equal(made.x[:20], pool.x[:20])
    assert torch.equal(made.x[20:40], pool.x[:20])
    assert torch.equal(made.y[:20], pool.y[:20])
    assert torch.cdist(made.x[40:], made.x[:20]).min() >= 0.3
    for x, y in zip(made.x[40:], made.y[40:], strict=True):
        assert pool.y[(pool.x == x).all(1)].item() == 1 - y
    assert torch.equal(made.x_test, pool.x_test)
    honest = data.poisoned(pool, 20, 30, wrong=False)
    assert torch.equal(honest.x[-30:], made.x[-30:])
    assert torch.equal(honest.y[-30:], 1 - made.y[-30:])


def test_a_pool_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match=r"500 extra examples at a distance of 0.3 are wanted, and the pool"):
        data.poisoned(spirals(), 20, 500)
