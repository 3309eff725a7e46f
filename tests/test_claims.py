"""The intervals that a chapter asks for, against scipy and closed forms."""

import numpy as np
import pytest
from scipy import stats

from overparam.report import claims


def test_ten_replicates_get_the_t_interval_of_scipy():
    values = np.random.default_rng(0).normal(3, 2, 25)
    estimate = claims.mean(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected))
    assert estimate.value == pytest.approx(values.mean())


@pytest.mark.parametrize("replicates", [3, 5, 8])
def test_an_interval_of_few_replicates_covers_as_often_as_it_says(replicates):
    rng = np.random.default_rng(0)
    estimates = [claims.mean(rng.normal(3, 2, replicates)) for _ in range(2_000)]
    hits = sum(estimate.low < 3 < estimate.high for estimate in estimates)
    assert stats.binomtest(hits, 2_000, 0.95).pvalue > 0.01


def test_an_estimate_in_other_units_keeps_its_ends_in_order():
    estimate = claims.Estimate(0.02, -0.01, 0.05)
    assert 100 * estimate == estimate * 100 == claims.Estimate(2, -1, 5)
    assert -estimate == claims.Estimate(-0.02, -0.05, 0.01)


def test_equal_replicates_are_their_value_where_nothing_is_decided(monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "smoke")
    assert claims.mean([2, 2, 2]) == claims.Estimate(2, 2, 2)


def test_equal_replicates_have_no_interval(monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "laptop")
    with pytest.raises(ValueError, match="All 12 replicates are 2: state that as a fact"):
        claims.mean([2.0] * 12)


@pytest.mark.parametrize("values", [[1.0], [], [1.0, np.nan], [1.0, np.inf, 2.0]])
def test_no_interval_without_two_finite_replicates(values):
    with pytest.raises(ValueError, match="needs at least 2 finite replicates"):
        claims.mean(values)


def test_replicates_that_diverged_are_left_out_and_counted():
    estimate = claims.mean([0.1, np.nan, 0.2, 0.3])
    assert (estimate.low, estimate.high) == pytest.approx(stats.t.interval(0.95, 2, 0.2, stats.sem([0.1, 0.2, 0.3])))
    assert (estimate.left_out, (-estimate).left_out, claims.mean([0.1, 0.2, 0.3]).left_out) == (1, 1, 0)
    with pytest.raises(ValueError, match="at least 2 finite replicates"):
        claims.mean([0.1, np.nan, np.nan])
    with pytest.raises(ValueError, match="at least 2 finite replicates"):
        claims.mean([0.1, 0.2, np.inf])
