"""Put an experiment that computes in the page where a chapter says `{lab}`; the scripts are in book/_static/lab (ui.js).

    ```{lab} peak
    :figure: fig-ddl-fan
    What there is to find, as MyST.
    ```

`figure` names the page's own figure of the same thing: without JavaScript, and on paper, a line leads there.
"""

from html import escape
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

SCRIPTS = Path(__file__).resolve().parents[1] / "_static/lab"
NEEDS = {
    "threshold": ["engine"],
    "train": ["digits", "engine"],
}  # experiment → the scripts it needs before its own, without .js
INSTEAD = "The experiment of this place runs on a screen, with JavaScript. {{numref}}`{}` shows what it finds."


class LabDirective(SphinxDirective):
    """A figure in which ui.js builds the experiment, over its caption."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"figure": directives.unchanged_required}

    def run(self):
        name, figure = self.arguments[0], self.options.get("figure")
        if not (SCRIPTS / f"{name}.js").is_file():
            raise self.error(f"there is no experiment {name}: book/_static/lab/{name}.js is missing")
        if not figure or not self.content:
            raise self.error(f"the experiment {name} needs :figure:, the label of a figure on this page, and a caption")
        start = nodes.raw(
            "",
            f'<figure class="lab" id="lab-{name}" data-lab="{name}"><div class="lab-stage" hidden></div>',
            format="html",
        )
        start["lab"] = name
        caption = nodes.paragraph(classes=["lab-caption"])
        caption += self.words("\n".join(self.content))
        link = f'<a class="headerlink" href="#lab-{name}" title="Link to this experiment">#</a>'
        caption += html(link)
        instead = nodes.paragraph(classes=["lab-instead"])
        instead += self.words(INSTEAD.format(figure))
        return [start, instead, html("<figcaption>"), caption, html("</figcaption></figure>")]

    def words(self, text):
        """Return what stands in one paragraph of MyST."""
        found = self.parse_text_to_nodes(text)
        if len(found) != 1 or not isinstance(found[0], nodes.paragraph):
            raise self.error(f"the caption of the experiment {escape(self.arguments[0])} is not one plain paragraph")
        return found[0].children


def html(text):
    return nodes.raw("", text, format="html")


def load(app, page, template, context, doctree):
    """Load the lab on pages that hold a part of it, and on no others."""
    names = [node["lab"] for node in doctree.findall(nodes.raw) if "lab" in node] if doctree else []
    if names:
        app.add_css_file("lab/lab.css")
        scripts = ["ui", *(script for name in names for script in (*NEEDS.get(name, ()), name))]
        for script in dict.fromkeys(scripts):
            app.add_js_file(f"lab/{script}.js", loading_method="defer")


def setup(app):
    app.add_directive("lab", LabDirective)
    app.connect("html-page-context", load)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
