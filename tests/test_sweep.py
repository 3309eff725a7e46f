"""Sweeps: the grid, the cache, the plan and the worker processes."""

import math
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from overparam.architectures import stacked
from overparam.data.load import digits
from overparam.engine import plan, sweep, workers
from overparam.engine.settings import Settings
from overparam.engine.train import train
from overparam.engine.workers import LocalWorkers


@pytest.fixture(scope="module")
def images():
    return digits()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    return tmp_path / "runs"


def small(images, **changes):
    settings = {"n": 40, "epochs": 5, "lr": 0.1, "record": ["predictions", "curves"], "device": "cpu"}
    seeds = {} if "init_seed" in changes else {"seed": range(2)}
    return sweep.sweep(stacked.mlp([3, 8]), images, **(settings | seeds | changes))


def numbers(runs):
    return np.stack(runs["predictions"].to_list())


def test_one_row_for_every_combination(images):
    runs = small(images, label_noise=[0, 0.5], lr=(0.1, 0.2))
    assert len(runs) == 2 * 2 * 2 * 2
    assert not runs.duplicated(["width", "label_noise", "lr", "init_seed"]).any()
    assert (runs.init_seed == runs.data_seed).all()
    assert set(runs.data) == {"digits"}


def test_a_row_is_what_the_engine_gives_alone(images):
    row = small(images, seed=3).query("width == 8").iloc[0]
    settings = Settings(stacked.MLP(8), n=40, epochs=5, lr=0.1, init_seed=3, data_seed=3)
    (alone,) = train([settings], images, ["predictions"], "cpu")
    np.testing.assert_allclose(row.predictions, alone["predictions"], rtol=1e-5, atol=1e-6)
    assert row.test_error == pytest.approx(alone["test_error"])


def test_seeds_may_be_crossed(images):
    runs = small(images, init_seed=range(2), data_seed=range(3))
    assert len(runs) == 2 * 2 * 3
    one_width = runs[runs.width == 8]
    crossed = sweep.predictions(one_width, "data_seed", "init_seed")
    assert crossed.shape == (3, 2, len(images.x_test) * 10)
    row = one_width.query("data_seed == 2 and init_seed == 1").iloc[0]
    np.testing.assert_array_equal(crossed[2, 1], row.predictions)


def test_a_grid_with_a_hole_is_refused(images):
    runs = small(images, init_seed=range(2), data_seed=range(2))
    with pytest.raises(ValueError, match="no full grid over data_seed, init_seed"):
        sweep.predictions(runs[runs.width == 3].iloc[1:], "data_seed", "init_seed")


def test_the_second_sweep_trains_nothing_and_says_the_same(images, in_this_process, monkeypatch):
    first = small(images)
    monkeypatch.setattr(sweep, "train", lambda *_: pytest.fail("trained again"))
    pd.testing.assert_frame_equal(first, small(images))


def test_only_new_networks_are_trained(images, in_this_process, monkeypatch):
    small(images)
    trained = []
    real = sweep.train
    monkeypatch.setattr(sweep, "train", lambda nets, *rest: trained.extend(nets) or real(nets, *rest))
    small(images, lr=[0.1, 0.3])
    assert [s.lr for s in trained] == [0.3] * 4


def test_without_cache_nothing_is_written(images, cache):
    small(images, cache=False)
    assert not cache.exists()


@pytest.mark.parametrize("damage", ["truncate", "flip"])
def test_a_damaged_file_is_said_and_trained_again(images, cache, capsys, damage):
    first = small(images)
    (path, *_) = cache.rglob("*.parquet")
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    path.write_bytes(content if damage == "flip" else content[:100])
    again = small(images)
    np.testing.assert_array_equal(numbers(first), numbers(again))
    assert "is damaged; its networks are trained again" in capsys.readouterr().out
    small(images)
    assert "damaged" not in capsys.readouterr().out


@pytest.fixture
def busy_workers(monkeypatch):
    """Small stacks, and worker processes that take any work."""
    monkeypatch.setitem(plan.MAX_STACK, "cpu", 2)
    return LocalWorkers(0.0)


def test_worker_processes_give_the_same_numbers(images, busy_workers):
    there = small(images, cache=False, lr=[0.1, 0.2], executor=busy_workers)
    here = small(images, cache=False, lr=[0.1, 0.2], executor=LocalWorkers(math.inf))
    np.testing.assert_array_equal(numbers(here), numbers(there))


