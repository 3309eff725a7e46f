"""Intervals against scipy and closed forms; verdicts and cards."""

import json

import numpy as np
import pytest
from scipy import stats

from overparam.report import claims, earlier, protocols
from overparam.report.claims import Check, Estimate


@pytest.fixture
def ledger(monkeypatch):
    """The earlier ledger of a chapter with one claim."""
    keys = ("id", "chapter", "title", "statement", "paper", "url", "paper_says")
    fact = dict.fromkeys(keys, "words") | {"id": "penalty-vanishes-at-minima", "chapter": "implicit-regularization"}
    fact["formerly"] = ["05-implicit-regularization/penalty-vanishes-at-minima"]
    monkeypatch.setattr(protocols, "entries", lambda: (fact,))
    return claims.EarlierLedger("implicit-regularization")


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


def test_the_bootstrap_of_a_statistic_is_the_bca_interval_of_scipy():
    values = np.array([0.1, 0.4, 0.35, 0.9, 0.2, 0.3, 0.6, 0.5])
    expected = stats.bootstrap((values,), np.median, n_resamples=10_000, method="BCa", rng=np.random.default_rng(0))
    estimate = claims.bootstrap(values, np.median)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected.confidence_interval))
    assert claims.bootstrap(values, np.median) == estimate


def test_an_estimate_in_other_units_keeps_its_ends_in_order():
    estimate = claims.Estimate(0.02, -0.01, 0.05)
    assert 100 * estimate == estimate * 100 == claims.Estimate(2, -1, 5)
    assert -estimate == claims.Estimate(-0.02, -0.05, 0.01)


def test_every_is_the_mean_with_the_range():
    assert claims.every([3, 1, 2]) == claims.Estimate(2, 1, 3)


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
    assert earlier.combine(["supported", "supported"]) == "supported"
    assert earlier.combine(["supported", "inconclusive"]) == "inconclusive"
    assert earlier.combine(["inconclusive", "contradicted", "supported"]) == "contradicted"


def card(ledger, low=0.1, seeds=range(5)):
    checks = [Check("slope", Estimate(0.2, low, 0.3), above=0, unit="per doubling")]
    return ledger.card("penalty-vanishes-at-minima", checks, "A slope <of> 0.2.", list(seeds), "polynomials")


def test_a_card_shows_and_records_what_was_measured(ledger, monkeypatch):
    monkeypatch.delenv("OVERPARAM_SCALE", raising=False)
    monkeypatch.setenv("OVERPARAM_SEED", "1000")
    data, metadata = card(ledger)._repr_mimebundle_()
    record = metadata[claims.METADATA]
    assert json.loads(json.dumps(record)) == record
    assert record["id"] == "penalty-vanishes-at-minima"
    assert (record["verdict"], record["measured"], record["interval"]) == ("supported", 0.2, [0.1, 0.3])
    assert (record["unit"], record["seeds"], record["n_seeds"]) == ("per doubling", [0, 1, 2, 3, 4], 5)
    assert (record["scale"], record["seed_offset"]) == ("laptop", 1000)
    assert "id='claim-penalty-vanishes-at-minima'" in data["text/html"]
    assert (
        "id='claim-05-implicit-regularization-penalty-vanishes-at-minima'" in data["text/html"]
    )  # where links of old still lead
    assert "data-verdict='supported'" in data["text/html"]
    assert "A slope &lt;of&gt; 0.2." in data["text/html"]
    assert "href='#polynomials'" in data["text/html"]


@pytest.mark.parametrize(
    ("bounds", "claimed"),
    [
        ({"above": -1}, "claimed above −1"),
        ({"below": -0.5}, "claimed below −0.5"),
        ({"above": -1, "below": 1}, "claimed between −1 and 1"),
    ],
)
def test_a_card_writes_bounds_with_a_true_minus(ledger, bounds, claimed):
    check = Check("slope", Estimate(0.2, 0.1, 0.3), **bounds)
    shown = ledger.card("penalty-vanishes-at-minima", [check], "A slope.", list(range(5)), "polynomials")
    html = shown._repr_mimebundle_()[0]["text/html"]
    assert claimed in html


@pytest.mark.parametrize(("low", "verdict"), [(0.1, "supported"), (-0.1, "inconclusive")])
def test_a_record_gives_its_verdict_again(ledger, monkeypatch, low, verdict):
    monkeypatch.delenv("OVERPARAM_SCALE", raising=False)
    record = card(ledger, low).record()
    assert record["verdict"] == earlier.recompute(record) == verdict


def test_smoke_scale_gives_no_verdict(ledger, monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "smoke")
    record = card(ledger, seeds=range(2)).record()
    assert record["verdict"] == earlier.recompute(record) == "not-run"


def test_a_claim_that_cannot_be_tested_says_so(ledger):
    shown = ledger.not_run("penalty-vanishes-at-minima", "needs a GPU", "polynomials")
    assert shown.record()["verdict"] == "not-run"
    assert shown.record()["measured"] is None


def test_a_verdict_needs_seeds_and_a_known_claim(ledger, monkeypatch):
    monkeypatch.delenv("OVERPARAM_SCALE", raising=False)
    with pytest.raises(ValueError, match="needs at least 5 seeds; penalty-vanishes-at-minima has 4"):
        card(ledger, seeds=range(4))
    with pytest.raises(ValueError, match="claims no 'flat-earth'"):
        ledger.not_run("flat-earth", "", "")
    with pytest.raises(ValueError, match="No earlier claims for chapter 'none'"):
        claims.EarlierLedger("none")


def test_a_share_of_runs_has_an_interval_also_at_the_ends():
    half = claims.proportion(10, 20)
    assert (half.value, half.low, half.high) == pytest.approx((0.5, 0.2993, 0.7007), abs=1e-4)
    none = claims.proportion(0, 20)
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(0.1611, abs=1e-4)
    with pytest.raises(ValueError, match="got 3 of 2"):
        claims.proportion(3, 2)


def test_replicates_that_diverged_are_left_out_and_the_card_says_how_many():
    estimate = claims.mean([0.1, np.nan, 0.2, 0.3])
    assert (estimate.low, estimate.high) == pytest.approx(stats.t.interval(0.95, 2, 0.2, stats.sem([0.1, 0.2, 0.3])))
    assert (estimate.left_out, (-estimate).left_out, claims.mean([0.1, 0.2, 0.3]).left_out) == (1, 1, 0)
    with pytest.raises(ValueError, match="at least 2 finite replicates"):
        claims.mean([0.1, np.nan, np.nan])
    with pytest.raises(ValueError, match="at least 2 finite replicates"):
        claims.mean([0.1, 0.2, np.inf])


def test_a_card_says_how_many_replicates_diverged(ledger, monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "laptop")
    name = next(iter(ledger.facts))
    check = Check("the rise", claims.mean([0.1, np.nan, 0.2, 0.3, 0.2, 0.1]), above=0)
    card = ledger.card(name, [check], "It rose.", range(6), "x")
    assert "1 replicate diverged and is left out" in card._repr_mimebundle_()[0]["text/html"]
    assert card.record()["checks"][0]["estimate"]["left_out"] == 1
