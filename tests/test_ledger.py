"""The ledger is made of what chapters recorded: whatever does not fit together stops the build in one sentence."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import build
import ledger

ROOT = Path(__file__).resolve().parent.parent
FACT = {"paper": "Pascal 1654", "url": "https://example.org/", "paper_says": "3.5 pips < 6."}
PROTOCOL = {
    "number": 1,
    "unit": "a die",
    "redrawn": ["the die"],
    "reason": "A gambler would notice.",
    "estimates": {"mean": {"says": "mean of the throws", "above": 0.0, "unit": "pips"}},
}
FINDING = {"kind": "finding", "setting": "The same dice.", "protocol": PROTOCOL}
PUBLISHED = FINDING | {"finding": "The mean is {mean:.2f}.", "outcome": "supported"}
THEOREM = {"kind": "theorem", "tolerance": 1e-6}


def fact(name, chapter="dice-games", **changes):
    return {"id": name, "chapter": chapter, "title": "Dice & odds", "statement": "It is so.\n"} | FACT | changes


@pytest.fixture
def book(tmp_path):
    """A book with one chapter of a finding, which has a record, and a theorem, and a planned chapter of one claim."""
    facts = [fact("luck", **PUBLISHED), fact("sum", where="§ 2", **THEOREM)]
    write = {
        "_toc.yml": "root: notebooks/00_start\nchapters:\n- file: notebooks/01_dice_games\n",
        "notebooks/01_dice_games.py": '# ---\n# x\n# ---\n\n# %% [markdown]\nr"""\n(dice)=\n# Games of dice\n\n# Not this\n"""\n',
        "data/claims.yaml": yaml.safe_dump(facts),
        "data/planned.yaml": yaml.safe_dump([fact("aces", "card-tricks", formerly=["07-card-tricks/aces"])]),
    }
    for name, text in write.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    evidence_of(tmp_path)
    shown_here(tmp_path)
    return tmp_path


def evidence_of(root, name="luck", mean=5.0, **changes):
    """The record of a finding."""
    values = np.linspace(mean - 1, mean + 1, 10).tolist()
    entry = {"number": 1, "estimates": {"mean": {"above": 0.0}}}
    outcome = "supported" if mean > 2 else "inconclusive"
    record = {"protocol": entry, "outcome": outcome, "looks": [[10, outcome]], "seeds": [*range(10_000, 10_010)],
              "estimates": {"mean": values}, "provenance": {"date": "2026-01-02", "device": "a <GPU>"}} | changes  # fmt: skip
    folder = root / "data/results/evidence"
    folder.mkdir(parents=True, exist_ok=True)
    content = {"chapter": "dice-games", "findings": {name: record}}
    (folder / "dice-games.json").write_text(json.dumps(content), encoding="utf-8")


def shown_here(
    root, verdict="supported", measured=4.8, interval=(4.0, 5.6), error=1e-9, file="dice-games", luck="luck"
):
    """What the chapter's cards left in this build."""
    found = {"id": luck, "verdict": verdict, "measured": measured, "interval": interval, "unit": "pips", "n_seeds": 10}
    checked = {"id": "sum", "verdict": "theorem", "error": error}
    folder = root / "build/claims"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{file}.json").write_text(json.dumps([found, checked]), encoding="utf-8")


def add_fact(root, name, file="claims", **changes):
    path = root / "data" / f"{file}.yaml"
    facts = [*yaml.safe_load(path.read_text(encoding="utf-8")), fact(name, **changes)]
    path.write_text(yaml.safe_dump(facts), encoding="utf-8")


def html(root, scale="laptop"):
    chapters = ledger.collect(root, root / "build")
    tables = [ledger.table(chapters, kind, scale, lambda page: f"../{page}.html") for kind in ledger.KINDS]
    return "\n".join([ledger.controls(chapters), *tables])


def rows(text):
    """{id of the claim's row: {column: text, or html of the name}}"""
    found = {}
    for name, row in re.findall(r'<tr role="row" id="ledger-([^"]+)"(.*?)</tr>', text):
        cells = dict(re.findall(r'data-head="([^"]+)">(.*?)</td>', row))
        found[name] = {head: re.sub("<[^>]+>", "", cell) for head, cell in cells.items()} | {"row": row}
    return found


# --- what it says -----------------------------------------------------------------------------------------------------


def test_chapters_there_and_planned(book):
    there, planned = ledger.collect(book, book / "build")
    assert (there.number, there.title, there.page) == (1, "Games of dice", "notebooks/01_dice_games")
    assert (planned.number, planned.title, planned.page) == (2, "Card tricks", None)


