"""Chapters are executed when something that decides their outputs has changed, and only then; no fault gets past."""

import json
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import build  # noqa: E402
import execute  # noqa: E402
from overparam import data, mlp, sweep  # noqa: E402

CHAPTER = '''\
# %% [markdown]
r"""
# A tiny chapter

Prose that is there from the start.
"""

# %%
import random
random.random()

# %% mystnb={"figure": {"caption": "The first caption.", "name": "fig-tiny"}}
"a figure"

# %%
from overparam.report.claims import Ledger
Ledger("tiny").card("dice", pips=[3.4, 3.5, 3.5, 3.5, 3.6], section="throws")
'''
CLAIMS = """\
- id: dice
  chapter: tiny
  kind: finding
  title: Dice
  statement: A die shows more than three pips on average.
  paper: Pascal 1654
  url: https://example.org/
  paper_says: so.
  setting: the same dice
  protocol:
    number: 1
    unit: a die
    redrawn: [the die]
    reason: a gambler would notice
    estimates:
      pips: {says: mean of the throws, above: 3, unit: pips per throw}
"""
SOURCE = "notebooks/01_tiny.py"
NOTEBOOK = "build/laptop/notebooks/01_tiny.ipynb"
VERDICTS = "build/laptop/claims/tiny.json"


class KernelStartedError(Exception):
    """A chapter is about to be executed."""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A repository with one chapter and a copy of the package, executed once."""
    root = tmp_path_factory.mktemp("executed")
    shutil.copytree(ROOT / "src/overparam", root / "src/overparam")
    for name, text in {SOURCE: CHAPTER, "data/claims.yaml": CLAIMS, "requirements.txt": "torch==2\n"}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        set_environment(patch, root)
        assert execute.main(root) == 0
    return root


@pytest.fixture
def tree(executed, tmp_path, monkeypatch):
    """A copy of the executed repository."""
    root = shutil.copytree(executed, tmp_path / "tree")
    set_environment(monkeypatch, root)
    return root


@pytest.fixture
def no_kernel(monkeypatch):
    def refuse(*args, **kwargs):
        raise KernelStartedError

    monkeypatch.setattr(execute, "NotebookClient", refuse)


def set_environment(patch, root):
    patch.setenv("PYTHONPATH", str(root / "src"))
    patch.setenv("OVERPARAM_SEED", "1000")
    patch.delenv("OVERPARAM_SCALE", raising=False)
    patch.setattr(execute.data, "available", lambda name: False)


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def outputs(root):
    cells = nbformat.read(root / NOTEBOOK, as_version=4).cells
    return [cell.outputs for cell in cells if cell.cell_type == "code"]


def built(root):
    """What lies in build/, hidden files as well, and when each file was written."""
    files = [path for path in (root / "build").rglob("*") if path.is_file()]
    return {
        path.relative_to(root).as_posix(): (path.read_text(encoding="utf-8"), path.stat().st_mtime_ns) for path in files
    }


# --- when a chapter is executed ---------------------------------------------------------------------------------------


def test_the_first_run_executes(executed):
    notebook = nbformat.read(executed / NOTEBOOK, as_version=4)
    assert set(built(executed)) == {NOTEBOOK, VERDICTS}
    assert 0 < float(outputs(executed)[0][0]["data"]["text/plain"]) < 1
    assert notebook.cells[-1].source.startswith(
        "from overparam.report.claims import Ledger"
    )  # the tool's own last cell is gone
    stamp = notebook.metadata["overparam"]
    assert (stamp["scale"], stamp["seed_offset"], stamp["device"]) == ("laptop", 1000, "cpu")
    assert stamp["seconds"] > 0


def test_the_verdicts_have_what_the_design_promises(executed):
    (record,) = json.loads((executed / VERDICTS).read_text(encoding="utf-8"))
    promised = {
        "id": "dice",
        "verdict": "not run",
        "statement": "A die shows more than three pips on average.",
        "measured": 3.5,
        "unit": "pips per throw",
        "seeds": [1000, 1001, 1002, 1003, 1004],
        "n_seeds": 5,
        "scale": "laptop",
        "seed_offset": 1000,
        "estimates": {"pips": [3.4, 3.5, 3.5, 3.5, 3.6]},
    }
    assert {name: record[name] for name in promised} == promised
    assert record["interval"] == pytest.approx([3.412, 3.588], abs=1e-3)


def test_the_training_that_the_cache_spares_is_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    log, kernel = logging.getLogger("overparam.engine.sweep"), {}
    exec(execute.LISTEN, kernel)
    *imports, asked = execute.PROBE.splitlines()
    exec("\n".join(imports), kernel)
    try:
        for seeds in (2, 3):  # of which two are read the second time
            runs = sweep(mlp(4), data.load("digits"), n=20, epochs=2, lr=0.1, seed=range(seeds), device="cpu")
        assert eval(asked, kernel)[0] == pytest.approx(runs.seconds[:2].sum(), rel=1e-9)
    finally:
        log.removeHandler(kernel["_spared"])
        log.setLevel("NOTSET")


@pytest.mark.usefixtures("no_kernel")
def test_the_second_run_does_nothing(tree, capsys):
    before = built(tree)
    assert execute.main(tree) == 0
    assert built(tree) == before
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("no_kernel")
def test_new_prose_is_put_around_the_old_outputs(tree):
    before = outputs(tree)
    replace(
        tree / SOURCE, "Prose that is there from the start.\n", 'Other prose.\n"""\n\n# %% [markdown]\nr"""\nMore.\n'
    )
    assert execute.main(tree) == 0
    prose = [cell.source for cell in nbformat.read(tree / NOTEBOOK, as_version=4).cells[:2]]
    assert prose == ["# A tiny chapter\n\nOther prose.", "More."]
    assert outputs(tree) == before


