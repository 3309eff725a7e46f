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
PROVENANCE = {"date": "2026-01-02", "device": "a <GPU>"}


def fact(name, chapter="dice-games", **changes):
    return {"id": name, "chapter": chapter, "title": "Dice & odds", "statement": "It is so.\n"} | FACT | changes


def record(name, *intervals, scale="laptop", verdict="supported"):
    """What a chapter records; every check claims a number above zero."""
    checks = [
        {
            "label": f"check {i}",
            "unit": "pips",
            "above": 0,
            "below": None,
            "estimate": dict(zip(("value", "low", "high"), interval, strict=True)),
        }
        for i, interval in enumerate(intervals, 1)
    ]
    common = {"statement": "It is so.", "summary": "So it was.", "n_seeds": 5, "seed_offset": 0}
    return common | {"id": name, "verdict": verdict, "scale": scale, "checks": checks}


@pytest.fixture
def book(tmp_path):
    """A book with one chapter of two claims, and a planned chapter of one."""
    write = {
        "_toc.yml": "root: notebooks/00_start\nchapters:\n- file: notebooks/01_dice_games\n",
        "notebooks/01_dice_games.py": '# ---\n# x\n# ---\n\n# %% [markdown]\nr"""\n(dice)=\n# Games of dice\n\n# Not this\n"""\n',
        "data/claims.yaml": yaml.safe_dump([fact("pips"), fact("odds", where="§ 2")]),
        "data/planned.yaml": yaml.safe_dump([fact("aces", "card-tricks", formerly=["07-card-tricks/aces"])]),
    }
    for name, text in write.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    record_here(tmp_path, record("pips", (3.5, 3.4, 3.6)), record("odds", (1, 0.5, 2)))
    return tmp_path


def record_here(root, *records, file="dice-games"):
    folder = root / "build/claims"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{file}.json").write_text(json.dumps(records), encoding="utf-8")


def record_on_gpu(root, *records, file="dice-games"):
    folder = root / "data/results/gpu"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{file}.json").write_text(json.dumps({"provenance": PROVENANCE, "rows": records}), encoding="utf-8")


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
    assert ledger.count([there, planned]) == {"earlier-supported": 2, "planned": 1}


def test_a_claim_that_needs_what_is_not_there_stays_planned_in_a_chapter_that_is(book):
    add_fact(book, "crooked", "planned", needs="loaded dice")
    chapter, _ = ledger.collect(book, book / "build")
    assert [claim.verdict for claim in chapter.claims] == ["supported", "supported", "planned"]
    row = rows(html(book))["crooked"]
    assert row["Waits for"] == "loaded dice"
    assert "01_dice_games.html" not in row["row"]  # it has no card there


def test_a_row_has_the_claim_the_paper_and_ours(book):
    found = rows(html(book))
    pips, odds, aces = (found[n] for n in ("pips", "odds", "aces"))
    assert '<a href="../notebooks/01_dice_games.html#claim-pips">Dice &amp; odds</a>' in pips["row"]
    assert pips["The paper"] == "Pascal 1654: 3.5 pips &lt; 6."
    assert odds["The paper"].startswith("Pascal 1654, § 2: ")
    assert pips["Here, on a laptop"] == "check 1: 3.5\u00a0[3.4,\u00a03.6] pips 5 seeds"
    assert (pips["Verdict"], pips["Here, on a GPU"]) == ("supported", "not run")
    assert "Verdict" not in aces
    assert "#claim" not in aces["row"]
    assert 'id="ledger-07-card-tricks-aces"' in aces["row"]  # where links of old still lead


def test_the_check_that_decides_is_shown(book):
    against = record("odds", (1, 0.5, 2), (-1, -2, -0.5), verdict="contradicted")
    record_here(book, record("pips", (3.5, 3.4, 3.6)), against)
    cell = rows(html(book))["odds"]["Here, on a laptop"]
    assert "check 1: 1" in cell
    assert "decided by: check 2: −1" in cell
    assert cell.endswith("5 seeds, 2 checks")


def test_smoke_scale_has_no_verdicts(book):
    names = ("pips", "odds")
    record_here(book, *(record(name, (1, 1, 1), scale="smoke", verdict="not-run") for name in names))
    row = rows(html(book, "smoke"))["pips"]
    assert (row["Verdict"], row["Here, on a laptop"], row["Here, on a GPU"]) == (
        "not run",
        "not run at this scale",
        "not run",
    )


def test_a_claim_that_a_scale_cannot_test_says_why(book):
    record_here(book, record("pips", (1, 0.5, 2)), record("odds", verdict="not-run"))
    assert rows(html(book))["odds"]["Here, on a laptop"] == "not run So it was."


def test_a_recorded_gpu_run_stands_beside_the_laptop(book):
    record_on_gpu(book, record("pips", (-3, -4, -2), scale="gpu", verdict="contradicted"))
    row = rows(html(book))["pips"]
    assert row["Here, on a laptop"].startswith("check 1: 3.5")
    assert row["Here, on a GPU"] == (
        "contradicted check 1: −3\u00a0[−4,\u00a0−2] pips 5 seeds; recorded on 2026-01-02 on a &lt;GPU&gt;"
    )
    assert row["Verdict"] == "supported"
    assert "1 of the claims has been run at gpu scale" in html(book)


