"""Put a notebook's vector figures and its sliders into the page itself, so that they follow its light and its dark.

A figure (an image or a slider that a cell shows) must have a caption and a text alternative: the build warns, so it fails.
Both stand in the cell's metadata: mystnb={"figure": {"caption": ..., "name": ...}, "image": {"alt": ...}}.
"""

import json
import re
import sys
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from overparam.report.figures import NARROW, inline_svg

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from contents import STATE, WIDGET, children

LOGGER = logging.getLogger(__name__)
COLUMN = 720  # pixels; a figure that is wider uses the margin, too
NO_SCRIPT = "<noscript><p>The slider of this figure needs JavaScript; this is the position it starts at.</p></noscript>"


class InlineFigures(SphinxPostTransform):
    """Replace the SVG files that cells show by their content."""

    default_priority = 10  # after MyST-NB has chosen what to show of each output
    formats = ("html",)

    sliders = 0  # in this document, so far

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
                self.sliders += 1
                models = self.models()
                view = json.loads(re.search(r"{.*}", raw.astext(), re.S)[0])["model_id"]
                raw.replace_self(nodes.raw("", slider(models, view, f"slider-{self.sliders}"), format="html"))

    def models(self):
        """Return the widgets' state that the notebook keeps; the page itself needs none of it."""
        self.env.nb_metadata[self.env.docname].get("js_files", {}).pop("ipywidgets_state", None)
        notebook = json.loads(Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8"))
        return notebook["metadata"]["widgets"][STATE]["state"]

    def narrow_layouts(self):
        """Return {SVG of a figure: its SVG for a phone} for the figures of this page's notebook that have one."""
        file = Path(self.env.doc2path(self.env.docname))
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"] if file.suffix == ".ipynb" else []
        data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
        return {"".join(d["image/svg+xml"]).strip(): "".join(d[NARROW]) for d in data if NARROW in d}

    def check(self, node, alt=True):
        caption = isinstance(node.parent, nodes.figure) and any(node.parent.findall(nodes.caption))
        for present, what in ((caption, "caption (figure.caption)"), (alt, "text alternative (image.alt)")):
            if not present:
                cell = nearest_cell(node)
                LOGGER.warning(
                    "the figure of this cell has no %s in its mystnb metadata:\n%s", what, cell, location=node
                )


def slider(models, box, name):
    """Return the HTML of what `overparam.report.figures.slider` shows: a row for each slider, and below them the frame.

    `models` is the widgets' state and `box` the id of the slider's box; the rows get ids that begin with `name`. The frame of
    the start stands in the page, all others in templates, in order, the last slider fastest (_static/sliders.js swaps them).
    """
    *handles, shown = children(models, box)
    rows = "".join(row(models[handle]["state"], f"{name}-{i}") for i, handle in enumerate(handles, 1))
    start = 0
    for handle in handles:
        state = models[handle]["state"]
        start = start * len(state["_options_labels"]) + state["index"]
    pictures = frames(models, shown)
    templates = "".join(
        "<template></template>" if i == start else f"<template>{picture}</template>"
        for i, picture in enumerate(pictures)
    )
    return (
        f'<div class="figure-slider" data-shown="{start}"><div class="slider-rows">{rows}</div>'
        f'<div class="figure-scroll">{pictures[start]}</div>{templates}{NO_SCRIPT}</div>'
    )


def row(state, name):
    """Return the HTML of one slider: its label, its handle, and the label of its position."""
    labels, index = state["_options_labels"], state["index"]
    widest = max(map(len, labels))
    return (
        f'<div class="slider-row"><label for="{name}">{escape(state["description"])}</label>'
        f'<input type="range" id="{name}" min="0" max="{len(labels) - 1}" value="{index}" autocomplete="off" '
        f'aria-valuetext="{escape(labels[index])}" data-labels="{escape(json.dumps(labels, ensure_ascii=False))}">'
        f'<output for="{name}" aria-live="off" style="min-width: {widest}ch">{escape(labels[index])}</output></div>'
    )


def frames(models, model):
    """Return the pictures below a widget, in order."""
    inner = children(models, model)
    return (
        [picture for child in inner for picture in frames(models, child)]
        if inner
        else [models[model]["state"]["value"]]
    )


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
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
