"""A page says how to cite it, and each finding, figure, theorem, exercise and experiment has an address of its own."""

import re
import sys

import pytest
import yaml
from test_book import HTML, LACKING, PAGES, ROOT, context, one_page, opened, pasted  # noqa: F401

sys.path.insert(0, str(ROOT / "book/_ext"))

import citing

CHAPTER = HTML / "notebooks/04_double_descent.html"
page = one_page(CHAPTER)
of_the_book = pytest.mark.skipif(not PAGES, reason=LACKING or "")


def test_a_citation_names_the_page_its_chapter_and_its_address():
    cited = citing.citation("Benign overfitting", "9", "https://book.test/9.html")
    facts = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    year, version = facts["preferred-citation"]["year"], facts["version"]
    assert cited["text"] == (
        f"The overparam authors ({year}). Benign overfitting. In chapter 9 of Why Overparameterized Networks Generalize, "
        f"version {version}. https://book.test/9.html"
    )
    assert cited["bibtex"].startswith(f"@incollection{{overparam{year}benignoverfitting,\n")
    assert cited["bibtex"].count("{") == cited["bibtex"].count("}")
    assert "author = {{The overparam authors}}" in cited["bibtex"]
    assert "chapter = {9}" in cited["bibtex"]
    assert "chapter" not in citing.citation("References", "", "https://book.test/r.html")["bibtex"]


def test_what_can_be_pointed_at_gets_a_link_to_itself_once():
    html = (
        "<section class='claim-card' id='claim-x'><header><h3 class='claim-title'>A & B</h3></header></section>"
        '<div class="exercise admonition" id="ex-y">\n<p class="admonition-title"><span>Exercise 4.1 </span> (Two)</p></div>'
        '<div class="proof admonition" id="proof"><p class="admonition-title">Proof. </p></div>'
    )
    found = re.findall(r'<a class="headerlink" href="([^"]+)" aria-label="([^"]+)"', citing.with_links(html))
    assert found == [("#claim-x", "Link to: A & B"), ("#ex-y", "Link to: Exercise 4.1")]


@of_the_book
def test_every_page_says_how_to_cite_it():
    base = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]
    for page in PAGES:
        name = page.relative_to(HTML).as_posix()
        shown = re.findall(r'class="cite-bibtex">(.*?)</code>', page.read_text(encoding="utf-8"), re.S)
        assert len(shown) == (name != "search.html"), name
        assert all(f"{{{base}{name}}}" in text for text in shown), name


@pytest.mark.parametrize(
    ("words", "begins"), [("Copy the citation", "The overparam"), ("Copy the BibTeX", "@incollection{")]
)
def test_a_citation_is_copied(page, words, begins):
    fold = page.locator("details.cite")
    if fold.get_attribute("open") is None:
        fold.locator("summary").press("Enter")
    button = fold.get_by_role("button", name=words)
    button.press("Enter")
    fold.get_by_role("button", name="Copied").first.wait_for()
    assert pasted(page).startswith(begins)


KINDS = ["section.claim-card", "figure[id]", ".proof.theorem[id]", ".exercise[id]", "figure.lab"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_thing_has_a_link_to_itself_that_the_keyboard_reaches(page, kind):
    things = page.locator(f".bd-article {kind}")
    if kind == "figure.lab" and not things.count():
        pytest.skip("this page has no experiment")
    assert things.count() > 0
    for thing in things.all():
        link = thing.locator("a.headerlink").first
        assert link.get_attribute("href") == f"#{thing.get_attribute('id')}"
        link.focus()
        look = link.evaluate(
            "(e) => { const r = e.getBoundingClientRect(); return [getComputedStyle(e).opacity, r.width, r.height]; }"
        )
        assert look[0] == "1", kind
        assert min(look[1:]) >= 24, (kind, look)


def test_a_link_to_a_place_goes_there_and_copies_its_address(page):
    link = page.locator("section.claim-card a.headerlink").first
    link.press("Enter")
    page.locator(".link-copied").wait_for()
    anchor = link.get_attribute("href")
    assert page.url.endswith(anchor)
    assert pasted(page).endswith(f"04_double_descent.html{anchor}")


def test_a_touch_screen_shows_the_links_always(context):  # noqa: F811
    touch = context.browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = touch.new_page()
    page.goto(CHAPTER.as_uri())
    shown = page.locator("section.claim-card a.headerlink, figcaption a.headerlink").evaluate_all(
        "(all) => all.filter((e) => e.checkVisibility()).map((e) => getComputedStyle(e).opacity)"
    )
    assert set(shown) == {"1"}
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    touch.close()
