"""Predictions in the built book: choose, and the figure unfolds; draw a curve, and the run's is drawn over it.

The page with predictions and a sketch is that of build/smoke/html (or of OVERPARAM_SCALE), as in test_book.py.
"""

import io
import json
import os
import re
import sys

import pytest
from test_book import DESKTOP, HTML, LACKING, PAGES, ROOT

from overparam.report import figures

SKETCHED = [page for page in PAGES if 'class="sketch"' in page.read_text(encoding="utf-8")]
BOTH = [
    page for page in SKETCHED if re.search(r"<figure class=[^>]*answers[^>]*sketched", page.read_text(encoding="utf-8"))
]
CHAPTER = next((page for page in SKETCHED if page.stem == "04_double_descent"), None)


@pytest.fixture
def reader(browser):
    """A new reader's browser, in which no choice is kept: how to open the chapter with predictions and a sketch."""
    if LACKING or CHAPTER is None:
        reason = LACKING or "No page of the built book has a sketch: build the book anew (make test-slow does)."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    contexts = []

    def open_chapter(anchor="", chapter=CHAPTER, storage=None, **options):
        if not contexts or options:
            contexts.append(browser.new_context(viewport=DESKTOP, reduced_motion="reduce", **options))
            if storage:
                contexts[-1].add_init_script(storage)
            contexts[-1].set_default_timeout(120_000)  # a busy machine takes long to open a page
        page = contexts[-1].new_page()
        page.troubles = []
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.goto(chapter.as_uri() + anchor, wait_until="domcontentloaded")
        return page

    yield open_chapter
    for context in contexts:
        assert not [trouble for page in context.pages for trouble in page.troubles]
        context.close()


def prediction(page, number=0):
    """A prediction's box, its figure, and the place of the right choice."""
    box = page.locator(".predict:has(> [data-figure])").nth(number)
    facts = box.locator("> [data-key]")
    return box, page.locator(f"#{facts.get_attribute('data-figure')}"), int(facts.get_attribute("data-answer")) - 1


def picture(figure):
    return figure.locator(".figure-inside")


@pytest.mark.parametrize("how", ["mouse", "touch", "keys"])
def test_a_choice_unfolds_the_figure_and_says_who_said_what(reader, how):
    page = reader(has_touch=True)
    box, figure, right = prediction(page)
    wrong = (right + 1) % box.get_by_role("radio").count()
    assert not picture(figure).locator("figcaption").is_visible() or figure.bounding_box()["height"] < 150
    choice = box.get_by_role("radio").nth(wrong)
    if how == "keys":
        box.get_by_role("radio").first.focus()
        for _ in range(wrong):
            page.keyboard.press("ArrowDown")
        assert box.get_by_role("radio", checked=True).count() == 0, "an arrow moves and does not choose"
        page.keyboard.press("Space")
    else:
        choice.tap() if how == "touch" else choice.click()
    said, says = "ABCDEFGH"[wrong], "ABCDEFGH"[right]
    assert box.get_by_role("status").inner_text().startswith(f"You said {said}; the run says {says}.")
    assert figure.locator(".predicted").inner_text() == f"You said {said}; the run says {says}."
    assert picture(figure).get_attribute("hidden") is None
    assert figure.bounding_box()["height"] > 200
    assert box.locator("details .sd-card-body").is_visible()
    assert choice.evaluate("(e) => e === document.activeElement")
    assert box.locator("[data-right]").count() == 1
    assert box.get_by_role("radio", checked=True).count() == 1


def test_the_right_choice_is_told(reader):
    page = reader()
    box, figure, right = prediction(page)
    box.get_by_role("radio").nth(right).click()
    letter = "ABCDEFGH"[right]
    assert figure.locator(".predicted").inner_text() == f"You said {letter}, and so does the run."


def test_a_choice_is_kept_until_the_reader_chooses_again(reader):
    first = reader()
    box, figure, right = prediction(first)
    box.get_by_role("radio").nth(right).click()
    page = reader()
    box, figure, right = prediction(page)
    assert box.get_by_role("radio").nth(right).get_attribute("aria-checked") == "true"
    assert picture(figure).get_attribute("hidden") is None
    box.get_by_role("radio").nth(right - 1).click(force=True)  # what is chosen stays
    assert box.get_by_role("radio").nth(right).get_attribute("aria-checked") == "true"
    box.get_by_role("button", name="Choose again").click()
    assert box.get_by_role("radio", checked=True).count() == 0
    assert picture(figure).get_attribute("hidden") == "until-found"
    assert not box.locator("details .sd-card-body").is_visible()
    assert box.get_by_role("radio").first.evaluate("(e) => e === document.activeElement")
    page.reload(wait_until="domcontentloaded")
    assert prediction(page)[0].get_by_role("radio", checked=True).count() == 0


