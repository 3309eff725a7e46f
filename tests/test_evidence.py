"""Records of evidence: what is written is read, outcomes are recomputed, and what was edited by hand is noticed."""

import json

import numpy as np
import pytest

from overparam import paths
from overparam.report import evidence, protocols
from overparam.report.evidence import EvidenceError, OutdatedError, Record

CLAIMS = """\
- id: rises
  chapter: tiny
  kind: finding
  title: It rises
  statement: It rises.
  paper: Pascal 1654
  url: https://example.org/
  paper_says: so.
  setting: dice
  protocol:
    number: 1
    unit: a seed
    redrawn: [all]
    reason: it is a test
    estimates:
      rise: {says: the rise, above: 0}
      factor: {says: the factor, quantity: ratio, above: 1}
    asked:
      besides: {says: another factor, quantity: ratio}
"""


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A record of ten replicates, as it is about to be written; of what was asked besides one diverged."""
    (tmp_path / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    monkeypatch.setattr(paths, "book", lambda: tmp_path)
    monkeypatch.setenv("OVERPARAM_SCALE", "laptop")
    protocols.entries.cache_clear()
    rises = tuple(np.linspace(1, 2, 10).tolist())
    values = {"rise": rises, "factor": tuple(1 + rise for rise in rises), "besides": (float("nan"), *rises[1:])}
    claim = protocols.claims("tiny")["rises"]
    yield Record(claim, tuple(range(10_000, 10_010)), values, ((10, "supported"),), {"torch": "2.9"})
    protocols.entries.cache_clear()


def rewrite(change):
    """Edit the file of a record by hand."""
    content = json.loads(evidence.file("tiny").read_text(encoding="utf-8"))
    change(content["findings"]["rises"])
    evidence.file("tiny").write_text(json.dumps(content), encoding="utf-8")


def test_what_is_written_is_read(record):
    assert evidence.read("tiny") == {}
    evidence.write("tiny", {"rises": record})
    found = evidence.read("tiny")["rises"]
    assert "NaN" not in evidence.file("tiny").read_text(encoding="utf-8")
    assert np.isnan(found.estimates["besides"][0])
    assert (found.seeds, found.looks, found.provenance) == (record.seeds, record.looks, record.provenance)
    for name, row in record.estimates.items():
        np.testing.assert_array_equal(found.estimates[name], row)
    assert (found.outcome, found.decided) == ("supported", True)
    assert [path.name for path in evidence.file("tiny").parent.iterdir()] == ["tiny.json"]


def test_a_record_is_undecided_until_it_decides_or_had_its_last_look(record):
    wide = np.tile([-5.0, 6.0], 80)
    for n, decided in ((10, False), (80, False), (160, True)):
        values = {"rise": tuple(wide[:n]), "factor": tuple(np.exp(wide[:n]))}
        found = Record(record.claim, tuple(range(n)), values)
        assert (found.outcome, found.decided) == ("inconclusive", decided)


def fewer(entry):
    """A record of seven replicates, which is no look."""
    entry.update(seeds=entry["seeds"][:7], looks=[[7, "supported"]])
    entry["estimates"] = {key: row[:7] for key, row in entry["estimates"].items()}


def turned(entry):
    entry["estimates"]["rise"] = [-value if value else value for value in entry["estimates"]["rise"]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda e: e.update(outcome="contradicted"), "says that rises is contradicted, but its values give supported: run make"),
        (turned, "says that rises is supported, but its values give contradicted: run make confirm FINDING=rises."),
        (lambda e: e["estimates"].pop("factor"), "the record of rises lacks the estimate factor: run make confirm FINDING=rises."),
        (lambda e: e["estimates"].update(factor=[-1] * 10), "the record of rises decides nothing (A ratio is positive; got -1.): run"),
        (lambda e: e.update(seeds=[*range(10)]), "tiny.json: the seeds of rises begin at 0, confirmatory ones at 10,000: run make"),
        (lambda e: e.update(looks=[]), "the looks of rises are not those of the rule, which stops at the first that decides: run"),
        (lambda e: e.update(looks=[[5, "inconclusive"], [10, "supported"]]), "the looks of rises are not those of the rule, "),
        (fewer, "the looks of rises are not those of the rule, which stops at the first that decides: run make confirm FINDING="),
        (lambda e: e["estimates"].update(besides=[1.0] * 10), "decides nothing (besides: All 10 replicates are 1: state that as"),
        (lambda e: e["protocol"].update(number=2), "was made by protocol 2, and data/claims.yaml has protocol 1: run make confirm"),
    ],
)  # fmt: skip
def test_what_no_longer_fits_is_one_sentence_and_measured_anew(record, change, sentence):
    evidence.write("tiny", {"rises": record})
    rewrite(change)
    with pytest.raises(OutdatedError) as error:
        evidence.read("tiny")
    assert sentence in str(error.value)
    assert str(error.value).startswith("tiny.json")
    assert evidence.read("tiny", outdated=True) == {}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda e: e["estimates"].update(rise=[10**400] * 10), "tiny.json is damaged (OverflowError: int too large to convert to"),
        (lambda e: e["seeds"].pop(), "tiny.json is damaged (ValueError: an estimate has not one value per seed): fetch"),
        (lambda e: e["estimates"]["rise"].pop(), "tiny.json is damaged (ValueError: an estimate has not one value per seed): f"),
        (lambda e: e["seeds"].__setitem__(3, 7), "tiny.json is damaged (ValueError: the seeds do not follow one another): "),
        (lambda e: e["estimates"].update(rise=["x"] * 10), "tiny.json is damaged (ValueError: could not convert"),
        (lambda e: e.pop("provenance"), "tiny.json is damaged (KeyError: 'provenance'): fetch it"),
        (lambda e: e.update(protocol=None), "tiny.json is damaged (ValueError: the protocol is no mapping): fetch it"),
        (lambda e: e["protocol"]["estimates"]["rise"].update(above=0.5), "give it the number 2, or change it back."),
    ],
)  # fmt: skip
def test_what_is_damaged_is_one_sentence_and_never_measured_over(record, change, sentence):
    evidence.write("tiny", {"rises": record})
    rewrite(change)
    for outdated in (False, True):
        with pytest.raises(EvidenceError) as error:
            evidence.read("tiny", outdated=outdated)
        assert sentence in str(error.value)


def test_a_text_cut_short_is_one_sentence(record):
    evidence.write("tiny", {"rises": record})
    text = evidence.file("tiny").read_text(encoding="utf-8")
    for length in (0, 1, len(text) // 2, len(text) - 3):
        evidence.file("tiny").write_text(text[:length], encoding="utf-8")
        with pytest.raises(
            EvidenceError, match=r"tiny\.json is damaged \(JSONDecodeError: .*\): fetch it from the repository"
        ):
            evidence.read("tiny", outdated=True)


def test_a_write_that_fails_leaves_the_record(record, monkeypatch):
    evidence.write("tiny", {"rises": record})
    before = evidence.file("tiny").read_bytes()

    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(evidence.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        evidence.write("tiny", {})
    assert evidence.file("tiny").read_bytes() == before
    assert [path.name for path in evidence.file("tiny").parent.iterdir()] == ["tiny.json"]


def test_the_records_of_the_book_fit_their_protocols():
    chapters = {entry["chapter"] for entry in protocols.entries()}
    recorded = {path.stem for path in evidence.file("any").parent.glob("*.json")}
    assert recorded <= chapters
    for chapter in recorded:
        evidence.read(chapter)
