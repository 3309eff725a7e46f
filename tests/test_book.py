"""The built book, page by page, in a real browser: open the files as a reader does, without a network.

The pages are those of build/smoke/html (or of OVERPARAM_SCALE); `make test-slow` builds them first.
"""

import importlib.util
import math
import os
import re
import zlib
from collections import Counter
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "build" / (os.environ.get("OVERPARAM_SCALE") or "smoke") / "html"
PAGES = sorted(file for file in HTML.rglob("*.html") if "_static" not in file.parts and file != HTML / "index.html")
CHAPTERS = [page for page in PAGES if page.parent.name == "notebooks" and re.match("0[1-9]|[1-9]", page.stem)]
QUIZZES = [page for page in PAGES if 'class="quiz"' in page.read_text(encoding="utf-8")]
LACKING = None if PAGES else f"{HTML.relative_to(ROOT)} is missing: build the book first (make test-slow does)."
DESKTOP = {"width": 1280, "height": 800}

# The lowest contrast between an element's text and the ground it stands on, over all that match a selector.
CONTRAST = """(selector) => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const known = new Map([[null, [255, 255, 255]]]);
  const ground = (element) => {
    if (!known.has(element)) {
      const color = numbers(getComputedStyle(element).backgroundColor);
      known.set(element, color.length < 4 || color[3] === 1 ? color : ground(element.parentElement));
    }
    return known.get(element);
  };
  let lowest = 21;
  for (const element of document.querySelectorAll(selector)) {
    if (!element.checkVisibility()) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(ground(element))];
    lowest = Math.min(lowest, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return lowest;
}"""
TEXT = [
    "article p",
    "article li",
    "article a",
    "article figcaption *",
    "article .admonition-title",
    "article aside.margin p",
    "article summary",
    "article pre span",
    "article :is(th, td)",
    ".claim-verdict",
    ".verdict",
    ".ledger :is(.ledger-about, .ledger-statement)",
    ".ledger-filter :is(label, select, button, p)",
    ".claim-card :is(dt, dd, .claim-title)",
    ".slider-row :is(label, output)",
    ".quiz :is(legend, label, button, .quiz-number, .quiz-why)",
    ".bd-sidebar-primary a",
    ".bd-sidebar-secondary a",
]


@pytest.fixture(scope="module")
def context(browser):
    if LACKING:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(LACKING)
    # reduced motion: a colour is there at once, so that no test waits for one to fade
    return browser.new_context(viewport=DESKTOP, has_touch=True, reduced_motion="reduce")


def opened(context, file):
    """A page that has finished loading, with its `troubles`: errors, and requests beyond its own files."""
    page = context.new_page()
    page.file, page.troubles = file, []

    def guard(route):
        page.troubles.append(f"asked {route.request.url}")
        return route.abort()

    page.route(re.compile("^(?!file:|data:|blob:)"), guard)
    page.on("console", lambda message: message.type == "error" and page.troubles.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: page.troubles.append(f"script: {error}"))
    page.on("requestfailed", lambda asked: page.troubles.append(f"did not load {asked.url}"))
    page.goto(page.file.as_uri(), wait_until="load")
    page.evaluate("() => foldedFigures.forEach((fold) => (fold.open = true))")  # test_predictions.py tests folding
    return page


@pytest.fixture(scope="module", params=PAGES or [None], ids=lambda p: p and p.relative_to(HTML).as_posix())
def page(request, context):
    """One page after the other; what all pages must have is tested on it."""
    page = opened(context, request.param)
    yield page
    page.close()


def one_page(file):
    """A fixture: this page, the same for all tests of a module, without troubles at their end."""

    @pytest.fixture(scope="module")
    def page(context):
        page = opened(context, file)
        yield page
        assert not page.troubles
        page.close()

    return page


@pytest.fixture(scope="module")
def chapter(context):
    """The smallest chapter with a slider; what works alike in all chapters is tested on it."""
    with_slider = [file for file in QUIZZES if "figure-slider" in file.read_text(encoding="utf-8")]
    page = opened(context, min(with_slider, key=lambda file: file.stat().st_size))
    yield page
    assert not page.troubles
    page.close()


