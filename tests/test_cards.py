"""Cards of findings and theorems: what a reader sees, what a chapter may pass, and where a row's picture puts its numbers."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import yaml

from overparam import paths
from overparam.report import cards, evidence, protocols, results
from overparam.report.claims import Ledger
from overparam.report.evidence import Record
from overparam.report.intervals import Estimate
from overparam.report.protocols import Condition, ProtocolError

ENTRY = {
    "chapter": "dice-games",
    "kind": "finding",
    "title": "Dice & odds",
    "statement": "Dice favour <their> owner.",
    "paper": "Pascal 1654",
    "url": "https://example.org/",
    "where": "letter 2",
    "paper_says": "that it is so.",
    "setting": "The same dice, thrown by a program.",
}
ESTIMATES = {
    "gain": {"says": "gain of each throw", "above": 0.0, "delta": 0.1, "unit": "pips"},
    "odds": {"says": "odds of a six", "quantity": "ratio", "below": 1.0},
}
PROTOCOL = {
    "number": 3,
    "unit": "one die",
    "redrawn": ["the die", "the throws"],
    "page": 5,
    "reason": "A gambler would notice.",
    "estimates": ESTIMATES,
    "asked": {"coin": {"says": "the same with a coin"}},
}
FINDINGS = [
    {"id": "luck", "protocol": PROTOCOL, "finding": "A throw wins {gain:.1f}.", "outcome": "supported"}
    | {"formerly": ["01-dice-games/luck"]},
    {"id": "skill", "could_explain": True, "protocol": PROTOCOL},
    {"id": "none", "protocol": PROTOCOL | {"estimates": {"gain": {"says": "gain", "equals": 0.0, "delta": 1.0}}}},
]
THEOREM = {"id": "sum", "kind": "theorem", "tolerance": 1e-6}
PAGE = {"gain": [1.0, 1.2, 0.8, 1.1, 0.9], "odds": [0.5, 0.6, 0.4, 0.5, 0.55], "coin": [0.1, -0.1, 0.2, 0.0, 0.1]}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book with three findings and a theorem, none of them confirmed, at laptop scale."""
    entries = [ENTRY | each for each in [*FINDINGS, THEOREM]]
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(entries), encoding="utf-8")
    monkeypatch.setattr(paths, "book", lambda: tmp_path)
    monkeypatch.setenv("OVERPARAM_SCALE", "laptop")
    monkeypatch.delenv("OVERPARAM_SEED", raising=False)
    protocols.entries.cache_clear()
    yield tmp_path
    protocols.entries.cache_clear()


def confirm(name, n=10, **centres):
    """Write a record in which each estimate has these centres and a spread of about a half."""
    claim = protocols.claims("dice-games")[name]
    noise = np.linspace(-0.5, 0.5, n)
    rows = {key: centres.get(key, 1.0) + noise * (0.2 if key == "odds" else 1) for key in claim.protocol.measured}
    made = {"date": "2026-01-02", "device": "a CPU", "commit": "abc1234", "torch": "2.9", "seconds": 34.2}
    record = Record(claim, tuple(range(10_000, 10_000 + n)), {k: tuple(v) for k, v in rows.items()}, (), made)
    record = replace(record, looks=((n, record.outcome),))
    evidence.write("dice-games", {name: record})
    return record


def shown(name, **changes):
    """A card as HTML, whole, and as text without what is folded."""
    known = protocols.claims("dice-games")[name].protocol.measured
    page = {key: row for key, row in PAGE.items() if key in known} | changes
    whole = Ledger("dice-games").card(name, section="throws", **page)._repr_mimebundle_()[0]["text/html"]
    return whole, re.sub(r"<svg.*?</svg>|<[^>]+>", "", whole[: whole.index("<details")])


def test_a_card_shows_the_records_outcome_its_sentence_and_intervals(book):
    confirm("luck", gain=3.0, odds=0.5)
    whole, first = shown("luck")
    assert "data-verdict='supported'" in whole
    assert "A throw wins 3.0\u00a0[2.7,\u00a03.3]." in first
    assert "gain of each throw: 3\u00a0[2.65,\u00a03.35]\u00a0pips claimed above 0" in first
    assert "Thick: the record, 10 replicates, 99 %. Thin: this page, 5 replicates, 95 %." in first
    assert "href='../book/judging.html'>How a claim is judged" in whole
    assert "href='#throws'" in whole