def test_local_workers_are_asked_for_no_cluster(images, busy_workers, monkeypatch):
    monkeypatch.setattr(workers, "cluster", lambda: pytest.fail("work for this machine was sent to the cluster"))
    assert len(small(images, cache=False, executor=busy_workers)) == 4


def test_an_executor_of_the_caller_gives_the_same_numbers(images, busy_workers):
    with ThreadPoolExecutor(2) as executor:
        there = small(images, cache=False, lr=[0.1, 0.2], executor=executor)
    np.testing.assert_array_equal(
        numbers(small(images, cache=False, lr=[0.1, 0.2], executor=busy_workers)), numbers(there)
    )


def test_the_same_sweep_twice_gives_the_same_bits(images):
    np.testing.assert_array_equal(numbers(small(images, cache=False)), numbers(small(images, cache=False)))


def test_curves_come_in_long_form(images):
    runs = small(images)
    history = sweep.curves(runs)
    last = history[history.epoch == 5].sort_values(["width", "init_seed"])
    np.testing.assert_allclose(last.test_error, runs.sort_values(["width", "init_seed"]).test_error)
    assert history.epoch.min() == 0
    with pytest.raises(ValueError, match="hold no learning curves"):
        sweep.curves(small(images, record=[]))


def test_curves_at_common_epochs_keep_what_was_last_recorded(images):
    runs = small(images)
    history = sweep.curves(runs, epochs=(0, 3.5, 5, 1000))
    assert sorted(set(history.epoch)) == [0, 3.5, 5, 1000]
    ends = history[history.epoch == 1000].sort_values(["width", "init_seed"])
    np.testing.assert_allclose(ends.test_error, runs.sort_values(["width", "init_seed"]).test_error)
    before = max(e for e in runs.curve_epoch.iloc[0] if e <= 3.5)
    at = list(runs.curve_epoch.iloc[0]).index(before)
    assert history[history.epoch == 3.5].train_loss.iloc[0] == runs.curve_train_loss.iloc[0][at]
    with pytest.raises(ValueError, match="epochs are numbers from 0 on"):
        sweep.curves(runs, epochs=(-1, 2))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n": 5000}, "digits has 1,000 training examples; n=5,000 asks for more"),
        ({"label_noise": [0, 1.5]}, r"label noise must lie in \[0, 1\]; got 1.5"),
        ({"learning_rate": 0.1}, "Unknown setting 'learning_rate'; the settings are"),
        ({"record": ["hessians"]}, "Cannot record hessians"),
        ({"seed": []}, "seed is an empty list; give it at least one value"),
    ],
)
def test_bad_settings_are_one_sentence_before_any_work(images, cache, changes, said):
    with pytest.raises(ValueError, match=said):
        small(images, **changes)
    assert not cache.exists()


def test_what_is_missing_is_named(images):
    with pytest.raises(ValueError, match=r"sweep needs lr \(the learning rate\), for instance lr=0.1"):
        sweep.sweep(stacked.mlp(4), images, epochs=1)
    with pytest.raises(ValueError, match=r"data is 'digits'; pass a data set such as data.load\('digits'\)"):
        sweep.sweep(stacked.mlp(4), "digits", epochs=1, lr=0.1)


def test_a_negative_width_is_one_sentence(images):
    with pytest.raises(ValueError, match="width must be a whole number from 1 up; got -4"):
        sweep.sweep(stacked.mlp([8, -4]), images, n=10, epochs=1, lr=0.1)


def test_each_data_set_can_have_its_own_seed(images):
    sets, how = {"a": images, "b": replace(images, x=-images.x)}, {"lr": 0.1, "epochs": 2, "n": 40}
    together = sweep.sweep(stacked.mlp([4, 8]), sets, seed={"b": 7, "a": 3}, **how)
    apart = pd.concat(
        [
            sweep.sweep(stacked.mlp([4, 8]), {k: d}, seed=s, **how)
            for (k, d), s in zip(sets.items(), (3, 7), strict=True)
        ]
    )
    columns = ["data", "width", "init_seed", "data_seed", "train_loss", "test_error"]
    pd.testing.assert_frame_equal(together[columns], apart[columns].reset_index(drop=True))
    with pytest.raises(ValueError, match="give every data set its seed"):
        sweep.sweep(stacked.mlp(4), sets, seed={"a": 3}, **how)


