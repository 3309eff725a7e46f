"""What `make colab-test` runs: Colab's versions are such as the package takes, and the notebooks' repository is this one."""

import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest

import assignments
import colab_test

ROOT = Path(__file__).resolve().parent.parent
LINES = [line for line in colab_test.PINS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
PINS = [line.partition(";")[0].split("==") for line in LINES]


def number(version):
    return [int(part) for part in version.split(".")]


def test_the_package_takes_what_colab_has():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = dict(each.split(">=") for each in project["dependencies"])
    has = [(name.replace("_", "-"), version) for name, version in PINS]
    assert set(lowest) - {name for name, _ in has} == {
        "mnist1d",
        "torch",
        "torchvision",
    }  # the first cell fetches the first
    for name, version in has:
        assert number(version) >= number(lowest.get(name, "0")), f"Colab has {name} {version}"


def test_it_says_what_colab_has_that_may_differ_here():
    assert re.fullmatch(r"Colab has Python 3\.\d+, torch 2\.\d+\.", colab_test.colab_has())


def test_the_remote_holds_changes_that_are_not_committed(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    (here / "a.py").write_text("old\n", encoding="utf-8")
    monkeypatch.setattr(colab_test.git, "__kwdefaults__", {"cwd": here})
    for words in (["init", "-q", "-b", "other"], ["add", "."], ["commit", "-q", "-m", "all"]):
        colab_test.git(*words)
    (here / "a.py").write_text("new\n", encoding="utf-8")
    remote = colab_test.remote(tmp_path / "remote", "main")
    shown = ["git", "show", "main:a.py"]
    assert subprocess.run(shown, cwd=remote, check=True, capture_output=True, encoding="utf-8").stdout == "new\n"
    assert (here / "a.py").read_text(encoding="utf-8") == "new\n"


@pytest.mark.parametrize("source", assignments.sources(ROOT), ids=lambda source: source.stem)
def test_an_assignment_runs_with_its_solutions_and_without_its_investigation(source):
    student = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    first = next(cell for cell in student.cells if cell.cell_type == "code").source
    run = [cell.source for cell in colab_test.solved(student, source).cells]
    assert run[0] == first
    kinds = {assignments.part(cell): cell.source for cell in assignments.read(source)}
    assert any("BEGIN SOLUTION" in text for text in run)
    assert kinds["hidden"] not in run
    assert sum(': passed")' in text for text in run) >= 3
