"""What `make test-lowest` installs and runs."""

import re
import tomllib
from pathlib import Path

import lowest

ROOT = Path(__file__).resolve().parents[1]


def test_every_dependency_has_a_lower_bound_that_is_installed():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert len(lowest.lowest()) == len(declared)
    assert f"torch>={lowest.lowest()['torch']}" in declared


def test_only_tests_of_the_package_are_chosen():
    chosen = {path.stem for path in lowest.files()}
    assert {"test_ensemble", "test_sweep", "test_measures", "test_installed", "test_own_measures"} <= chosen
    assert not {"test_book", "test_colab", "test_execute", "test_grading", "test_lowest"} & chosen
    texts = [(ROOT / f"tests/{name}.py").read_text(encoding="utf-8") for name in chosen]
    assert not any(re.search(r"^import (jupytext|nbformat|bs4|ledger)", text, re.MULTILINE) for text in texts)
