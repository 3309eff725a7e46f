"""The chapters' sources keep the conventions that CONTRIBUTING.md states."""

import re
from pathlib import Path

import jupytext
import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
FORMAT = {"extension": ".py", "format_name": "percent", "cell_markers": '"""'}
HEADER = re.compile(r"\A# ---\n(?:#.*\n)*?# ---\n")
FOLDED = {"hide-input", "hide-cell", "remove-input"}
LONGEST = 15  # lines of code that a reader is shown at once

LIBRARY = sorted(NOTEBOOKS.glob("library_*.py"))  # the pages about the package
every_chapter = pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem) for path in [*sorted(NOTEBOOKS.glob("[0-9]*.py")), *LIBRARY]]
)


def code_cells(path):
    """Yield each code cell of a source with its number, as in the messages of tools/execute.py."""
    for number, cell in enumerate(jupytext.read(path).cells, 1):
        if cell.cell_type == "code":
            yield number, cell


def round_trip(text):
    """Return what jupytext writes for a source that it has read, without the header."""
    return HEADER.sub("", jupytext.writes(jupytext.reads(text, fmt=FORMAT), fmt=FORMAT))


def figure_faults(cell):
    """Return what a cell's figure lacks."""
    settings = cell.metadata.get("mystnb", {})
    if not ("figure" in settings or "slider(" in cell.source or "plt.show()" in cell.source):
        return []
    figure, image = settings.get("figure", {}), settings.get("image", {})
    faults = [key for key in ("caption", "name") if not figure.get(key)]
    # The frames of a slider carry their own alternative text.
    return faults if image.get("alt") or "slider(" in cell.source else [*faults, "image alt"]


def too_long(cell):
    """Whether a cell that is shown has more lines than a reader takes in at once; blank lines do not count."""
    lines = [line for line in cell.source.splitlines() if line.strip()]
    return len(lines) > LONGEST and not FOLDED & set(cell.metadata.get("tags", ()))


def beyond_measure(text):
    """Return what a chapter has more of than a reader, on Colab too, should meet; blank lines do not count."""
    cells = jupytext.reads(text, fmt=FORMAT).cells
    lines = {
        n: (cell, sum(bool(line.strip()) for line in cell.source.splitlines()))
        for n, cell in enumerate(cells, 1)
        if cell.cell_type == "code"
    }
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    code = sum(count for _, count in lines.values())
    shown = [n for n, (cell, count) in lines.items() if count > 12 and not FOLDED & set(cell.metadata.get("tags", ()))]
    found = [f"cell {n} has {count} lines, more than 25" for n, (_, count) in lines.items() if count > 25]
    found += [f"cell {n} shows more than 12 lines" for n in shown]
    found += [f"{code} lines of code, more than 500"] * (code > 500)
    return found + [f"{words} words, more than 5,000"] * (words > 5000)


@every_chapter
def test_name(path):
    named = re.fullmatch(r"([0-9]{2}|library)_[a-z0-9_]+", path.stem)
    assert named, f"{path.name}: a chapter is named NN_slug.py, a page about the package library_topic.py"


@every_chapter
def test_jupytext_reads_and_writes_the_same(path):
    text = path.read_text(encoding="utf-8")
    assert HEADER.match(text), f"{path.name} begins with no jupytext header"
    assert round_trip(text) == HEADER.sub("", text), f"{path.name}: jupytext would write this source differently"


@every_chapter
def test_begins_with_its_title(path):
    first = jupytext.read(path).cells[0]
    assert first.cell_type == "markdown", f"{path.name}: the first cell is code"
    assert re.match(r"(\([\w-]+\)=\n)?# \S", first.source), f"{path.name}: the first cell begins with no '# ' heading"


@every_chapter
def test_figures_say_what_they_show(path):
    faults = [f"cell {n}: no {fault}" for n, cell in code_cells(path) for fault in figure_faults(cell)]
    assert not faults, f"{path.name}: {'; '.join(faults)}"


@every_chapter
def test_code_is_short_or_folded(path):
    long = [n for n, cell in code_cells(path) if too_long(cell)]
    assert not long, f"{path.name}: cells {long} have more than {LONGEST} lines; fold them or give them to the package"


@every_chapter
@pytest.mark.parametrize("wrong", [".backward(", "optimizer.step", "OVERPARAM_"])
def test_package_trains_and_knows_the_scale(path, wrong):
    cells = [n for n, cell in code_cells(path) if wrong in cell.source]
    assert not cells, f"{path.name}: cells {cells} use {wrong!r}; that is the package's part (sweep, scale)"


@every_chapter
def test_a_chapter_keeps_to_the_measure(path):
    assert beyond_measure(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in LIBRARY])
def test_a_page_about_the_package_is_read_in_five_minutes(path):
    words = sum(len(cell.source.split()) for cell in jupytext.read(path).cells if cell.cell_type == "markdown")
    assert words <= 800


def test_the_checks_notice():
    source = '# ---\n# jupyter: {}\n# ---\n\n# %% [markdown]\nr"""\n# Title\n"""\n\n# %%\nplot()\n'
    assert round_trip(source) == HEADER.sub("", source)
    commented = "# %% [markdown]\n# # Title\n"
    assert round_trip(commented) != commented
    captioned = jupytext.reads('# %% mystnb={"figure": {"caption": "It falls."}}\nplot()\n', fmt=FORMAT).cells[0]
    assert figure_faults(captioned) == ["name", "image alt"]
    lines = "x = 1\n\n" * LONGEST
    shown, long = jupytext.reads(f"# %%\n{lines}\n# %%\n{lines}y = 2\n", fmt=FORMAT).cells
    assert not too_long(shown)
    assert too_long(long)
    long.metadata["tags"] = ["hide-input"]
    assert not too_long(long)


def test_the_measure_is_taken():
    def chapter(*cells):
        return "".join(f"# %%{tags}\n{source}\n\n" for tags, source in cells)

    folded = ' tags=["hide-input"]'
    fine = chapter(
        ("", "x = 1\n\n" * 12), (folded, "y = 2\n" * 25), (" [markdown]", 'r"""\n' + "word " * 5000 + '\n"""')
    )
    assert beyond_measure(fine) == []
    assert beyond_measure(chapter(("", "x = 1\n" * 13))) == ["cell 1 shows more than 12 lines"]
    assert beyond_measure(chapter((folded, "x = 1\n" * 26))) == ["cell 1 has 26 lines, more than 25"]
    assert beyond_measure(chapter(*[(folded, "x = 1\n" * 25)] * 21)) == ["525 lines of code, more than 500"]
    assert beyond_measure(chapter((" [markdown]", 'r"""\n' + "word " * 5001 + '\n"""'))) == [
        "5001 words, more than 5,000"
    ]
