"""Which cells nbval executes once more: those whose output is compared, and what they need."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import compared

CELLS = {
    "imports": "import numpy as np\nimport matplotlib.pyplot as plt",
    "defines": "def square(x):\n    return factor * x**2",
    "a number that the function uses": "factor = 3",
    "starts": "table = {}",
    "changes by an element": "table['a'] = square(2)",
    "changes by a method": "table.update(b=1)",
    "another's loop over the same name": "for row in range(3):\n    other = row",
    "a figure": "fig, ax = plt.subplots()\nfor key in [1, 2]:\n    ax.plot([key])",
    "overwritten": "rows = [1]\nlong = 'training'",
    "compared": "# NBVAL_CHECK_OUTPUT\nrows = []\nfor key in table:\n    rows.append(table[key])\nnp.array(rows)",
    "after": "print(table)",
}


def kept(cells):
    return [cell.source for cell in compared.compared([new_markdown_cell("text"), *map(new_code_cell, cells)])]


def test_a_compared_cell_is_kept_with_what_it_needs_in_order():
    left_out = ("another's loop over the same name", "a figure", "overwritten", "after")
    assert kept(CELLS.values()) == [text for name, text in CELLS.items() if name not in left_out]


def test_what_is_kept_runs():
    exec("\n".join(kept(CELLS.values())), scope := {})
    assert scope["rows"] == [12, 1]


@pytest.mark.parametrize("marked", [True, False])
def test_notebooks_are_written_for_chapters_with_such_cells_and_for_no_others(tmp_path, monkeypatch, capsys, marked):
    monkeypatch.setenv("OVERPARAM_SCALE", "smoke")
    folder = tmp_path / "build" / "smoke" / "notebooks"
    folder.mkdir(parents=True)
    for name, cells in (("01_one", CELLS.values() if marked else ["1"]), ("02_two", ["1"])):
        nbformat.write(new_notebook(cells=[new_code_cell(text) for text in cells]), folder / f"{name}.ipynb")
    stale = tmp_path / "build" / "smoke" / "compared" / "03_gone.ipynb"
    stale.parent.mkdir()
    stale.touch()
    assert compared.main(tmp_path) == (0 if marked else 1)
    assert [path.name for path in stale.parent.iterdir()] == (["01_one.ipynb"] if marked else [])
    assert ("has a cell with # NBVAL_CHECK_OUTPUT" in capsys.readouterr().err) != marked
