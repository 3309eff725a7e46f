"""The ledger is made of what chapters recorded: whatever does not fit together stops the build in one sentence."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import build
import ledger

ROOT = Path(__file__).resolve().parent.parent
FACT = {"paper": "Pascal 1654", "url": "https://example.org/", "paper_says": "3.5 pips < 6."}
PROVENANCE = {"date": "2026-01-02", "device": "a <GPU>"}


def fact(name, **changes):
    return (
        {"id": name, "chapter": name.split("/")[0], "title": "Dice & odds", "statement": "It is so.\n"} | FACT | changes
    )


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
        "data/claims.yaml": yaml.safe_dump([fact("01-dice-games/pips"), fact("01-dice-games/odds", where="§ 2")]),
        "data/planned.yaml": yaml.safe_dump([fact("07-card-tricks/aces")]),
    }
    for name, text in write.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    record_here(tmp_path, record("01-dice-games/pips", (3.5, 3.4, 3.6)), record("01-dice-games/odds", (1, 0.5, 2)))
    return tmp_path


def record_here(root, *records, file="01-dice-games"):
    folder = root / "build/claims"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{file}.json").write_text(json.dumps(records), encoding="utf-8")


def record_on_gpu(root, *records, file="01-dice-games"):
    folder = root / "data/results/gpu"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{file}.json").write_text(json.dumps({"provenance": PROVENANCE, "rows": records}), encoding="utf-8")


def add_fact(root, name, file="claims"):
    path = root / "data" / f"{file}.yaml"
    path.write_text(yaml.safe_dump([*yaml.safe_load(path.read_text(encoding="utf-8")), fact(name)]), encoding="utf-8")


def html(root, scale="laptop"):
    return ledger.table(ledger.collect(root, root / "build"), scale, lambda page: f"../{page}.html")


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
    assert (there.title, there.page, planned.title, planned.page) == (
        "Games of dice",
        "notebooks/01_dice_games",
        "Card tricks",
        None,
    )
    assert ledger.count([there, planned]) == {"supported": 2, "planned": 1}


def test_a_row_has_the_claim_the_paper_and_ours(book):
    found = rows(html(book))
    pips, odds, aces = (found[n] for n in ("01-dice-games-pips", "01-dice-games-odds", "07-card-tricks-aces"))
    assert '<a href="../notebooks/01_dice_games.html#claim-01-dice-games-pips">Dice &amp; odds</a>' in pips["row"]
    assert pips["The paper"] == "Pascal 1654: 3.5 pips &lt; 6."
    assert odds["The paper"].startswith("Pascal 1654, § 2: ")
    assert pips["Here, on a laptop"] == "check 1: 3.5\u00a0[3.4,\u00a03.6] pips 5 seeds"
    assert (pips["Verdict"], pips["Here, on a GPU"]) == ("supported", "not run")
    assert (aces["Verdict"], aces["Here, on a laptop"], aces["Here, on a GPU"]) == ("planned",) * 3
    assert "#claim" not in aces["row"]


def test_the_check_that_decides_is_shown(book):
    against = record("01-dice-games/odds", (1, 0.5, 2), (-1, -2, -0.5), verdict="contradicted")
    record_here(book, record("01-dice-games/pips", (3.5, 3.4, 3.6)), against)
    cell = rows(html(book))["01-dice-games-odds"]["Here, on a laptop"]
    assert "check 1: 1" in cell
    assert "decided by: check 2: −1" in cell
    assert cell.endswith("5 seeds, 2 checks")


def test_smoke_scale_has_no_verdicts(book):
    names = ("01-dice-games/pips", "01-dice-games/odds")
    record_here(book, *(record(name, (1, 1, 1), scale="smoke", verdict="not-run") for name in names))
    row = rows(html(book, "smoke"))["01-dice-games-pips"]
    assert (row["Verdict"], row["Here, on a laptop"], row["Here, on a GPU"]) == (
        "not run",
        "not run at this scale",
        "not run",
    )


def test_a_claim_that_a_scale_cannot_test_says_why(book):
    record_here(book, record("01-dice-games/pips", (1, 0.5, 2)), record("01-dice-games/odds", verdict="not-run"))
    assert rows(html(book))["01-dice-games-odds"]["Here, on a laptop"] == "not run So it was."


def test_a_recorded_gpu_run_stands_beside_the_laptop(book):
    record_on_gpu(book, record("01-dice-games/pips", (-3, -4, -2), scale="gpu", verdict="contradicted"))
    row = rows(html(book))["01-dice-games-pips"]
    assert row["Here, on a laptop"].startswith("check 1: 3.5")
    assert row["Here, on a GPU"] == (
        "contradicted check 1: −3\u00a0[−4,\u00a0−2] pips 5 seeds; recorded on 2026-01-02 on a &lt;GPU&gt;"
    )
    assert row["Verdict"] == "supported"
    assert "1 of the claims has been run at gpu scale" in html(book)


def test_a_gpu_run_of_another_wording_does_not_count(book):
    run = record("01-dice-games/pips", (3, 2, 4), scale="gpu") | {"statement": "It was otherwise."}
    record_on_gpu(book, run)
    assert rows(html(book))["01-dice-games-pips"]["Here, on a GPU"] == "not run"


def test_a_build_on_a_gpu_shows_its_own_run(book):
    names = ("01-dice-games/pips", "01-dice-games/odds")
    record_here(book, *(record(name, (2, 1, 3), scale="gpu") for name in names))
    record_on_gpu(book, record(names[0], (9, 8, 10), scale="gpu"))
    row = rows(html(book, "gpu"))["01-dice-games-pips"]
    assert (row["Here, on a laptop"], row["Here, on a GPU"]) == (
        "not run at this scale",
        "check 1: 2\u00a0[1,\u00a03] pips 5 seeds",
    )


def test_totals_lead_to_the_claims_they_count(book):
    text = ledger.totals(ledger.collect(book, book / "build"), "laptop", "../book/ledger.html")
    assert (
        re.sub("<[^>]+>", "", text) == "2 claims at laptop scale: 2 supported. 1 more are planned for later chapters."
    )
    options = set(re.findall(r'<option [^>]*id="([^"]+)"', html(book)))
    assert set(re.findall(r"ledger.html#([^\"]+)", text)) == {"verdict=supported", "verdict=planned"} <= options


# --- what stops the build ---------------------------------------------------------------------------------------------

FAULTS = {
    "no verdict": (
        lambda root: add_fact(root, "01-dice-games/luck"),
        "The claim 01-dice-games/luck has no verdict: its chapter is there, so show its card and execute the chapter.",
    ),
    "chapter not executed": (
        lambda root: (root / "build/claims/01-dice-games.json").unlink(),
        "The claim 01-dice-games/pips has no verdict: its chapter is there, so show its card and execute the chapter.",
    ),
    "verdict of an unknown claim": (
        lambda root: record_here(root, record("01-dice-games/skill", (1, 0, 2)), file="01-more"),
        "01-more.json has a verdict for 01-dice-games/skill, a claim that data/claims.yaml does not know.",
    ),
    "gpu verdict of an unknown claim": (
        lambda root: record_on_gpu(root, record("01-dice-games/skill", (1, 0, 2), scale="gpu")),
        "01-dice-games.json has a verdict for 01-dice-games/skill, a claim that data/claims.yaml does not know.",
    ),
    "gpu verdict against its intervals": (
        lambda root: record_on_gpu(root, record("01-dice-games/pips", (-1, -2, -0.5), scale="gpu")),
        "01-dice-games.json says that 01-dice-games/pips is supported, but its intervals give contradicted.",
    ),
    "planned although there": (
        lambda root: add_fact(root, "01-dice-games/luck", "planned"),
        "The claim 01-dice-games/luck is planned, but its chapter is there: take the chapter's claims out of data/planned.yaml.",
    ),
    "stated twice": (
        lambda root: add_fact(root, "07-card-tricks/aces"),
        "The claim 07-card-tricks/aces stands twice in data/claims.yaml and data/planned.yaml.",
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
    (tmp_path / "data/claims.yaml").write_text(yaml.safe_dump([fact("01-dice-games/pips")]), encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="FAILED  The claim 01-dice-games/pips has no verdict"):
        build.main()


# --- the role ---------------------------------------------------------------------------------------------------------

PAGE = """\
# A page

