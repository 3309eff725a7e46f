"""What a reader sees first: a chapter's times, map and lead figure; on the start page `{ways-in}` and `{chapters}`.

Of a chapter the words come from book/pages.yml, the times from its executed notebook (tools/contents.py). The code that
prepares the lead figure moves below it, and how the chapter was run to its foot.
"""

import json
import sys
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import contents  # noqa: E402

LINES = ("First", "Then", "In the end you can say")


class Chapters(SphinxDirective):
    """A card for each chapter: its picture, its title, its question, and how long it takes."""

    def run(self):
        self.env.note_dependency(str(ROOT / contents.PAGES))
        return [ChapterCards("")]


class ChapterCards(nodes.General, nodes.Element):
    """The place of the cards, until all pages are read: they show titles and numbers of others."""


class PutCards(SphinxPostTransform):
    """Fill the place of the cards."""

    default_priority = 10
    formats = ("html",)

    def run(self, **kwargs):
        for place in list(self.document.findall(ChapterCards)):
            cards = "".join(self.card(entry) for entry in contents.chapters(ROOT))
            place.replace_self(nodes.raw("", f'<ul class="chapter-cards">{cards}</ul>', format="html"))

    def card(self, entry):
        notebook = executed(self.env, entry.name)
        number = ".".join(map(str, self.env.toc_secnumbers.get(entry.name, {}).get("") or ()))
        number = f'<span class="chapter-number">{number}</span> ' if number else ""  # a chapter's second page has none
        address = self.app.builder.get_relative_uri(self.env.docname, entry.name)
        title = escape(self.env.titles[entry.name].astext())
        return (
            f'<li class="chapter-card">{contents.thumbnail(notebook, entry.figure)}'
            f'<p class="chapter-title">{number}<a href="{address}">{title}</a></p>'
            f'<p class="chapter-question">{escape(entry.question)}</p>'
            f'<p class="chapter-times">{contents.minutes(notebook)}&nbsp;min to read, {contents.run_time(notebook)} to run</p></li>'
        )


class WaysIn(SphinxDirective):
    """Links as buttons; each line is a page of the book, a colon, and what leads there. {minutes} is how long it takes to read."""

    has_content = True

    def run(self):
        items = "".join(self.way(*line.split(": ", 1)) for line in self.content if line.strip())
        return [nodes.raw("", f'<nav class="ways-in" aria-label="Ways in">{items}</nav>', format="html")]

    def way(self, page, words):
        name = page.strip().removeprefix("/")
        if name not in self.env.found_docs:
            raise self.error(f"{{ways-in}} leads to {page}, which is no page of the book")
        if "{minutes}" in words:
            words = words.replace("{minutes}", f"{contents.minutes(executed(self.env, name))}\u00a0minutes")
        title, _, note = words.partition(" | ")
        address = self.env.app.builder.get_relative_uri(self.env.docname, name)
        return f'<a href="{address}"><b>{escape(title)}</b> <span>{escape(note)}</span></a>'


def executed(env, name):
    """Return the executed notebook of a chapter; the pages are staged in build/<scale>/source."""
    return load(Path(env.srcdir).parent / f"{name}.ipynb")


@cache
def load(file):
    return json.loads(file.read_text(encoding="utf-8"))


class LeadFigure(SphinxPostTransform):
    """Move the code that stands before a chapter's lead figure below it, where it stays in order."""

    default_priority = 220  # after folds have their labels, which say what figure the code is for
    formats = ("html",)

    def run(self, **kwargs):
        entry = contents.read(ROOT).get(self.env.docname)
        if entry is None:
            return
        section = next(self.document.findall(nodes.section))
        lead = next((child for child in section if entry.figure in names(child)), None)
        if lead is None:
            raise contents.ContentsError(
                f"{contents.PAGES}: no figure {entry.figure} stands before the first heading of {entry.name}."
            )
        before = [child for child in section[: section.index(lead)] if is_code(child)]
        for child in before:
            section.remove(child)
        after = section.index(lead) + 1
        section[after:after] = before


def add_words(app, doctree):
    """Put the times and the map under a chapter's title, and how it was run at its foot."""
    entry = contents.read(ROOT).get(app.env.docname)
    if entry is None:
        return
    app.env.note_dependency(str(ROOT / contents.PAGES))
    notebook = executed(app.env, entry.name)
    section = next(doctree.findall(nodes.section))
    title = section.first_child_matching_class(nodes.title)
    top = nodes.raw("", times(notebook, entry.needs) + chapter_map(entry), format="html")
    section.insert(title + 1, top)
    section += nodes.paragraph("", contents.provenance(notebook), classes=["provenance"])


def times(notebook, needs):
    run = f"{contents.run_time(notebook)} to run on {contents.where(notebook)}"
    dot = '<span aria-hidden="true">·</span>'
    return f'<p class="times">{contents.minutes(notebook)}\u00a0minutes to read {dot} {run}<br>{escape(needs)}</p>'.replace(
        "<br></p>", "</p>"
    )


def chapter_map(entry):
    rows = "".join(f"<li><b>{label}</b> {escape(line)}</li>" for label, line in zip(LINES, entry.map, strict=False))
    return f'<ul class="chapter-map" aria-label="What this page does">{rows}</ul>' if rows else ""


def names(node):
    return {name for figure in node.findall(nodes.figure) for name in figure["names"]}


def is_code(node):
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def setup(app):
    app.add_directive("chapters", Chapters)
    app.add_directive("ways-in", WaysIn)
    app.add_node(ChapterCards)
    app.add_post_transform(PutCards)
    app.add_post_transform(LeadFigure)
    app.connect("doctree-read", add_words)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