def test_a_page_raises_no_error_and_asks_nobody(page):
    assert not page.troubles


def test_every_figure_has_a_caption_and_a_text_alternative(page):
    bare = page.evaluate(
        """() => [...document.querySelectorAll("article svg.figure, article img")].filter((picture) =>
             !(picture.getAttribute("alt") ?? picture.getAttribute("aria-label"))?.trim()
             || (picture.closest(".cell_output") && !picture.closest("figure")?.querySelector("figcaption")?.innerText.trim())
           ).map((picture) => picture.outerHTML.slice(0, 200))"""
    )
    assert not bare


def test_names_and_ids_are_the_elements_own(page):
    names = page.locator("[aria-label]").evaluate_all("(all) => all.map((e) => e.getAttribute('aria-label'))")
    ids = page.locator("[id]").evaluate_all("(all) => all.map((e) => e.id)")
    questions = page.locator("[role=radiogroup]").evaluate_all(
        """(all) => all.map((e) => e.getAttribute("aria-labelledby").split(" ")
             .map((id) => document.getElementById(id).textContent).join(" "))"""
    )
    assert "Toggle hidden content" not in names
    assert sorted({i for i in ids if ids.count(i) > 1}) == []
    assert len(set(questions)) == len(questions)


def test_mathematics_is_typeset(page):
    """Also without JavaScript: what is in the file is what is shown."""
    raw = page.evaluate(
        """() => [...document.querySelectorAll(".math")].filter((m) => m.querySelectorAll("math annotation").length !== 1
             || !m.querySelector(".katex-html[aria-hidden]")).map((m) => m.textContent)"""
    )
    prose = page.evaluate(
        """() => [...document.querySelectorAll("body :is(p, li, td, dd, h1, h2, h3, a, label, legend)")].map((element) => {
             const copy = element.cloneNode(true);
             copy.querySelectorAll("code, pre, .math, script").forEach((e) => e.remove());
             return copy.textContent;
           })"""
    )
    fonts = page.evaluate(
        """async () => { await document.fonts.ready;
             return [...document.fonts].filter((f) => f.family === "KaTeX_Main" && f.status === "loaded").length }"""
    )
    assert not raw
    assert not [text for text in prose if re.search(r"\\\(|\\\[|\$[^ ][^$]*\$", text)]
    assert fonts or not page.locator("article .math:visible").count()
    assert "mathjax" not in page.file.read_text(encoding="utf-8").lower()


def test_sliders_answer_to_keys(page):
    for figure in page.locator(".figure-slider").all():
        for handle in figure.locator("input[type=range]").all():
            handle.focus()
            page.keyboard.press("Home")
            assert_frame_changes(figure, lambda: page.keyboard.press("ArrowRight"))
            assert figure.locator(f"label[for={handle.get_attribute('id')}]").inner_text(), "a slider needs a name"
            output = figure.locator(f"output[for={handle.get_attribute('id')}]").inner_text()
            assert handle.get_attribute("aria-valuetext") == output


def test_a_slider_shows_each_of_its_frames(page):
    """Every position has a frame of its own, with its own words, and the way back leads to the first."""
    for figure in page.locator(".figure-slider").all():
        handles = figure.locator("input[type=range]").all()
        frames = figure.locator("template").count()
        assert frames == math.prod(int(handle.get_attribute("max")) + 1 for handle in handles)
        frame = figure.locator("svg.figure:not(.narrow)")
        start = frame.get_attribute("aria-label")
        seen = {start}
        for handle in handles:
            kept = handle.input_value()
            for position in [*range(int(handle.get_attribute("max")) + 1), kept]:
                handle.fill(str(position))
                assert frame.count() == 1
                seen.add(frame.get_attribute("aria-label"))
        assert frame.get_attribute("aria-label") == start
        assert len(seen) == 1 + sum(int(handle.get_attribute("max")) for handle in handles)


def test_a_slider_answers_to_mouse_and_touch(chapter):
    figure = chapter.locator(".figure-slider").first
    handle = figure.locator("input[type=range]").first
    box = handle.bounding_box()
    assert box["height"] >= 44
    ends = [{"x": x, "y": box["height"] / 2} for x in (2, box["width"] - 2)]
    handle.focus()
    chapter.keyboard.press("Home")
    assert_frame_changes(figure, lambda: handle.click(position=ends[1]))
    assert_frame_changes(figure, lambda: handle.tap(position=ends[0]))