def test_a_claim_that_needs_what_is_not_there_stays_planned_in_a_chapter_that_is(book):
    add_fact(book, "crooked", "planned", needs="loaded dice")
    chapter, _ = ledger.collect(book, book / "build")
    assert [claim.verdict for claim in chapter.claims] == ["supported", "theorem", "planned"]
    row = rows(html(book))["crooked"]
    assert row["Waits for"] == "loaded dice"
    assert "01_dice_games.html" not in row["row"]  # it has no card there


def test_a_row_has_the_claim_and_the_paper(book):
    found = rows(html(book))
    luck, total, aces = (found[n] for n in ("luck", "sum", "aces"))
    assert '<a href="../notebooks/01_dice_games.html#claim-luck">Dice &amp; odds</a>' in luck["row"]
    assert luck["The paper"] == "Pascal 1654: 3.5 pips &lt; 6."
    assert total["The paper"].startswith("Pascal 1654, § 2: ")
    assert "Verdict" not in aces
    assert "#claim" not in aces["row"]
    assert 'id="ledger-07-card-tricks-aces"' in aces["row"]  # where links of old still lead


def test_findings_and_theorems_are_counted_apart(book):
    chapters = ledger.collect(book, book / "build")
    assert ledger.count(chapters) == {"supported": 1, "theorem": 1, "planned": 1}
    text = ledger.totals(chapters, "../book/ledger.html")
    assert re.sub("<[^>]+>", "", text) == "1 finding: 1 supported. 1 theorem. 1 planned."


def test_totals_lead_to_the_claims_they_count(book):
    text = ledger.totals(ledger.collect(book, book / "build"), "../book/ledger.html")
    linked = set(re.findall(r"ledger.html#([^\"]+)", text))
    assert linked == {"verdict=supported", "verdict=theorem", "verdict=planned"}
    assert linked <= set(re.findall(r'<option [^>]*id="([^"]+)"', html(book)))


def test_a_finding_has_the_outcome_of_its_record_at_every_scale(book):
    row = rows(html(book))["luck"]
    assert row["Verdict"] == "supported"
    assert row["The record"] == (
        "The mean is 5.00.mean of the throws: 5\u00a0[4.31,\u00a05.69] pips"
        "10 replicates; recorded on 2026-01-02 on a &lt;GPU&gt;"
    )
    assert row["This build"] == "4.8\u00a0[4,\u00a05.6] pips 10 seeds"
    shown_here(book, measured=None, interval=None)  # as at smoke scale, which has too few seeds for an interval
    row = rows(html(book))["luck"]
    assert (row["Verdict"], row["This build"]) == ("supported", "none at this scale")


def test_a_theorem_has_its_check(book):
    assert rows(html(book))["sum"]["Checked"] == "to 1e-06; off by at most 1e-09"


def test_a_finding_that_nobody_has_confirmed_is_not_run(book):
    facts = [fact("luck", **FINDING), fact("sum", **THEOREM)]
    (book / "data/claims.yaml").write_text(yaml.safe_dump(facts), encoding="utf-8")
    (book / "data/results/evidence/dice-games.json").unlink()
    shown_here(book, verdict="not run")
    row = rows(html(book))["luck"]
    assert (row["Verdict"], row["The record"]) == ("not run", "not confirmed yet")


# --- what stops the build ---------------------------------------------------------------------------------------------

FAULTS = {
    "no verdict": (
        lambda root: add_fact(root, "chance", **FINDING),
        "The claim chance has no verdict: its chapter is there, so show its card and execute the chapter.",
    ),
    "chapter not executed": (
        lambda root: (root / "build/claims/dice-games.json").unlink(),
        "The claim luck has no verdict: its chapter is there, so show its card and execute the chapter.",
    ),
    "verdict of an unknown claim": (
        lambda root: shown_here(root, luck="skill", file="more"),
        "more.json has a verdict for skill, a claim that data/claims.yaml does not know.",
    ),
    "card of a planned claim": (
        lambda root: shown_here(root, luck="aces", file="more"),
        "more.json has a verdict for aces, a claim that data/claims.yaml does not know.",
    ),
    "planned although there": (
        lambda root: add_fact(root, "chance", "planned"),
        "The claim chance is planned, but its chapter is there: take the chapter's claims out of data/planned.yaml, "
        "or say under `needs` what this one waits for.",
    ),
    "stated twice": (
        lambda root: add_fact(root, "aces", chapter="card-tricks", **FINDING),
        "The claim aces stands twice in data/claims.yaml and data/planned.yaml.",
    ),
    "another outcome than the sentence's": (
        lambda root: evidence_of(root, mean=0.1),
        "The sentence of luck in data/claims.yaml presumes 'supported', but its record says 'inconclusive': rewrite the "
        "sentence, and the text around where it is quoted.",
    ),
    "a sentence without a record": (
        lambda root: (root / "data/results/evidence/dice-games.json").unlink(),
        "The claim luck has a sentence but no record: run make confirm FINDING=luck.",
    ),
    "a card of before the record": (
        lambda root: shown_here(root, verdict="not run"),
        "dice-games.json says that luck is not run, but its record gives supported.",
    ),
    "a theorem that does not hold": (
        lambda root: shown_here(root, error=0.1),
        "dice-games.json says that sum is theorem, but its numbers give refuted.",
    ),
    "an outcome that the values do not give": (
        lambda root: evidence_of(root, outcome="contradicted"),
        "dice-games.json says that luck is contradicted, but its values give supported: run make confirm FINDING=luck.",
    ),
    "a record of nothing known": (
        lambda root: evidence_of(root, name="skill"),
        "dice-games.json has a record of skill, a finding that data/claims.yaml does not know: rename or remove it.",
    ),
    "an old id of two claims": (
        lambda root: add_fact(root, "chance", formerly=["07-card-tricks/aces"], **FINDING),
        "The old id 07-card-tricks/aces stands twice in data/claims.yaml and data/planned.yaml.",
    ),
}


