"""Masks by magnitude, and that what is pruned stays out of training."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from overparam import pruning
from overparam.architectures.alone import Conv
from overparam.architectures.stacked import MLP, LeNet
from overparam.data.load import digits
from overparam.engine.settings import Settings, Vector
from overparam.engine.sweep import run
from overparam.pruning.masks import prune_smallest

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


# --- shuffled masks, structured masks, other scores -------------------------------------------------------------------


def test_a_shuffled_mask_keeps_as_many_weights_of_each_layer():
    mask = pruning.prune_smallest(WEIGHTS, None, LAYERS, [0.5, 0.25])
    other = pruning.shuffled(mask, LAYERS, seed=0)
    assert other.values[:6].sum() == 3
    assert other.values[8:12].sum() == 3
    assert other.values[[6, 7, 12, 13]].tolist() == [1] * 4
    assert len({pruning.shuffled(mask, LAYERS, seed).fingerprint for seed in range(8)}) > 3
    assert pruning.share_left(mask, LAYERS) == pytest.approx(0.6)
    assert pruning.share_left(None, LAYERS) == 1
    assert pruning.kept(mask).sum() == 6 + 4


def test_weights_with_the_lowest_scores_go():
    mask = pruning.prune_lowest(WEIGHTS, None, LAYERS, 0.5)
    assert mask.values.tolist() == [0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1]


def test_a_pruned_unit_loses_what_enters_it_what_leaves_it_and_its_bias():
    mask = pruning.prune_units(WEIGHTS, LAYERS, 0.5)  # unit 1 has the smaller norm, 1.7 against 5.1
    assert mask.values.tolist() == [1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1]


@pytest.mark.parametrize("architecture", [MLP(5), LeNet(3), Conv(2)])
def test_layers_and_initial_weights_are_those_that_train(architecture, tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    settings = Settings(architecture, n=20, epochs=1, lr=0.1, init_seed=3)
    data = digits()
    layers = pruning.prunable_layers(architecture, data)
    start = pruning.initial_weights(settings, data)
    assert sum(layer.parameters for layer in layers) == len(start)
    assert (pruning.initial_weights(settings, data, fresh=True) != start).mean() > 0.9
    (weights,) = run([settings], data, record={"weights": [0]}, device="cpu").weights
    np.testing.assert_array_equal(weights[0], start)
    # the biases of each layer are drawn within the bound of that layer, so they stand where they are expected
    for layer, own in zip(layers, pruning.weights_of(layers), strict=True):
        assert np.abs(start[own.start : own.stop + layer.outputs]).max() <= layer.fan_in**-0.5 + 1e-6


def test_what_is_frozen_keeps_its_initial_value_and_the_rest_trains_as_ever(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data, plain = digits(), Settings(LeNet(5), n=100, epochs=20, lr=0.01, optimizer="adam", batch_size=25)
    start = pruning.initial_weights(plain, data)
    mask = pruning.prune_smallest(start, None, pruning.prunable_layers(plain.architecture, data), 0.5)
    (weights,) = run(
        [replace(plain, **pruning.frozen(start, mask))], data, record={"weights": [0]}, device="cpu"
    ).weights
    pruned = mask.values == 0
    np.testing.assert_allclose(weights[0], start, rtol=1e-6)
    np.testing.assert_allclose(weights[-1][pruned], start[pruned], atol=1e-5)
    assert np.abs(weights[-1] - start)[~pruned].mean() > 0.01


def test_of_the_frozen_some_may_be_zero():
    mask = Vector([1, 0, 0, 1])
    parts = pruning.frozen(np.array([1.0, 2, 3, 4]), mask, zeroed=np.array([True, True, False, False]))
    assert (parts["start"].values * parts["mask"].values).tolist() == [1, 0, 3, 4]


def test_as_many_pruned_weights_of_each_layer_may_be_drawn_at_random():
    mask = Vector([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    chosen = np.array(
        [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0], bool
    )  # of the pruned two and one, and two that are kept
    draws = [pruning.at_random(chosen, mask, LAYERS, seed) for seed in range(20)]
    for drawn in draws:
        assert drawn[:4].sum() == 2
        assert drawn[8:11].sum() == 1
        assert drawn.sum() == 3
    assert len({drawn.tobytes() for drawn in draws}) > 5


def test_signs_are_kept_or_lost_as_the_names_say():
    data, settings = digits(), Settings(LeNet(10), n=20, epochs=1, lr=0.1)
    layers, start = pruning.prunable_layers(settings.architecture, data), pruning.initial_weights(settings, data)
    mask = pruning.prune_smallest(start, None, layers, 0.5)
    variants = pruning.reinitialized(start, mask, layers, seed=0)
    assert len(variants) == 7
    for name, values in variants.items():
        kept = np.concatenate([values[own][mask.values[own] > 0] for own in pruning.weights_of(layers)])
        before = np.concatenate([start[own][mask.values[own] > 0] for own in pruning.weights_of(layers)])
        agreement = (np.sign(kept) == np.sign(before)).mean()
        assert agreement == 1 if "kept" in name else 0.4 < agreement < 0.6
        assert (kept != before).mean() > 0.5
    first = pruning.weights_of(layers)[0]
    same = np.sort(np.abs(variants["reshuffled, signs kept"][first])) == np.sort(np.abs(start[first]))
    assert same.all()
    for layer in pruning.weights_of(layers):
        there = mask.values[layer] > 0
        fresh, wider = (
            variants[f"{name}, signs kept"][layer][there] for name in ("redrawn", "redrawn at equal spread")
        )
        assert fresh.std() < 0.9 * start[layer][there].std()  # the larger half was kept
        np.testing.assert_allclose(wider.std(), start[layer][there].std(), rtol=0.05)
        np.testing.assert_allclose(wider / fresh, wider[0] / fresh[0], rtol=1e-4)
    constant = np.abs(variants["constant, signs lost"][first][mask.values[first] > 0])
    np.testing.assert_allclose(constant, start[first].std(), rtol=1e-5)