@pytest.mark.usefixtures("no_kernel")
def test_a_new_caption_needs_no_execution(tree):
    before = outputs(tree)
    replace(tree / SOURCE, "The first caption.", "A better caption.")
    assert execute.main(tree) == 0
    figure = nbformat.read(tree / NOTEBOOK, as_version=4).cells[2]
    assert figure.metadata["mystnb"]["figure"]["caption"] == "A better caption."
    assert outputs(tree) == before


@pytest.mark.usefixtures("no_kernel")
def test_comments_and_docstrings_of_the_package_need_no_execution(tree):
    replace(tree / "src/overparam/report/scale.py", "def current() -> str:", "# a comment\ndef current() -> str:")
    replace(tree / "src/overparam/report/scale.py", "The scale named by", "Which scale is named by")
    assert execute.main(tree) == 0


def edit(name, old, new):
    return lambda root, patch: replace(root / name, old, new)


CHANGES = {
    "code": edit(SOURCE, '"a figure"', '"another figure"'),
    "order of the cells": edit(SOURCE, "random.random()", 'random.random()\n\n# %%\n"new"'),
    "package": edit("src/overparam/report/scale.py", '"laptop"\n', '"lap" + "top"\n'),
    "claims": edit("data/claims.yaml", "three", "3"),
    "requirements": edit("requirements.txt", "2", "3"),
    "recorded results": lambda root, patch: [
        (root / "data/results").mkdir(),
        (root / "data/results/01_tiny.csv").write_text("width,error\n", encoding="utf-8"),
    ],
    "its evidence": lambda root, patch: [
        (root / "data/results/evidence").mkdir(parents=True),
        (root / "data/results/evidence/tiny.json").write_text("{}", encoding="utf-8"),
    ],
    "seed": lambda root, patch: patch.setenv("OVERPARAM_SEED", "0"),
    "scale": lambda root, patch: patch.setenv("OVERPARAM_SCALE", "smoke"),
    "data at hand": lambda root, patch: patch.setattr(execute.data, "available", lambda name: name == "cifar10"),
    "nothing executed": lambda root, patch: (root / NOTEBOOK).unlink(),
}


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_that_may_show_executes_again(tree, change, monkeypatch):
    change(tree, monkeypatch)
    with pytest.raises(KernelStartedError):
        execute.main(tree)


def test_edited_code_gives_new_outputs_and_a_dropped_claim_no_verdict(tree, capsys):
    source = (tree / SOURCE).read_text(encoding="utf-8").replace("random.random()", "6 * 7")
    (tree / SOURCE).write_text(source[: source.index("# %%\nfrom overparam")], encoding="utf-8")
    (tree / "data/claims.yaml").write_text("[]\n", encoding="utf-8")
    assert execute.main(tree) == 0
    assert capsys.readouterr().out.startswith(
        "01_tiny.py: running 2 cells at laptop scale, seeds from 1000\n\r01_tiny.py: done in "
    )
    assert [cell[0]["data"]["text/plain"] for cell in outputs(tree)] == ["42", "'a figure'"]
    assert set(built(tree)) == {NOTEBOOK}


@pytest.mark.usefixtures("no_kernel")
def test_each_scale_has_its_own_folder(tree, monkeypatch):
    shutil.copytree(tree / "build/laptop", tree / "build/gpu")
    monkeypatch.setenv("OVERPARAM_SCALE", "gpu")
    (tree / SOURCE).unlink()
    assert execute.main(tree) == 0
    assert set(built(tree)) == {NOTEBOOK, VERDICTS}


@pytest.mark.usefixtures("no_kernel")
def test_a_removed_chapter_leaves_nothing(tree):
    (tree / SOURCE).unlink()
    assert execute.main(tree) == 0
    assert built(tree) == {}


