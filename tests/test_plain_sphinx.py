"""The way out of Jupyter Book 1: Sphinx of today alone builds the same pages from the same sources."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "build" / (os.environ.get("OVERPARAM_SCALE") or "smoke")
HTML, PLAIN = BOOK / "html", BOOK / "sphinx/html"
HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
LACKING = [str(folder.relative_to(ROOT)) for folder in (HTML, PLAIN) if not folder.is_dir()]
pytestmark = pytest.mark.skipif(
    bool(LACKING), reason=f"{' and '.join(LACKING)} missing: OVERPARAM_SCALE=smoke make book sphinx builds both"
)


def pages(html):
    """The pages of a built book, by their address."""
    files = (file for file in html.rglob("*.html") if "_static" not in file.parts)
    return {file.relative_to(html).as_posix(): file for file in files}


@cache
def soup(file):
    """A page without its drawings, parsed, and its elements by their anchors."""
    text = re.sub(r"<svg\b.*?</svg>", "", file.read_text(encoding="utf-8"), flags=re.S)
    page = BeautifulSoup(text, "lxml")
    return page, {found["id"]: found for found in page.find_all(id=True)}


def place(file, link):
    """Where a link of a page leads: an address, with the heading in place of a section's anchor, of which it may have two."""
    path, _, anchor = link.partition("#")
    target = (file.parent / path).resolve() if path else file
    if ":" in path or not anchor or target.suffix != ".html":
        return link
    found = soup(target)[1][unquote(anchor)]
    section = found.parent if found.name == "span" and not found.get_text() else found
    heading = section.name == "section" and section.find(HEADINGS)
    return f"{path}#{plain_text(heading) if heading else anchor}"


def plain_text(element):
    """The words of an element, without a link to itself."""
    return " ".join(element.get_text().replace("#", " ").split())


def outline(file):
    """What a page is made of: its headings, the numbers of its figures, tables and equations, its anchors, its links."""
    page, _ = soup(file)
    article = page.find("article") or page
    return {
        "title": page.title and plain_text(page.title),
        "headings": [(found.name, plain_text(found)) for found in article.find_all(HEADINGS)],
        "numbers": [plain_text(found) for found in article.select(".caption-number, .eqno, .admonition-title")],
        "figures": [found.get("id") for found in article.find_all(["figure", "table"])],
        "anchors": {found["id"] for found in article.find_all(id=True)},
        "links": sorted(place(file, link["href"]) for link in article.find_all("a", href=True)),
        "chapters": [plain_text(link) for link in page.select("nav.bd-links a")],
    }


def test_both_have_the_same_pages():
    assert set(pages(PLAIN)) == set(pages(HTML))


@pytest.mark.parametrize("name", sorted(pages(HTML)) if not LACKING else [])
def test_a_page_has_the_same_headings_numbers_anchors_and_links(name):
    ours, plain = (outline(html / name) for html in (HTML, PLAIN))
    for part, expected in ours.items():
        assert plain[part] == expected, part


def test_it_was_built_without_jupyter_book_by_a_newer_sphinx():
    python = ROOT / "build/sphinx/bin/python"
    ask = "import sphinx, sys; print(sphinx.__version__, 'jupyter_book' in sys.modules)"
    said = subprocess.run([python, "-c", ask], check=True, capture_output=True, encoding="utf-8").stdout.split()
    assert int(said[0].partition(".")[0]) >= 8
    log = (BOOK / "sphinx/book.log").read_text(encoding="utf-8")
    assert f"Running Sphinx v{said[0]}" in log
    assert "build succeeded" in log
