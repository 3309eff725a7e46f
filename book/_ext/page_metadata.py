"""What a page tells search engines, and those to whom a link to it is sent: its description, its title and a picture.

The description is the page's question (book/pages.yml) and its first sentence. The canonical address is Sphinx's.
"""

import re
import sys
from html import escape
from pathlib import Path

from docutils import nodes

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import contents  # noqa: E402

PICTURE = ("_static/preview.png", "A figure of the book: training and test error of one network while it learns")
LENGTH, SHORT = 300, 80  # characters


def add_metadata(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    entry = contents.read(ROOT).get(pagename)
    words = describe(doctree, entry.question if entry else "")
    base = app.config.html_baseurl.rstrip("/")
    title = next(doctree.findall(nodes.title)).astext()
    tags = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": words,
        "og:url": context.get("pageurl") or f"{base}/{pagename}.html",
        "og:image": f"{base}/{PICTURE[0]}",
        "og:image:alt": PICTURE[1],
    }
    lines = [
        f'<meta name="description" content="{escape(words)}">',
        '<meta name="twitter:card" content="summary_large_image">',
    ]
    lines += [f'<meta property="{name}" content="{escape(text)}">' for name, text in tags.items()]
    context["metatags"] = context.get("metatags", "") + "\n".join(lines) + "\n"


def describe(doctree, question):
    """Return a page's question and its first sentence, or as many of its first sentences as there is room for."""
    texts = (p for p in doctree.findall(nodes.paragraph) if isinstance(p.parent, nodes.section))
    first = " ".join(next(texts).astext().split())
    sentences = re.split(r"(?<=[.?!])\s+", first)
    words = f"{question} {sentences[0]}".strip()
    for sentence in sentences[1:]:
        if len(words) >= SHORT and len(words) + 1 + len(sentence) > LENGTH / 2:
            break
        words += f" {sentence}"
    return words if len(words) <= LENGTH else words[: LENGTH - 1].rsplit(" ", 1)[0] + "…"


def setup(app):
    app.connect("html-page-context", add_metadata)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
