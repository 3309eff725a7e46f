"""The rule by which replicates become an outcome: its errors and its power by simulation, and each outcome by example."""

import itertools

import numpy as np
import pytest

from overparam.report import protocols, verdicts

ABOVE = {"says": "effect", "above": 0.0}


def protocol(**estimates):
    entry = {"number": 1, "unit": "a seed", "redrawn": ["all"], "reason": "a test", "estimates": estimates}
    claim = {"id": "x", "chapter": "c", "kind": "finding", "title": "t", "statement": "s", "paper": "p", "url": "u"}
    return protocols.read(claim | {"paper_says": "p", "setting": "s", "protocol": entry}).protocol


def decided(values, plan):
    """The outcome at the first look that decides, as a record reaches it."""
    for n in protocols.LOOKS:
        found = verdicts.outcome({name: row[:n] for name, row in values.items()}, plan)
        if found != "inconclusive":
            return found
    return "inconclusive"


def simulated(plan, draw, findings=2000):
    """The share of simulated findings with each outcome; ``draw(name)`` gives all replicates of one estimate."""
    rng = np.random.default_rng(0)
    outcomes = [decided({name: draw(rng, name) for name in plan.estimates}, plan) for _ in range(findings)]
    return {name: outcomes.count(name) / findings for name in protocols.OUTCOMES}


@pytest.mark.slow
@pytest.mark.parametrize("conditions", [1, 2, 6])
@pytest.mark.parametrize("shape", ["normal", "uniform"])
def test_at_the_bound_at_most_one_finding_in_twenty_is_decided(conditions, shape):
    plan = protocol(**{f"part{i}": ABOVE for i in range(conditions)})
    drawn = {"normal": lambda rng, _: rng.standard_normal(160), "uniform": lambda rng, _: rng.uniform(-1, 1, 160)}
    shares = simulated(plan, drawn[shape])
    assert shares["supported"] + shares["contradicted"] <= 0.05
    assert shares["no effect"] == 0


def test_values_with_a_long_tail_are_judged_by_their_logarithm():
    def draw(rng, _):
        return rng.lognormal(0, 1, 160)

    as_ratio = simulated(protocol(effect={"says": "effect", "quantity": "ratio", "above": 1.0}), draw)
    assert as_ratio["supported"] + as_ratio["contradicted"] <= 0.05
    as_mean = simulated(protocol(effect={"says": "effect", "above": float(np.exp(0.5))}), draw)
    assert as_mean["contradicted"] > 0.05  # Student's t is not for these: the page on judging says so


@pytest.mark.slow
@pytest.mark.parametrize("conditions", [2, 6])
def test_a_claim_of_which_one_part_sits_at_its_bound_is_rarely_supported_or_contradicted(conditions):
    plan = protocol(**{f"part{i}": ABOVE for i in range(conditions)})
    shares = simulated(plan, lambda rng, name: rng.standard_normal(160) + 5 * (name != "part0"))
    assert 0 < shares["supported"] + shares["contradicted"] <= 0.05


def test_an_effect_as_large_as_would_matter_is_rarely_called_none():
    for entry in ({"says": "effect", "above": 0.0, "delta": 1.0}, {"says": "effect", "equals": 0.0, "delta": 1.0}):
        shares = simulated(protocol(effect=entry), lambda rng, _: 1.0 + 2 * rng.standard_normal(160))
        assert shares["no effect"] <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("quantity", ["mean", "ratio", "sign", "location", "share"])
def test_a_planted_effect_of_the_planned_size_is_found(quantity):
    """The planned size is the one for which the last look, at 160 replicates, has a power of 80 % by itself."""
    size = (2.576 + 0.842) / np.sqrt(160)
    bound = {"ratio": 1.0, "sign": 0.5, "share": 0.5}.get(quantity, 0.0)

    def draw(rng, _):
        if quantity in ("sign", "share", "location"):
            positive = rng.random(160) < 0.5 + 0.55 * size
            return positive.astype(float) if quantity == "share" else np.where(positive, 1.0, -1.0)
        values = size + rng.standard_normal(160)
        return np.exp(values) if quantity == "ratio" else values

    shares = simulated(protocol(effect={"says": "effect", "quantity": quantity, "above": bound}), draw)
    assert shares["supported"] >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("quantity", "null"), [("ratio", 1.0), ("sign", 0.5), ("share", 0.5), ("correlation", 0.0), ("location", 0.0)]
)
def test_every_quantity_keeps_the_error_rate(quantity, null):
    def draw(rng, _):
        values = rng.standard_normal(160)
        as_needed = {"ratio": np.exp(values), "share": (values > 0).astype(float), "correlation": np.tanh(values / 3)}
        return as_needed.get(quantity, values)

    shares = simulated(protocol(effect={"says": "effect", "quantity": quantity, "above": null}), draw)
    assert shares["supported"] + shares["contradicted"] <= 0.05


@pytest.mark.parametrize("bound", [0.9, 0.99])
def test_a_share_near_one_keeps_the_error_rate(bound):
    plan = protocol(effect={"says": "effect", "quantity": "share", "above": bound})
    shares = simulated(plan, lambda rng, _: (rng.random(160) < bound).astype(float))
    assert shares["supported"] + shares["contradicted"] <= 0.05


