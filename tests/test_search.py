"""The search finds what one means, in the dialog of a page and on its own page, and the index of terms leads to it."""

import gzip
import json
import re
import sys

import pytest
from test_accessible import AXE
from test_book import HTML, LACKING, PAGES, ROOT, context, one_page, opened  # noqa: F401

sys.path.insert(0, str(ROOT / "book/_ext"))

import find

CHAPTER = HTML / "notebooks/04_double_descent.html"
page = one_page(CHAPTER)
PHONE, LAPTOP = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
of_the_book = pytest.mark.skipif(not PAGES, reason=LACKING or "")

# --- what a page is read as -------------------------------------------------------------------------------------------

MADE = """<nav>away</nav><article class="bd-article"><section id="top"><h1>Dice<a class="headerlink">#</a></h1><p class="times">9 minutes</p>
<p>A die is
<span class="math"><span class="katex"><math><semantics><mi>n</mi><mo>=</mo><mn>6</mn><annotation>n = 6</annotation></semantics>
</math><span class="katex-html"><span>n</span><span>=6</span></span></span></span> or
<math><msup><mi>n</mi><mn>2</mn></msup><annotation>n^2</annotation></math>.</p>
<section id="thrown"><h2>Thrown</h2><p>It falls.</p><div class="cell_input">code = 1</div>
<figure id="fig-dice"><svg><text>axis</text></svg><figcaption><p><span class="caption-number">Figure 4.3 </span>
<span class="caption-text"><strong>Dice fall.</strong> Both.</span><a class="headerlink">#</a></p></figcaption></figure>
<section class='claim-card' id='claim-dice' aria-label='Finding: Fair'><header><span class='claim-verdict'>supported</span>
<h3 class='claim-title'>Fair</h3></header><p class='claim-statement'>Each side 1/6.</p></section>
<div class="exercise admonition" id="ex-dice"><p class="admonition-title"><span class="caption-number">Exercise 4.2 </span>
(★ Two)</p><section class="exercise-content"><p>Throw two.</p></section></div>
<dl class="glossary"><dt id="term-die">die</dt><dd><p>A cube.</p></dd></dl></section></section></article><footer>away</footer>"""


def test_each_thing_on_a_page_is_an_entry_with_its_own_prose():
    found = [(e.kind, e.address, e.title, e.section, e.verdict, e.prose) for e in find.read_page("a/dice", MADE)]
    assert found == [
        ("page", "a/dice.html", "Dice", "", "", "A die is n=6 or …."),
        ("section", "a/dice.html#thrown", "Thrown", "", "", "It falls."),
        ("figure", "a/dice.html#fig-dice", "Figure 4.3: Dice fall.", "Thrown", "", "Both."),
        ("finding", "a/dice.html#claim-dice", "Fair", "Thrown", "supported", "Each side 1/6."),
        ("exercise", "a/dice.html#ex-dice", "Exercise 4.2: ★ Two", "Thrown", "", "Throw two."),
        ("term", "a/dice.html#term-die", "die", "Thrown", "", "A cube."),
    ]


def test_a_reference_is_called_by_its_names_and_year():
    text = (
        "Leslie N. Smith, Nicholay Topin, and Ann Lee. Super: fast? In A Conference, volume 3. 2019. arXiv:1708.07120."
    )
    assert find.reference(text) == "Smith, Topin, Lee (2019). Super: fast? In A Conference, volume 3"


def test_of_what_a_result_does_not_show_each_word_is_kept_once():
    first = find.Entry(
        "page", "a", "", "A", text=["Shown first, and then more: " + "the dice fall and the dice lie. " * 9]
    )
    others = [find.Entry("section", "a", f"s{i}", "S", text=["nothing"]) for i in range(20)]
    script = find.search_entries([first, *others])
    data = json.loads(script.removeprefix("searchEntries = ").removesuffix(";\n"))
    assert len(data["entries"][0][5]) <= find.LEAD + 2
    assert not data["more"]  # all its words are among those that are shown


