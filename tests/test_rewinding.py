"""A rewound network goes on as the dense one did: same optimizer state, order of examples and schedule."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_records import plain_steps
from torch.nn.utils import parameters_to_vector

from overparam.architectures.alone import Conv
from overparam.architectures.stacked import CNN1D, MLP, LeNet
from overparam.data.dataset import with_validation
from overparam.data.load import digits
from overparam.engine.settings import Settings, Vector
from overparam.engine.train import train
from overparam.pruning import tickets
from overparam.pruning.masks import prunable_layers, share_left

COMMON = {"n": 40, "epochs": 6, "lr": 0.05}
RUNS = {
    "full batch": (MLP(6), {}),
    "batches": (MLP(6), {"batch_size": 10}),
    "momentum": (MLP(6), {"batch_size": 10, "momentum": 0.9}),
    "adam": (MLP(6), {"batch_size": 10, "optimizer": "adam"}),
    "cosine": (LeNet(3), {"batch_size": 10, "momentum": 0.9, "schedule": "cosine"}),
    "decay and dropout": (MLP(6), {"batch_size": 10, "momentum": 0.5, "weight_decay": 0.01, "dropout": 0.3}),
    "noise and shifts": (CNN1D(2, 2), {"batch_size": 10, "input_noise": 0.1, "shift": 2, "optimizer": "adam"}),
    "averaged": (MLP(6), {"batch_size": 10, "averaging": 0.9}),
    "batch norm": (MLP(6, batch_norm=True), {"batch_size": 10, "momentum": 0.9}),
    "convolutions, momentum": (Conv(2), {"batch_size": 10, "momentum": 0.9, "schedule": "cosine"}),
    "convolutions, adam": (Conv(2), {"batch_size": 10, "optimizer": "adam", "flip": False}),
}


@pytest.fixture(scope="module")
def images():
    return digits()


def ones(settings, data):
    return Vector(np.ones(settings.architecture.parameters(tuple(data.x.shape[1:]), 10)))


@pytest.mark.parametrize(("architecture", "options"), RUNS.values(), ids=RUNS.keys())
def test_with_nothing_pruned_a_rewound_network_ends_bit_for_bit_as_the_dense_one(images, architecture, options):
    dense = Settings(architecture, **COMMON, **options)
    rewound = replace(dense, mask=ones(dense, images), rewind=2)
    (first,), (second,) = (train([s], images, ["weights", "predictions"], "cpu") for s in (dense, rewound))
    np.testing.assert_array_equal(first["weights"], second["weights"])
    np.testing.assert_array_equal(first["predictions"], second["predictions"])


@pytest.mark.parametrize("name", ["full batch", "momentum", "adam", "convolutions, momentum"])
def test_from_the_epoch_of_rewinding_on_a_plain_loop_with_a_mask_does_the_same(images, name):
    architecture, options = RUNS[name]
    settings = Settings(architecture, **COMMON, **{k: v for k, v in options.items() if k != "schedule"})
    drawn = np.random.default_rng(0).random(len(ones(settings, images).values)) < 0.5
    settings = replace(settings, mask=Vector(drawn), rewind=2)
    (record,) = train([settings], images, {"weights": [0, 2]}, "cpu")
    expected = []
    for made, module in plain_steps(replace(settings, mask=None, rewind=0), images):
        if made == 0:
            expected.append(parameters_to_vector(module.parameters()).detach().clone())
        if made >= 2 * settings.steps:  # the same loop goes on with the weights masked after every step
            with torch.no_grad():
                torch.nn.utils.vector_to_parameters(
                    parameters_to_vector(module.parameters()) * torch.tensor(settings.mask.values), module.parameters()
                )
        if made in (2 * settings.steps, settings.epochs * settings.steps):
            expected.append(parameters_to_vector(module.parameters()).detach().clone())
    np.testing.assert_allclose(record["weights"], np.stack(expected), rtol=1e-4, atol=2e-5)
    assert (record["weights"][1:, ~drawn] == 0).all()


def test_another_order_begins_where_it_is_rewound_to(images):
    dense = Settings(MLP(6), **COMMON, batch_size=10, momentum=0.9, dropout=0.2)
    other = replace(dense, order_seed=7, rewind=2)
    (a,), (b,) = (train([s], images, {"weights": [0, 1, 2]}, "cpu") for s in (dense, other))
    np.testing.assert_array_equal(a["weights"][:3], b["weights"][:3])
    assert np.abs(a["weights"][3] - b["weights"][3]).max() > 1e-3
    from_start = replace(dense, order_seed=7)
    (c,) = train([from_start], images, {"weights": [0, 1]}, "cpu")
    np.testing.assert_array_equal(a["weights"][0], c["weights"][0])  # the same initial weights
    assert np.abs(a["weights"][1] - c["weights"][1]).max() > 1e-3


@pytest.mark.parametrize("optimizer", [{"momentum": 0.9}, {"optimizer": "adam", "lr": 0.01}])
def test_tickets_of_which_nothing_is_pruned_are_the_dense_networks(tmp_path, monkeypatch, optimizer):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data = with_validation(digits(), 100)
    dense = [Settings(LeNet(4), **COMMON | optimizer, batch_size=10, init_seed=s) for s in (0, 1)]
    recipe = tickets.Recipe(rates=0.0, rounds=(1, 1))
    find = {"validation": 100, "looks": range(7), "controls": ["shuffled"], "rewind": 2, "device": "cpu"}
    with pytest.warns(UserWarning, match="Round 2 prunes nothing of 2 of 2 trials"):
        table = tickets.find_tickets(dense, data, recipe, **find).set_index(["round", "arm", "trial"])
    assert len(table) == 2 + 2 * 4
    for trial in (0, 1):
        whole = table.loc[0, "dense", trial]
        for round_ in (1, 2):
            np.testing.assert_array_equal(table.loc[round_, "ticket", trial].end, whole.end)
            assert table.loc[round_, "shuffled", trial].accuracy == table.loc[round_, "ticket", trial].accuracy
    assert (table.left == 1).all()


def test_arms_stay_apart_where_a_share_rounds_to_none_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data = with_validation(digits(), 100)
    dense = [Settings(MLP(2), **COMMON, batch_size=10, init_seed=s) for s in (0, 1)]
    find = {"validation": 100, "looks": range(1, 7), "device": "cpu"}
    with pytest.warns(UserWarning, match=r"Round 1 prunes nothing of 2 of 2 trials"):
        table = tickets.find_tickets(dense, data, tickets.Recipe(rates=0.003, rounds=(1, 1)), **find)
    assert table.groupby(["round", "arm"]).trial.apply(list).to_dict() == {
        (0, "dense"): [0, 1],
        **{(r, arm): [0, 1] for r in (1, 2) for arm in ("ticket", "reinit", "shuffled")},
    }
    fresh, ticket = (table[table.arm == arm] for arm in ("reinit", "ticket"))
    layers = prunable_layers(MLP(2), data)
    assert sum(layer.parameters for layer in layers) == len(ticket.end.iloc[0])
    assert all((a != b).all() for a, b in zip(fresh.start, ticket.start, strict=True))


# --- at the edges -----------------------------------------------------------------------------------------------------


def pruned(settings, data, seed=0):
    return Vector(np.random.default_rng(seed).random(len(ones(settings, data).values)) < 0.3)


@pytest.mark.parametrize("architecture", [MLP(5), Conv(2)])
@pytest.mark.parametrize("rewind", [5, 12])
def test_a_network_that_stops_before_it_is_rewound_is_not_pruned(images, architecture, rewind):
    settings = Settings(architecture, n=24, batch_size=8, epochs=20, lr=0.1, stop_loss=2.29)
    (dense,) = train([settings], images, ["weights"], "cpu")
    assert dense["epochs_run"] < rewind
    settings = replace(settings, mask=pruned(settings, images), rewind=rewind)
    (record,) = train([settings], images, ["weights"], "cpu")
    np.testing.assert_array_equal(record["weights"], dense["weights"])
    if architecture == MLP(5):  # with neighbours that go on, in stacks of any size
        others = [replace(settings, init_seed=s, stop_loss=0.0) for s in range(1, 8)]
        first, *rest = train([settings, *others], images, ["weights"], "cpu")
        np.testing.assert_allclose(first["weights"], dense["weights"], atol=1e-6)
        assert all((r["weights"][-1][settings.mask.values == 0] == 0).all() for r in rest)


def test_all_that_are_masked_may_have_left_before_they_are_rewound(images):
    left = Settings(MLP(5), n=24, epochs=20, lr=0.1, rewind=12, stop_loss=100.0)
    masked, other = replace(left, mask=pruned(left, images)), replace(left, stop_loss=0.0, init_seed=1)
    records = train([masked, other], images, device="cpu")
    assert [r["epochs_run"] for r in records] == [0, 20]


def test_the_right_networks_are_pruned_when_their_neighbours_have_left(images):
    common = {"n": 24, "batch_size": 8, "epochs": 24, "lr": 0.1, "rewind": 12}
    networks = [Settings(MLP(5), init_seed=s, stop_loss=100.0 if s < 4 else 0.0, **common) for s in range(8)]
    networks = [replace(s, mask=pruned(s, images, seed=i)) for i, s in enumerate(networks)]
    for settings, record in list(zip(networks, train(networks, images, ["weights"], "cpu"), strict=True))[4:]:
        gone = settings.mask.values == 0
        assert (record["weights"][-1][gone] == 0).all()
        assert (record["weights"][-1][~gone] != 0).all()


def test_averages_of_pruned_weights_are_pruned_too(images):
    settings = Settings(MLP(6), **COMMON, batch_size=10, averaging=0.99, rewind=3)
    settings = replace(settings, mask=pruned(settings, images))
    (record,) = train([settings], images, ["weights"], "cpu")
    assert (record["weights"][-1][settings.mask.values == 0] == 0).all()


@pytest.mark.parametrize("options", [{"input_noise": 0.5}, {"shift": 3}, {"dropout": 0.5}])
@pytest.mark.parametrize("architecture", [MLP(6), CNN1D(2, 2)])
def test_all_that_is_random_in_a_step_follows_the_seed_of_the_order_from_there_on(images, architecture, options):
    dense = Settings(architecture, n=40, epochs=5, lr=0.1, **options)  # full batches: nothing else is random
    other = replace(dense, order_seed=7, rewind=2)
    (a,), (b,) = (train([s], images, {"weights": [1, 2]}, "cpu") for s in (dense, other))
    np.testing.assert_array_equal(a["weights"][:2], b["weights"][:2])
    assert np.abs(a["weights"][2] - b["weights"][2]).max() > 1e-4


def test_pruning_goes_on_from_a_mask_that_the_dense_networks_have(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data = with_validation(digits(), 100)
    dense = [Settings(MLP(4), **COMMON, batch_size=10, init_seed=s) for s in (0, 0)]
    layers = prunable_layers(MLP(4), data)
    half = [Vector(np.random.default_rng(s).random(len(ones(dense[0], data).values)) < 0.5) for s in (0, 1)]
    dense = [replace(s, mask=m, data_seed=i) for i, (s, m) in enumerate(zip(dense, half, strict=True))]
    find = {"validation": 100, "looks": range(1, 7), "controls": ["shuffled"], "device": "cpu"}
    table = tickets.find_tickets(dense, data, tickets.Recipe(0.5, (1, 1)), **find)
    assert table.trial.unique().tolist() == [0, 1]  # whose initial weights have one seed
    left = table[table.arm != "shuffled"].pivot_table("left", "round", "trial")
    assert left.loc[0].tolist() == pytest.approx([share_left(mask, layers) for mask in half])
    assert (left.loc[1] / left.loc[0] < 0.56).all()
    shuffled = table[table.arm == "shuffled"].settings
    assert shuffled.map(lambda s: s.mask.fingerprint).nunique() == 4  # drawn anew in each round
    with pytest.raises(ValueError, match="have a rewind of their own; give it to find_tickets instead"):
        tickets.find_tickets([replace(dense[0], rewind=1)], data, tickets.Recipe(), **find)


def test_a_trial_that_diverged_is_left_out_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data = with_validation(digits(), 100)
    dense = [Settings(MLP(4), **COMMON | {"lr": lr}, batch_size=10, init_seed=s) for s, lr in ((0, 0.1), (1, 1e8))]
    find = {"validation": 100, "looks": range(1, 7), "controls": [], "device": "cpu"}
    with pytest.warns(
        UserWarning, match="The dense network diverged in 1 of 2 trials, which are left out from there on"
    ):
        table = tickets.find_tickets(dense, data, tickets.Recipe(0.5, (1,)), **find)
    assert table[["arm", "trial"]].to_numpy().tolist() == [["dense", 0], ["dense", 1], ["ticket", 0]]
    assert np.isnan(table.accuracy[1])
    with pytest.raises(ValueError, match="The dense network of every trial diverged; choose a smaller learning rate"):
        tickets.find_tickets(dense[1:], data, tickets.Recipe(0.5, (1,)), **find)


def test_a_ticket_may_stop_before_it_is_rewound(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data = with_validation(digits(), 100)
    dense = [Settings(MLP(4), **COMMON, batch_size=10, stop_loss=100.0)]
    find = {"validation": 100, "looks": range(1, 7), "controls": [], "device": "cpu", "rewind": 4}
    table = tickets.find_tickets(dense, data, tickets.Recipe(0.5, (1,)), **find)
    np.testing.assert_array_equal(table.end[0], table.end[1])
