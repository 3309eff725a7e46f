"""What the pages about the package say is so: their code runs, their tables name what there is."""

import re
from pathlib import Path

import pytest

from overparam.engine.settings import RECORDABLE, Settings

BOOK = Path(__file__).resolve().parent.parent / "book"
ENGINE = (BOOK / "engine.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))


def names_in_first_column(table_after):
    rows = ENGINE[ENGINE.index(table_after) :].split("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_the_code_of_the_engine_page_runs():
    names = {}
    for block in re.findall(r"```python\n(.*?)```", ENGINE, re.S):
        exec(block, names)
    runs = names["runs"]
    assert len(runs) == 6
    assert runs.weights.iloc[0].shape == (3, runs.parameters.iloc[0])
    assert {"curve_epoch", "correct_epoch", "weights_epoch", "examples", "labels"} <= set(runs)
    said = re.search(r"The columns are the settings, (.*?)\n\n", ENGINE, re.S)[1]
    assert set(re.findall(r"`(\w+)`", said)) <= set(runs)


def test_the_tables_of_the_engine_page_are_complete():
    settings = set(Settings.__dataclass_fields__) - {"architecture", "init_seed", "data_seed"}
    assert names_in_first_column("| setting |") == settings | {"seed"}
    assert names_in_first_column("| name | columns |") == set(RECORDABLE)