def test_a_card_can_be_found_under_its_old_name(book):
    whole, _ = shown("luck")
    assert "<section class='claim-card' id='claim-luck'" in whole
    assert whole.count("id='claim-01-dice-games-luck'") == 1


def test_the_rest_is_folded(book):
    confirm("luck", gain=3.0, odds=0.5)
    whole, first = shown("luck")
    folded = re.sub(r"<[^>]+>", "", whole[whole.index("<details") :])
    for text in (
        "Dice favour &lt;their&gt; owner. Pascal 1654, letter 2: that it is so.",
        "The same dice, thrown by a program.",
        "Number 3. One replicate is one die; redrawn with each: the die, the throws.",
        "A gambler would notice.",
        "record 3\u00a0[2.65,\u00a03.35]\u00a0pips (supported); this page 1\u00a0[0.804,\u00a01.2]\u00a0pips",
        "the same with a coin: record 1\u00a0[0.654,\u00a01.35]; this page 0.06\u00a0[−0.0816,\u00a00.202]",
        "10 replicates (seeds 10000–10009): supported at 10. 2026-01-02, a CPU, commit abc1234, PyTorch 2.9, 34 s. "
        "make confirm FINDING=luck",
        "5 replicates (seeds 0–4) at laptop scale",
    ):
        assert text in folded
        assert text not in first


def test_the_outcome_is_not_that_of_the_page(book):
    confirm("luck", gain=3.0, odds=0.5)
    whole, _ = shown("luck", gain=[-5.0, -5.1, -4.9, -5.2, -4.8])
    assert "data-verdict='supported'" in whole


def test_what_was_asked_besides_does_not_touch_the_outcome(book):
    confirm("luck", gain=3.0, odds=0.5, coin=-100.0)
    assert "data-verdict='supported'" in shown("luck")[0]


def test_at_smoke_scale_the_record_stands_and_the_page_has_no_estimate(book, monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "smoke")
    confirm("luck", gain=3.0, odds=0.5)
    whole, first = shown("luck", gain=[1.0, 1.0, float("nan"), 1.0, 1.0])
    assert "data-verdict='supported'" in whole
    assert "Thin" not in first
    assert "forest-page" not in whole
    data = Ledger("dice-games").card("luck", **PAGE).data()
    assert (data["measured"], data["verdict"], data["n_seeds"]) == (None, "supported", 2)


def test_without_a_record_a_card_says_how_to_make_one(book):
    whole, first = shown("luck")
    assert "data-verdict='not-run'" in whole
    assert "Dice favour &lt;their&gt; owner." in first
    assert "Not confirmed yet: make confirm FINDING=luck." in first
    assert "forest-record" not in whole


@pytest.mark.parametrize(
    ("name", "gain", "kind", "badge"),
    [
        ("luck", -3.0, "contradicted", "contradicted"),
        ("skill", -3.0, "contradicted", "contradicted in this setting"),
        ("luck", 0.1, "inconclusive", "inconclusive"),
        ("none", 0.1, "no-effect", "no effect, as claimed"),
        ("none", 3.0, "contradicted", "contradicted"),
    ],
)
def test_every_outcome_has_its_badge(book, name, gain, kind, badge):
    confirm(name, gain=gain, odds=0.5)
    whole, _ = shown(name)
    assert f"data-verdict='{kind}'" in whole
    assert f"<span class='claim-verdict'>{badge}</span>" in whole


def test_a_sentence_that_presumes_another_outcome_is_not_shown(book):
    confirm("luck", gain=-3.0, odds=0.5)
    assert "wins" not in shown("luck")[0]


def test_an_inconclusive_card_says_how_many_replicates_would_decide(book):
    confirm("luck", gain=0.3, odds=0.5)  # 0.3 from where "above 0" begins
    sd = np.linspace(-0.5, 0.5, 10).std(ddof=1)
    needed = np.ceil((3.4175 * sd / 0.3) ** 2)
    assert f"10 replicates do not decide; about {needed:.0f} would, in four of five repetitions." in shown("luck")[1]
    confirm("none", gain=1.0001)
    assert "10 replicates do not decide; more than 100,000 would" in shown("none")[1]


