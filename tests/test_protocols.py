"""data/claims.yaml: what a protocol may say, and that all else is refused in one sentence that names the entry."""

import contextlib
import copy

import pytest
import yaml

from overparam.report import protocols
from overparam.report.protocols import ProtocolError

FINDING = yaml.safe_load("""
id: both-fall
chapter: tiny
kind: finding
title: Both fall
statement: Both fall with width.
paper: Pascal 1654
url: https://example.org/
paper_says: so.
setting: dice
protocol:
  number: 1
  unit: a world
  redrawn: [training sets, test set]
  page: 10
  estimates:
    variance: {says: change of variance, quantity: ratio, below: 1, delta: 0.05, unit: ×}
    bias: {says: change of bias, within: [0, 0.5], range: [-1, 1]}
    none: {says: another change, equals: 0.5, delta: 0.1}
  asked:
    besides: {says: with Adam, quantity: ratio}
  reason: it is a test
finding: Variance is multiplied by {variance:.2f}.
outcome: supported
formerly: [01-tiny/both-fall]
""")
THEOREM = {key: FINDING[key] for key in ("id", "chapter", "title", "statement", "paper", "url", "paper_says")}
THEOREM |= {"kind": "theorem", "tolerance": "1e-6"}  # as YAML reads 1e-6


def edited(path, value):
    """A copy of the finding with one value replaced; taken away where that is None."""
    entry = copy.deepcopy(FINDING)
    *above, last = path.split("/")
    place = entry
    for key in above:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return entry


def test_a_finding_is_read_as_it_stands():
    claim = protocols.read(FINDING)
    plan = claim.protocol
    assert (claim.outcome, claim.formerly, claim.could_explain) == ("supported", ("01-tiny/both-fall",), False)
    assert (plan.page, plan.cheap, plan.redrawn) == (10, False, ("training sets", "test set"))
    claimed = {name: condition.claimed for name, condition in plan.estimates.items()}
    assert claimed == {"variance": (-float("inf"), 1), "bias": (0, 0.5), "none": (0.4, 0.6)}
    assert plan.estimates["variance"].negligible == (0.95, 1.05)
    assert plan.asked["besides"].bound() == ""


def test_a_theorem_has_a_tolerance_and_no_protocol():
    assert protocols.read(THEOREM).tolerance == 1e-6
    with pytest.raises(ProtocolError, match="both-fall: tolerance is missing"):
        protocols.read({key: value for key, value in THEOREM.items() if key != "tolerance"})
    with pytest.raises(ProtocolError, match="both-fall: tolerance is a size and so positive; got -1"):
        protocols.read(THEOREM | {"tolerance": -1})
    with pytest.raises(ProtocolError, match="both-fall: a theorem is checked and not judged"):
        protocols.read(THEOREM | {"protocol": FINDING["protocol"]})


REFUSED = {
    "id": (None, "an entry without an id: id is missing."),
    "kind": ("law", "both-fall: kind is 'law'; it is finding or theorem."),
    "title": ("", "both-fall: title is missing."),
    "paper_says": (3, "both-fall: paper_says is text; got 3."),
    "papers": ("Pascal", "both-fall: there is no 'papers' here; there are id, chapter, "),
    "setting": (None, "both-fall: setting is missing."),
    "could_explain": ("yes", "both-fall: could_explain is true or false; got 'yes'."),
    "finding": (None, "both-fall: finding (the sentence) and outcome (what it presumes) go together; give both."),
    "outcome": ("proved", "both-fall: outcome is 'proved'; it is one of supported, contradicted, "),
    "formerly": ("01-tiny/both-fall", "both-fall: formerly is a list of texts; got '01-tiny/both-fall'."),
    "protocol": (["above 0"], "both-fall: protocol is a mapping from names; got ['above 0']."),
    "protocol/number": (0, "both-fall: number is a whole number from 1 on; got 0."),
    "protocol/page": (4, "both-fall: the page's run has 5 replicates or more; got page: 4."),
    "protocol/redrawn": ([], "both-fall: redrawn is a list of texts; got []."),
    "protocol/reason": (None, "both-fall: reason is missing."),
    "protocol/seeds": (5, "both-fall: there is no 'seeds' here; there are number, "),
    "protocol/cheap": (1, "both-fall: cheap is true or false; got 1."),
    "protocol/estimates": ({}, "both-fall: a protocol names the estimates that decide it; got none."),
    "protocol/estimates/on-adam": ({"says": "x", "above": 0}, "both-fall, on-adam: an estimate is passed by name, so"),
    "protocol/estimates/variance": (3, "both-fall, variance: this is a mapping from names; got 3."),
    "protocol/estimates/variance/quantity": ("median", "both-fall, variance: quantity is 'median'; it is one of mean, "),
    "protocol/estimates/variance/below": (None, "both-fall, variance: it has no bound; give it exactly one of above, "),
    "protocol/estimates/variance/above": (0, "both-fall, variance: it has above and below; give it exactly one of "),
    "protocol/estimates/variance/delta": (-1, "both-fall, variance: delta is a size and so positive; got -1."),
    "protocol/estimates/variance/unit": (1, "both-fall, variance: unit is text; got 1."),
    "protocol/estimates/bias/within": ([1, 0], "both-fall, bias: within is [low, high] with low < high; got [1, 0]."),
    "protocol/estimates/bias/range": ([0, "1"], "both-fall, bias: range is [low, high] with low < high; got [0, '1']."),
    "protocol/estimates/none/equals": (float("nan"), "both-fall, none: equals is a finite number; got nan."),
    "protocol/estimates/none/delta": (None, "both-fall, none: a claim of no effect needs delta, how much would still"),
    "protocol/estimates/besides": ({"says": "x", "above": 0}, "both-fall: besides stands among the estimates and among"),
    "protocol/asked/besides/above": (0, "both-fall, besides: it has above; give it no bound, since it decides nothing."),
}  # fmt: skip


