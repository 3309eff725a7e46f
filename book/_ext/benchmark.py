"""Put what `make bench` measured into a page: `{benchmark} table`, `steady`, `targets`, `origin`, `figure` or `widths`.

All of it is computed from data/results/benchmark.json when the book is built. The figure's caption is the directive's
content.
"""

import re
import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from overparam.report.figures import svg

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import report  # noqa: E402

FIGURES = {"figure": (report.figure, report.words), "widths": (report.figure_widths, report.words_widths)}
NOTHING = "Nothing has been measured here yet: `make bench` does it, and the next `make book` shows it."


class Benchmark(SphinxDirective):
    """One part of the benchmark's report."""

    required_arguments = 1
    option_spec: ClassVar = {"name": directives.unchanged}
    has_content = True

    def run(self):
        for file in (report.RESULT, Path(report.__file__)):
            self.env.note_dependency(str(file))
        content = report.load()
        part = self.arguments[0]
        if content is None:
            return self.parse_text_to_nodes(NOTHING) if part == "table" else []
        if part == "widths" and not report.by_width(content):
            return []
        if part in FIGURES:
            return [self.figure(content, *FIGURES[part])]
        texts = {"table": report.table, "steady": report.steady, "targets": report.targets, "origin": origin}
        return self.parse_text_to_nodes(unbroken(texts[part](content)))

    def figure(self, content, draw, words):
        picture = svg(draw(content), words(content))
        figure = nodes.figure("", nodes.raw("", f'<div class="figure-scroll">{picture}</div>', format="html"))
        caption = self.parse_text_to_nodes("\n".join(self.content))[0]
        figure += nodes.caption(caption.rawsource, "", *caption.children)
        self.add_name(figure)
        return figure


def unbroken(text):
    """Keep a range, a number with its sign, and the name of a variant on one line."""
    return re.sub(r"(?<=\d)–(?=\d)", "\u2060–\u2060", re.sub("([≈≥]|loop,|engine,) ", "\\1\u00a0", text))


def origin(content):
    return "\n\n".join(filter(None, (report.origin(content), report.missing(content))))


def setup(app):
    app.add_directive("benchmark", Benchmark)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