@pytest.mark.parametrize(("break_it", "sentence"), FAULTS.values(), ids=FAULTS)
def test_what_does_not_fit_is_one_sentence(book, break_it, sentence):
    break_it(book)
    with pytest.raises(ledger.LedgerError) as caught:
        ledger.collect(book, book / "build")
    assert str(caught.value) == sentence


def test_the_build_says_so_and_stops(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "find_pages", lambda folder: {})
    (tmp_path / "_toc.yml").write_text("- file: notebooks/01_dice_games\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/claims.yaml").write_text(yaml.safe_dump([fact("sum", **THEOREM)]), encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="FAILED  The claim sum has no verdict"):
        build.main()


# --- the role ---------------------------------------------------------------------------------------------------------

PAGE = """\
# A page

{claim}`luck`, {claim}`the sum <sum>`, {claim}`aces`.

"{finding}`luck`"
"""
CONF = """\
import sys
from pathlib import Path

sys.path.insert(0, {extensions!r})
import verdicts

verdicts.ROOT = Path({book!r})
extensions = ["myst_parser", "verdicts"]
"""


def warnings(book, page):
    """Build a small book around a page; what Sphinx warned of."""
    files = {
        "conf.py": CONF.format(extensions=str(ROOT / "book/_ext"), book=str(book)),
        "index.md": page,
        "book/ledger.md": "---\norphan: true\n---\n# The ledger\n",
        "notebooks/01_dice_games.md": "---\norphan: true\n---\n# Games of dice\n",
    }
    for name, text in files.items():
        (book / "build/source" / name).parent.mkdir(parents=True, exist_ok=True)
        (book / "build/source" / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", book / "build/source", book / "out"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stderr.splitlines()


def test_a_claim_in_a_sentence_links_to_its_card(book):
    assert warnings(book, PAGE) == []
    text = (book / "out/index.html").read_text(encoding="utf-8")
    found = re.findall(r'(?:href="([^"]+)">)?<span>([^<]+)</span>(?:</a>)?\xa0<span class="verdict ([\w-]+)', text)
    assert found == [
        ("notebooks/01_dice_games.html#claim-luck", "Dice &amp; odds", "supported"),
        ("notebooks/01_dice_games.html#claim-sum", "the sum", "theorem"),
        ("book/ledger.html#ledger-aces", "Dice &amp; odds", "planned"),
    ]
    assert "The mean is 5.00\u00a0[4.31,\u00a05.69]. <a " in text
    assert 'href="notebooks/01_dice_games.html#claim-luck"><span class="verdict supported">supported</span>' in text


def test_a_claim_that_its_chapter_lacks_fails(book):
    (warning,) = warnings(book, "# A page\n\n{claim}`luck <lucky>`\n")
    assert "there is no claim lucky" in warning


def test_a_sentence_that_is_not_published_fails(book):
    (warning,) = warnings(book, "# A page\n\n{finding}`sum`\n")
    assert "there is no published sentence of sum" in warning


# --- the book ---------------------------------------------------------------------------------------------------------


def test_no_chapter_that_is_there_is_planned():
    there = {ledger.slug(path.stem) for path in (ROOT / "notebooks").glob("[0-9]*.py")}
    planned = yaml.safe_load((ROOT / "data/planned.yaml").read_text(encoding="utf-8"))
    assert not {fact["id"] for fact in planned if fact["chapter"] in there and "needs" not in fact}


def test_planned_claims_say_what_and_whose():
    for claim in yaml.safe_load((ROOT / "data/planned.yaml").read_text(encoding="utf-8")):
        said = {"id", "chapter", "formerly", "title", "statement", "paper", "url"}
        assert set(claim) - {"needs"} == said, claim["id"]