# --- chapters side by side --------------------------------------------------------------------------------------------

MEET = """\
# %%
import os, time
from pathlib import Path
Path("{own}").write_text(str(os.getpid()))
while not Path("{other}").exists():
    time.sleep(0.05)
{then}
"""


@pytest.fixture
def pair(tree, monkeypatch):
    """Two chapters, neither of which ends before the other has started."""
    monkeypatch.setattr(execute.machine, "cores", lambda: 2)
    (tree / "data/claims.yaml").write_text("[]\n", encoding="utf-8")
    (tree / SOURCE).unlink()

    def write(first, second):
        for own, other, then in (("1", "2", first), ("2", "1", second)):
            text = MEET.format(own=own, other=other, then=then)
            (tree / f"notebooks/0{own}_pair.py").write_text(text, encoding="utf-8")
        return tree

    return write


@pytest.mark.parametrize("size", ["smoke", "laptop"])
def test_chapters_run_side_by_side_each_on_its_share_of_the_cores(pair, monkeypatch, size):
    monkeypatch.setenv("OVERPARAM_SCALE", size)
    root = pair(*["os.environ['OVERPARAM_CORES']"] * 2)
    assert execute.main(root) == 0
    for name in ("01_pair", "02_pair"):
        notebook = nbformat.read(root / f"build/{size}/notebooks/{name}.ipynb", as_version=4)
        assert notebook.cells[0].outputs[0]["data"]["text/plain"] == "'1'"
        assert notebook.metadata["overparam"]["cores"] == 1


@pytest.mark.parametrize(("name", "transport"), [("t", "ipc"), ("t" * 60, "tcp")], ids=["as usual", "a long path"])
def test_no_other_program_takes_what_a_kernel_is_spoken_to_through(tree, monkeypatch, name, transport):
    with tempfile.TemporaryDirectory(prefix=name) as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        cell = "import json\nfrom ipykernel.connect import get_connection_info\njson.loads(get_connection_info())['transport']"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
        execute.execute(tree / SOURCE, notebook, tree)
        assert notebook.cells[0].outputs[0]["data"]["text/plain"] == repr(transport)
        assert not os.listdir(folder)


@pytest.mark.parametrize(("size", "room"), [("gpu", 2**40), ("laptop", 3 * 2**30)], ids=["one GPU", "little memory"])
def test_chapters_run_one_after_another_where_there_is_one_gpu_or_little_memory(tree, monkeypatch, size, room):
    monkeypatch.setenv("OVERPARAM_SCALE", size)
    monkeypatch.setattr(execute.machine, "cores", lambda: 2)
    monkeypatch.setattr(execute.machine, "memory", lambda: room)
    (tree / "data/claims.yaml").write_text("[]\n", encoding="utf-8")
    (tree / SOURCE).unlink()
    alone = "# %%\nimport os, time\nfrom pathlib import Path\nPath('busy').mkdir()\ntime.sleep(1)\ncores = os.environ['OVERPARAM_CORES']\nPath('busy').rmdir()\ncores\n"
    for name in ("01_one", "02_two"):
        (tree / f"notebooks/{name}.py").write_text(alone, encoding="utf-8")
    assert execute.main(tree) == 0
    notebook = nbformat.read(tree / f"build/{size}/notebooks/02_two.ipynb", as_version=4)
    assert notebook.metadata["overparam"]["cores"] == 2


def test_a_chapter_that_fails_ends_those_beside_it(pair, capsys, caplog):
    root = pair("time.sleep(600)", "1 / 0")
    assert execute.main(root) == 1
    assert "FAILED  02_pair.py, cell 1" in capsys.readouterr().err
    assert "asyncio" not in {record.name for record in caplog.records}  # which would tell how the other was ended
    assert not psutil.pid_exists(int((root / "notebooks/1").read_text(encoding="utf-8")))


# --- what fails -------------------------------------------------------------------------------------------------------

FAULTS = {
    "an error": (
        "# %%\nint('six')",
        "cell 2 (\"int('six')\"): ValueError: invalid literal for int() with base 10: 'six'\n",
    ),
    "an error after one that is meant": (
        '# %% tags=["raises-exception"]\n1 / 0\n\n# %%\n[][0]',
        "cell 3 ('[][0]'): IndexError: list index out of range\n",
    ),
    "a result that cannot be shown": (
        "# %%\ntype('Bad', (), {'_repr_html_': lambda self: 1 / 0})()",
        "cell 2 (\"type('Bad', (), {'_repr_html_': lambda self: 1 / 0})()\"): ZeroDivisionError: division by zero\n",
    ),
    "a figure that cannot be shown": (
        "# %%\ndisplay(type('Bad', (), {'_repr_html_': lambda self: 1 / 0})())\n0",
        "cell 2 (\"display(type('Bad', (), {'_repr_html_': lambda self: 1 / 0})())\"): "
        "ZeroDivisionError: division by zero\n",
    ),
    "a warning": (
        "# %%\nimport warnings\nwarnings.warn('Too hot.')",
        "cell 2: a page shows no warnings, mend what causes this one:\n",
    ),
    "a kernel that dies": (
        "# %%\nimport os\nos._exit(1)",
        "cell 2 ('import os'): the kernel died (killed, or out of memory)\n",
    ),
}