def test_each_data_set_can_have_its_own_networks(images):
    sets = {"a": images, "b": replace(images, x=-images.x)}
    first, second = (Settings(stacked.MLP(4), n=40, epochs=2, lr=0.1, init_seed=s) for s in (3, 7))
    together = sweep.run({"b": [second], "a": [first, second]}, sets)
    apart = pd.concat([sweep.run([first, second], {"a": sets["a"]}), sweep.run([second], {"b": sets["b"]})])
    columns = ["data", "init_seed", "train_loss", "test_error"]
    pd.testing.assert_frame_equal(together[columns], apart[columns].reset_index(drop=True))
    with pytest.raises(ValueError, match="give every data set its networks"):
        sweep.run({"a": [first]}, sets)


def test_several_data_sets_are_one_sweep(images):
    other = digits(n_train=200, seed=5)
    both = sweep.sweep(stacked.mlp([4, 8]), {"all": images, "few": other}, n=100, epochs=3, lr=0.1, seed=range(2))
    assert both.data.tolist() == ["all"] * 4 + ["few"] * 4
    for name, each in (("all", images), ("few", other)):
        alone = sweep.sweep(stacked.mlp([4, 8]), each, n=100, epochs=3, lr=0.1, seed=range(2), cache=False)
        part = both[both.data == name].reset_index(drop=True)
        columns = ["width", "init_seed", "train_loss", "test_error"]
        pd.testing.assert_frame_equal(part[columns], alone[columns], rtol=1e-5)
    plan = sweep.sweep(stacked.mlp(4), {"all": images, "few": other}, n=100, epochs=3, lr=0.1, explain=True)
    assert plan.data.tolist() == ["all", "few"]


@pytest.mark.parametrize(("wrong", "said"), [({}, "an empty mapping"), ({"a": 3}, "3"), ("digits", "'digits'")])
def test_what_is_no_data_set_is_refused(wrong, said):
    with pytest.raises(ValueError, match=f"data is {said}; pass a data set such as"):
        sweep.sweep(stacked.mlp(4), wrong, epochs=3, lr=0.1)


def test_there_is_a_row_for_each_network_that_is_asked_for_in_that_order(images):
    a, b = (Settings(stacked.MLP(w), n=20, epochs=2, lr=0.1) for w in (9, 3))
    asked = [a, b, a, a, b]
    for _ in range(2):  # trained, then read back
        runs = sweep.run(asked, images, record=["weights"], device="cpu")
        assert runs.width.tolist() == [9, 3, 9, 9, 3]
        assert runs.train_loss.tolist() == [runs.train_loss[0 if s is a else 1] for s in asked]
    runs.weights[0][:] = 0
    assert runs.weights[2].any()  # each row has its own arrays
    twice = sweep.sweep(stacked.mlp([3, 3]), images, n=20, epochs=2, lr=[0.1, 0.1], device="cpu")
    assert len(twice) == 4


def test_three_kinds_of_seeds_cannot_all_be_given(images):
    with pytest.raises(
        ValueError, match="seed sets init_seed and data_seed where they are not given; give at most two"
    ):
        sweep.sweep(stacked.mlp(3), images, n=20, epochs=2, lr=0.1, seed=1, init_seed=2, data_seed=3)


def test_networks_that_diverged_are_counted_and_left_out_of_means(images):
    with pytest.warns(UserWarning, match="1 of 2 networks diverged, and their errors are NaN: means leave them out"):
        runs = sweep.sweep(stacked.mlp(3), images, n=20, epochs=5, lr=[0.1, 1e8], device="cpu")
    assert runs.diverged.tolist() == [False, True]
    assert runs.test_error.mean() == runs.test_error[0]


def test_a_machine_without_gpu_may_ask_for_those_of_an_executor(images):
    class Elsewhere:
        """An executor whose machines have GPUs: it notes what it is asked for."""

        asked = []  # noqa: RUF012

        def submit(self, *arguments):
            self.asked.append(arguments)
            future = Future()
            future.set_exception(InterruptedError("as far as this machine can follow"))
            return future

    with pytest.raises(InterruptedError):
        small(images, device="cuda", executor=Elsewhere(), dtype="bfloat16")
    assert Elsewhere.asked


def test_a_worker_with_other_code_is_named(images, busy_workers, monkeypatch):
    monkeypatch.setattr(sweep, "_train_one_of", lambda *_: None)
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(RuntimeError, match="has another version of overparam or of your network"),
    ):
        small(images, executor=executor, lr=[0.1, 0.2])
