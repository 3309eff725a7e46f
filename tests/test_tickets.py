"""Iterative magnitude pruning: what starts where, with which mask, and when it is said to stop."""

import numpy as np
import pytest

from overparam import pruning
from overparam.architectures.alone import Conv
from overparam.architectures.stacked import LeNet
from overparam.data.dataset import with_validation
from overparam.data.load import digits
from overparam.engine.settings import Settings
from overparam.engine.sweep import run
from overparam.pruning import tickets


def test_the_papers_rounds_may_be_taken_several_at_once():
    recipe = tickets.Recipe()
    assert recipe.shares(3, 1) == pytest.approx([0.2, 0.2, 0.1])
    assert recipe.shares(3, 2) == pytest.approx([0.36, 0.36, 0.19])
    assert tickets.Recipe((0.1, 0.5)).shares(2, 2) == pytest.approx([0.19, 0.75])


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVERPARAM_CACHE", str(tmp_path_factory.mktemp("cache")))
        data = with_validation(digits(), 200)
        dense = [
            Settings(LeNet(8), n=200, epochs=6, batch_size=50, lr=0.01, optimizer="adam", init_seed=s) for s in (3, 5)
        ]
        recipe = tickets.Recipe(rounds=(1, 2))
        find = {
            rewind: tickets.find_tickets(
                dense, data, recipe, validation=200, looks=range(7), rewind=rewind, device="cpu"
            )
            for rewind in (0, 2)
        }
        return dense, data, find


def test_one_row_for_each_trial_round_and_arm(found):
    dense, _, find = found
    table = find[0]
    assert table.groupby(["round", "arm"]).trial.apply(list).to_dict() == {
        (0, "dense"): [3, 5],
        **{(r, arm): [3, 5] for r in (1, 3) for arm in ("ticket", "reinit", "shuffled")},
    }
    assert table.left[table["round"] == 3].to_numpy() == pytest.approx(0.8**3, abs=0.02)
    assert table["settings"].iloc[0] == dense[0]


@pytest.mark.parametrize("rewind", [0, 2])
def test_tickets_and_random_masks_start_from_the_dense_networks_weights_and_reinit_from_others(found, rewind):
    dense, data, find = found
    table = find[rewind].set_index(["round", "arm", "trial"])
    layers = pruning.prunable_layers(dense[0].architecture, data)
    for trial, settings in zip((3, 5), dense, strict=True):
        early = run([settings], data, record={"weights": [rewind]}, device="cpu", cache=False).weights[0][
            0
        ]  # what the dense network was at the epoch to rewind to, trained once more
        ticket, again = table.loc[1, "ticket", trial], table.loc[3, "ticket", trial]
        first, second = (
            pruning.prune_smallest(table.loc[0, "dense", trial].end, None, layers, [0.2, 0.2, 0.1]),
            again.settings.mask,
        )
        assert ticket.settings.mask == first
        assert (second.values <= first.values).all()
        np.testing.assert_allclose(ticket.start, early * first.values, atol=1e-5)
        np.testing.assert_allclose(again.start, early * second.values, atol=1e-5)
        other, random = table.loc[3, "reinit", trial], table.loc[3, "shuffled", trial]
        assert other.settings.mask == second
        assert (other.start[second.values > 0] != again.start[second.values > 0]).all()
        assert (random.settings.mask.values != second.values).any()
        np.testing.assert_allclose(random.start, early * random.settings.mask.values, atol=1e-5)
        assert ticket.settings.epochs == ticket["last"] == 6
        assert ticket.stop > rewind