def test_on_a_phone_the_handles_stay_on_the_screen_while_the_figure_is_seen(chapter):
    size = chapter.viewport_size
    chapter.set_viewport_size({"width": 360, "height": 640})
    handles, picture = (
        f"document.querySelector('.figure-slider {part}').getBoundingClientRect()"
        for part in (".slider-rows", ".figure-scroll")
    )
    for above in (0, 100):  # pixels of the screen over the figure, of which the foot is not seen yet
        chapter.evaluate(f"scrollTo({{ top: scrollY + {picture}.bottom - 640 - {above}, behavior: 'instant' }})")
        assert chapter.evaluate(f"{handles}.bottom") == pytest.approx(640, abs=1)
        assert chapter.evaluate(f"{picture}.top") < chapter.evaluate(f"{handles}.top")
    chapter.evaluate(f"scrollTo({{ top: scrollY + {picture}.bottom - 300, behavior: 'instant' }})")
    assert chapter.evaluate(f"{handles}.top") == pytest.approx(300, abs=1), "then they stand below it"
    chapter.set_viewport_size(size)


def test_a_slider_without_javascript_shows_its_start_and_says_so(context, chapter):
    visit = context.browser.new_context(viewport=DESKTOP, java_script_enabled=False)
    page = visit.new_page()
    page.goto(chapter.file.as_uri())
    figure = page.locator(".figure-slider").first
    assert figure.locator("svg.figure:not(.narrow)").is_visible()
    assert "needs JavaScript" in figure.inner_text()
    assert not figure.locator(".slider-row").first.is_visible()
    visit.close()


