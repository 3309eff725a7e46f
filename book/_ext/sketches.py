"""Lay the curve of `figures.sketch` beside its figure, where sketch.js makes of it empty axes for the reader to draw in.

The curve comes with the output of the cell that shows the figure, so it is that of the run.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from overparam.report.figures import SKETCH

LOGGER = logging.getLogger(__name__)


class Sketches(SphinxPostTransform):
    """Give each figure whose cell left a curve the curve as JSON."""

    default_priority = 11  # after the notebook's outputs have become figures
    formats = ("html",)

    def run(self, **kwargs):
        file = Path(self.env.doc2path(self.env.docname))
        if file.suffix != ".ipynb":
            return
        figures = {name: node for node in self.document.findall(nodes.figure) for name in node["ids"]}
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                if curve := output.get("metadata", {}).get(SKETCH):
                    self.lay(curve, figures.get(cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")), cell)

    def lay(self, curve, figure, cell):
        if figure is None:
            LOGGER.warning("a sketch needs a figure with a name in its cell's mystnb metadata: %s", cell["source"])
            return
        figure["classes"].append("sketched")
        data = json.dumps(curve, ensure_ascii=False).replace("<", "\\u003c")
        figure.append(nodes.raw("", f'<script type="application/json" class="sketch">{data}</script>', format="html"))


def setup(app):
    app.add_post_transform(Sketches)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