def test_replicates_that_diverged_are_counted(book):
    nan = float("nan")
    _, first = shown("luck", gain=[1.0, nan, 0.8, 1.1, 0.9])
    assert "; 1 replicate diverged and is left out" in first
    data = Ledger("dice-games").card("luck", **PAGE | {"gain": [1.0, nan, 0.8, 1.1, 0.9]}).data()
    assert data["estimates"]["gain"][1] is None
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_the_sentence_of_a_finding_can_be_quoted(book):
    ledger = Ledger("dice-games")
    assert "make confirm FINDING=luck" in str(ledger.say("luck"))
    confirm("luck", gain=3.0, odds=0.5)
    assert Ledger("dice-games").say("luck")._repr_markdown_() == "A throw wins 3.0\u00a0[2.7,\u00a03.3]."


def test_a_theorem_is_checked_and_not_judged(book):
    card = Ledger("dice-games").theorem("sum", 3e-9, section="check")
    whole = card._repr_mimebundle_()[0]["text/html"]
    assert "<span class='claim-verdict'>theorem, checked to 1e-06</span>" in whole
    assert "differ by at most 3e-09" in whole
    assert card.data()["verdict"] == "theorem"


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("chance", {}, "Chapter dice-games claims no 'chance'; data/claims.yaml has luck, skill, none, sum."),
        ("sum", {}, "sum is a theorem: it is checked by theorem() and has no replicates."),
        ("luck", {"coin": None}, "The protocol of luck in data/claims.yaml has the estimate 'coin'; pass it to card()."),
        ("luck", {"cards": [1]}, "The protocol of luck in data/claims.yaml has no estimate 'cards'; it has gain, odds, coin."),
        ("luck", {"gain": [1.0, 2.0]}, "luck, gain: one number per seed is needed, 5 of them or more; got "),
        ("luck", {"gain": [1.0, 2.0, 3.0, 4.0, np.inf]}, "luck, gain: one number per seed is needed, 5 of them or more; "),
        ("luck", {"gain": [2.0] * 5}, "luck, gain: All 5 replicates are 2: state that as a fact, it has no interval."),
        ("luck", {"odds": [-1.0, 1, 1, 1, 2]}, "luck, odds: A ratio is positive; got -1."),
    ],
)  # fmt: skip
def test_a_card_that_does_not_fit_its_protocol_is_one_sentence(book, name, change, sentence):
    values = {key: row for key, row in (PAGE | change).items() if row is not None}
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        Ledger("dice-games").card(name, **values)


def test_a_theorem_that_is_off_is_one_sentence(book):
    with pytest.raises(
        ValueError, match=r"The check of the theorem sum is off by 0\.01; data/claims\.yaml allows 1e-06"
    ):
        Ledger("dice-games").theorem("sum", 0.01)
    with pytest.raises(ValueError, match="luck is a finding"):
        Ledger("dice-games").theorem("luck", 0.0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"finding": "It wins {win:.1f}."}, "luck: the sentence quotes {win:.1f}; the protocol has"),
        ({"finding": "It wins {gain:.1f."}, "luck: the sentence has a brace that does not fit"),
        (
            {"protocol": PROTOCOL | {"asked": {"section": {"says": "x"}}}},
            "luck, section: section is a link of the card",
        ),
    ],
)
def test_an_entry_that_no_card_can_show_is_one_sentence(change, sentence):
    with pytest.raises(ProtocolError, match=f"^{re.escape(sentence.replace(':.1f}', '}'))}"):
        protocols.read(ENTRY | FINDINGS[0] | change)


def test_a_sentence_may_quote_what_was_asked_and_the_number_of_replicates(book):
    record = confirm("luck", gain=3.0, odds=0.5, coin=2.0)
    claim = protocols.read(ENTRY | FINDINGS[0] | {"finding": "{replicates} dice, a coin {coin.value:.0f}."})
    assert cards.sentence(claim, record) == "10 dice, a coin 2."


# --- the picture ------------------------------------------------------------------------------------------------------


