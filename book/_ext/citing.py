"""How to cite a page, and an address for each thing that one may want to point at.

The citation comes from CITATION.cff and the page's title; _templates/cite.html shows it. Findings, theorems and exercises get the
link to themselves that headings and figures have from Sphinx.
"""

import re
import unicodedata
from functools import cache
from html import unescape
from pathlib import Path

import yaml
from docutils import nodes

ROOT = Path(__file__).resolve().parents[2]
CARD = re.compile(r"(<section class='claim-card' id='([^']+)'.*?<h3 class='claim-title'>)(.*?)(</h3>)", re.S)
BOX = re.compile(
    r'(<div class="(exercise|proof \w+) admonition" id="([^"]+)">\s*<p class="admonition-title">)(.*?)(</p>)', re.S
)


@cache
def book():
    """Return who wrote the book, its title, year and version."""
    facts = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    cited = facts["preferred-citation"]
    authors = [a.get("name") or f"{a['given-names']} {a['family-names']}" for a in cited["authors"]]
    corporate = ["name" in a for a in cited["authors"]]
    return authors, corporate, cited["title"], cited["year"], facts["version"]


def citation(title, chapter, address):
    """Return how to cite a page, as a sentence and as BibTeX; `chapter` is its number or ""."""
    authors, corporate, name, year, version = book()
    part = f"chapter {chapter} of " if chapter else ""
    end = "" if title[-1] in "?!" else "."
    text = f"{', '.join(authors)} ({year}). {title}{end} In {part}{name}, version {version}. {address}"
    words = re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", title.lower()))
    fields = {
        "author": " and ".join(f"{{{a}}}" if c else a for a, c in zip(authors, corporate, strict=True)),
        "title": f"{{{title}}}",
        "booktitle": f"{{{name}}}",
        "chapter": chapter,
        "year": str(year),
        "note": f"Version {version}",
        "url": address,
    }
    key = f"overparam{year}{''.join(words[:3])}"
    lines = [f"  {field} = {{{value}}}" for field, value in fields.items() if value]
    return {"text": text, "bibtex": ",\n".join([f"@incollection{{{key}", *lines]) + "\n}"}


def add_citation(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    address = f"{app.config.html_baseurl.rstrip('/')}/{pagename}.html"
    number = app.env.toc_secnumbers.get(pagename, {}).get("", ())
    title = next(doctree.findall(nodes.title)).astext()
    context["citation"] = citation(title, ".".join(map(str, number)), address)
    context["body"] = with_links(context["body"])


def with_links(html):
    """Return a page's HTML in which each finding, theorem and exercise has a link to itself, as a heading has."""

    def link(anchor, words):
        name = " ".join(unescape(re.sub(r"<[^>]+>", "", words)).split())
        name = name.replace('"', "&quot;").replace("<", "&lt;")
        return f'<a class="headerlink" href="#{anchor}" aria-label="Link to: {name}" title="Link to this">#</a>'

    html = CARD.sub(lambda m: f"{m[1]}{m[3]}{link(m[2], m[3])}{m[4]}", html)
    return BOX.sub(lambda m: f"{m[1]}{m[4]}{link(m[3], m[4].partition('(')[0])}{m[5]}", html)


def setup(app):
    app.connect("html-page-context", add_citation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