def assert_frame_changes(figure, act):
    """Do something to a slider; within three seconds one frame must be there, and it must be another one."""
    frame = figure.locator("svg.figure:not(.narrow)")
    before = frame.get_attribute("aria-label")
    act()
    for _ in range(60):
        if frame.count() == 1 and frame.get_attribute("aria-label") != before:
            return
        figure.page.wait_for_timeout(50)
    pytest.fail(f"the figure still shows {before!r}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(page, theme):
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("(theme) => document.documentElement.dataset.theme === theme", arg=theme)
    contrasts = {selector: round(page.evaluate(CONTRAST, selector), 2) for selector in TEXT}
    page.emulate_media(color_scheme="light")
    assert {selector: found for selector, found in contrasts.items() if found < 4.5} == {}


def test_a_phone_shows_the_whole_width(page):
    page.set_viewport_size({"width": 360, "height": 740})
    width = page.evaluate("document.documentElement.scrollWidth")
    outside = page.evaluate(
        """() => [...document.querySelectorAll("article *:not(svg *, .katex *)")].filter((element) => {
             if (!element.checkVisibility() || element.getBoundingClientRect().right <= 361) return false;
             for (let box = element.parentElement; box; box = box.parentElement)
               if (getComputedStyle(box).overflowX !== "visible") return false;
             return true;
           }).slice(0, 5).map((element) => element.outerHTML.slice(0, 120))"""
    )
    small = page.evaluate(
        """() => [...document.querySelectorAll("main :is(button, summary, .btn, input[type=range], [role=radio])")]
             .filter((e) => e.checkVisibility() && !e.closest("pre, .highlight, .admonition-title"))
             .map((e) => [e.getBoundingClientRect().height, e.className || e.tagName])
             .filter(([height]) => height < 40)"""
    )
    page.set_viewport_size(DESKTOP)
    assert width <= 360
    assert not outside
    assert not small


def test_the_buttons_open_the_pages_notebook_on_a_phone_colab_alone(page):
    name = page.file.relative_to(HTML).with_suffix("").as_posix()
    buttons = page.locator(".dropdown-launch-buttons a")
    links = buttons.evaluate_all("(all) => all.map((a) => [a.innerText.trim(), a.href])")
    if not name.startswith("notebooks/"):
        assert not links
        return
    assert [words for words, _ in links] == ["Run in Colab", "Kaggle", "Binder"]
    assert all(address.endswith(f"/{name}.ipynb") for _, address in links)
    page.set_viewport_size({"width": 360, "height": 740})
    assert [button.is_visible() for button in buttons.all()] == [True, False, False]
    page.set_viewport_size(DESKTOP)


def test_the_switch_says_which_colours_are_on_and_keeps_them(chapter):
    said = []
    for _ in range(3):
        switch = chapter.get_by_role("button", name=re.compile("^Colours: "))
        said.append(switch.inner_text().strip())
        switch.click()
    chapter.evaluate("localStorage.clear()")
    assert sorted(said) == ["Colours: dark", "Colours: light", "Colours: those of the system"]


def test_a_page_is_dark_from_its_first_moment(chapter, context):
    visit = context.browser.new_context(color_scheme="dark")
    visit.route(re.compile(r"\.js"), lambda route: route.abort())
    page = visit.new_page()
    page.goto(chapter.file.as_uri())
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    visit.close()


# --- the ledger -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(context):
    """The ledger, freshly opened by `open(hash)`; what it asks for and what goes wrong is in `troubles`."""
    page = context.new_page()
    page.troubles = []
    page.on("request", lambda asked: asked.url.startswith("file:") or page.troubles.append(f"asked {asked.url}"))
    page.on("pageerror", lambda error: page.troubles.append(f"script: {error}"))

    def open_at(state=""):
        page.goto("about:blank")
        page.goto((HTML / "book/ledger.html").as_uri() + state)
        return page

    page.open = open_at
    yield page
    assert not page.troubles
    page.close()


def shown(page):
    """The claims that can be seen: [(chapter, verdict)]."""
    return page.evaluate(
        """() => [...document.querySelectorAll("table.ledger tr[data-verdict]")].filter((row) => row.checkVisibility())
             .map((row) => [row.parentElement.dataset.chapter, row.dataset.verdict])"""
    )


def test_the_ledger_is_filtered_by_chapter_and_verdict(ledger):
    page = ledger.open()
    everything = shown(page)
    status = page.get_by_role("status")
    assert status.inner_text() == f"All {len(everything)} claims are shown."
    page.get_by_label("Chapter").select_option("randomization")
    chapter = shown(page)
    assert {name for name, _ in chapter} == {"randomization"}
    assert status.inner_text() == f"{len(chapter)} of {len(everything)} claims are shown."
    verdict = chapter[0][1]
    page.get_by_label("Verdict").select_option(verdict)
    assert shown(page) == [row for row in chapter if row[1] == verdict]
    assert page.locator("tr.ledger-chapter:visible").count() == 1
    assert page.url.endswith(f"#chapter=randomization&verdict={verdict}")
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("() => !location.hash")
    assert shown(page) == everything


def test_a_filter_can_be_linked_and_used_by_keyboard(ledger):
    page = ledger.open("#verdict=planned")
    assert {verdict for _, verdict in shown(page)} == {"planned"}
    assert page.get_by_label("Verdict").input_value() == "planned"
    everything = page.locator("tr[data-verdict]").count()
    page.evaluate("location.hash = 'chapter=bias-variance'")
    page.wait_for_function("() => document.querySelector('select[name=verdict]').value === ''")
    assert {name for name, _ in shown(page)} == {"bias-variance"}
    page.get_by_label("Chapter").focus()
    page.keyboard.press("ArrowDown")
    assert {name for name, _ in shown(page)} == {"randomization"}
    assert len(shown(ledger.open("#chapter=none&verdict=good"))) == everything


def test_the_ledger_shows_all_without_javascript(context):
    page = context.browser.new_context(java_script_enabled=False).new_page()
    page.goto((HTML / "book/ledger.html").as_uri())
    rows = page.locator("tr[data-verdict]")
    assert rows.count() == page.locator("tr[data-verdict]:visible").count() > 0
    assert page.locator("form.ledger-filter:visible").count() == 0
    page.context.close()


def test_a_claim_of_the_ledger_leads_to_its_card(ledger):
    page = ledger.open("#chapter=bias-variance")
    link = page.locator("tr[data-verdict]:visible .ledger-title a").first
    title = link.inner_text()
    link.click()
    page.wait_for_url("**/01_bias_variance.html#claim-*")
    card = page.locator(f"[id='{page.url.split('#')[1]}']")
    assert card.locator(".claim-title").inner_text().removesuffix("#") == title
    page.wait_for_function(
        "(id) => document.getElementById(id).getBoundingClientRect().top < innerHeight", arg=page.url.split("#")[1]
    )


def test_the_ledger_is_a_table_for_a_screen_reader_on_a_phone_too(ledger):
    page = ledger.open("#chapter=bias-variance")
    page.set_viewport_size({"width": 360, "height": 740})
    table = page.get_by_role("table").first
    assert table.get_by_role("columnheader").count() == 6
    rows = table.get_by_role("row")
    assert rows.nth(2).get_by_role("cell").count() == 5
    assert rows.nth(2).get_by_role("rowheader").count() == 1


def test_the_totals_of_the_first_page_are_those_of_the_ledger(ledger):
    page = ledger.open()
    counted = Counter(verdict for _, verdict in shown(page))
    page.goto((HTML / "notebooks/00_start_here.html").as_uri())
    totals = page.locator("p.ledger-totals a[href*='verdict=']").evaluate_all(
        "(all) => all.map((a) => [a.hash.split('=')[1], parseInt(a.textContent)])"
    )
    assert dict(totals) == counted


# --- the self-check questions -----------------------------------------------------------------------------------------


@pytest.fixture
def asked(context):
    """A page with questions, in a browser that has not been there; it asks nobody, and no script fails."""
    visit = context.browser.new_context(viewport=DESKTOP, has_touch=True, reduced_motion="reduce")
    page = visit.new_page()
    page.file, troubles = min(QUIZZES, key=lambda file: file.stat().st_size), []
    page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or troubles.append(f"asked {asked.url}"))
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.goto(page.file.as_uri())
    page.wait_for_selector(".quiz form.live")
    yield page
    assert not troubles
    visit.close()


