"""Where a sentence would be a wall of brackets, its intervals stand in a table: words, a picture, the numbers."""

import html
import json
import re

import pytest
from test_book import HTML, LACKING, PAGES

from overparam.report import claims, tables
from overparam.report.intervals import Estimate

INTERVAL = re.compile(r"\[[−-]?[\d.,e−]+\s?%?,\s[−-]?[\d.,e−]+\s?%?\]")
of_the_book = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")


def ends(svg):
    """Where an interval begins and ends in its picture, and where the line is that it is compared with."""
    line, left, right = re.search(r"d='M([\d.]+) 0V.*?d='M([\d.]+) 9H([\d.]+)'", svg).groups()
    return float(left), float(right), float(line)


def test_a_table_says_each_estimate_in_words_and_numbers():
    table = claims.table(
        "Points won.", {"with <ease>": claims.mean([1.0, 2.0, 3.0]), "twice": Estimate(4, 3.5, 4.5)}, "pt"
    )
    assert str(table) == "Points won. with <ease>: 2.0\xa0[−0.5,\xa04.5] pt; twice: 4.0\xa0[3.5,\xa04.5] pt."
    shown = table._repr_html_()
    assert "<th scope='row'>with &lt;ease&gt;</th>" in shown
    assert shown.count("<tr>") == shown.count("<svg") == 2
    assert "<caption>Points won." in shown


def test_rows_of_one_unit_share_an_axis_and_ratios_have_their_own():
    rows = {
        "small": Estimate(1, 0, 2),
        "large": Estimate(9, 8, 10),
        "times": Estimate(0.5, 0.25, 0.8, quantity="ratio"),
    }
    small, large, times = (ends(row) for row in claims.table("x", rows, "points")._repr_html_().split("<tr>")[1:])
    assert small[2] == large[2] == small[0] < small[1] < large[0] < large[1]
    assert times[0] < times[1] < times[2]  # a ratio is compared with one


def test_a_ratio_is_drawn_on_a_logarithmic_axis():
    rows = [Estimate(value, value / 2, 2 * value, quantity="ratio") for value in (1, 100)]
    widths = [right - left for left, right, _ in (ends(tables.drawn(row, rows)) for row in rows)]
    assert widths[0] == pytest.approx(widths[1], abs=0.2)


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(-10.34, -12.01, -8.64), "−10.3 [−12.0, −8.6]"),
        (Estimate(0.0014, -0.0036, 0.0064), "0.001 [−0.004, 0.006]"),
        (Estimate(-0.4, -76.1, 127.1), "0 [−80, 130]"),
        (Estimate(3.9, 0.0912, 168.0, quantity="ratio"), "3.9 [0.091, 170]"),
        (Estimate(2, 2, 2), "2 [2, 2]"),
    ],
)
def test_numbers_have_the_digits_that_their_interval_bears_out(estimate, text):
    assert tables.rounded(estimate).replace("\xa0", " ") == text


@pytest.mark.parametrize("rows", [{}, {"a": 1.0}, [claims.mean([1.0, 2.0])]])
def test_what_is_no_table_is_one_sentence(rows):
    with pytest.raises(ValueError, match=r"^A table takes words and their estimates.*\.$|got"):
        claims.table("x", rows)


def test_a_finding_with_many_intervals_shows_values_and_a_table():
    ledger = claims.Ledger("randomization")
    wall, short = ledger.say("regularizers-not-needed"), ledger.say("batch-norm-3-4-points")
    assert len(INTERVAL.findall(str(wall))) == 8
    assert not INTERVAL.search(wall.brief)
    assert sorted(row.text for row in wall.table.rows) == sorted(re.findall(r"[\d.−]+\xa0\[.*?\]", str(wall)))
    assert {row.words for row in wall.table.rows} <= {
        condition.says for condition in ledger.claims["regularizers-not-needed"].required_protocol.measured.values()
    }
    assert short.table is None
    assert short._repr_markdown_() == str(short)


def test_sentences_that_are_said_together_count_together():
    ledger = claims.Ledger("bias-variance")
    apart = [ledger.say(name) for name in ("forest-double-descent", "boosting-double-descent")]
    together = ledger.say("forest-double-descent", "boosting-double-descent")
    assert [said.table for said in apart] == [None, None]
    assert str(together) == " ".join(map(str, apart))
    assert len(together.table.rows) == 4


@of_the_book
@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(HTML).as_posix() for page in PAGES])
def test_no_paragraph_is_a_wall_of_intervals(page):
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"<section class='claim-card'.*?</section>|<table\b.*?</table>", "", text, flags=re.S)
    said = (
        html.unescape(re.sub(r"<[^>]+>", "", p)) for p in re.findall(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", text, re.S)
    )
    assert [p for p in said if len(INTERVAL.findall(p)) >= 4] == []


@of_the_book
@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name == "notebooks"], ids=lambda page: page.stem
)
def test_each_frame_of_a_slider_says_its_own_numbers(page):
    notebook = HTML.parent / "notebooks" / f"{page.stem}.ipynb"
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if "figures.slider(" in "".join(cell["source"]):
            said = frames(notebook, cell)
            assert len(set(said)) == len(said) > 1
            assert all(re.search(r"\d", text.partition("In the picture: ")[2]) for text in said), said


def frames(notebook, cell):
    """The alternatives of a slider's frames."""
    state = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["widgets"][
        "application/vnd.jupyter.widget-state+json"
    ]["state"]
    (view,) = (
        o["data"]["application/vnd.jupyter.widget-view+json"]
        for o in cell["outputs"]
        if "application/vnd.jupyter.widget-view+json" in o.get("data", {})
    )
    models = [view["model_id"]]
    for name in models:
        models += [child.removeprefix("IPY_MODEL_") for child in state[name]["state"].get("children", [])]
    pictures = (state[name]["state"].get("value") for name in models)
    return [
        html.unescape(re.search(r'aria-label="([^"]*)"', p)[1]) for p in pictures if isinstance(p, str) and "<svg" in p
    ]
