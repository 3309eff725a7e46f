"""Masks by magnitude, and that what is pruned stays out of training."""

import dataclasses

import numpy as np
import pytest

from overparam.data import digits
from overparam.models import MLP
from overparam.pruning import prune_smallest
from overparam.settings import Settings, Vector
from overparam.sweep import run

LAYERS = MLP(2).layers((3,), 2)  # 6 weights, 2 biases, 4 weights, 2 biases
WEIGHTS = np.array([0.1, -3, 2, 0.5, -0.2, 1, 0, 0, 5, -0.3, 4, 0.2, 0, 0], np.float32)


def test_the_smallest_weights_of_each_layer_go_and_no_bias_does():
    mask = prune_smallest(WEIGHTS, None, LAYERS, 0.5)
    assert mask.values.tolist() == [0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1]


def test_shares_are_of_what_is_left_and_may_differ_by_layer():
    mask = prune_smallest(WEIGHTS, None, LAYERS, 0.5)
    again = prune_smallest(WEIGHTS, mask, LAYERS, [1 / 3, 0])
    assert again.values.tolist() == [0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1]
    assert mask.values.sum() == again.values.sum() + 1


@pytest.mark.parametrize(
    ("weights", "shares", "said"),
    [
        (WEIGHTS, 1.5, r"a share between 0 and 1, or one for each of the 2 layers; got \[1.5, 1.5\]"),
        (WEIGHTS, [0.1], "one for each of the 2 layers"),
        (WEIGHTS[:5], 0.1, r"The network has 14 weights and biases; got weights of shape \(5,\)"),
    ],
)
def test_what_does_not_fit_is_one_sentence(weights, shares, said):
    with pytest.raises(ValueError, match=said):
        prune_smallest(weights, None, LAYERS, shares)


def test_a_round_of_pruning_rewinds_and_what_is_pruned_stays_zero(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data = digits()
    layers = MLP(16).layers((64,), 10)
    dense = [Settings(MLP(16), n=200, epochs=5, batch_size=50, lr=0.1, momentum=0.9, init_seed=s) for s in range(3)]
    runs = run(dense, data, record={"weights": [0]}, device="cpu")
    tickets = [
        dataclasses.replace(s, mask=prune_smallest(w[-1], None, layers, 0.8))
        for s, w in zip(dense, runs.weights, strict=True)
    ]
    pruned = run(tickets, data, record={"weights": [0]}, device="cpu")
    for settings, before, after in zip(tickets, runs.weights, pruned.weights, strict=True):
        mask = settings.mask.values
        np.testing.assert_array_equal(after[0], before[0] * mask)
        assert (after[-1][mask == 0] == 0).all()
        assert (after[-1] != after[0]).mean() > 0.1
    assert pruned["mask"].nunique() == 3
    assert runs["mask"].isna().all()
    wrong = dataclasses.replace(dense[0], mask=Vector(np.ones(7)))
    with pytest.raises(ValueError, match="mask has 7 values but the network has 1,210 weights and biases"):
        run([wrong], data, device="cpu")