def answer(question, kind, nth=0):
    """Choose and check a right or a wrong option; what the page says of it."""
    question.locator(f"input[data-kind={kind}]").nth(nth).check()
    question.get_by_role("button", name="Check").click()
    return question.get_by_role("status").inner_text()


def test_every_chapter_asks_five_questions():
    assert QUIZZES == CHAPTERS
    for page in QUIZZES:
        assert page.read_text(encoding="utf-8").count('<form class="quiz-question"') == 5


def test_a_wrong_answer_is_explained_and_a_right_one_too(asked):
    question = asked.locator("form.quiz-question").first
    status = question.get_by_role("status")
    assert question.locator("summary:visible").count() == 0
    assert status.inner_text() == ""
    wrong = answer(question, "wrong")
    assert wrong.startswith("Not this one. ")
    assert len(wrong) > 50
    assert question.get_by_role("radio", checked=True).get_attribute("aria-describedby") == status.get_attribute("id")
    assert question.locator(".quiz-option[data-tried=wrong] label").inner_text().endswith("wrong")
    question.locator("input[data-kind=wrong]").nth(1).check()
    assert status.inner_text() == "", "what is said belongs to the answer that was checked"
    question.locator("summary:visible").click()
    assert question.locator("details .quiz-why:visible").inner_text() == wrong, "it can be read again"
    right = answer(question, "right")
    assert right.startswith("Right. ")
    assert question.locator(".quiz-option[data-tried=right] label").inner_text().endswith("right")
    options = question.get_by_role("radio").count()
    assert question.locator("summary:visible").count() == options - 1, "now all the others can be looked at"


