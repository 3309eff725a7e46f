"""The lab computes in the page: its numbers are the package's, and mouse, touch, keyboard, paper and no JavaScript all work."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from test_book import HTML

from overparam.theory import backward_error, linear

ROOT = Path(__file__).resolve().parents[1]
LAB = ROOT / "book/_static/lab"
CHAPTERS = {"peak": "04_double_descent", "valley": "05_implicit_regularization"}
PAGE = """<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{static}/style.css">
<link rel="stylesheet" href="{static}/lab/lab.css"><main class="bd-article"><h1>Lab</h1><figure class="lab" id="lab-{name}" data-lab="{name}">
<div class="lab-stage" hidden></div><p class="lab-instead">See Figure 1.</p><figcaption>Words.</figcaption></figure></main>
<script src="{static}/lab/ui.js"></script><script src="{static}/lab/{script}"></script>"""


@pytest.fixture
def opened(browser, tmp_path):
    """Opens an experiment alone on a page of this width; afterwards nothing was asked for and no script failed."""
    contexts, troubles = [], []

    def open_one(name, width=1000, script=None, **settings):
        file = tmp_path / f"{name}.html"
        page_text = PAGE.format(name=name, static=LAB.parent.as_uri(), script=script or f"{name}.js")
        file.write_text(page_text, encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": 1200}, **settings))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith("file:") or troubles.append(asked.url))
        page.goto(file.as_uri())
        page.wait_for_function("() => document.querySelector('.lab-status').textContent")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not troubles


def status(page, change):
    """What the status line says after a change, once it is another than before."""
    before = page.locator(".lab-status").inner_text()
    change()
    page.wait_for_function("(old) => document.querySelector('.lab-status').textContent !== old", arg=before)
    return page.locator(".lab-status").inner_text()


def drag(page, handle, dx, dy, way="mouse"):
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if way == "mouse":
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + dx, y + dy, steps=4)
        page.mouse.up()
        return
    session = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0), ("touchMove", 0.5), ("touchMove", 1), ("touchEnd", None)):
        points = [] if share is None else [{"x": x + share * dx, "y": y + share * dy}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["small", "smooth"])
@pytest.mark.parametrize("penalty", [0, 1e-6, 1e-3, 1])
def test_the_fits_of_the_peak_are_those_of_the_package(opened, norm, penalty):
    page = opened("peak")
    y = np.sin(5 * np.linspace(-1, 1, 20)) + 0.3 * np.random.default_rng(0).standard_normal(20)
    grid, counts = np.linspace(-1, 1, 201), [1, 2, 5, 19, 20, 21, 22, 30, 60, 100]
    found = page.evaluate(
        """([norm, penalty, y, counts]) => counts.map((count) => [[...lab.maths.peak.curveOf(norm, count, penalty, y)],
             lab.maths.peak.errorOf(norm, count, penalty, y)])""",
        [norm, penalty, y.tolist(), counts],
    )
    labels = torch.tensor(y)[:, None]
    for count, (curve, error) in zip(counts, found, strict=True):
        degrees = np.arange(count)
        sizes = np.sqrt(2 * degrees + 1) / (1 + (norm == "smooth") * degrees * (degrees + 1))
        seen, asked = (
            torch.tensor(np.polynomial.legendre.legvander(at, count - 1) * sizes)
            for at in (np.linspace(-1, 1, 20), grid)
        )
        if penalty:
            expected = linear.ridge_predictions(seen, labels, asked, [penalty])[0, :, 0].numpy()
        else:
            expected = (asked @ linear.minimum_norm(seen, labels))[:, 0].numpy()
        np.testing.assert_allclose(curve, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))
        np.testing.assert_allclose(error, np.mean((expected - np.sin(5 * grid)) ** 2), rtol=1e-5)


@pytest.mark.parametrize("start", [(2.8, 0.05), (0.1, 0.1), (0.5, 1.5), (3.0, -0.3)])
@pytest.mark.parametrize("h", [0.02, 0.225, 0.4])
def test_the_paths_of_the_valley_are_those_of_the_package(opened, start, h):
    page = opened("valley")
    valley = backward_error.Landscape(
        loss=lambda t: (1 - t[0] * t[1]) ** 2 / 2,
        gradient=lambda t: (t[0] * t[1] - 1) * t[::-1],
        hessian_product=lambda t, v: t[::-1] ** 2 * v + (2 * t[0] * t[1] - 1) * v[::-1],
    )
    times = [0, 0.01, 0.3, 1, 4, 10]
    steps, flow, modified, sharpness = page.evaluate(
        """([start, h, times]) => { const { descend, flow, sharpness } = lab.maths.valley;
             return [descend(start, h, 20), flow(start, 0, times), flow(start, h, times), sharpness(start)]; }""",
        [start, h, times],
    )
    at = np.array(start)
    expected = backward_error.descend(valley.gradient, at, h, 20)[: len(steps)]
    np.testing.assert_allclose(steps, expected, rtol=1e-5)
    fields = valley.gradient, backward_error.modified_gradient(valley, h)
    for path, field in zip((flow, modified), fields, strict=True):
        np.testing.assert_allclose(path, backward_error.flow(field, at, times), rtol=1e-5, atol=1e-5)
    hessian = np.stack([valley.hessian_product(at, direction) for direction in np.eye(2)])
    assert sharpness == pytest.approx(np.linalg.eigvalsh(hessian).max(), rel=1e-5)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (0.0123, "0.012"),
        (-3.14159, "−3.1"),
        (17136.6, "17,137"),
        (-1e-9, "−0.0000000010"),
        (1e9, "1,000,000,000"),
    ],
)
def test_a_number_is_plain(opened, value, text):
    assert opened("valley").evaluate("(value) => lab.number(value)", value) == text


@pytest.mark.parametrize(("value", "text"), [(-0.004, "0.00"), (-0.3, "−0.30"), (-0.0, "0.00"), (2.806, "2.81")])
def test_a_number_of_fixed_places_has_a_minus_and_no_negative_zero(opened, value, text):
    assert opened("valley").evaluate("(value) => lab.fixed(value)", value) == text


# --- the peak ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["mouse", "touch"])
@pytest.mark.parametrize("width", [360, 1000])
def test_a_point_of_the_peak_is_dragged(opened, way, width):
    page = opened("peak", width, has_touch=way == "touch")
    point = page.get_by_role("slider", name="Point 4 of 20")
    before = float(point.get_attribute("aria-valuenow"))
    said = status(page, lambda: drag(page, point, 0, -60, way))
    assert float(point.get_attribute("aria-valuenow")) > before + 0.4
    assert said.startswith("20 coefficients")
    others = page.get_by_role("slider", name="Point 5 of 20")
    drag(page, others, 0, 1000, way)
    assert float(others.get_attribute("aria-valuenow")) == -3, "no further than the axis"


def test_a_finger_that_taps_or_scrolls_moves_no_point(opened):
    page = opened("peak", 360, has_touch=True)
    point = page.get_by_role("slider", name="Point 4 of 20")
    before = point.get_attribute("aria-valuenow")
    drag(page, point, 0, -4, "touch")
    assert point.get_attribute("aria-valuenow") == before
    assert point.evaluate("(e) => e.offsetWidth") == 24, "no larger, so that there is room to scroll"
    marker = page.get_by_role("slider", name="Number of coefficients")
    assert marker.evaluate("(e) => getComputedStyle(e).touchAction") == "pan-y"


def test_the_peak_by_keyboard(opened):
    page = opened("peak")
    first, third = (page.get_by_role("slider", name=f"Point {i} of 20", exact=True) for i in (1, 3))
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert third.evaluate("(e) => e === document.activeElement")
    before = float(third.get_attribute("aria-valuenow"))
    status(page, lambda: page.keyboard.press("ArrowUp"))
    page.keyboard.press("Shift+ArrowUp")
    assert float(third.get_attribute("aria-valuenow")) == pytest.approx(before + 1.1, abs=1e-4)
    marker = page.get_by_role("slider", name="Number of coefficients")
    marker.focus()
    assert status(page, lambda: page.keyboard.press("ArrowRight")).startswith("21 coefficients")
    assert page.get_by_label("Coefficients", exact=True).get_attribute("aria-valuetext") == "21"
    assert marker.get_attribute("aria-valuetext").startswith("21 coefficients, test error ")


def test_a_moved_point_stays_until_there_are_new_points(opened):
    page = opened("peak")
    moved, other = (page.get_by_role("slider", name=f"Point {i} of 20", exact=True) for i in (4, 5))
    status(page, lambda: drag(page, moved, 0, -60))
    there, before = moved.get_attribute("aria-valuenow"), other.get_attribute("aria-valuenow")
    page.get_by_label("Noise").focus()
    status(page, lambda: page.keyboard.press("End"))
    assert moved.get_attribute("aria-valuenow") == there
    assert other.get_attribute("aria-valuenow") != before
    status(page, lambda: page.get_by_role("button", name="New points").click())
    assert moved.get_attribute("aria-valuenow") != there


def test_the_peak_is_where_points_and_coefficients_meet_and_a_penalty_takes_it_away(opened):
    page = opened("peak")
    highest = re.compile(r"highest: ([\d,.]+) with (\d+); ([\d,.]+) with 100")

    def numbers(text):
        return [float(number.replace(",", "")) for number in highest.search(text).groups()]

    peak, where, small = numbers(page.locator(".lab-status").inner_text())
    assert where in (19, 20, 21)
    assert peak > 100
    smooth = numbers(status(page, lambda: page.get_by_label("bends").check()))[2]
    assert smooth < small / 2
    penalty = page.get_by_label("Ridge penalty")
    penalty.focus()
    page.keyboard.press("Home")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => !/highest: [\\d,]{4,}/.test(document.querySelector('.lab-status').textContent)")
    assert numbers(page.locator(".lab-status").inner_text())[0] < 1


def test_an_error_beyond_the_axis_is_said_to_be_below_or_above_it(opened):
    page = opened("peak")
    noise = page.get_by_label("Noise")
    noise.focus()
    said = status(page, lambda: page.keyboard.press("Home"))
    first = int(re.search(r"Lowest: below 0\.001, first with (\d+);", said)[1])
    errors = page.evaluate(
        """() => { const { inputs, errorOf, counts } = lab.maths.peak;
             return counts.map((count) => [count, errorOf("small", count, 0, inputs.map((x) => Math.sin(5 * x)))]); }"""
    )
    assert first == next(count for count, error in errors if error < 1e-3)
    assert said.startswith("20 coefficients: test error below 0.001.")
    assert not re.search(r"0\.000\d", said + page.locator("svg[role=img]").last.get_attribute("aria-label"))
    point = page.get_by_role("slider", name="Point 1 of 20", exact=True)
    said = status(page, lambda: drag(page, point, 0, 1000))
    page.get_by_role("slider", name="Point 10 of 20", exact=True).focus()
    said = status(page, lambda: [page.keyboard.press("Shift+ArrowUp") for _ in range(4)])
    assert re.search(r"highest: above 100,000, first with (19|20);", said)


def test_a_hundred_training_sets_fill_the_fan(opened):
    page = opened("peak")
    alternative = page.locator("svg[role=img]").last
    paths = page.locator(".lab-field svg path").count()
    page.get_by_role("button", name="100 new training sets").click()
    page.wait_for_function("(n) => document.querySelectorAll('.lab-field svg path').length > n", arg=paths)
    assert "Of 100 training sets" in alternative.get_attribute("aria-label")
    page.get_by_role("button", name="New points").click()
    page.wait_for_function("(n) => document.querySelectorAll('.lab-field svg path').length === n", arg=paths)
    assert "Of 100 training sets" not in alternative.get_attribute("aria-label")


# --- the valley -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["mouse", "touch"])
def test_the_start_is_dragged(opened, way):
    page = opened("valley", 360, has_touch=way == "touch")
    start = page.get_by_role("slider", name="Start")
    assert start.get_attribute("aria-valuetext") == "a = 2.80, b = 0.05"
    status(page, lambda: drag(page, start, -60, -20, way))
    a, b = map(float, re.findall(r"-?[\d.]+", start.get_attribute("aria-valuetext")))
    assert 1.5 < a < 2.6
    assert 0.05 < b < 0.4
    assert f"a = {a:.2f}" in page.locator("svg[role=img]").first.get_attribute("aria-label")


def test_the_valley_by_keyboard(opened):
    page = opened("valley")
    page.get_by_role("slider", name="Start").focus()
    status(page, lambda: page.keyboard.press("ArrowLeft"))
    page.keyboard.press("ArrowUp")
    assert page.get_by_role("slider", name="Start").get_attribute("aria-valuetext") == "a = 2.75, b = 0.10"
    step = page.get_by_label("Step size h")
    step.focus()
    assert "descent leaves the valley" in status(page, lambda: page.keyboard.press("End"))
    page.get_by_role("button", name="Back to the start").focus()
    assert status(page, lambda: page.keyboard.press("Enter")).startswith("h = 0.225")


def test_only_a_path_at_rest_in_a_minimum_is_said_to_end(opened):
    page = opened("valley")
    said = page.locator(".lab-status").inner_text()
    assert len(re.findall(r"ends at sharpness \d\.\d\d", said)) == 3
    start = page.get_by_role("slider", name="Start")
    start.focus()
    status(page, lambda: page.keyboard.press("ArrowDown"))
    assert start.get_attribute("aria-valuetext") == "a = 2.80, b = 0.00"
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function("() => document.querySelector('.lab-status').textContent.includes('rest')")
    said = page.locator(".lab-status").inner_text()
    assert "The gradient flow has not come to rest by time 10; the modified flow has not" in said
    assert "descent has not come to rest after 600 steps" in said
    assert "ends at" not in page.locator("svg[role=img]").last.get_attribute("aria-label")
    status(page, lambda: page.keyboard.press("ArrowDown"))
    assert start.get_attribute("aria-valuetext") == "a = 0.00, b = −0.05"
    assert "a = 0.00, b = −0.05" in page.locator("svg[role=img]").first.get_attribute("aria-label")


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("width", [320, 360, 1000])
def test_an_experiment_fits_and_can_be_read_and_pressed(opened, name, width):
    page = opened(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width + 2
    sizes = page.locator(".lab svg text").evaluate_all(
        "(all) => all.map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    outside = page.locator(".lab-field svg[role=img]").evaluate_all(
        """(all) => all.flatMap((svg) => [...svg.querySelectorAll("text")].filter((t) => {
             const [a, b] = [t.getBoundingClientRect(), svg.getBoundingClientRect()];
             return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1;
           }).map((t) => t.textContent))"""
    )
    assert not outside
    ticks = page.locator(".lab-frame text").all_text_contents()
    assert not [tick for tick in ticks if re.search(r"\de|⁰|×10|-", tick)], "numbers are plain"
    pressed = page.locator(".lab :is(button, select, input[type=range], .lab-choice label)")
    assert min(pressed.evaluate_all("(all) => all.map((e) => e.getBoundingClientRect().height)")) >= 44
    assert min(page.locator(".lab-handle").evaluate_all("(all) => all.map((e) => e.offsetWidth)")) >= 24


@pytest.mark.parametrize("name", CHAPTERS)
def test_an_experiment_is_laid_out_anew_when_its_width_changes(opened, name):
    page = opened(name, 1000)
    page.set_viewport_size({"width": 400, "height": 1200})
    page.wait_for_function("() => document.querySelector('.lab-field svg').clientWidth < 400")
    box = page.locator(".lab-field svg").first.evaluate("(e) => [e.viewBox.baseVal.width, e.clientWidth]")
    assert box[0] == box[1], "not shrunk"
    assert page.locator(".lab-key:visible").count() > 0


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_move_takes_a_phone_less_than_50_ms(opened, name):
    page = opened(name, 360)
    page.wait_for_timeout(1000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # the work itself, however busy the machine is
    parts = {"ScriptDuration", "LayoutDuration", "RecalcStyleDuration"}

    def spent():
        return sum(m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] in parts)

    move = """async () => { const handle = document.querySelector(".lab-handle"); for (let i = 0; i < 40; i++) {
        handle.dispatchEvent(new KeyboardEvent("keydown", { key: i % 2 ? "ArrowUp" : "ArrowDown", bubbles: true }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); } }"""
    page.evaluate(move)
    before = spent()
    page.evaluate(move)
    assert (spent() - before) / 40 * 4 < 0.05, "a phone is four times slower"


@pytest.mark.parametrize("name", CHAPTERS)
def test_paper_shows_an_experiment_only_where_it_was_touched(opened, name):
    page = opened(name)
    page.emulate_media(media="print")
    assert page.locator(".lab-stage:visible").count() == 0
    assert page.locator(".lab-instead:visible").count() == 1
    page.emulate_media(media="screen")
    assert page.locator(".lab-instead:visible").count() == 0
    page.get_by_role("button").first.click()
    page.emulate_media(media="print")
    assert page.locator(".lab-field svg[role=img]:visible").count() == 2
    assert page.locator(".lab-instead:visible").count() == 0
    assert page.locator(".lab :is(button, input):visible").count() == 0


def test_the_lab_is_light():
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in sorted(LAB.iterdir())}
    print(sizes)
    assert sum(sizes.values()) <= 60_000
    assert sum(sizes[f] for f in ("ui.js", "lab.css", "peak.js", "valley.js")) <= 25_000


# --- the directive ----------------------------------------------------------------------------------------------------

CONFIGURATION = """
extensions = ["myst_parser", "lab"]
numfig = True
html_theme = "basic"
"""
WITH = """# One

```{{figure}} a.svg
:name: fig-a
A.
```

```{{lab}} {name}
{options}
**This** is to be found.
```
"""


def built(folder, page):
    """Build two pages, of which the first says this; returns (what Sphinx complains of, the two pages' HTML)."""
    (folder / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    (folder / "index.md").write_text(f"{page}\n```{{toctree}}\nother\n```\n", encoding="utf-8")
    (folder / "other.md").write_text("# Other\n\nWords.\n", encoding="utf-8")
    (folder / "lab").mkdir()
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", folder, folder / "out"]
    path = {"PYTHONPATH": str(ROOT / "book/_ext"), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=path)
    return done.stderr, *((folder / f"out/{name}.html").read_text(encoding="utf-8") for name in ("index", "other"))


def test_the_directive_makes_a_figure_and_loads_the_lab_on_its_page_only(tmp_path):
    said, page, other = built(tmp_path, WITH.format(name="peak", options=":figure: fig-a"))
    assert "lab" not in re.sub("lab/", "", said) or "not readable" in said
    assert 'data-lab="peak"' in page
    assert re.search(r'<p class="lab-instead">.*?href="#fig-a".*?Fig\. 1', page, re.S)
    assert re.search(r"<figcaption>.*<strong>This</strong> is to be found.*</figcaption>", page, re.S)
    assert 'href="#lab-peak"' in page
    scripts = re.findall(r'<script ([^>]*src="_static/lab/[^>]*)>', page)
    assert [re.search(r"lab/(\w+)\.js", script)[1] for script in scripts] == ["ui", "peak"]
    assert all(script.startswith("defer") for script in scripts)
    assert "lab/lab.css" in page
    assert "lab/" not in other


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("peek", ":figure: fig-a", "there is no experiment peek"),
        ("peak", "", "needs :figure:"),
    ],
)
def test_the_directive_says_what_it_lacks(tmp_path, name, options, says):
    said, page, _ = built(tmp_path, WITH.format(name=name, options=options))
    assert says in said
    assert "data-lab" not in page


# --- the pages --------------------------------------------------------------------------------------------------------


@pytest.fixture(params=CHAPTERS)
def chapter(request):
    file = HTML / f"notebooks/{CHAPTERS[request.param]}.html"
    if not file.is_file():
        pytest.skip(f"{HTML.relative_to(ROOT)} is missing: build the book first (make test-slow does).")
    return request.param, file


def test_an_experiment_runs_in_its_chapter_without_asking_for_anything(browser, chapter):
    name, file = chapter
    page, troubles = browser.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: re.match("file:|data:|blob:", asked.url) or troubles.append(asked.url))
    page.goto(f"{file.as_uri()}#lab-{name}", wait_until="commit", timeout=120_000)
    page.wait_for_function("() => document.querySelector('.lab-status')?.textContent", timeout=120_000)
    figure = page.locator(f"#lab-{name}")
    assert figure.get_by_role("img").count() == 2
    status(page, lambda: figure.get_by_role("slider").first.press("ArrowRight"))
    assert not troubles
    page.close()


def test_without_javascript_a_chapter_leads_to_its_figure_in_place_of_the_experiment(browser, chapter):
    name, file = chapter
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(file.as_uri(), wait_until="domcontentloaded", timeout=120_000)
    assert page.locator(".lab-stage:visible").count() == 0
    link = page.locator(f"#lab-{name} .lab-instead a")
    assert re.fullmatch(r"Figure \d\.\d+", link.inner_text())
    assert page.locator(link.get_attribute("href")).count() == 1
    page.context.close()
