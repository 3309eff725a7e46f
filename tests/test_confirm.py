"""`make confirm`: findings advance look by look until they are decided, and whatever happens the record stays whole."""

import ast
import json
import os
import re
import shutil
import socket
import sys
from pathlib import Path

import nbformat
import pytest

import confirm
import execute
from overparam import paths
from overparam.engine import workers
from overparam.report import evidence, protocols
from overparam.report.cards import METADATA, Card
from overparam.report.claims import Ledger

ROOT = Path(__file__).resolve().parents[1]

CHAPTER = """\
# %%
import numpy as np
from overparam.report.claims import Ledger

ledger = Ledger("tiny")
drawn = {name: [np.random.default_rng(seed).normal() for seed in ledger.seeds(name)] for name in ("clear", "faint")}

# %%
ledger.card("clear", effect=[3 + each for each in drawn["clear"]])

# %%
ledger.card("faint", effect=[0.35 + each for each in drawn["faint"]], besides=drawn["faint"])
"""
FINDING = """\
- id: {name}
  chapter: tiny
  kind: finding
  title: A title
  statement: The effect is positive.
  paper: Pascal 1654
  url: https://example.org/
  paper_says: so.
  setting: dice
  protocol:
    number: 1
    unit: a seed
    redrawn: [all]
    reason: it is a test
    cheap: true
    estimates:
      effect: {{says: the effect, above: 0, unit: pips}}
"""
CLAIMS = (
    FINDING.format(name="clear")
    + FINDING.format(name="faint")
    + "    asked:\n      besides: {says: something else}\n"
    + """\
- id: exact
  chapter: tiny
  kind: theorem
  title: A title
  statement: One is one.
  paper: Pascal 1654
  url: https://example.org/
  paper_says: so.
  tolerance: 1e-6
"""
)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter with two findings."""
    for name, text in {"notebooks/01_tiny.py": CHAPTER, "data/claims.yaml": CLAIMS}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(paths, "book", lambda: tmp_path / "data")
    for variable in ("OVERPARAM_SEED", "OVERPARAM_REPLICATES", "OVERPARAM_DASK", "OVERPARAM_SCALE"):
        monkeypatch.setenv(variable, "")
    protocols.entries.cache_clear()
    yield tmp_path
    protocols.entries.cache_clear()


@pytest.fixture
def asked(monkeypatch):
    """The chapter runs in this process; what it was asked for, execution by execution."""
    executions = []

    def run(source, notebook, root):
        executions.append(json.loads(os.environ["OVERPARAM_REPLICATES"]))
        names = {}
        for number, cell in enumerate(notebook.cells, 1):
            *body, last = ast.parse(cell.source).body
            value = None
            try:
                exec(compile(ast.Module(body, []), "cell", "exec"), names)
                if isinstance(last, ast.Expr):
                    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
                else:
                    exec(compile(ast.Module([last], []), "cell", "exec"), names)
                if isinstance(value, Card):
                    cell.outputs = [nbformat.v4.new_output("display_data", metadata={METADATA: value.data()})]
            except ValueError as error:
                raise execute.BuildError(f"{source.name}, cell {number}: {error}") from error
        return {"seconds": 60.0}

    monkeypatch.setattr(execute, "execute", run)
    return executions


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    protocols.entries.cache_clear()


def content(book):
    return json.loads((book / "data/results/evidence/tiny.json").read_text(encoding="utf-8"))["findings"]


# --- looks ------------------------------------------------------------------------------------------------------------


def test_findings_advance_until_they_are_decided(book, asked, capsys):
    assert confirm.main([], book) == 0
    *_, decided_at = looks = [each["faint"] for each in asked]
    assert looks == list(protocols.LOOKS)[: len(looks)]
    assert len(looks) > 2
    assert [each["clear"] for each in asked] == [10] + [5] * (len(looks) - 1)  # decided: as few as the page has
    found = content(book)
    assert found["clear"]["looks"] == [[10, "supported"]]
    assert found["clear"]["seeds"] == list(range(10_000, 10_010))
    assert found["faint"]["looks"] == [[n, "inconclusive"] for n in looks[:-1]] + [[decided_at, "supported"]]
    assert found["faint"]["seeds"] == list(range(10_000, 10_000 + decided_at))
    assert set(found["faint"]["estimates"]) == {"effect", "besides"}
    provenance = found["faint"]["provenance"]
    assert provenance["command"] == "make confirm FINDING=faint"
    assert {"date", "device", "commit", "torch", "python", "seconds", "scale", "seed_offset"} <= set(provenance)
    said = capsys.readouterr().out
    assert "tiny: 2 of 2 findings undecided; looking at 10 replicates of clear, faint\n" in said
    assert "tiny: 1 of 2 findings undecided; looking at 20 replicates of faint; about 60 s, and 15 min at most" in said
    last = said.splitlines()[-1].split()
    assert last[:3] == ["faint", str(decided_at), "supported"]
    asked.clear()
    assert confirm.main([], book) == 0
    assert asked == []
    assert content(book) == found


def test_one_finding_advances_alone(book, asked):
    assert confirm.main(["--finding", "clear"], book) == 0
    assert asked == [{"clear": 10, "faint": 5}]
    assert list(content(book)) == ["clear"]


def test_a_finding_that_is_never_decided_stops_at_the_last_look(book, asked, capsys):
    edit(book / "notebooks/01_tiny.py", "0.35 + each", "each")
    assert confirm.main(["tiny"], book) == 0
    assert [n for n, _ in content(book)["faint"]["looks"]] == list(protocols.LOOKS)
    assert "inconclusive (about " in capsys.readouterr().out.splitlines()[-1]
    asked.clear()
    assert confirm.main(["tiny"], book) == 0
    assert asked == []


def test_replicates_that_diverged_are_kept_as_such(book, asked):
    edit(book / "notebooks/01_tiny.py", "[3 + each for each in", "[np.nan, *(3 + each for each in")
    edit(book / "notebooks/01_tiny.py", 'drawn["clear"]])', 'drawn["clear"][1:])])')
    assert confirm.main(["--finding", "clear"], book) == 0
    assert content(book)["clear"]["estimates"]["effect"][0] is None
    assert content(book)["clear"]["looks"] == [[n, "inconclusive"] for n in (10, 20, 40, 80)] + [[160, "supported"]]


def test_shifted_seeds_leave_the_published_record(book, asked, monkeypatch):
    assert confirm.main(["--finding", "clear"], book) == 0
    published = content(book)
    monkeypatch.setenv("OVERPARAM_SEED", "1000")
    assert confirm.main(["--finding", "clear"], book) == 0
    fresh = json.loads((book / "build/confirm/tiny+1000.json").read_text(encoding="utf-8"))["findings"]["clear"]
    assert fresh["seeds"] == list(range(11_000, 11_010))
    assert fresh["provenance"]["command"] == "OVERPARAM_SEED=1000 make confirm FINDING=clear"
    assert content(book) == published


def test_a_kernel_measures_what_this_process_would(book, asked, monkeypatch):
    assert confirm.main(["--finding", "clear"], book) == 0
    here = content(book)["clear"]
    (book / "data/results/evidence/tiny.json").unlink()
    monkeypatch.undo()
    monkeypatch.setattr(paths, "book", lambda: book / "data")
    monkeypatch.setenv("OVERPARAM_SCALE", "confirm")
    monkeypatch.setenv("OVERPARAM_REPLICATES", "")
    shutil.copytree(ROOT / "src/overparam", book / "src/overparam")
    monkeypatch.setenv("PYTHONPATH", str(book / "src"))
    assert confirm.main(["--finding", "clear"], book) == 0
    assert {key: content(book)["clear"][key] for key in ("seeds", "estimates", "looks")} == {
        key: here[key] for key in ("seeds", "estimates", "looks")
    }


# --- kills ------------------------------------------------------------------------------------------------------------


def killed(*args, **kwargs):
    raise KeyboardInterrupt


@pytest.mark.parametrize("moment", ["in the second look", "in the first write", "in the second write"])
def test_a_kill_at_any_moment_loses_nothing(book, asked, monkeypatch, capsys, moment):
    assert confirm.main([], book) == 0
    undisturbed = content(book)
    (book / "data/results/evidence/tiny.json").unlink()
    asked.clear()
    with monkeypatch.context() as patch:
        run, replace, writes = execute.execute, os.replace, []

        def interrupted_run(*args):
            return run(*args) if not asked else killed()

        def interrupted_replace(*args):
            writes.append(1)
            return replace(*args) if len(writes) < (1 if "first" in moment else 2) else killed()

        if "look" in moment:
            patch.setattr(execute, "execute", interrupted_run)
        else:
            patch.setattr(evidence.os, "replace", interrupted_replace)
        assert confirm.main([], book) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
    assert (book / "data/results/evidence/tiny.json").is_file() == ("first" not in moment)
    assert confirm.main([], book) == 0
    assert content(book) == undisturbed


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["huge"], "No claims for chapter 'huge' in data/claims.yaml; there are tiny."),
        (["--finding", "huge"], "There is no finding 'huge' in data/claims.yaml; there are clear, faint."),
        (["tiny", "--finding", "exact"], "There is no finding 'exact' in chapter tiny; there are clear, faint."),
        (["--check", "2"], "--check takes the chapter to measure again, such as --check 2 bias-variance."),
        (["tiny", "--check", "1"], "--check takes the number of replicates to measure again, 2 or more; got 1."),
    ],
)
def test_what_is_unknown_is_one_sentence(book, asked, capsys, arguments, sentence):
    assert confirm.main(arguments, book) == 1
    assert capsys.readouterr() == ("", f"FAILED  {sentence}\n")
    assert asked == []


def other(old, new):
    return lambda book: edit(book / "notebooks/01_tiny.py", old, new)


def protocol(old, new):
    return lambda book: edit(book / "data/claims.yaml", old, new)


def in_record(change):
    def act(book):
        path = book / "data/results/evidence/tiny.json"
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    return act


REFUSED = {
    "a file that is no YAML": (
        protocol("title: A title", "title: 'A title"),
        "claims.yaml, line 21: this is not YAML (",
    ),
    "an estimate that was asked and has no interval": (
        other('besides=drawn["faint"]', "besides=[0] * 10"),
        "faint cannot be judged: besides: All 10 replicates are 0: state that as a fact",
    ),
    "an estimate that the protocol does not name": (
        other("besides=drawn", "more=[], besides=drawn"),
        "has no estimate 'more'; it has effect, besides.",
    ),
    "an estimate that is missing": (other(', besides=drawn["faint"]', ""), "has the estimate 'besides'; pass it"),
    "no card": (other('ledger.card("faint", ', "dict("), "01_tiny.py shows no card of faint; show one"),
    "two cards": (
        lambda book: edit(
            book / "notebooks/01_tiny.py", CHAPTER[-100:], CHAPTER[-100:] + "\n# %%" + CHAPTER.split("# %%")[-1]
        ),
        "01_tiny.py shows 2 cards of faint; show one",
    ),
    "values without an interval": (
        other("0.35 + each for each", "1 for each"),
        "All 10 replicates are 1: state that as a fact",
    ),
    "bounds that changed": (
        protocol("above: 0", "above: 1"),
        "tiny.json: the protocol of clear in data/claims.yaml has changed since its record was made: give it the number 2, or",
    ),
    "a finding that is gone": (protocol("id: clear", "id: plain"), "tiny.json has a record of clear, a finding that"),
    "a record cut short": (in_record(lambda text: text[:-200]), "tiny.json is damaged (JSONDecodeError: "),
    "a value too few": (
        in_record(lambda text: text.replace("    10009\n", "    10009,\n    10010\n")),
        "tiny.json is damaged (ValueError: an estimate has not one value per seed)",
    ),
    "another text": (in_record(lambda text: "[]"), "tiny.json is damaged (TypeError: "),
    "no notebook": (
        lambda book: (book / "notebooks/01_tiny.py").unlink(),
        "There is no notebooks/NN_tiny.py for the chapter tiny of data/claims.yaml.",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_one_sentence_and_leaves_the_record(book, asked, capsys, change, sentence):
    assert confirm.main(["--finding", "clear"], book) == 0
    change(book)
    before = (book / "data/results/evidence/tiny.json").read_bytes()
    capsys.readouterr()
    assert confirm.main([], book) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("FAILED  ")
    assert sentence in line
    assert (book / "data/results/evidence/tiny.json").read_bytes() == before


def test_a_finding_that_cannot_be_judged_holds_up_no_other(book, asked, capsys):
    edit(book / "notebooks/01_tiny.py", "[3 + each for each in", "[1 for each in")
    assert confirm.main([], book) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("FAILED  01_tiny.py: clear cannot be judged: All 10 replicates are 1")
    assert list(content(book)) == ["faint"]
    assert content(book)["faint"]["outcome"] == "supported"


def test_a_protocol_with_a_new_number_is_confirmed_anew(book, asked):
    assert confirm.main(["--finding", "clear"], book) == 0
    edit(book / "data/claims.yaml", "number: 1", "number: 2")
    edit(book / "data/claims.yaml", "above: 0", "above: 1")
    assert confirm.main(["--finding", "clear"], book) == 0
    assert content(book)["clear"]["protocol"]["number"] == 2
    assert content(book)["clear"]["looks"] == [[10, "supported"]]
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("OVERPARAM_SEED", "lucky", "OVERPARAM_SEED is 'lucky'; set it to a whole number."),
        ("OVERPARAM_SEED", "-5000", "OVERPARAM_SEED is -5000, which leads to seeds of the record or before them: "),
        ("OVERPARAM_SEED", "159", "OVERPARAM_SEED is 159, which leads to seeds of the record or before them: "),
        ("OVERPARAM_DASK", "host", "OVERPARAM_DASK is 'host'; set it to the address of a Dask scheduler, such as"),
        ("OVERPARAM_DASK", "tcp://127.0.0.1:{port}", "but no Dask scheduler answers there within 0.2 s: start one"),
    ],
)
def test_a_bad_setting_is_one_sentence_before_anything_starts(
    book, asked, capsys, monkeypatch, variable, value, sentence
):
    assert confirm.main(["--finding", "clear"], book) == 0
    before = content(book)
    asked.clear()
    monkeypatch.setattr(workers, "DASK_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # listens and says nothing: a harder case than nobody
        monkeypatch.setenv(variable, value.format(port=silent.getsockname()[1]))
        capsys.readouterr()
        assert confirm.main([], book) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert asked == []
    assert content(book) == before


@pytest.mark.parametrize("text", ['{"faint": 5, "bright": 5}', '{"clear": 1}', '{"clear": "5"}', "5", "five"])
def test_numbers_of_replicates_that_no_run_can_have_are_one_sentence(book, monkeypatch, text):
    monkeypatch.setenv("OVERPARAM_SCALE", "confirm")
    monkeypatch.setenv("OVERPARAM_REPLICATES", '{"clear": 5}')
    assert Ledger("tiny").seeds("clear") == list(range(10_000, 10_005))
    monkeypatch.setenv("OVERPARAM_REPLICATES", text)
    with pytest.raises(
        ValueError, match=f"^OVERPARAM_REPLICATES is {re.escape(repr(text))}; leave it unset: make confirm"
    ):
        Ledger("tiny").seeds("clear")


def test_without_dask_its_variable_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setenv("OVERPARAM_DASK", "tcp://nowhere:8786")
    with pytest.raises(ImportError, match="but Dask is not installed: pip install distributed, or unset it"):
        workers.cluster()


def test_the_book_is_not_built_at_this_scale(book, capsys, monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "confirm")
    assert execute.main(book) == 1
    assert "which make confirm sets itself" in capsys.readouterr().err


# --- a few replicates again -------------------------------------------------------------------------------------------


def test_a_few_replicates_are_compared_with_the_record(book, asked, capsys):
    assert confirm.main([], book) == 0
    asked.clear()
    assert confirm.main(["tiny", "--check", "3"], book) == 0
    assert asked == [{"clear": 3, "faint": 4}]
    assert capsys.readouterr().out.endswith("01_tiny.py: 11 values of clear, faint are those of the record\n")
    edit(book / "notebooks/01_tiny.py", "3 + each", "3.00001 + each")
    before = content(book)
    assert confirm.main(["tiny", "--check", "3"], book) == 1
    first, *differing = capsys.readouterr().err.splitlines()
    assert first == "FAILED  01_tiny.py: 3 of 11 values are not those of the record:"
    assert [line.split(":")[0] for line in differing] == [
        f"clear, effect, seed {seed}" for seed in (10000, 10001, 10002)
    ]
    assert content(book) == before


def test_a_record_of_fresh_seeds_is_compared_on_these(book, asked, capsys, monkeypatch):
    assert confirm.main([], book) == 0
    monkeypatch.setenv("OVERPARAM_SEED", "1000")
    assert confirm.main(["--finding", "clear"], book) == 0
    monkeypatch.setenv("OVERPARAM_SEED", "")
    record, fresh = book / "data/results/evidence/tiny.json", book / "build/confirm/tiny+1000.json"
    both = json.loads(record.read_text(encoding="utf-8"))
    both["findings"] |= json.loads(fresh.read_text(encoding="utf-8"))["findings"]
    record.write_text(json.dumps(both), encoding="utf-8")
    asked.clear()
    assert confirm.main(["tiny", "--check", "3"], book) == 0
    assert asked == 2 * [{"clear": 3, "faint": 4}], "once for the seeds of each"
    assert capsys.readouterr().out.endswith("01_tiny.py: 11 values of clear, faint are those of the record\n")


def test_a_chapter_that_takes_the_seeds_of_another_finding_is_noticed(book, asked, capsys):
    assert confirm.main([], book) == 0
    edit(book / "notebooks/01_tiny.py", 'for each in drawn["faint"]', 'for each in drawn["clear"]')
    assert confirm.main(["tiny", "--check", "3"], book) == 1
    assert "faint, effect: one number per seed is needed, 4 of them or more" in capsys.readouterr().err


def test_only_cheap_findings_are_compared(book, asked, capsys):
    assert confirm.main(["--finding", "clear"], book) == 0
    edit(book / "data/claims.yaml", "cheap: true", "cheap: false")
    assert confirm.main(["tiny", "--check", "2"], book) == 1
    assert "tiny has no record of a finding whose protocol says cheap: true" in capsys.readouterr().err


def test_shifted_seeds_are_not_compared(book, asked, capsys, monkeypatch):
    monkeypatch.setenv("OVERPARAM_SEED", "7")
    assert confirm.main(["tiny", "--check", "2"], book) == 1
    assert "OVERPARAM_SEED is 7, but the record is of unshifted seeds" in capsys.readouterr().err
    assert asked == []