def test_answers_outlast_the_theme_and_a_visit(asked):
    question = asked.locator("form.quiz-question").first
    answer(question, "wrong")
    said = answer(question, "right")
    before = asked.evaluate("document.documentElement.dataset.theme")
    asked.locator(".theme-switch-button:visible").click()
    asked.wait_for_function("(theme) => document.documentElement.dataset.theme !== theme", arg=before)
    for theme in ("light", "dark"):
        asked.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        assert (
            asked.evaluate(CONTRAST, ".quiz :is(.quiz-verdict, .quiz-mark, label, summary, button, .quiz-why)") >= 4.5
        )
        assert question.get_by_role("status").inner_text() == said
    asked.reload()
    asked.wait_for_selector(".quiz form.live")
    assert question.get_by_role("status").inner_text().startswith("Right. ")
    assert question.locator("input:checked").get_attribute("data-kind") == "right"
    assert question.locator("[data-tried]").count() == 2
    assert asked.locator("form.quiz-question").nth(1).locator("[data-tried], input:checked").count() == 0


def test_the_score_counts_first_tries_and_can_be_cleared(asked):
    questions = asked.locator("form.quiz-question").all()
    score = asked.locator(".quiz-score")
    answer(questions[0], "wrong")
    for question in questions:
        assert score.inner_text() == ""
        answer(question, "right")
    assert "All 5 questions are answered, 4 of them rightly at the first try." in score.inner_text()
    answer(questions[1], "wrong")
    assert "4 of them" in score.inner_text(), "looking at another answer afterwards costs nothing"
    score.get_by_role("button", name="Start again").click()
    assert score.inner_text() == ""
    assert asked.locator(".quiz :checked, .quiz [data-tried], .quiz summary:visible").count() == 0
    assert asked.evaluate("document.activeElement.type") == "radio"


def test_questions_are_answered_by_keyboard(asked):
    question = asked.locator("form.quiz-question").first
    kinds = question.locator("input").evaluate_all("(all) => all.map((input) => input.dataset.kind)")
    asked.evaluate(
        """() => { const before = document.querySelector(".quiz").previousElementSibling;
             before.tabIndex = -1; before.focus(); }"""
    )
    keys = asked.keyboard
    for _ in range(5):  # past the links of the heading and of the question
        keys.press("Tab")
        if asked.evaluate("document.activeElement.type === 'radio'"):
            break
    keys.press("Space")
    for _ in range(kinds.index("right")):
        assert question.get_by_role("status").inner_text() == "", "passing by is not answering"
        keys.press("ArrowDown")
    keys.press("Enter")
    assert question.get_by_role("status").inner_text().startswith("Right. ")
    keys.press("ArrowDown")
    keys.press("Tab")
    while asked.evaluate("document.activeElement.tagName") == "SUMMARY":
        keys.press("Tab")
    assert asked.evaluate("document.activeElement.textContent") == "Check"
    keys.press("Space")
    assert question.get_by_role("status").inner_text().startswith("Not this one. ")
    assert asked.url == asked.file.as_uri()


def test_a_check_without_an_answer_says_nothing(asked):
    question = asked.locator("form.quiz-question").first
    question.get_by_role("button", name="Check").click()
    assert question.get_by_role("status").inner_text() == ""
    assert question.locator("[data-tried]").count() == 0
    assert question.locator("input:invalid").count() > 0


def test_a_screen_reader_hears_a_question_its_options_and_the_answer(asked):
    for question in asked.locator("form.quiz-question").all():
        number, text = question.locator("legend").inner_text().split("\n", 1)
        group = question.get_by_role("group", name=re.compile(re.escape(number)))
        assert group.count() == 1
        assert text.strip()
        names = [radio.evaluate("(e) => e.labels[0].innerText.trim()") for radio in group.get_by_role("radio").all()]
        assert len(set(names)) == len(names) >= 3
        assert question.get_by_role("status").count() == 1


def test_questions_work_where_the_browser_keeps_nothing(asked):
    page = asked.context.new_page()
    page.add_init_script(
        "Storage.prototype.getItem = Storage.prototype.setItem = () => { throw new Error('nothing is kept'); };"
    )
    page.goto(asked.file.as_uri())
    page.wait_for_selector(".quiz form.live")
    assert answer(page.locator("form.quiz-question").first, "right").startswith("Right. ")


def test_questions_fit_a_phone(asked):
    asked.set_viewport_size({"width": 360, "height": 740})
    for question in asked.locator("form.quiz-question").all():
        answer(question, "wrong")
        answer(question, "right")
    assert asked.evaluate("document.documentElement.scrollWidth") <= 360
    heights = asked.locator(".quiz :is(label, button, summary):visible").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 40


