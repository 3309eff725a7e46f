"""Intervals against scipy and closed forms; verdicts and cards."""

import json

import numpy as np
import pytest
from scipy import stats

from overparam import claims
from overparam.claims import Check, Estimate


@pytest.fixture
def ledger():
    return claims.Ledger("01-bias-variance")


def test_ten_replicates_get_the_t_interval_of_scipy():
    values = np.random.default_rng(0).normal(3, 2, 25)
    estimate = claims.mean(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected))
    assert estimate.value == pytest.approx(values.mean())


def test_fewer_replicates_get_the_bca_interval_of_scipy():
    values = np.array([0.1, 0.4, 0.35, 0.9, 0.2])
    expected = stats.bootstrap((values,), np.mean, n_resamples=10_000, method="BCa", rng=np.random.default_rng(0))
    estimate = claims.mean(values)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected.confidence_interval))
    assert claims.mean(values) == estimate


def test_equal_replicates_have_an_interval_of_no_width():
    assert claims.mean([2.0] * 12) == Estimate(2.0, 2.0, 2.0)


@pytest.mark.parametrize("values", [[1.0], [], [1.0, np.nan, 2.0]])
def test_no_interval_without_two_finite_replicates(values):
    with pytest.raises(ValueError, match="needs at least 2 finite replicates"):
        claims.mean(values)


def test_jackknife_of_a_mean_is_its_t_interval():
    values = np.random.default_rng(1).exponential(size=15)
    left_out = [np.delete(values, k).mean() for k in range(15)]
    estimate, expected = claims.jackknife(values.mean(), left_out), claims.mean(values)
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))


def test_jackknife_covers_a_variance_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(400):
        values = rng.uniform(size=40)
        left_out = [np.delete(values, k).var(ddof=1) for k in range(40)]
        estimate = claims.jackknife(values.var(ddof=1), left_out)
        hits += estimate.low < 1 / 12 < estimate.high
    assert 0.90 < hits / 400 < 0.98


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.1, 0.3), "supported"),
        ((-0.3, -0.1), "contradicted"),
        ((-0.1, 0.3), "inconclusive"),
        ((0.0, 0.3), "inconclusive"),
    ],
)
def test_verdict_of_a_side(interval, verdict):
    estimate = Estimate(sum(interval) / 2, *interval)
    assert Check("x", estimate, above=0).verdict == verdict
    flipped = Estimate(-estimate.value, -estimate.high, -estimate.low)
    assert Check("x", flipped, below=0).verdict == verdict


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((-0.05, 0.05), "supported"),
        ((0.2, 0.3), "contradicted"),
        ((-0.3, -0.2), "contradicted"),
        ((-0.2, 0.05), "inconclusive"),
    ],
)
def test_verdict_of_no_difference(interval, verdict):
    assert Check("x", Estimate(0.0, *interval), above=-0.1, below=0.1).verdict == verdict


def test_a_claim_stands_only_if_all_of_it_does():
    assert claims.combine(["supported", "supported"]) == "supported"
    assert claims.combine(["supported", "inconclusive"]) == "inconclusive"
    assert claims.combine(["inconclusive", "contradicted", "supported"]) == "contradicted"


def card(ledger, low=0.1, seeds=range(5)):
    checks = [Check("slope", Estimate(0.2, low, 0.3), above=0, unit="per doubling")]
    return ledger.card("classical-u-curve", checks, "A slope <of> 0.2.", list(seeds), "polynomials")


def test_a_card_shows_and_records_what_was_measured(ledger, monkeypatch):
    monkeypatch.delenv("OVERPARAM_SCALE", raising=False)
    monkeypatch.setenv("OVERPARAM_SEED", "1000")
    data, metadata = card(ledger)._repr_mimebundle_()
    record = metadata[claims.METADATA]
    assert json.loads(json.dumps(record)) == record
    assert record["id"] == "01-bias-variance/classical-u-curve"
    assert (record["verdict"], record["measured"], record["interval"]) == ("supported", 0.2, [0.1, 0.3])
    assert (record["unit"], record["seeds"], record["n_seeds"]) == ("per doubling", [0, 1, 2, 3, 4], 5)
    assert (record["scale"], record["seed_offset"]) == ("laptop", 1000)
    assert "id='claim-01-bias-variance-classical-u-curve'" in data["text/html"]
    assert "data-verdict='supported'" in data["text/html"]
    assert "A slope &lt;of&gt; 0.2." in data["text/html"]
    assert "href='#polynomials'" in data["text/html"]


@pytest.mark.parametrize(("low", "verdict"), [(0.1, "supported"), (-0.1, "inconclusive")])
def test_a_record_gives_its_verdict_again(ledger, monkeypatch, low, verdict):
    monkeypatch.delenv("OVERPARAM_SCALE", raising=False)
    record = card(ledger, low).record()
    assert record["verdict"] == claims.recompute(record) == verdict


def test_smoke_scale_gives_no_verdict(ledger, monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "smoke")
    record = card(ledger, seeds=range(2)).record()
    assert record["verdict"] == claims.recompute(record) == "not-run"


def test_a_claim_that_cannot_be_tested_says_so(ledger):
    shown = ledger.not_run("classical-u-curve", "needs a GPU", "polynomials")
    assert shown.record()["verdict"] == "not-run"
    assert shown.record()["measured"] is None


def test_a_verdict_needs_seeds_and_a_known_claim(ledger, monkeypatch):
    monkeypatch.delenv("OVERPARAM_SCALE", raising=False)
    with pytest.raises(ValueError, match="needs at least 5 seeds; classical-u-curve has 4"):
        card(ledger, seeds=range(4))
    with pytest.raises(ValueError, match="claims no 'flat-earth'"):
        ledger.not_run("flat-earth", "", "")
    with pytest.raises(ValueError, match="No claims for chapter '99-none'"):
        claims.Ledger("99-none")
