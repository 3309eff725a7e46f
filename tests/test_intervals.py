"""Intervals of each quantity: they cover, they never leave its range, and replicates that diverged are counted."""

import re

import numpy as np
import pytest

from overparam.report import intervals, protocols

DRAWS = {  # for each quantity: what its interval should cover, and one value per replicate
    "mean": (0.5, lambda rng, n: 0.5 + rng.standard_normal(n)),
    "ratio": (2.0, lambda rng, n: 2 * np.exp(rng.standard_normal(n))),
    "correlation": (np.tanh(0.8), lambda rng, n: np.tanh(0.8 + 0.4 * rng.standard_normal(n))),
    "share": (0.8, lambda rng, n: (rng.random(n) < 0.8).astype(float)),
    "sign": (0.8, lambda rng, n: np.where(rng.random(n) < 0.8, 1.0, -1.0) * rng.random(n)),
    "location": (3.0, lambda rng, n: 3 * np.exp(rng.standard_normal(n))),
}
RANGES = {"ratio": (0, np.inf), "correlation": (-1, 1), "share": (0, 1), "sign": (0, 1)}


@pytest.fixture(autouse=True)
def laptop(monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "laptop")


def test_every_quantity_is_tested_here():
    assert set(DRAWS) == set(intervals.QUANTITIES)


@pytest.mark.parametrize("n", [10, 40])
@pytest.mark.parametrize("quantity", DRAWS)
def test_intervals_cover_what_they_should(quantity, n):
    truth, draw = DRAWS[quantity]
    rng, repetitions = np.random.default_rng(0), 1000
    found = [intervals.QUANTITIES[quantity](draw(rng, n), 0.95) for _ in range(repetitions)]
    covered = np.mean([each.low <= truth <= each.high for each in found])
    exact = quantity in ("mean", "ratio", "correlation")
    assert covered >= 0.93  # but for chance
    assert covered <= (0.97 if exact else 0.995)


@pytest.mark.parametrize("quantity", RANGES)
def test_intervals_stay_in_the_range_of_their_quantity(quantity):
    low, high = RANGES[quantity]
    extreme = {
        "ratio": [1e-9, 1e9, 1.0, 2.0],
        "correlation": [1.0, 1.0, -1.0, 0.99],
        "share": [1, 1, 1, 1],
        "sign": [1e-9, 3, 2, 5],
    }[quantity]
    for level in (0.5, 0.95, 0.9999):
        found = intervals.QUANTITIES[quantity](extreme, level)
        assert low <= found.low <= found.value <= found.high <= high
        assert found.low < found.high


def test_a_mean_stays_in_the_range_that_its_protocol_names():
    values = [0.0, 0.0, 0.01, 0.9]
    free = protocols.Condition("error", "the error", above=0)
    bound = protocols.Condition("error", "the error", above=0, range=(0, 1))
    assert free.estimate(values, 0.99).low < 0
    assert free.estimate(values, 0.99).high > 1
    assert (bound.estimate(values, 0.99).low, bound.estimate(values, 0.99).high) == (0, 1)


@pytest.mark.parametrize("quantity", DRAWS)
def test_replicates_that_diverged_are_left_out_and_counted(quantity):
    function, values = intervals.QUANTITIES[quantity], DRAWS[quantity][1](np.random.default_rng(1), 12)
    with_nan = np.insert(values, [0, 5, 12], np.nan)
    without, found = function(values), function(with_nan)
    assert (found.value, found.low, found.high) == (without.value, without.low, without.high)
    assert (found.left_out, without.left_out) == (3, 0)


@pytest.mark.parametrize("quantity", DRAWS)
def test_a_higher_level_is_a_wider_interval(quantity):
    function, values = intervals.QUANTITIES[quantity], DRAWS[quantity][1](np.random.default_rng(2), 20)
    narrow, wide = function(values, 0.5), function(values, 0.999)
    assert wide.low < narrow.low <= narrow.value <= narrow.high < wide.high


def test_values_by_hand():
    assert intervals.ratio([0.5, 2.0]).value == pytest.approx(1)
    assert intervals.correlation([0.5, -0.5]).value == pytest.approx(0)
    assert intervals.share([1, 1, 0, 0]).value == 0.5
    assert intervals.sign([3, -1, 0, 2]).value == pytest.approx(2 / 3)  # zeros say nothing
    places = intervals.location(range(1, 11), 0.95)
    assert (places.value, places.low, places.high) == (5.5, 2, 9)  # 1 − 2·11/1024 = 0.979; one more cut off: 0.89
    assert intervals.location([1, 2, 3], 0.95).high == 3


@pytest.mark.parametrize(
    ("quantity", "values", "sentence"),
    [
        ("ratio", [1.0, 0.0], "A ratio is positive; got 0."),
        ("correlation", [0.5, -1.5], "A correlation lies in [−1, 1]; got -1.5."),
        ("share", [0, 0.5], "A share takes 0 or 1 for each replicate; got [0, 0.5]."),
        ("sign", [0, 0.0], "A share of signs needs a value that is not 0; got [0, 0.0]."),
        ("location", [np.nan, 1.0], "An interval needs at least 2 finite replicates; got [nan, 1.0]."),
        ("mean", [np.inf, 1.0], "An interval needs at least 2 finite replicates; got [inf, 1.0]."),
        ("mean", [1.0, 1.0], "All 2 replicates are 1: state that as a fact, it has no interval."),
    ],
)
def test_values_that_the_quantity_cannot_have_are_one_sentence(quantity, values, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        intervals.QUANTITIES[quantity](values)


@pytest.mark.parametrize("level", [0, 1, 95, "high", None])
def test_a_level_lies_between_0_and_1(level):
    for function in intervals.QUANTITIES.values():
        with pytest.raises(ValueError, match="The level of an interval lies between 0 and 1"):
            function([0.0, 1.0, 1.0, 0.5], level)


def test_replicates_that_agree_are_named_as_they_were_measured():
    for quantity in (intervals.mean, intervals.ratio, intervals.correlation):
        with pytest.raises(ValueError, match=r"All 5 replicates are 0\.5: state that as a fact"):
            quantity([0.5] * 5)
