"""Show a cell's code as a reader needs it: no line longer than the page is wide, below the figure that it draws, named by it.

What is for tests only (# NBVAL_...) is left out, and so is a first comment that says what the fold's label says.
"""

import re
from itertools import zip_longest

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform
from wrapping import wrap

MARKER = re.compile(r"^ *# NBVAL_\w+ *\n?", re.M)
PYTHON = {"python", "python3", "ipython", "ipython3"}


class Code(SphinxPostTransform):
    """Break long lines, here and in the blocks of code that stand in the text; name what is folded."""

    default_priority = 150  # before MyST-NB folds a cell's code

    def run(self, **kwargs):
        cells = [node for node in self.document.findall(nodes.container) if node.get("nb_element") == "cell_code"]
        for cell in cells:
            for block in blocks(cell):
                label = cell.get("prompt_show", "").strip().lower()
                show(block, tidy(block.rawsource or block.astext(), label))
        for block in self.document.findall(nodes.literal_block):
            if block.get("language") in PYTHON:
                show(block, wrap(block.rawsource or block.astext()))
        for cell, following in zip_longest(cells, cells[1:]):
            if cell.get("hide_mode") == "input":
                cell["prompt_show"] = self.label(cell, following)

    def label(self, cell, following):
        """Return what the fold holds: the code for its own figure or table, or for the figure of the cell after it."""
        own = cell["prompt_show"]
        output = next((part for part in cell if part.get("nb_element") == "cell_code_output"), None)
        if output is None:
            figure = figure_of(following) if own != "Set-up" and following is not None else None
            return f"{own} · for {self.number(figure)}" if figure is not None else own
        figure = figure_of(cell)
        if figure is not None:
            return f"Code for {self.number(figure)}"
        shown = output.astext()
        return f"Code for the {'card' if 'claim-card' in shown else 'table' if '<table' in shown else 'result'}"

    def number(self, figure):
        numbers = self.env.toc_fignumbers.get(self.env.docname, {}).get("figure", {})
        found = [numbers[name] for name in figure["ids"] if name in numbers]
        return self.config.numfig_format["figure"] % ".".join(map(str, found[0])) if found else "the figure"


class CodeBelow(SphinxPostTransform):
    """Put a cell's folded code below what it shows."""

    default_priority = 210  # after MyST-NB has folded it
    formats = ("html",)

    def run(self, **kwargs):
        for fold in list(self.document.findall(HideCodeCellNode)):
            cell = fold.parent
            if cell[0] is fold and len(cell) > 1 and "above-input" in fold["classes"]:
                cell.remove(fold)
                fold["classes"].append("below")
                cell.append(fold)


def blocks(cell):
    """Yield a cell's own code; its output may be code, too."""
    for part in cell:
        if part.get("nb_element") == "cell_code_source":
            yield from part.findall(nodes.literal_block)


def figure_of(cell):
    return next((figure for figure in cell.findall(nodes.figure) if figure["ids"]), None)


def tidy(source, label):
    """Return a cell's source without what is not for readers."""
    source = MARKER.sub("", source)
    first, _, rest = source.partition("\n")
    return rest if label and first.removeprefix("# ").strip().lower() == label and first.startswith("#") else source


def show(block, source):
    block.rawsource = source
    block[:] = [nodes.Text(source)]


def setup(app):
    app.add_post_transform(Code)
    app.add_post_transform(CodeBelow)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
