"""The way out of Jupyter Book 1: Sphinx of today alone builds the same pages from the same sources."""

import os
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "build" / (os.environ.get("OVERPARAM_SCALE") or "smoke")
HTML, PLAIN = BOOK / "html", BOOK / "sphinx/html"
LACKING = [str(folder.relative_to(ROOT)) for folder in (HTML, PLAIN) if not folder.is_dir()]
pytestmark = pytest.mark.skipif(
    bool(LACKING), reason=f"{' and '.join(LACKING)} missing: OVERPARAM_SCALE=smoke make book sphinx builds both"
)


def pages(html):
    """The pages of a built book, by their address."""
    files = (file for file in html.rglob("*.html") if "_static" not in file.parts)
    return {file.relative_to(html).as_posix(): file for file in files}


def outline(file):
    """What a page is made of: its headings, the numbers of its figures, tables and equations, and all anchors, in order."""
    page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
    article = page.find("article") or page
    words = " ".join
    return {
        "title": page.title.get_text(" ", strip=True),
        "headings": [
            (h.name, words(h.get_text().split())) for h in article.find_all(["h1", "h2", "h3", "h4", "h5", "h6"])
        ],
        "numbers": [
            words(found.get_text().split()) for found in article.select(".caption-number, .eqno, .admonition-title")
        ],
        "figures": [found.get("id") for found in article.find_all(["figure", "table"])],
        "anchors": {found["id"] for found in article.find_all(id=True)},
        "links": sorted(link["href"] for link in article.find_all("a", href=True)),
        "chapters": [words(link.get_text().split()) for link in page.select("nav.bd-links a")],
    }


def test_both_have_the_same_pages():
    assert set(pages(PLAIN)) == set(pages(HTML))


@pytest.mark.parametrize("name", sorted(pages(HTML)) if not LACKING else [])
def test_a_page_has_the_same_headings_numbers_anchors_and_links(name):
    ours, plain = outline(pages(HTML)[name]), outline(pages(PLAIN)[name])
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
