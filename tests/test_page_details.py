"""What a reader of a built page trips over: lines of code that are cut off, folds without a name, numbers in two styles,
a column that jumps."""

import html
import re
import sys

import pytest
from test_book import HTML, LACKING, PAGES, ROOT

import mend

sys.path.insert(0, str(ROOT / "book/_ext"))
import wrapping

NAMES = [page.relative_to(HTML).as_posix() for page in PAGES]
CHAPTERS = [page for page in PAGES if page.parent.name == "notebooks"]
of_the_book = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")


@pytest.fixture(scope="module")
def page(browser):
    return browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")


def code(text):
    """The lines of code on a page; what cells print is no code."""
    text = re.sub(r'<div class="output\b.*?</pre>', "", text, flags=re.S)
    blocks = re.findall(r"<pre\b[^>]*>(.*?)</pre>", text, re.S)
    return [line for block in blocks for line in html.unescape(re.sub(r"<[^>]+>", "", block)).splitlines()]


# --- code -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("short = 1", "short = 1"),
        (
            "runs = sweep(mlp(width=[2, 4, 8]), data, seed=range(5), label_noise=[0, 0.15], epochs=1000)",
            "runs = sweep(mlp(width=[2, 4, 8]), data, seed=range(5),\n             label_noise=[0, 0.15], epochs=1000)",
        ),
        (
            "slopes = {name: np.log2(ratio) / 2 for (name, kind), ratio in ratios.items() if ratio > 1}",
            "slopes = {name: np.log2(ratio) / 2 for (name, kind), ratio in ratios.items()\n          if ratio > 1}",
        ),
        (
            "from overparam import claims, data, figures, measures, mlp, predictions, scale, sweep",
            "from overparam import (\n    claims, data, figures, measures, mlp, predictions, scale, sweep\n)",
        ),
        (
            "b = np.append(2 * z[0] - z[1], (z[1:] + z[:-1]) / 2)  # below all points, then between each two",
            "# below all points, then between each two\nb = np.append(2 * z[0] - z[1], (z[1:] + z[:-1]) / 2)",
        ),
        (
            'def f(x):\n    """What this function does takes a little more than there is room for in a line."""',
            'def f(x):\n    """What this function does takes a little more than there is room for in\n    a line."""',
        ),
    ],
)
def test_code_is_broken_where_a_reader_would(source, shown):
    assert wrapping.wrap(source) == shown


@pytest.mark.parametrize(
    "source",
    [
        'print(f"Of {len(runs)} networks {sum(runs.fitted)} fit all their labels, with {min(x for x in y)} as the least")',
        "total = first_of_many_terms * second_of_many_terms + third_of_many_terms - fourth_of_many_terms",
        "if first_condition(of, many) and second_condition(of, many) or not third_condition(of, many):\n    pass",
        "table = {(p, f.__name__): f(e[:k]) for p, e in wrong.items() for f in (np.mean, lambda a, b: a + b)}",
    ],
)
def test_broken_code_means_the_same(source):
    shown = wrapping.wrap(source)
    assert max(map(len, shown.splitlines())) <= wrapping.WIDTH
    assert wrapping.same(source, shown)


@pytest.mark.parametrize("source", ['text = """' + "word " * 20 + '"""', "x" * 90, "%magic " + "word " * 20])
def test_what_would_change_or_cannot_be_broken_is_left(source):
    assert wrapping.wrap(source) == source


@of_the_book
def test_no_line_of_code_is_longer_than_a_page_is_wide():
    long = {
        name: line
        for name, page in zip(NAMES, PAGES, strict=True)
        for line in code(page.read_text(encoding="utf-8"))
        if len(line) > 76
    }
    assert long == {}


@of_the_book
def test_readers_see_no_marks_for_tests():
    assert [name for name, page in zip(NAMES, PAGES, strict=True) if "NBVAL_" in page.read_text(encoding="utf-8")] == []