HIGH, LOW, NEAR, WIDE = (
    list(np.linspace(centre - spread, centre + spread, 10))
    for centre, spread in ((5, 1), (-5, 1), (0, 0.1), (0.5, 5))
)  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "values", "expected"),
    [
        ({"above": 0}, HIGH, "supported"),
        ({"above": 0}, LOW, "contradicted"),
        ({"above": 0}, WIDE, "inconclusive"),
        ({"above": 0, "delta": 1}, NEAR, "no effect"),
        ({"above": 0, "delta": 1}, HIGH, "supported"),
        ({"below": 0}, LOW, "supported"),
        ({"below": 0}, HIGH, "contradicted"),
        ({"within": [4, 6.1]}, HIGH, "supported"),
        ({"within": [0, 2]}, HIGH, "contradicted"),
        ({"equals": 0, "delta": 1}, NEAR, "no effect"),
        ({"equals": 0, "delta": 1}, HIGH, "contradicted"),
        ({"equals": 0, "delta": 1}, WIDE, "inconclusive"),
    ],
)
def test_each_outcome(entry, values, expected):
    assert verdicts.outcome({"effect": values}, protocol(effect={"says": "effect"} | entry)) == expected


def test_what_diverged_too_often_is_not_judged_by_the_rest():
    values = np.linspace(4, 6, 160)
    for lost, expected in ((1, "supported"), (2, "inconclusive")):
        rows = {"effect": np.where(np.arange(160) < lost, np.nan, values)}
        assert verdicts.outcome(rows, protocol(effect=ABOVE)) == expected


def test_outcomes_of_several_conditions():
    above, none = ABOVE | {"delta": 1}, {"says": "none", "equals": 0, "delta": 1}
    cases = {
        (tuple(HIGH), tuple(HIGH)): "supported",
        (tuple(HIGH), tuple(WIDE)): "inconclusive",
        (tuple(HIGH), tuple(NEAR)): "no effect",
        (tuple(LOW), tuple(WIDE)): "contradicted",
        (tuple(LOW), tuple(NEAR)): "contradicted",
    }
    for (a, b), expected in cases.items():
        for first, second in itertools.permutations((a, b)):
            assert verdicts.outcome({"a": first, "b": second}, protocol(a=above, b=above)) == expected
    assert verdicts.outcome({"a": HIGH, "b": NEAR}, protocol(a=above, b=none)) == "supported"


def test_one_condition_of_many_needs_more_to_fail():
    values = np.array([0.5, -2.5, -1, -2, 0, -1.5, -2, -0.3, -1.2, -1])  # 99 % interval below 0, but not at 1 − 0.01/6
    assert verdicts.of_condition(values, protocol(a=ABOVE).estimates["a"], 1) == "contradicted"
    assert verdicts.of_condition(values, protocol(a=ABOVE).estimates["a"], 6) == "inconclusive"


def test_how_many_replicates_would_decide():
    plan = protocol(a=ABOVE, b=ABOVE)
    rng = np.random.default_rng(1)
    values = {"a": 0.25 + rng.standard_normal(40), "b": 5 + rng.standard_normal(40)}
    mean, sd = values["a"].mean(), values["a"].std(ddof=1)
    assert verdicts.would_decide(values, plan) == pytest.approx((3.4175 * sd / mean) ** 2, abs=1)
    assert verdicts.would_decide({"a": HIGH, "b": HIGH}, plan) is None


def test_the_number_that_would_decide_is_that_of_the_nearest_decision():
    values = 0.021 + 0.2 * np.linspace(-1, 1, 40)
    plain, small = ({"says": "effect", "above": 0.0} | extra for extra in ({}, {"delta": 0.02}))
    needed = [verdicts.would_decide({"a": values}, protocol(a=entry)) for entry in (plain, small)]
    assert needed[0] == needed[1]  # an end of ±δ that is just passed does not stand in the way of "above 0"
    fewer = {"a": np.where(np.arange(40) % 2, np.nan, values)}
    assert verdicts.would_decide(fewer, protocol(a=plain)) > 1.8 * needed[0]  # half of them diverge


def test_a_share_of_all_that_is_not_enough_yet_says_how_many_would():
    plan = protocol(a={"says": "share", "quantity": "share", "above": 0.9})
    values = {"a": np.ones(10)}
    assert verdicts.outcome(values, plan) == "inconclusive"
    needed = verdicts.would_decide(values, plan)
    assert needed > 10
    assert verdicts.outcome({"a": np.ones(needed)}, plan) == "supported"


def test_a_place_with_few_values_decides_nothing():
    plan = protocol(a={"says": "place", "quantity": "location", "above": 0.0})
    row = np.linspace(1, 2, 8)
    assert verdicts.outcome({"a": row[:7]}, plan) == "inconclusive"  # 2 of 2⁷ draws have all on one side, more than 1 %
    assert verdicts.outcome({"a": row}, plan) == "supported"


def test_what_is_too_small_at_99_percent_is_not_called_supported():
    values = 0.5 + 0.45 * np.linspace(-1, 1, 10)
    entry = {"says": "effect", "above": 0.0, "delta": 0.85}
    plan = protocol(a=entry)
    found = plan.estimates["a"].estimate(values, verdicts.LEVEL)
    strict = plan.estimates["a"].estimate(values, 1 - 0.01 / 6)
    assert 0 < found.low < found.high < 0.85 < strict.high
    assert verdicts.of_condition(values, plan.estimates["a"], 1) == "no effect"
    assert verdicts.of_condition(values, plan.estimates["a"], 6) == "inconclusive"