def drawn(condition, record, page=None):
    """Where a row puts things: ((left, right) of each shaded part, {kind: (left, middle, right)})."""
    svg = cards.forest(condition, record, page, "row")
    parts = [(float(x), float(x) + float(w)) for x, w in re.findall(r"<rect x='([\d.]+)' y='2' width='([\d.]+)'", svg)]
    lines = re.findall(r"forest-(record|page)'.*?M([\d.]+) \d+H([\d.]+)'.*?cx='([\d.]+)'", svg)
    return parts, {kind: (float(a), float(c), float(b)) for kind, a, b, c in lines}


@pytest.mark.parametrize(
    ("bound", "estimate", "inside"),
    [
        ({"above": 0.0}, Estimate(2, 1, 3), True),
        ({"above": 2.5}, Estimate(2, 1, 3), False),
        ({"below": 4.0}, Estimate(2, 1, 3), True),
        ({"within": (0.0, 4.0)}, Estimate(2, 1, 3), True),
        ({"within": (4.0, 5.0)}, Estimate(2, 1, 3), False),
        ({"equals": 0.0, "delta": 1.0}, Estimate(0.2, -0.5, 0.9), True),
        ({"quantity": "ratio", "below": 1.0}, Estimate(0.1, 0.01, 0.9), True),
    ],
)
def test_an_interval_lies_in_the_shade_where_it_lies_on_the_claimed_side(bound, estimate, inside):
    ((left, right),), lines = drawn(Condition("x", "says", **bound), estimate)
    low, middle, high = lines["record"]
    assert 0 <= low < middle < high <= cards.WIDTH
    assert (left <= low and high <= right) == inside


def test_a_ratio_has_a_logarithmic_axis():
    _, lines = drawn(Condition("x", "says", quantity="ratio", below=1.0), Estimate(0.1, 0.01, 1.0))
    low, middle, high = lines["record"]
    assert middle - low == pytest.approx(high - middle, abs=0.2)


def test_each_row_has_an_axis_of_its_own():
    small = drawn(Condition("x", "says", above=0.0), Estimate(2e-3, 1e-3, 3e-3))
    large = drawn(Condition("x", "says", above=0.0), Estimate(2e3, 1e3, 3e3))
    assert small == large


def test_the_page_stands_beside_the_record_and_delta_is_hatched():
    condition = Condition("x", "says", above=0.0, delta=1.0)
    parts, lines = drawn(condition, Estimate(2, 1.5, 2.5), Estimate(1, -1, 3))
    assert set(lines) == {"record", "page"}
    assert lines["page"][0] < lines["record"][0] < lines["record"][2] < lines["page"][2]
    assert len(parts) == 2
    assert parts[1][1] - parts[1][0] == pytest.approx(2 * (lines["record"][2] - lines["record"][0]), abs=0.3)


def test_the_picture_can_be_heard():
    condition = Condition("x", "gain <of> a throw", above=0.0, unit="pips")
    svg = cards.forest(condition, Estimate(2, 1, 3), Estimate(-1, -2, 0), "row")
    expected = "gain &lt;of&gt; a throw: record 2\u00a0[1,\u00a03]\u00a0pips; this page −1\u00a0[−2,\u00a00]\u00a0pips; claimed above 0"
    assert f"role='img' aria-label='{expected}'" in svg
    assert cards.forest(condition, None, None, "row") == ""


def test_a_card_says_in_how_many_settings_its_finding_keeps_its_sign(book, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", book)
    entries = [ENTRY | FINDINGS[0] | {"robustness": "dice_multiverse"}]
    (book / "claims.yaml").write_text(yaml.safe_dump(entries), encoding="utf-8")
    protocols.entries.cache_clear()
    assert "not measured yet" in shown("luck")[0]
    made = {"date": "2026-01-02", "device": "a CPU", "seconds": 3, "torch": "2.9", "commit": "abc1234"}
    rows = [{"setting": str(i), "keeps": i != 1} for i in range(3)]
    (book / "dice_multiverse.json").write_text(json.dumps({"provenance": made, "rows": rows}), encoding="utf-8")
    assert "keeps its sign in 2 of 3 settings (recorded on 2026-01-02" in shown("luck")[0]