{claim}`01-dice-games/pips`, {claim}`these odds <01-dice-games/odds>`, {claim}`07-card-tricks/aces`,
{claim}`to come <08-coins/heads>`.
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
        ("notebooks/01_dice_games.html#claim-01-dice-games-pips", "Dice &amp; odds", "supported"),
        ("notebooks/01_dice_games.html#claim-01-dice-games-odds", "these odds", "supported"),
        ("book/ledger.html#ledger-07-card-tricks-aces", "Dice &amp; odds", "planned"),
        ("", "to come", "planned"),
    ]


def test_a_claim_that_its_chapter_lacks_fails(book):
    (warning,) = warnings(book, "# A page\n\n{claim}`odds <01-dice-games/odd>`\n")
    assert "chapter 1 has no claim 01-dice-games/odd" in warning


# --- the book ---------------------------------------------------------------------------------------------------------


def test_no_chapter_that_is_there_is_planned():
    there = {path.stem.replace("_", "-") for path in (ROOT / "notebooks").glob("[0-9]*.py")}
    planned = yaml.safe_load((ROOT / "data/planned.yaml").read_text(encoding="utf-8"))
    assert not {fact["id"] for fact in planned if fact["chapter"] in there}


def test_planned_claims_say_what_and_whose():
    for claim in yaml.safe_load((ROOT / "data/planned.yaml").read_text(encoding="utf-8")):
        assert set(claim) == {"id", "chapter", "title", "statement", "paper", "url"}, claim["id"]