def test_a_gpu_run_of_another_wording_does_not_count(book):
    run = record("pips", (3, 2, 4), scale="gpu") | {"statement": "It was otherwise."}
    record_on_gpu(book, run)
    assert rows(html(book))["pips"]["Here, on a GPU"] == "not run"


def test_a_build_on_a_gpu_shows_its_own_run(book):
    names = ("pips", "odds")
    record_here(book, *(record(name, (2, 1, 3), scale="gpu") for name in names))
    record_on_gpu(book, record(names[0], (9, 8, 10), scale="gpu"))
    row = rows(html(book, "gpu"))["pips"]
    assert (row["Here, on a laptop"], row["Here, on a GPU"]) == (
        "not run at this scale",
        "check 1: 2\u00a0[1,\u00a03] pips 5 seeds",
    )


def test_totals_lead_to_the_claims_they_count(book):
    text = ledger.totals(ledger.collect(book, book / "build"), "laptop", "../book/ledger.html")
    assert (
        re.sub("<[^>]+>", "", text)
        == "By the earlier rule, at laptop scale, 2 claims: 2 supported. 1 more are planned."
    )
    options = set(re.findall(r'<option [^>]*id="([^"]+)"', html(book)))
    assert set(re.findall(r"ledger.html#([^\"]+)", text)) == {"verdict=earlier-supported", "verdict=planned"} <= options


# --- findings and theorems --------------------------------------------------------------------------------------------

PROTOCOL = {
    "number": 1,
    "unit": "a die",
    "redrawn": ["the die"],
    "reason": "A gambler would notice.",
    "estimates": {"mean": {"says": "mean of the throws", "above": 0.0, "unit": "pips"}},
}
FINDING = {
    "kind": "finding",
    "setting": "The same dice.",
    "protocol": PROTOCOL,
    "finding": "The mean is {mean:.2f}.",
    "outcome": "supported",
}


def evidence_of(root, name="luck", mean=5.0, **changes):
    values = np.linspace(mean - 1, mean + 1, 10).tolist()
    entry = {"number": 1, "estimates": {"mean": {"above": 0.0}}}
    outcome = "supported" if mean > 2 else "inconclusive"
    record = {"protocol": entry, "outcome": outcome, "looks": [[10, outcome]], "seeds": [*range(10_000, 10_010)],
              "estimates": {"mean": values}, "provenance": {"date": "2026-01-02", "device": "a CPU"}} | changes  # fmt: skip
    folder = root / "data/results/evidence"
    folder.mkdir(parents=True, exist_ok=True)
    content = {"chapter": "dice-games", "findings": {name: record}}
    (folder / "dice-games.json").write_text(json.dumps(content), encoding="utf-8")


def shown_here(root, verdict="supported", error=1e-9):
    """The chapter's cards, in this build."""
    common = {"scale": "laptop", "seed_offset": 0, "statement": "It is so."}
    luck = {"id": "luck", "verdict": verdict, "measured": 4.8, "interval": [4.0, 5.6], "unit": "pips", "n_seeds": 10}
    total = {"id": "sum", "verdict": "theorem", "error": error, "tolerance": 1e-6}
    both = record("pips", (3.5, 3.4, 3.6)), record("odds", (1, 0.5, 2))
    record_here(root, *both, luck | common, total | common)


@pytest.fixture
def confirmed(book):
    """The same book with a finding that has a record, and a theorem."""
    add_fact(book, "luck", **FINDING)
    add_fact(book, "sum", kind="theorem", tolerance=1e-6)
    evidence_of(book)
    shown_here(book)
    return book


def test_a_finding_has_the_outcome_of_its_record_at_every_scale(confirmed):
    row = rows(html(confirmed))["luck"]
    assert row["Verdict"] == "supported"
    assert row["The record"] == (
        "The mean is 5.00\u00a0[4.31,\u00a05.69]. mean of the throws: 5\u00a0[4.31,\u00a05.69] pips "
        "10 replicates; recorded on 2026-01-02 on a CPU"
    )
    assert row["This build"] == "4.8\u00a0[4,\u00a05.6] pips 10 seeds"
    assert rows(html(confirmed, "smoke"))["luck"]["Verdict"] == "supported"


def test_theorems_and_earlier_verdicts_are_counted_apart(confirmed):
    chapters = ledger.collect(confirmed, confirmed / "build")
    assert ledger.count(chapters) == {"supported": 1, "theorem": 1, "earlier-supported": 2, "planned": 1}
    text = re.sub("<[^>]+>", "", ledger.totals(chapters, "laptop", "ledger.html"))
    assert text.startswith(
        "1 finding: 1 supported. 1 theorem checked. By the earlier rule, at laptop scale, 2 claims: "
    )
    assert rows(html(confirmed))["sum"]["Checked"] == "to 1e-06; off by at most 1.0e-09"