BLOCKED = """Object.defineProperty(window, "localStorage", {
  configurable: true, get() { throw new DOMException("Access is denied for this document.", "SecurityError"); }
})"""


def test_a_browser_that_keeps_nothing_has_menu_search_colours_and_choices(reader):
    page = reader(storage=BLOCKED)
    page.set_viewport_size({"width": 360, "height": 740})
    mode = page.locator("html").get_attribute("data-mode")
    page.locator(".primary-toggle").click()
    menu = page.locator("#pst-primary-sidebar-modal")
    assert menu.evaluate("(e) => e.open")
    assert menu.locator("a.reference.internal:visible").count() > 10
    page.keyboard.press("Escape")
    page.locator(".theme-switch-button:visible").first.click()
    assert page.locator("html").get_attribute("data-mode") != mode
    page.locator(".search-button:visible").first.click()
    assert page.locator("#pst-search-dialog").evaluate("(e) => e.open")
    page.keyboard.press("Escape")
    box, figure, right = prediction(page)
    box.get_by_role("radio").nth(right).click()
    assert picture(figure).get_attribute("hidden") is None


def test_a_figure_can_be_seen_without_choosing(reader):
    page = reader()
    _, figure, _ = prediction(page)
    figure.get_by_role("button", name="Show it without choosing").click()
    assert picture(figure).get_attribute("hidden") is None
    assert not figure.get_by_role("button", name="Show it").is_visible()
    assert figure.evaluate("(e) => e === document.activeElement")


def test_a_link_into_a_figure_unfolds_it(reader):
    label = prediction(reader())[1].get_attribute("id")
    page = reader(f"#{label}")
    assert picture(page.locator(f"#{label}")).get_attribute("hidden") is None


def test_other_figures_stay_folded(reader):
    page = reader()
    prediction(page)[0].get_by_role("radio").first.click()
    assert picture(prediction(page, 1)[1]).get_attribute("hidden") == "until-found"


def test_without_scripts_question_answer_and_figure_are_there(reader):
    page = reader(java_script_enabled=False)
    box = page.locator(".predict:has(> [data-figure])").first
    assert box.locator("ol > li").first.is_visible()
    box.locator("details > summary").click()
    assert box.locator("details .sd-card-body").is_visible()
    for figure in page.locator("figure:is(.answers, .sketched)").all():
        assert figure.locator("figcaption").is_visible()


def test_print_shows_every_figure_and_no_empty_axes(reader):
    page = reader()
    page.emulate_media(media="print")
    for figure in page.locator("figure:is(.answers, .sketched)").all():
        assert figure.locator("figcaption").is_visible()
        assert figure.bounding_box()["height"] > 150
        assert not figure.locator(".figure-front").is_visible()
    assert prediction(page)[0].locator("details .sd-card-body").is_visible()


def sketch(page):
    """The sketched figure, where to draw in it, and the curve that the page holds."""
    figure = page.locator("figure.sketched").first
    curve = json.loads(figure.locator("script.sketch").text_content())
    figure.locator(".sketch-plot").scroll_into_view_if_needed()
    return figure, figure.locator(".sketch-plot"), curve


def draw(page, plot, heights):
    """Draw with the pointer from one end to the other, at these shares of the axes' height."""
    frame = plot.locator(".frame").bounding_box()
    at = [
        (frame["x"] + frame["width"] * i / (len(heights) - 1), frame["y"] + (1 - height) * frame["height"])
        for i, height in enumerate(heights)
    ]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def test_a_drawn_curve_is_compared_and_kept(reader):
    page = reader()
    figure, plot, _ = sketch(page)
    assert picture(figure).get_attribute("hidden") == "until-found"
    assert plot.locator(".ours").count() == 0
    draw(page, plot, [0.5] * 30)
    assert picture(figure).get_attribute("hidden") == "until-found", "the reader may draw on until they compare"
    figure.get_by_role("button", name="Compare").click()
    said = figure.locator(".sketch-says").inner_text()
    assert re.search(r"on average", said)
    assert plot.locator(".ours").count() == 1
    assert picture(figure).get_attribute("hidden") is None
    again = reader()
    figure = sketch(again)[0]
    assert figure.locator(".sketch-says").inner_text() == said
    figure.get_by_role("button", name="Draw again").click()
    assert picture(figure).get_attribute("hidden") == "until-found"
    assert figure.locator(".dot").count() == 0
    again.reload(wait_until="domcontentloaded")
    assert picture(sketch(again)[0]).get_attribute("hidden") == "until-found"