@pytest.mark.parametrize(
    ("names", "text", "times"),
    [
        (["lottery ticket"], "Lottery tickets, a lottery-ticket, a ticket", 2),
        (["SAM"], "SAM is not the same as Sam", 1),
        (["tangent kernel", "NTK"], "the NTK, or tangent kernel", 2),
    ],
)
def test_a_term_is_found_by_each_of_its_names(names, text, times):
    assert len(find.pattern(names).findall(text)) == times


# --- what is searched -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def entries():
    text = (HTML / find.ENTRIES).read_text(encoding="utf-8")
    return json.loads(text.removeprefix("searchEntries = ").removesuffix(";\n"))


@of_the_book
def test_the_index_is_light():
    assert len(gzip.compress((HTML / find.ENTRIES).read_bytes())) < 170_000  # it is fetched when somebody searches


@of_the_book
def test_nothing_of_code_or_tex_is_searched(entries):
    for kind, _, _, title, section, lead, *_ in entries["entries"]:
        for text in (title, section, lead):
            assert not re.search(r"\\[a-zA-Z]|\$|_\{|import |#$|Toggle|Show the code|Hide the code", text), (
                kind,
                text,
            )


@of_the_book
def test_every_entry_leads_to_a_place_that_is_there(entries):
    anchors = {}
    for _, page, anchor, title, *_ in entries["entries"]:
        file = HTML / entries["pages"][page][0]
        if file not in anchors:
            anchors[file] = set(re.findall(r"""\sid=["']([^"']+)""", file.read_text(encoding="utf-8")))
        assert not anchor or anchor in anchors[file], title
    assert {kind for kind, *_ in entries["entries"]} >= {
        "page", "section", "figure", "finding", "theorem", "exercise", "term", "reference",
    }  # fmt: skip


# --- finding ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def search(page):
    """Types words into the dialog of a chapter, from a file, and returns the results: [(kind, title, where, address)]."""

    def find_words(words):
        if not page.locator("#pst-search-dialog").evaluate("(e) => e.open"):
            page.keyboard.press("Control+k")
        page.locator("#pst-search-dialog input").fill("")
        page.locator("#pst-search-dialog input").fill(words)
        page.wait_for_function(
            "() => /^(?!Searching)./.test(document.querySelector('#pst-search-dialog .search-status').textContent)"
        )
        return page.locator("#pst-search-dialog .search-results a").evaluate_all(
            """(all) => all.map((a) => [...["kind", "title", "where"].map((n) => a.querySelector(`.search-${n}`)?.textContent ?? ""),
                 a.getAttribute("href").replace(/^(\\.\\.\\/)+/, "")])"""
        )

    page.set_viewport_size(LAPTOP)
    yield find_words
    page.locator("#pst-search-dialog").evaluate("(e) => e.close()")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("fig 4.3", r"^Figure \| Figure 4\.3: "),
        ("figure 4.3", r"^Figure \| Figure 4\.3: "),
        ("Figures 4.3", r"^Figure \| Figure 4\.3: "),
        ("exercise", r"^Section \| Exercises"),
        ("exercise 4.2", r"^Exercise \| Exercise 4\.2: "),
        ("theorem 4.1", r"^Theorem \| Theorem 4\.1: "),
        ("IGR", r"^Term \| modified flow"),
        ("NTK", r"^Term \| tangent kernel"),
        ("double descent", r"^Page \| 4\. Double descent"),
        ("double descent", r"^Term \| double descent \| .*notation\.html#term-double-descent$"),
        ("label noise", r"^Term \| label noise"),
        ("lotery tickets", r"^Page \| 6\. Lottery tickets"),
        ("Jastrzebski", r"^Reference \| Arpit, Jastrzębski"),
        ("JASTRZĘBSKI", r"^Reference \| Arpit, Jastrzębski"),
        ("Zhang 2017", r"^Reference \| Zhang, .*\(2017\)"),
    ],
)
def test_what_one_means_is_among_the_first_three(search, words, wanted):
    found = [f"{kind} | {title} | {address}" for kind, title, _, address in search(words)]
    assert any(re.search(wanted, each) for each in found[:3]), found[:6]


