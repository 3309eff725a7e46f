"""Render formulas when the book is built: a page shows them without a script, and MathML tells a screen reader.

KaTeX (book/_ext/katex, fetched by tools/vendor.py) runs in an embedded V8. Of a formula that it cannot read, the build
warns with its place, so it fails. The MathML holds the TeX as the author wrote it, for who copies it (page.js).
"""

import json
import re
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

LOGGER = logging.getLogger(__name__)
KATEX = Path(__file__).with_name("katex") / "katex.min.js"
# An exception that leaves V8 is kept alive there and can hold up Python's end, so an error returns as a value.
RENDER = """
function render(tex, displayMode) {
  try {
    return JSON.stringify([katex.renderToString(tex, {displayMode, output: "htmlAndMathml", strict: "error"}), ""]);
  } catch (error) {
    return JSON.stringify(["", error.message]);
  }
}
"""
ANNOTATION = re.compile(r'(<annotation encoding="application/x-tex">).*?(</annotation>)', re.S)
# KaTeX writes an invisible sign behind an operator's name: behind that of an index, a part too many for MathML's msub
APPLIED = "<mo>\u2061</mo>"
CLASSES = "math notranslate nohighlight"


@cache
def engine():
    """Return V8 with KaTeX in it."""
    context = MiniRacer()
    context.eval(KATEX.read_text(encoding="utf-8"))
    context.eval(RENDER)
    return context


@cache
def render(tex, display=False):
    """Return a formula as HTML with MathML in it, and what is wrong with it: one of the two is empty."""
    source = re.sub(r"\\(begin|end)\{(align|alignat|equation|gather)\}", r"\\\1{\2*}", tex)  # Sphinx numbers
    if display and breaks(tex):
        source = rf"\begin{{split}}{source}\end{{split}}"
    html, error = json.loads(engine().call("render", source, display))
    html = html.replace(APPLIED, "")
    return ANNOTATION.sub(lambda found: found[1] + escape(tex.strip(), quote=False) + found[2], html), error


def breaks(tex):
    """Return whether a display has a line break outside of all environments, which needs one around it."""
    outside = re.sub(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", "", tex, flags=re.S)
    return r"\\" in outside


def typeset(node, display=False):
    html, error = render(node.astext(), display)
    if error:
        # KaTeX underlines the place by marks that combine with the letters before them
        LOGGER.warning("%s\nThe formula: %s", error.replace("\u0332", ""), node.astext().strip(), location=node)
        return f"<code>{escape(node.astext())}</code>"
    return html


def visit_math(self, node):
    self.body.append(f"{self.starttag(node, 'span', '', CLASS=CLASSES)}{typeset(node)}</span>")
    raise nodes.SkipNode


def visit_math_block(self, node):
    self.body.append(self.starttag(node, "div", "", CLASS=CLASSES))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f"{typeset(node, display=True)}</div>\n")
    raise nodes.SkipNode


class FullStops(SphinxPostTransform):
    """Keep a formula and the full stop after it, or another such mark, on one line."""

    default_priority = 10
    formats = ("html",)

    def run(self, **kwargs):
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(nodes.Text, descend=False, siblings=True, ascend=False)
            if after is None or formula.parent.index(after) != formula.parent.index(formula) + 1:
                continue
            if marks := re.match(r"[,.;:)]+", after):
                after.parent.replace(after, nodes.Text(after[marks.end() :]))
                formula.replace_self(nodes.inline("", "", formula.deepcopy(), nodes.Text(marks[0]), classes=["nobr"]))


def add_style(app, pagename, templatename, context, doctree):
    """Ask for the style of formulas where a page has some."""
    if 'class="katex"' in context.get("body", ""):
        app.add_css_file("vendor/katex/dist/katex.min.css", priority=400)


def setup(app):
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.add_post_transform(FullStops)
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