def test_every_explanation_is_there_on_paper(asked):
    answer(asked.locator("form.quiz-question").first, "wrong")
    asked.emulate_media(media="print")
    asked.evaluate("dispatchEvent(new Event('beforeprint'))")
    hidden = asked.locator(".quiz-why").evaluate_all("(all) => all.filter((e) => !e.checkVisibility()).length")
    assert hidden == 0
    assert asked.locator(".quiz button:visible").count() == 0
    asked.evaluate("dispatchEvent(new Event('afterprint'))")
    asked.emulate_media(media="screen")
    assert asked.locator("details .quiz-why:visible").count() == 0


def test_questions_can_be_read_without_javascript(context):
    page = context.browser.new_context(java_script_enabled=False).new_page()
    page.goto(QUIZZES[0].as_uri())
    question = page.locator("form.quiz-question").first
    options = question.locator(".quiz-option").count()
    assert page.locator(".quiz :is(input, button):visible").count() == 0
    assert question.locator("summary:visible").count() == options
    said = []
    for summary in question.locator("summary").all():
        summary.click()
        said.append(summary.locator("xpath=following-sibling::div").inner_text())
    assert sorted({text.split(". ")[0] for text in said}) == ["Not this one", "Right"]
    assert sum(text.startswith("Right. ") for text in said) == 1
    page.context.close()


# --- on paper ---------------------------------------------------------------------------------------------------------

FOLDED = ".admonition.toggle-hidden, article details:not(.hide, [open])"


def printed(page, theme):
    """The colours of the page as a PDF from this theme; on paper nothing is folded."""
    page.emulate_media(color_scheme=theme, reduced_motion="no-preference")
    page.wait_for_function("(theme) => document.documentElement.dataset.theme === theme", arg=theme)
    page.evaluate(
        """(folded) => matchMedia("print").addEventListener("change", () => {
             window.closed = document.querySelectorAll(folded).length;
           }, { once: true })""",
        FOLDED,
    )
    pdf = page.pdf()
    assert page.evaluate("window.closed") == 0
    assert page.evaluate("document.documentElement.dataset.theme") == theme, "on the screen it is as it was"
    colours = set()
    for stream in re.findall(rb"/FlateDecode[^>]*>>\s*stream\r?\n(.*?)\r?\nendstream", pdf, re.S):
        drawing = zlib.decompressobj().decompress(stream)
        colours |= set(re.findall(rb"(?:[\d.]+ ){3}(?:rg|RG)\b", drawing))
    return colours


def test_a_chapter_is_printed_in_the_same_light_colours_from_dark(chapter):
    parts = ".figure-slider svg.figure, article pre, .claim-card, .admonition, table.dataframe, .quiz, .toggle-hidden"
    assert all(chapter.locator(part).count() for part in parts.split(", "))
    folded = chapter.locator(FOLDED).count()
    chapter.pdf()  # the browser does not wait for what a mask draws, so a first print may lack an icon
    light = printed(chapter, "light")
    assert len(light) > 10
    assert printed(chapter, "dark") == light
    assert chapter.locator(FOLDED).count() == folded > 0
    chapter.emulate_media(reduced_motion="reduce")


def test_the_ledger_is_printed_in_the_same_light_colours_from_dark(ledger):
    page = ledger.open()
    assert printed(page, "dark") == printed(page, "light")


def test_a_reader_who_chose_dark_prints_light_and_reads_on_in_dark(ledger):
    page = ledger.open()
    while page.evaluate("document.documentElement.dataset.mode") != "dark":
        page.locator(".theme-switch-button:visible").click()
    page.emulate_media(media="print")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'light'")
    assert page.evaluate(CONTRAST, "h1, article p, table.ledger *") >= 4.5
    assert page.locator(".report:visible").count() == 0
    page.emulate_media(media="screen")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    page.evaluate("localStorage.clear()")


# --- formulas ---------------------------------------------------------------------------------------------------------


