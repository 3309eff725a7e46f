"""Figures in the built book: numbers and words as one writes them, and on a phone the layout that was made for it."""

import re

import pytest
from test_book import HTML, LACKING, PAGES

pytestmark = pytest.mark.skipif(bool(LACKING), reason=str(LACKING))
FIGURE = re.compile(r'<svg class="figure.*?</svg>', re.S)
WORDS = re.compile(r"<text[^>]*>([^<]*)</text>")
# What a program calls things: 1e-06, 3×10⁰, weight_decay, R_IG
UNWRITTEN = re.compile(r"\de[-+−]?\d|\d\s*[×·]\s*10(\D|$)|\w_\w")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_figures_speak_in_words_and_plain_numbers(page):
    texts = {words for figure in FIGURE.findall(page.read_text(encoding="utf-8")) for words in WORDS.findall(figure)}
    assert sorted(text for text in texts if UNWRITTEN.search(text)) == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.parent.name == "notebooks" and FIGURE.search(page.read_text(encoding="utf-8"))],
    ids=lambda page: page.stem,
)
def test_a_wide_figure_has_a_layout_for_a_phone_with_text_that_can_be_read(page):
    figures = FIGURE.findall(page.read_text(encoding="utf-8"))
    kinds = [re.search(r'class="figure ?(\w*)"', figure)[1] for figure in figures]
    assert kinds.count("wide") == kinds.count("narrow") > 0
    for figure, kind in zip(figures, kinds, strict=True):
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', figure)[1])
        assert (width < 275) == (kind != "wide")
        if kind == "narrow":
            assert min(map(float, re.findall(r"font-size: ([\d.]+)px", figure))) * 96 / 72 >= 12


def test_the_page_shows_one_layout_at_a_time(browser):
    for width, shown in ((360, "narrow"), (1440, "wide")):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto((HTML / "notebooks/01_bias_variance.html").as_uri())
        states = page.evaluate(
            """() => [...document.querySelectorAll("svg.figure")].map((svg) =>
                 [svg.classList[1], getComputedStyle(svg).display !== "none", svg.getBoundingClientRect().right])"""
        )
        assert {kind for kind, visible, _ in states if visible} == {shown}
        assert max(right for _, visible, right in states if visible) <= width
        page.close()