@of_the_book
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_an_open_block_is_not_clipped_and_a_fold_stands_below_the_figure_it_names(page, chapter):
    page.goto(chapter.as_uri())
    clipped = page.locator("article pre:visible").evaluate_all(
        "(all) => all.filter((pre) => pre.scrollWidth > pre.clientWidth + 1).map((pre) => pre.innerText.slice(0, 80))"
    )
    folds = page.locator("article .cell:has(> details.hide):has(figcaption)").evaluate_all(
        """(cells) => cells.map((cell) => [cell.lastElementChild.tagName,
             cell.querySelector("summary .collapsed").textContent,
             cell.querySelector("figcaption .caption-number").textContent.trim()])"""
    )
    assert not clipped
    assert folds or chapter.stem.startswith("library_")
    assert [f for f in folds if f[0] != "DETAILS" or f"{f[1]}" != f"Code for {f[2]}"] == []


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "set_"),
    [
        ("<p>85% and 85 % of -3, 4-8</p>", "<p>85\u00a0% and 85\u00a0% of −3, 4-8</p>"),
        ("<td>-0.5</td><td>2026-11-30</td>", "<td>−0.5</td><td>2026-11-30</td>"),
        ("<p>it is 0.6 [0.53, 0.73].</p>", '<p>it is 0.6 <span class="nobr">[0.53, 0.73]</span>.</p>'),
        ("<code>a[-1] % 2</code><p>-1</p>", "<code>a[-1] % 2</code><p>−1</p>"),
        ('<div class="cell_input"><pre>-1</pre></div>', '<div class="cell_input"><pre>-1</pre></div>'),
        (
            '<div class="output stream"><div class="highlight"><pre>x -1</pre>',
            '<div class="output stream"><div class="highlight"><pre>x −1</pre>',
        ),
        ('<span class="math">x = -1</span>', '<span class="math">x = -1</span>'),
        ("<p>1.83e+04, 1e-08, 5e-4</p>", "<p>18,300, 10<sup>−8</sup>, 5\u00a0×\u00a010<sup>−4</sup></p>"),
        (
            "<p>[4e-12, 3.5e-05]</p>",
            '<p><span class="nobr">[4\u00a0×\u00a010<sup>−12</sup>, 3.5\u00a0×\u00a010<sup>−5</sup>]</span></p>',
        ),
        ('<a href="x-1.html">-1</a>', '<a href="x-1.html">−1</a>'),
    ],
)
def test_numbers_are_set_in_one_style(made, set_):
    assert mend.set_numbers(made) == set_


@of_the_book
def test_pages_have_one_style_of_numbers():
    found = []
    for name, file in zip(NAMES, PAGES, strict=True):
        text = re.sub(
            r"<(script|style|svg|pre|code|math|title)\b.*?</\1>", "", file.read_text(encoding="utf-8"), flags=re.S
        )
        text = re.sub(r'<(span|div) class="math.*?</\1>|<dt class="sig.*?</dt>', "", text, flags=re.S)
        found += [(name, hit) for hit in re.findall(r">[^<]*\d ?%[^<]{0,20}|[\s>(\[]-\d[^<]{0,20}", text)]
    assert found == []


# --- the page ---------------------------------------------------------------------------------------------------------


@of_the_book
def test_the_column_stands_at_the_same_place_on_every_page(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    left = {}
    for name in ("book/judging.html", "book/references.html", "search.html", "book/index_of_terms.html"):
        page.goto((HTML / name).as_uri())
        left[name] = page.evaluate("document.querySelector('.bd-article-container').getBoundingClientRect().left")
    assert len(set(left.values())) == 1, left


@of_the_book
@pytest.mark.parametrize("width", [360, 1024, 1200, 1440])
def test_the_ledger_breaks_no_number(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((HTML / "book/ledger.html").as_uri())
    broken = page.locator(".ledger .ledger-number").evaluate_all(
        """(all) => all.filter((e) => e.checkVisibility()).filter((e) => {
             const lines = new Set([...e.getClientRects()].map((r) => Math.round(r.top)));
             return lines.size > 1 && !/\\s/.test(e.textContent.trim().replaceAll("\\u00a0", ""));
           }).map((e) => e.textContent)"""
    )
    narrow = page.locator(".ledger td:visible").evaluate_all(
        "(all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    )
    words = page.locator(".ledger td:visible").evaluate_all("(all) => Math.min(...all.map((e) => e.clientWidth))")
    page.set_viewport_size({"width": 1440, "height": 900})
    assert not broken
    assert narrow == 0
    assert words >= 70, "a column narrower than a word"


@of_the_book
def test_an_opened_answer_has_the_ground_of_its_box(page):
    page.goto((HTML / "notebooks/04_double_descent.html").as_uri())
    fold = page.locator("article details.sd-dropdown").first
    fold.evaluate("(e) => (e.open = true)")
    ground = fold.locator(".sd-summary-content").evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert ground == "rgba(0, 0, 0, 0)"


def test_a_caption_says_above_where_a_phone_has_the_left_panel():
    figure = '<figure><svg class="figure wide"></svg><svg class="figure narrow" viewBox="0 0 255 {}"></svg>'
    caption = "<figcaption>Left: a. Right, b. What is right stays.</figcaption></figure>"
    stacked = mend.mend(figure.format(400) + caption)
    assert '<span class="on-desk">Left</span><span class="on-phone">Above</span>: a.' in stacked
    assert '<span class="on-phone">Below</span>, b. What is right stays.' in stacked
    assert "on-phone" not in mend.mend(figure.format(150) + caption)


@of_the_book
def test_a_dark_page_is_as_dark_without_javascript(browser):
    grounds = []
    for script in (True, False):
        context = browser.new_context(color_scheme="dark", java_script_enabled=script)
        page = context.new_page()
        page.goto((HTML / "notebooks/00_start_here.html").as_uri())
        grounds += page.locator("html, body, .bd-header-article").evaluate_all(
            "(all) => [all.map((e) => getComputedStyle(e).backgroundColor), getComputedStyle(all[0]).getPropertyValue('--ink')]"
        )
        context.close()
    assert grounds[:2] == grounds[2:]