def test_a_curve_is_drawn_with_keys(reader):
    page = reader()
    figure, plot, curve = sketch(page)
    plot.focus()
    page.keyboard.press("ArrowUp")
    start = float(plot.get_attribute("aria-valuenow"))
    page.keyboard.press("PageUp")
    low, high = curve["ylim"]
    assert float(plot.get_attribute("aria-valuenow")) - start == pytest.approx(0.1 * (high - low))
    for _ in curve["x"]:
        page.keyboard.press("ArrowRight")
    places = figure.locator(".dot").count()
    assert f"{places} of {places} places drawn" in plot.get_attribute("aria-valuetext")
    page.keyboard.press("Home")
    first = plot.get_attribute("aria-valuetext")
    page.keyboard.press("End")
    assert first.startswith("training examples 4: ")
    assert plot.get_attribute("aria-valuetext").startswith("training examples 200: ")
    assert picture(figure).get_attribute("hidden") == "until-found", "the reader may draw on until they compare"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "on average" in figure.locator(".sketch-says").inner_text()
    assert figure.get_by_role("button", name="Draw again").evaluate("(e) => e === document.activeElement")


def test_a_curve_can_be_seen_without_drawing(reader):
    page = reader()
    figure, plot, _ = sketch(page)
    figure.get_by_role("button", name="Show me").click()
    assert picture(figure).get_attribute("hidden") is None
    assert not plot.is_visible()
    assert figure.locator(".sketch-says").inner_text() == ""


@pytest.mark.parametrize("chapter", BOTH, ids=lambda page: page.stem)
def test_a_figure_can_be_the_answer_and_be_drawn(reader, chapter):
    page = reader(chapter=chapter)
    figure, plot, _ = sketch(page)
    box = page.locator(f'.predict:has(> [data-figure="{figure.get_attribute("id")}"])')
    waits, unfolded = figure.locator(".figure-waits"), box.get_by_role("link", name="has unfolded")
    assert waits.is_visible()
    box.get_by_role("radio").first.click()
    assert unfolded.is_visible()
    figure.get_by_role("button", name="Draw it yourself").click()
    assert picture(figure).get_attribute("hidden") == "until-found"
    assert not waits.is_visible(), "the choice is made"
    assert not unfolded.is_visible(), "the figure is folded"
    draw(page, plot, [0.5] * 30)
    figure.get_by_role("button", name="Compare").click()
    assert unfolded.is_visible()
    box.get_by_role("button", name="Choose again").click()
    page.reload(wait_until="domcontentloaded")
    assert picture(figure).get_attribute("hidden") == "until-found", "the drawing shows no answer to who has not chosen"
    assert waits.is_visible()
    assert figure.locator(".dot").count() > 0


PEAK = {"x": [1, 2, 4, 8], "y": [0.1, 0.3, 0.5, 0.2], "low": [0, 0.2, 0.4, 0.1], "high": [0.2, 0.4, 0.6, 0.3]}
FLAT = PEAK | {"y": [0.3, 0.25, 0.28, 0.3]}
FALL = {"x": [1, 10, 100], "y": [100, 10, 1], "low": [None] * 3, "high": [None] * 3, "log": True}


@pytest.mark.parametrize(
    ("curve", "drawn", "said"),
    [
        (PEAK, [0.2, 0.6, 0.4, 0.3], "You put the peak at 2 (width), the run has it at 4. Your curve lies above the run's by "
         "0.10 on average, and inside its 95 % band at 3 of 4 places."),
        (PEAK, [0.1, 0.3, 0.5, 0.2], "You put the peak at 4 (width), as the run does. Your curve is 0.00 away from the run's on "
         "average, and inside its 95 % band at 4 of 4 places."),
        (FLAT, [0.3, 0.25, 0.28, 0.3], "Between 1 and 8 (width) your curve goes from 0.30 to 0.30, the run's from 0.30 to 0.30. Your curve "
         "is 0.00 away from the run's on average, and inside its 95 % band at 2 of 4 places."),
        (FALL, [200, 20, 2], "Between 1 and 100 (width) your curve goes from 200 to 2, the run's from 100 to 1. Your curve lies above "
         "the run's by a factor of 2 on average."),
    ],
)  # fmt: skip
def test_the_sentence_has_the_right_numbers(reader, curve, drawn, said):
    curve = {"log": False, "xlabel": "width", "ylim": [0.0, 1.0]} | curve
    found = reader().evaluate("([curve, drawn]) => compareSketch(curve, new Map(drawn.entries()))", [curve, drawn])
    assert found == said