@pytest.mark.parametrize(("cell", "sentence"), FAULTS.values(), ids=FAULTS)
def test_a_failing_cell_fails_and_leaves_what_was_there(tree, capsys, cell, sentence):
    replace(tree / SOURCE, "# %%\nimport random\nrandom.random()", cell)
    before = built(tree)
    assert execute.main(tree) == 1
    said = capsys.readouterr().err
    assert f"\nFAILED  01_tiny.py, {sentence}" in f"\n{said}"
    assert "\x1b" not in said
    assert built(tree) == before


def drop(output):
    output["metadata"].clear()


def turn(output):
    output["metadata"]["overparam_claim"]["verdict"] = "contradicted"


DOCTORED = {
    "no card": (drop, "01_tiny.py: claim dice of data/claims.yaml has no card; show one with Ledger.card."),
    "a turned verdict": (turn, "01_tiny.py says that dice is contradicted, but its record gives not run. Delete"),
}


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize(("doctor", "sentence"), DOCTORED.values(), ids=DOCTORED)
def test_a_verdict_that_the_outputs_do_not_give_fails(tree, capsys, doctor, sentence):
    notebook = nbformat.read(tree / NOTEBOOK, as_version=4)
    doctor(notebook.cells[-1].outputs[0])
    nbformat.write(notebook, tree / NOTEBOOK)
    before = built(tree)
    assert execute.main(tree) == 1
    assert capsys.readouterr().err.startswith(f"FAILED  {sentence}")
    assert built(tree) == before


@pytest.mark.usefixtures("no_kernel")
def test_a_claim_with_two_cards_fails(tree, capsys):
    notebook = nbformat.read(tree / NOTEBOOK, as_version=4)
    notebook.cells[-1].outputs *= 2
    nbformat.write(notebook, tree / NOTEBOOK)
    assert execute.main(tree) == 1
    assert capsys.readouterr().err == "FAILED  01_tiny.py: claim dice has two cards; show it once.\n"


# --- settings ---------------------------------------------------------------------------------------------------------


def test_an_unknown_scale_is_one_sentence(tree, capsys, monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "huge")
    sentence = "FAILED  OVERPARAM_SCALE is 'huge'; set it to one of smoke, laptop, gpu."
    assert execute.main(tree) == 1
    assert capsys.readouterr() == ("", f"{sentence}\n")
    with pytest.raises(SystemExit) as end:
        build.main()
    assert end.value.code == sentence
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("no_kernel")
def test_claims_that_are_no_yaml_are_one_sentence(tree, capsys):
    (tree / "data/claims.yaml").write_text("- id: 'dice", encoding="utf-8")
    assert execute.main(tree) == 1
    assert "claims.yaml, line 1: this is not YAML (" in capsys.readouterr().err


@pytest.mark.usefixtures("no_kernel")
def test_a_bad_seed_is_one_sentence(tree, capsys, monkeypatch):
    monkeypatch.setenv("OVERPARAM_SEED", "lucky")
    assert execute.main(tree) == 1
    assert capsys.readouterr().err == "FAILED  OVERPARAM_SEED is 'lucky'; set it to a whole number.\n"


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("OVERPARAM_CORES", "many", "OVERPARAM_CORES is 'many'; set it to a whole number from 1 up."),
        ("OVERPARAM_CACHE", __file__, "Cannot store trained networks in "),
        (
            "OVERPARAM_CACHE",
            "~nobody-of-this-name",
            "OVERPARAM_CACHE is '~nobody-of-this-name', but that home folder is ",
        ),
        (
            "OVERPARAM_DATA",
            "~nobody-of-this-name",
            "OVERPARAM_DATA is '~nobody-of-this-name', but that home folder is ",
        ),
        ("OVERPARAM_RECORD", "yes", "OVERPARAM_RECORD is 'yes'; set it to 1 to record what is measured, to 0 not to."),
    ],
)
def test_what_would_cost_the_run_its_results_is_said_before_it(tree, capsys, monkeypatch, variable, value, sentence):
    monkeypatch.setenv("OVERPARAM_SEED", "7")  # so that there is something to run
    monkeypatch.setenv(variable, value)
    assert execute.main(tree) == 1
    assert capsys.readouterr().err.startswith(f"FAILED  {sentence}")
