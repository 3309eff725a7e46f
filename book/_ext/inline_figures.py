"""Put a notebook's vector figures into the page itself, so that they follow its light and its dark; mark its subtitle.

A figure (an image or a slider that a cell shows) must have a caption and a text alternative: the build warns, so it fails.
Both stand in the cell's metadata: mystnb={"figure": {"caption": ..., "name": ...}, "image": {"alt": ...}}.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from overparam.report.figures import NARROW, inline_svg

LOGGER = logging.getLogger(__name__)
COLUMN = 720  # pixels; a figure that is wider uses the margin, too
WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
NO_SCRIPT = (
    "<noscript>{}<p>The slider of this figure needs JavaScript; this is the position it starts at.</p></noscript>"
)


class InlineFigures(SphinxPostTransform):
    """Replace the SVG files that cells show by their content."""

    default_priority = 10  # after MyST-NB has chosen what to show of each output
    formats = ("html",)

    def run(self, **kwargs):
        slim = None
        for output in self.document.findall(is_output):
            for image in list(output.findall(nodes.image)):
                self.check(image, "alt" in image)
                if image["uri"].endswith(".svg"):
                    slim = self.narrow_layouts() if slim is None else slim
                    text = (Path(self.app.srcdir) / image["uri"]).read_text(encoding="utf-8")
                    svg = inline_svg(text, image.get("alt", ""), slim.get(text.strip()))
                    if isinstance(image.parent, nodes.figure) and width(svg) > COLUMN:
                        image.parent["classes"] += ["wide", "full-width"]
                    image.replace_self(nodes.raw("", f'<div class="figure-scroll">{svg}</div>', format="html"))
            for raw in list(output.findall(is_widget)):
                self.check(raw)
                raw.parent.insert(
                    raw.parent.index(raw) + 1, nodes.raw("", NO_SCRIPT.format(self.start_frame(raw)), format="html")
                )

    def narrow_layouts(self):
        """Return {SVG of a figure: its SVG for a phone} for the figures of this page's notebook that have one."""
        file = Path(self.env.doc2path(self.env.docname))
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"] if file.suffix == ".ipynb" else []
        data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
        return {"".join(d["image/svg+xml"]).strip(): "".join(d[NARROW]) for d in data if NARROW in d}

    def start_frame(self, view):
        """Return the picture that a slider shows first, from the widgets' state in the notebook."""
        models = json.loads(Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8"))
        models = models["metadata"]["widgets"][STATE]["state"]
        state = models[re.search(r'"model_id": *"(\w+)"', view.astext())[1]]["state"]
        while children := state.get("children"):  # a box ends with its frames: in a stack for each slider
            child = children[state.get("selected_index", -1)]
            state = models[child.removeprefix("IPY_MODEL_")]["state"]
        return f'<div class="figure-scroll">{state["value"]}</div>'

    def check(self, node, alt=True):
        caption = isinstance(node.parent, nodes.figure) and any(node.parent.findall(nodes.caption))
        for present, what in ((caption, "caption (figure.caption)"), (alt, "text alternative (image.alt)")):
            if not present:
                cell = nearest_cell(node)
                LOGGER.warning(
                    "the figure of this cell has no %s in its mystnb metadata:\n%s", what, cell, location=node
                )


class Subtitle(SphinxPostTransform):
    """Mark the paragraph after the page's title as its subtitle where it is all in italics."""

    default_priority = 10
    formats = ("html",)

    def run(self, **kwargs):
        title = next(self.document.findall(nodes.title), None)
        after = title and title.next_node(siblings=True, descend=False)
        if isinstance(after, nodes.paragraph) and len(after) == 1 and isinstance(after[0], nodes.emphasis):
            after["classes"].append("subtitle")


def is_output(node):
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code_output"


def is_widget(node):
    return isinstance(node, nodes.raw) and WIDGET in node.astext()


def width(svg):
    return int(re.search(r"--natural: (\d+)px", svg)[1])


def nearest_cell(node):
    """Return the first lines of the cell's code, by which an author finds it."""
    while node.parent is not None and node.get("nb_element") != "cell_code":
        node = node.parent
    source = next(node.findall(nodes.literal_block), None)
    return "" if source is None else "\n".join(source.astext().splitlines()[:3])


def setup(app):
    app.add_post_transform(InlineFigures)
    app.add_post_transform(Subtitle)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