def test_early_stopping_looks_at_validation_and_reports_the_test():
    runs = tickets.pd.DataFrame(
        {
            "test_losses_epoch": [np.array([0.0, 1, 2, 3])],
            "test_losses": [np.array([[0.0, 0, 9], [2, 4, 9], [1, 1, 9], [1, 2, 0]])],
            "test_correct": [np.array([[1, 1, 1], [0, 0, 0], [0, 0, 1], [1, 1, 0]], bool)],
            "rewind": 0,
            "diverged": False,
        }
    )
    (row,) = tickets.early_stopping(runs, validation=2).to_dict("records")
    assert row.pop("epochs").tolist() == [0, 1, 2, 3]
    assert row.pop("accuracies").tolist() == [1, 0, 1, 0]
    assert row == {"stop": 2.0, "accuracy": 1.0, "final_accuracy": 0.0, "last": 3.0, "validation_loss": 1.0}
    (later,) = tickets.early_stopping(runs.assign(rewind=2), validation=2).stop
    assert later == 3  # where both copies were one, none has stopped
    (lost,) = tickets.early_stopping(runs.assign(diverged=True), validation=2).to_dict("records")
    assert np.isnan([lost["stop"], lost["accuracy"], lost["final_accuracy"], lost["validation_loss"]]).all()


def test_convolutional_tickets_are_found_too(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data = with_validation(digits(), 100)
    dense = [Settings(Conv(2), n=100, epochs=2, batch_size=50, lr=0.002, optimizer="adam", init_seed=s) for s in (0, 1)]
    recipe = tickets.Recipe((0.1, 0.1, 0.2, 0.2, 0.1), rounds=(3,))
    table = tickets.find_tickets(dense, data, recipe, validation=100, looks=[1, 2], controls=["reinit"], device="cpu")
    assert table.arm.tolist() == ["dense"] * 2 + ["ticket"] * 2 + ["reinit"] * 2
    assert (table.end[2][table.settings[2].mask.values == 0] == 0).all()


def test_every_trial_may_have_data_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    sets = {s: with_validation(digits(600, s), 100) for s in (1, 2)}
    how = {"n": 100, "epochs": 2, "batch_size": 50, "lr": 0.01, "optimizer": "adam"}
    dense = [Settings(LeNet(8), init_seed=s, data_seed=s, **how) for s in (2, 1)]
    find = {"recipe": tickets.Recipe(rounds=(3,)), "validation": 100, "looks": [1, 2], "device": "cpu"}
    together = tickets.find_tickets(dense, sets, **find)
    apart = [tickets.find_tickets([s], sets[s.data_seed], **find) for s in dense]
    for settings, alone in zip(dense, apart, strict=True):
        own = together[together.trial == settings.init_seed].reset_index(drop=True)
        assert own.arm.tolist() == alone.arm.tolist() == ["dense", "ticket", "reinit", "shuffled"]
        np.testing.assert_allclose(own.accuracy.astype(float), alone.accuracy.astype(float), atol=1e-6)
        np.testing.assert_allclose(own.end[1], alone.end[1], atol=1e-5)


def test_each_network_is_trained_on_the_data_of_its_seed_in_the_order_given(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    sets = {s: digits(200, s) for s in (1, 2)}
    networks = [Settings(LeNet(4), n=50, epochs=1, lr=0.1, init_seed=i, data_seed=s) for i, s in enumerate((2, 1, 2))]
    runs = tickets.run_each(networks, sets, device="cpu")
    assert runs.init_seed.tolist() == [0, 1, 2]
    assert runs["data"].tolist() == [2, 1, 2]
    (alone,) = run(networks[1:2], sets[1], device="cpu").train_loss
    assert runs.train_loss[1] == pytest.approx(alone, rel=1e-5)
    with pytest.raises(ValueError, match=r"no data set for data seed 1; data has \[2\]"):
        tickets.run_each(networks, {2: sets[2]}, device="cpu")


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"rates": "a"}, "rates is a share below 1 that a round prunes"),
        ({"rates": -0.1}, "rates is a share below 1 that a round prunes"),
        ({"rates": (0.1, 1.0)}, "rates is a share below 1 that a round prunes"),
        ({"rates": ()}, "rates is a share below 1 that a round prunes"),
        ({"rounds": 3}, "rounds is a tuple of whole numbers from 0 on; got 3"),
        ({"rounds": (1, 0.5)}, "rounds is a tuple of whole numbers from 0 on"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_one_sentence(recipe, said):
    with pytest.raises(ValueError, match=said):
        tickets.Recipe(**recipe)


def test_a_recipe_for_other_layers_is_one_sentence():
    with pytest.raises(ValueError, match="rates has 2 shares but the network has 3 layers; give one each"):
        tickets.Recipe(rates=(0.1, 0.2)).shares(3, 1)
