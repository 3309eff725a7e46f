"""Tables of runs: one row per seed, choices that are tested on other seeds, labels learned over time."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from overparam import data, measures, mlp, network, sweep

RUNS = pd.DataFrame(
    {"data_seed": [11, 11, 10, 10], "width": [2, 4, 4, 2], "test_error": [0.5, 0.2, 0.1, np.nan], "lr": 0.1}
)


# --- Seeds --------------------------------------------------------------------------------------------


def test_a_row_per_seed_in_ascending_order_keeps_what_diverged():
    table = measures.by_seed(RUNS, "test_error", "width")
    assert table.index.tolist() == [10, 11]
    assert table.columns.tolist() == [2, 4]
    np.testing.assert_array_equal(table, [[np.nan, 0.1], [0.5, 0.2]])
    assert measures.by_seed(RUNS, "test_error", ["lr", "width"])[0.1, 4].tolist() == [0.1, 0.2]


def test_a_seed_has_one_run_in_each_place():
    with pytest.raises(ValueError, match="Several runs have the same data_seed and lr; select one for each"):
        measures.by_seed(RUNS, "test_error", "lr")
    with pytest.raises(ValueError, match="Some values of data_seed and width have no run"):
        measures.by_seed(RUNS.iloc[:3], "test_error", "width")


def test_cross_fitting_chooses_outside_the_fold_that_is_tested():
    table, seen = pd.DataFrame({"a": range(5)}, index=list("vwxyz")), []

    def choose(others):
        seen.append("".join(others.index))
        return seen[-1]

    for folds, expected in ((2, ["xyz", "vw"]), (5, ["wxyz", "vxyz", "vwyz", "vwxz", "vwxy"])):
        seen.clear()
        found = measures.cross_fit(table, choose, lambda fold, choice: fold.assign(choice=choice), folds)
        assert seen == expected
        assert found.index.tolist() == list("vwxyz")
        assert not any(seed in choice for seed, choice in found.choice.items())
    with pytest.raises(ValueError, match="needs 6 or more; got 5"):
        measures.cross_fit(table, choose, lambda fold, choice: fold, 6)


# --- Labels over time ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy_runs():
    record = {"weights": [0, 1, 400], "correct": [400]}
    return sweep(mlp(32), data.digits(), n=60, label_noise=[0, 0.5], seed=[3], epochs=400, lr=0.5, record=record)


def test_label_histories_count_which_labels_are_given(noisy_runs):
    digits, row = data.digits(), noisy_runs[noisy_runs.label_noise == 0.5].iloc[0]
    history = measures.label_history(noisy_runs, digits)
    noisy = history[history.label_noise == 0.5]
    assert noisy.epoch.tolist() == [0, 1, 400]
    assert set(noisy.data_seed) == {3}
    true, trained = digits.y[row.examples].numpy(), row.labels
    for time, (_, shares) in enumerate(noisy.iterrows()):
        with torch.no_grad():
            given = network(row, digits, time)(digits.x[row.examples]).argmax(1).numpy()
            tested = network(row, digits, time)(digits.x_test).argmax(1)
        wrong = [k for k in range(60) if trained[k] != true[k]]
        assert shares.true_label == pytest.approx(sum(given[k] == true[k] for k in wrong) / len(wrong))
        assert shares.wrong_label == pytest.approx(sum(given[k] == trained[k] for k in wrong) / len(wrong))
        right = [k for k in range(60) if trained[k] == true[k]]
        assert shares.right_label == pytest.approx(sum(given[k] == true[k] for k in right) / len(right))
        assert shares.train == pytest.approx((given == trained).mean())
        assert shares.test == pytest.approx(float((tested == digits.y_test).float().mean()))
    assert noisy.train.iloc[-1] == pytest.approx(1 - row.train_error)
    assert noisy.wrong_label.iloc[-1] > 0.9  # by then they are learned


def test_without_wrong_labels_there_is_no_share_of_them(noisy_runs):
    clean = measures.label_history(noisy_runs[noisy_runs.label_noise == 0], data.digits())
    assert clean[["true_label", "wrong_label"]].isna().all(axis=None)
    assert clean.right_label.tolist() == clean.train.tolist()


def test_regressions_have_no_wrong_labels(noisy_runs):
    with pytest.raises(ValueError, match="is for regression: there are no labels"):
        measures.label_history(noisy_runs, data.sine(20, 0.1, 0))


def test_held_out_errors_are_of_disjoint_parts():
    correct = [np.array([[0, 0, 0, 0, 0], [1, 0, 1, 1, 1]]), np.array([[0, 0, 0, 0, 0], [0, 0, 1, 1, 0]])]
    runs = pd.DataFrame({"lr": [0.1, 0.2], "test_correct": correct, "test_error": [0.2, 0.6]})
    found = measures.held_out(runs, 2)
    assert found.validation_error.tolist() == [0.5, 1]
    np.testing.assert_allclose(found.test_error, [0, 1 / 3])
    assert "test_correct" not in found
    with pytest.raises(ValueError, match="at least 1, 4 at most; got 5"):
        measures.held_out(runs, 5)


def test_validation_labels_are_as_noisy_as_those_trained_with(noisy_runs):
    """Of the first 500 test examples accuracy is taken on noisy labels, of the others on true ones."""
    digits = data.digits()
    history = measures.label_history(noisy_runs, digits, validation=500)
    with torch.no_grad():
        row = noisy_runs[noisy_runs.label_noise == 0.5].iloc[0]
        right = (network(row, digits)(digits.x_test).argmax(1) == digits.y_test).float()
    last = history[(history.label_noise == 0.5) & (history.epoch == 400)].iloc[0]
    assert last.test == pytest.approx(right[500:].mean().item())
    expected = 0.5 * right[:500].mean().item() + 0.5 / 10
    assert last.validation == pytest.approx(expected, abs=4 * 0.5 / 500**0.5)
    clean = history[(history.label_noise == 0) & (history.epoch == 400)].iloc[0]
    assert clean.validation == pytest.approx(
        (network(noisy_runs[noisy_runs.label_noise == 0].iloc[0], digits)(digits.x_test[:500]).argmax(1) == digits.y_test[:500])
        .float().mean().item()
    )  # fmt: skip
    with pytest.raises(ValueError, match="validation must be"):
        measures.label_history(noisy_runs, digits, validation=len(digits.x_test))


def test_the_best_epoch_and_the_last():
    table = pd.DataFrame(
        {"data_seed": [1, 1, 1, 0, 0, 0], "epoch": [9, 1, 3, 9, 3, 1], "v": [0.2, 0.5, 0.5, 0.7, 0.1, 0.3]}
    )
    best, last = measures.best_and_last(table, "v")
    assert best.epoch.to_dict() == {0: 9, 1: 1}  # the first of equals
    assert last.v.to_dict() == {0: 0.7, 1: 0.2}
    with pytest.raises(ValueError, match="Several rows have the same data_seed and epoch"):
        measures.best_and_last(pd.concat([table, table]), "v")


def test_where_a_level_is_first_reached():
    assert measures.at_level(0.5, [0.1, 0.4, 0.6, 0.3, 0.9], [0, 10, 20, 30, 40]) == pytest.approx(15)
    assert measures.at_level(0.5, [0.8, 0.9], [3, 4]) == 3
    assert math.isnan(measures.at_level(0.5, [0.1, 0.4], [3, 4]))
    with pytest.raises(ValueError, match="the same times; got 2 and 1"):
        measures.at_level(0.5, [0.1, 0.4], [3])


def test_where_rows_are_lowest():
    places = 2.0 ** np.arange(-5, 0)
    table = pd.DataFrame([np.exp((np.log2(places) - at) ** 2) for at in (-3.3, -2.0)], columns=places)
    table.loc[2] = [5, 4, 3, 2, 1]  # still falling at the end
    table.loc[3] = [4, 2, 1, np.nan, 3]  # a neighbour of the lowest has diverged
    table.loc[4] = [2, 1, 2, 3, np.nan]
    assert measures.lowest_at(table) == pytest.approx([-3.3, -2, -1, np.nan, -4], nan_ok=True)
    with pytest.raises(ValueError, match="factors of two"):
        measures.lowest_at(table.set_axis([1, 2, 3, 4, 5], axis=1))


def test_waits_are_read_off_curves_and_what_does_not_come_counts_as_the_end():
    epochs = np.array([0, 10, 20, 40])
    runs = pd.DataFrame(
        {
            "curve_epoch": [epochs] * 3,
            "curve_train_error": [np.array([0.9, 0.01, 0, 0]), np.array([0.9, 0.5, 0, 0]), np.full(4, np.nan)],
            "curve_test_error": [np.array([0.9, 1.0, 0.5, 0.1]), np.array([0.9, 0.9, 0.8, 0.7]), np.full(4, np.nan)],
            "diverged": [False, False, True],
        },
        index=[5, 6, 7],
    )
    found = measures.waits(runs)
    assert found.index.tolist() == [5, 6, 7]
    assert found.loc[5].to_dict() == pytest.approx(
        {"fit": 10, "found": 40, "delay": 4, "arrived": True, "at_fit": 0, "at_end": 0.9}
    )
    assert found.loc[6].to_dict() == pytest.approx(
        {"fit": 20, "found": 40, "delay": 2, "arrived": False, "at_fit": 0.2, "at_end": 0.3}
    )
    assert math.isnan(found.loc[7, "delay"])
    assert not found.loc[7, "arrived"]
    with pytest.raises(ValueError, match="found is an accuracy, above 0 and up to 1; got 90"):
        measures.waits(runs, found=90)