@pytest.mark.parametrize(
    ("ylabel", "y", "ylim", "clipped"),
    [
        ("share misclassified", [0.7, 0.8], [-0.02, 1.2], [0, 1]),
        ("per cent classified", [44, 80], [0, 104], [0, 100]),
        ("misclassified, %", [0, 20], [-1, 60], [0, 60]),
        ("degrees", [-4, 20], [-9, 104], [-9, 104]),
    ],
)
def test_the_axes_of_shares_end_where_shares_do(reader, ylabel, y, ylim, clipped):
    curve = {
        "log": False,
        "ylabel": ylabel,
        "y": y,
        "ylim": ylim,
        "yticks": [[ylim[0], "a"], [clipped[1], "b"], [ylim[1], "c"]],
    }
    found = reader().evaluate("(curve) => { clipShares(curve); return [curve.ylim, curve.yticks]; }", curve)
    assert found[0] == clipped
    assert all(clipped[0] <= value <= clipped[1] for value, _ in found[1])


def test_the_curve_on_the_page_is_the_run_s():
    file = next(iter((HTML.parent / "notebooks").glob("04_double_descent.ipynb")))
    outputs = [o for cell in json.loads(file.read_text(encoding="utf-8"))["cells"] for o in cell.get("outputs", ())]
    (curve,) = [o["metadata"][figures.SKETCH] for o in outputs if figures.SKETCH in o.get("metadata", {})]
    page = CHAPTER.read_text(encoding="utf-8")
    assert json.loads(re.search(r'class="sketch">(.*?)</script>', page)[1]) == curve


# --- The directive, on a page of its own ------------------------------------------------------------------------

PAGE = """# A page

```{{figure}} above.svg
:name: fig-above
Above.
```

:::{{predict}}
{}
Which?

1. One.
2. Two.

It is B.
:::

```{{figure}} below.svg
:name: fig-below
Below.
```
"""


def built(tmp_path, options, monkeypatch):
    """The warnings and the HTML of a page with one prediction."""
    from sphinx.application import Sphinx

    monkeypatch.setattr(sys, "path", [str(ROOT / "book/_ext"), *sys.path])
    source, out, warnings = tmp_path / "source", tmp_path / "out", io.StringIO()
    source.mkdir()
    (source / "index.md").write_text(PAGE.format(options), encoding="utf-8")
    for name in ("above", "below"):
        (source / f"{name}.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    overrides = {"extensions": ["myst_parser", "predictions"], "myst_enable_extensions": ["colon_fence"]}
    Sphinx(source, None, out, out, "html", confoverrides=overrides, status=None, warning=warnings).build()
    return warnings.getvalue(), (out / "index.html").read_text(encoding="utf-8")


def test_a_prediction_marks_its_figure(tmp_path, monkeypatch):
    warnings, html = built(tmp_path, ":answer: 2\n:figure: fig-below", monkeypatch)
    assert "index.md" not in warnings  # others speak of what a Sphinx before this one in the same process registered
    assert re.search(r'<figure class="[^"]*answers[^"]*" id="fig-below"', html)
    assert 'data-answer="2"' in html
    assert '<ol class="upperalpha' in html


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        (":figure: fig-other", "there is no figure fig-other on this page"),
        (":figure: fig-above", "the figure fig-above stands above the prediction"),
        (":answer: 3", "The answer of this prediction is 3, but it has 2 choices."),
    ],
)
def test_a_prediction_that_cannot_be_right_is_a_warning(tmp_path, monkeypatch, options, warning):
    assert warning in built(tmp_path, options, monkeypatch)[0]


def test_a_sketch_asks_its_question(reader):
    page = reader()
    asked = page.evaluate(
        """(given) => {
          const figure = document.createElement("figure");
          const curve = { ...JSON.parse(document.querySelector("script.sketch").textContent), ...given };
          figure.append(Object.assign(document.createElement("script"), { type: "application/json", textContent: JSON.stringify(curve) }));
          document.querySelector("article").append(figure);
          runSketch(figure.firstChild, 99);
          return figure.querySelector(".sketch-ask").textContent;
        }""",
        {"ask": "How high is it with 30% of labels wrong?"},
    )
    assert asked == "Draw your curve before you see ours. How high is it with 30\u00a0% of labels wrong?"


def test_a_sketch_leaves_its_question_with_the_curve(monkeypatch):
    left = []
    monkeypatch.setattr("IPython.display.display", lambda figure, metadata: left.append(metadata[figures.SKETCH]))
    ax = figures.plt.subplots()[1]
    ax.plot([1, 2], [3, 4], label="train")
    figures.sketch(ax, ask="How high?")
    assert left[0]["ask"] == "How high?"


def test_a_sketch_says_which_lines_there_are():
    ax = figures.plt.subplots()[1]
    ax.plot([1, 2], [3, 4], label="train")
    with pytest.raises(ValueError, match="There is no line 'test' to be drawn; the axes have train"):
        figures.sketch(ax, "test", ask="How high?")
    ax.set_yscale("symlog")
    with pytest.raises(ValueError, match="linear or a log axis, not on a symlog one"):
        figures.sketch(ax, ask="How high?")
    figures.plt.close(ax.figure)