def test_a_result_says_where_it_stands_and_a_finding_how_it_came_out(search):
    kind, title, where, address = next(each for each in search("peak was known") if each[0].startswith("Finding"))
    assert kind in {"Finding · supported", "Finding · contradicted", "Finding · inconclusive", "Finding · no effect"}
    assert title == "The peak was known long before it was named"
    assert where.startswith("4. Double descent: the peak you can compute › ")
    assert address == "notebooks/04_double_descent.html#claim-prehistory"


def test_nothing_found_is_said(search, page):
    assert search("qqqqzzzz") == []
    assert page.locator("#pst-search-dialog [role=status]").inner_text().startswith("Nothing was found.")


def test_the_keyboard_is_enough(search, page):
    search("exercise 4")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.locator("#pst-search-dialog .search-results a").nth(1)
    assert second.evaluate("(e) => e === document.activeElement")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")
    assert not page.locator("#pst-search-dialog").evaluate("(e) => e.open")


def test_the_first_result_is_opened_by_enter_and_the_dialog_closes(context):  # noqa: F811
    page = opened(context, CHAPTER)
    page.keyboard.press("Control+k")
    page.keyboard.type("figure 4.3")
    page.wait_for_selector("#pst-search-dialog .search-results a")
    page.emulate_media(reduced_motion="reduce")
    page.locator("#pst-search-dialog .search-results a").first.press("Enter")
    page.wait_for_url("**/04_double_descent.html#fig-ddl-fisher")
    assert not page.locator("#pst-search-dialog").evaluate("(e) => e.open")
    assert page.locator("#fig-ddl-fisher").evaluate(
        "(e) => { const r = e.getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0; }"
    )
    assert not page.troubles
    page.close()


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
def test_the_results_fit_the_screen(search, page, size):
    page.set_viewport_size(size)
    assert len(search("label noise")) > 10
    box = page.locator("#pst-search-dialog").bounding_box()
    assert min(box["x"], box["y"]) >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]
    wide = page.locator("#pst-search-dialog .search-results").evaluate("(e) => e.scrollWidth > e.clientWidth + 1")
    assert not wide
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    heights = page.locator("#pst-search-dialog .search-results a").evaluate_all(
        "(all) => all.map((e) => e.offsetHeight)"
    )
    assert min(heights) >= 44


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_results_break_no_rule_of_accessibility(search, page, theme):
    page.emulate_media(color_scheme=theme)
    search("label noise")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    broken = page.evaluate(
        "async () => (await axe.run('#pst-search-dialog', { preload: false })).violations.map((v) => [v.id, v.nodes[0].html])"
    )
    page.emulate_media(color_scheme="light")
    assert broken == []


@of_the_book
def test_no_page_loads_the_index_before_somebody_searches(context):  # noqa: F811
    page = opened(context, CHAPTER)
    assert page.evaluate("typeof searchEntries + typeof MiniSearch") == "undefinedundefined"
    page.close()


def test_a_search_arrives_at_the_page_of_its_own(context):  # noqa: F811
    page = opened(context, HTML / "search.html")
    page.wait_for_load_state("networkidle")  # what is cut off by leaving the page would be a trouble
    page.goto(f"{(HTML / 'search.html').as_uri()}?q=benign+overfitting")
    page.wait_for_selector(".search-page .search-results a")
    first = page.locator(".search-page .search-results a").first
    assert "benign overfitting" in first.inner_text().lower()
    assert not page.troubles
    page.close()


# --- the index of terms -----------------------------------------------------------------------------------------------


@of_the_book
def test_the_index_has_every_term_of_the_glossary_and_leads_to_it():
    index = (HTML / f"{find.INDEX}.html").read_text(encoding="utf-8")
    glossary = re.findall(r'<dt id="(term-[^"]+)">', (HTML / "book/notation.html").read_text(encoding="utf-8"))
    assert len(glossary) > 40
    for term in glossary:
        assert f'href="../book/notation.html#{term}">Glossary</a>' in index
    assert find.PLACE not in index


@of_the_book
def test_every_term_of_the_index_leads_somewhere():
    index = (HTML / f"{find.INDEX}.html").read_text(encoding="utf-8")
    terms = re.findall(r'<dt id="index-[^"]+">.*?</dd>', index, re.S)
    assert len(terms) > 70
    assert [term[:80] for term in terms if "<a " not in term] == []
