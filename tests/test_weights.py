"""What every page of the built book weighs, with all that it loads; the table is printed (pytest -s shows it).

How long a phone waits for a page depends on the machine that plays the phone: `python tools/weights.py` measures it.
"""

import re

import pytest
from test_book import HTML, LACKING, PAGES

import lighten
import weights

LIMIT = 1_000_000  # bytes of a chapter on the line
of_the_book = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")


@pytest.fixture(scope="module")
def rows(browser):
    server = weights.serve(HTML)
    rows = [weights.visit(browser, server, page.relative_to(HTML).as_posix()) for page in PAGES]
    server.shutdown()
    print(f"\n{weights.table(rows)}")
    return rows


@of_the_book
def test_a_chapter_weighs_less_than_a_megabyte(rows):
    sizes = {row["page"]: sum(row["bytes"].values()) for row in rows}
    assert {page: size for page, size in sizes.items() if size > LIMIT} == {}


@of_the_book
def test_no_page_loads_an_icon_font_a_widget_manager_or_the_index_of_the_search(rows):
    for row in rows:
        unwanted = [
            file for file in row["files"] if any(name in file for name in ("fontawesome", "bootstrap", "embed"))
        ]
        assert not unwanted, row["page"]
        assert ("search_entries.js" in row["files"]) == (row["page"] == "search.html")


@of_the_book
def test_a_page_loads_one_style_sheet(rows):
    assert {tuple(file for file in row["files"] if file.endswith(".css")) for row in rows} == {("_static/book.css",)}


@of_the_book
def test_the_pages_hold_no_state_of_widgets_and_no_icon_without_its_font():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert "application/vnd.jupyter" not in text, page
        assert 'class="fa' not in text, page
    css = (HTML / "_static/book.css").read_text(encoding="utf-8")
    assert "Font Awesome" not in css.replace("\\", "")
    assert "var(--fa-" not in css
    assert re.search(r"@font-face ?{[^}]*font-family: ?KaTeX_Math", css), "formulas are set in another font"


def test_a_style_sheet_keeps_the_rules_that_some_page_needs():
    css = """
      .a .b, .gone { color: red } .gone { color: blue } #there:not(.gone) p { margin: 0 }
      @media print { .a { top: 0 } .gone { top: 1px } } @media screen { .gone { top: 1px } }
      .a::after { content: "\\f107"; font-family: Font Awesome\\ 6 Free; opacity: 1 }
    """
    kept = lighten.pruned(css, {"a", "b", "there"})
    assert kept == (".a .b{color:red}#there:not(.gone) p{margin:0}@media print {.a{top:0}}.a::after{opacity:1}")


def test_the_icons_of_the_theme_become_drawings():
    button = (
        '<button class="btn theme-switch-button" aria-label="Color mode" data-bs-toggle="tooltip">'
        '<i class="theme-switch fa-solid fa-sun   fa-lg" data-mode="light" title="Light"></i></button>'
        '<span class="fa-solid fa-bars"></span><i class="fas fa-rocket"></i>'
    )
    drawn = lighten.with_icons(button)
    assert "fa-" not in drawn
    assert drawn.count("<svg") == 2, "what has no drawing leaves no empty box"
    assert "Colours: light" in drawn
    assert "aria-label" not in drawn, "the switch is named by the text in it"