def test_a_finding_that_nobody_has_confirmed_is_not_run(book):
    add_fact(book, "luck", **{key: value for key, value in FINDING.items() if key not in ("finding", "outcome")})
    add_fact(book, "sum", kind="theorem", tolerance=1e-6)
    shown_here(book, verdict="not run")
    row = rows(html(book))["luck"]
    assert (row["Verdict"], row["The record"]) == ("not run", "not confirmed yet")


# --- what stops the build ---------------------------------------------------------------------------------------------

FAULTS = {
    "no verdict": (
        lambda root: add_fact(root, "chance"),
        "The claim chance has no verdict: its chapter is there, so show its card and execute the chapter.",
    ),
    "chapter not executed": (
        lambda root: (root / "build/claims/dice-games.json").unlink(),
        "The claim pips has no verdict: its chapter is there, so show its card and execute the chapter.",
    ),
    "verdict of an unknown claim": (
        lambda root: record_here(root, record("skill", (1, 0, 2)), file="more"),
        "more.json has a verdict for skill, a claim that data/claims.yaml does not know.",
    ),
    "gpu verdict of an unknown claim": (
        lambda root: record_on_gpu(root, record("skill", (1, 0, 2), scale="gpu")),
        "dice-games.json has a verdict for skill, a claim that data/claims.yaml does not know.",
    ),
    "gpu verdict against its intervals": (
        lambda root: record_on_gpu(root, record("pips", (-1, -2, -0.5), scale="gpu")),
        "dice-games.json says that pips is supported, but its numbers give contradicted.",
    ),
    "planned although there": (
        lambda root: add_fact(root, "chance", "planned"),
        "The claim chance is planned, but its chapter is there: take the chapter's claims out of data/planned.yaml, "
        "or say under `needs` what this one waits for.",
    ),
    "stated twice": (
        lambda root: add_fact(root, "aces", chapter="card-tricks"),
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
        lambda root: add_fact(root, "chance", formerly=["07-card-tricks/aces"]),
        "The old id 07-card-tricks/aces stands twice in data/claims.yaml and data/planned.yaml.",
    ),
}


@pytest.mark.parametrize(("break_it", "sentence"), FAULTS.values(), ids=FAULTS)
def test_what_does_not_fit_is_one_sentence(confirmed, break_it, sentence):
    break_it(confirmed)
    with pytest.raises(ledger.LedgerError) as caught:
        ledger.collect(confirmed, confirmed / "build")
    assert str(caught.value) == sentence


def test_the_build_says_so_and_stops(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "find_pages", lambda folder: {})
    (tmp_path / "_toc.yml").write_text("- file: notebooks/01_dice_games\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/claims.yaml").write_text(yaml.safe_dump([fact("pips")]), encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="FAILED  The claim pips has no verdict"):
        build.main()


# --- the role ---------------------------------------------------------------------------------------------------------

PAGE = """\
# A page

{claim}`pips`, {claim}`these odds <odds>`, {claim}`aces`,
{claim}`the sum <sum>`.

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


def test_a_claim_in_a_sentence_links_to_its_card(confirmed):
    book = confirmed
    assert warnings(book, PAGE) == []
    text = (book / "out/index.html").read_text(encoding="utf-8")
    found = re.findall(r'(?:href="([^"]+)">)?<span>([^<]+)</span>(?:</a>)?\xa0<span class="verdict ([\w-]+)', text)
    assert found == [
        ("notebooks/01_dice_games.html#claim-pips", "Dice &amp; odds", "supported"),
        ("notebooks/01_dice_games.html#claim-odds", "these odds", "supported"),
        ("book/ledger.html#ledger-aces", "Dice &amp; odds", "planned"),
        ("notebooks/01_dice_games.html#claim-sum", "the sum", "theorem"),
    ]
    assert "The mean is 5.00\u00a0[4.31,\u00a05.69]. <a " in text
    assert 'href="notebooks/01_dice_games.html#claim-luck"><span class="verdict supported">supported</span>' in text


def test_a_claim_that_its_chapter_lacks_fails(book):
    (warning,) = warnings(book, "# A page\n\n{claim}`odds <odd>`\n")
    assert "there is no claim odd" in warning


def test_a_sentence_that_is_not_published_fails(book):
    (warning,) = warnings(book, "# A page\n\n{finding}`pips`\n")
    assert "there is no published sentence of pips" in warning


# --- the book ---------------------------------------------------------------------------------------------------------


def test_no_chapter_that_is_there_is_planned():
    there = {ledger.slug(path.stem) for path in (ROOT / "notebooks").glob("[0-9]*.py")}
    planned = yaml.safe_load((ROOT / "data/planned.yaml").read_text(encoding="utf-8"))
    assert not {fact["id"] for fact in planned if fact["chapter"] in there and "needs" not in fact}


def test_planned_claims_say_what_and_whose():
    for claim in yaml.safe_load((ROOT / "data/planned.yaml").read_text(encoding="utf-8")):
        said = {"id", "chapter", "formerly", "title", "statement", "paper", "url"}
        assert set(claim) - {"needs"} == said, claim["id"]