@pytest.mark.parametrize(("path", "value", "sentence"), [(path, *rest) for path, rest in REFUSED.items()], ids=REFUSED)
def test_what_a_protocol_cannot_say_is_one_sentence(path, value, sentence):
    with pytest.raises(ProtocolError) as error:
        protocols.read(edited(path, value))
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("protocol/estimates/bias/range", [0, 1], "bias: a bound of 0 decides nothing, since the mean lies between 0 and 1."),
        ("protocol/estimates/variance/below", -1, "variance: a bound of -1 decides nothing, since the ratio lies between 0 a"),
        ("protocol/estimates/none", {"says": "x", "quantity": "share", "above": 1.5}, "none: a bound of 1.5 decides nothing, "),
        ("finding", "It is {variance:.2q}.", "the sentence cannot be filled in (Unknown format code 'q' for object of type "),
        ("finding", "It is {variance.mean}.", "the sentence cannot be filled in ('Estimate' object has no attribute 'mean')."),
        ("finding", "It is {noise}.", "the sentence quotes {noise}; the protocol has variance, bias, none, besides, replicates."),
    ],
)  # fmt: skip
def test_what_could_never_be_decided_or_said_is_one_sentence(path, value, sentence):
    with pytest.raises(ProtocolError) as error:
        protocols.read(edited(path, value))
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- id: 'a\n  title: b\n", "claims.yaml, line 3: this is not YAML (found unexpected end of stream); mend it."),
        ("id: a\nchapter: b\n", "claims.yaml holds {'id': 'a', 'chapter': 'b'}; it must be a list of claims."),
        ("- a\n", "claims.yaml: an entry is a mapping from names; got 'a'."),
        ("-\n", "claims.yaml: an entry is a mapping from names; got None."),
        ("- id: a\n", "claims.yaml: an entry has an id and the name of a chapter; got {'id': 'a'}."),
        ("- id: a\n  chapter: 1\n", "claims.yaml: an entry has an id and the name of a chapter; got {'id': 'a', 'chapter': 1}."),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_of_claims_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "claims.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ProtocolError) as error:
        protocols.entries(tmp_path / "claims.yaml")
    assert str(error.value).endswith(sentence)


def places(node, path=()):
    yield path
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(value, (*path, key))


@pytest.mark.parametrize(
    "value", [None, True, 3, -1.5, float("nan"), "text", [], ["text"], [1, 0], {}, {"a": 1}], ids=repr
)
def test_a_value_of_any_kind_anywhere_is_read_or_refused(value):
    for path in places(FINDING):
        entry = copy.deepcopy({"whole": FINDING})
        *above, last = ("whole", *path)
        place = entry
        for key in above:
            place = place[key]
        place[last] = value
        with contextlib.suppress(ProtocolError):  # any other error fails
            protocols.read(entry["whole"])


def test_a_chapter_without_claims_is_one_sentence(tmp_path):
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump([FINDING]), encoding="utf-8")
    assert list(protocols.claims("tiny", tmp_path / "claims.yaml")) == ["both-fall"]
    with pytest.raises(ValueError, match=r"No claims for chapter 'huge' in data/claims\.yaml; there are tiny\."):
        protocols.claims("huge", tmp_path / "claims.yaml")
    with pytest.raises(FileNotFoundError, match="fetch the whole repository of the book"):
        protocols.claims("tiny", tmp_path / "nothing.yaml")


def test_what_decides_does_not_hang_on_words():
    plan = protocols.read(FINDING).protocol
    reworded = protocols.read(edited("protocol/estimates/variance/says", "variance's change")).protocol
    stricter = protocols.read(edited("protocol/estimates/variance/below", 0.9)).protocol
    assert plan.decisive() == reworded.decisive() != stricter.decisive()


def test_every_entry_of_the_book_with_a_protocol_is_read():
    claims = [protocols.read(entry) for entry in protocols.entries() if "kind" in entry]
    names = [claim.id for claim in claims]
    assert len(set(names)) == len(names)