def pasted(page):
    """What lies in the clipboard, as text that is pasted into a field."""
    page.evaluate(
        """() => { const field = document.createElement("textarea"); field.id = "paste"; document.body.append(field);
             field.focus(); }"""
    )
    page.keyboard.press("Control+v")
    text = page.locator("#paste").input_value()
    page.evaluate("document.getElementById('paste').remove()")
    return text


def test_a_paragraph_is_copied_with_the_tex_of_its_formulas(chapter):
    paragraph = chapter.locator("article p:has(span.math)").first
    text = paragraph.evaluate(
        """(e) => { const copy = e.cloneNode(true);
             copy.querySelectorAll(".math").forEach((m) => m.replaceWith(`$${m.querySelector("annotation").textContent}$`));
             return copy.textContent; }"""
    )
    before = paragraph.evaluate("(e) => e.outerHTML")
    paragraph.evaluate("(e) => getSelection().selectAllChildren(e)")
    chapter.keyboard.press("Control+c")
    assert pasted(chapter).split() == text.split()
    assert paragraph.evaluate("(e) => e.outerHTML") == before


def test_a_formula_that_is_double_clicked_is_copied_as_tex(chapter):
    formula = chapter.locator("article p span.math").first
    formula.locator(".katex-base").first.dblclick()
    chapter.keyboard.press("Control+c")
    assert pasted(chapter) == f"${formula.locator('annotation').text_content()}$"


@pytest.mark.parametrize("way", ["keyboard", "touch"])
def test_a_displayed_formula_is_copied_without_a_mouse(chapter, way):
    formula = chapter.locator("div.math").last
    button = formula.locator("button")
    if way == "touch":
        formula.locator(".katex-html").tap()
        button.tap()
    else:
        button.focus()
        chapter.keyboard.press("Enter")
    assert button.evaluate("(e) => getComputedStyle(e).opacity") == "1", "the button can be seen"
    assert button.inner_text() == "Copied"
    assert pasted(chapter) == formula.locator("annotation").text_content()


def test_text_without_formulas_is_copied_as_ever(chapter):
    chapter.locator("article h1").evaluate("(e) => getSelection().selectAllChildren(e)")
    chapter.keyboard.press("Control+c")
    assert pasted(chapter).split("\n")[-1].strip("#") in chapter.title()


# --- errors in the book -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not PAGES and not os.environ.get("CI"), reason=LACKING or "")
def test_an_error_can_be_reported_on_every_page():
    assert PAGES, LACKING
    repository = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    for page in PAGES:
        links = re.findall(r'<a class="report"[^>]* href="([^"]*)">([^<]+)</a>', page.read_text(encoding="utf-8"))
        assert len(links) == 1, page
        address, words = links[0]
        assert words == "Report an error on this page"
        asked = urlsplit(unescape(address))
        assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"{repository}/issues/new"
        fields = parse_qs(asked.query)
        assert page.relative_to(HTML).as_posix() in fields["body"][0]
        title = fields["title"][0].removeprefix("Error in: ")
        assert f"<title>{title} ".casefold() in page.read_text(encoding="utf-8").casefold()


def test_index_leads_to_the_first_page(context):
    page = context.new_page()
    page.goto((HTML / "index.html").as_uri())
    page.wait_for_url("**/notebooks/*.html")
    assert page.locator("h1").count() > 0
    page.close()


@pytest.mark.skipif(not PAGES, reason=LACKING or "")
def test_every_chapter_leads_to_the_assignment_of_its_number():
    for chapter in CHAPTERS:
        text, (assignment,) = chapter.read_text(encoding="utf-8"), ROOT.glob(f"assignments/{chapter.stem[:2]}_*.ipynb")
        notebook = f"assignments/{assignment.name}"
        assert f"/{notebook}" in text.partition("colab.research.google.com")[2], chapter
        assert f'href="../_static/{notebook}" download=' in text, chapter
        assert (HTML / "_static" / notebook).read_bytes() == (ROOT / notebook).read_bytes()


@pytest.mark.skipif(not PAGES and not os.environ.get("CI"), reason=LACKING or "")
def test_no_link_leads_nowhere():
    spec = importlib.util.spec_from_file_location("build", ROOT / "tools/build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert PAGES, LACKING
    assert not build.dead_links(HTML)
