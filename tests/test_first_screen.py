"""What a reader sees first: the bar of outcomes, the cards of all chapters, and a chapter's lead figure on its first screen."""

import gzip
import json
import re
from collections import Counter
from xml.etree import ElementTree

import pytest
import yaml
from test_book import HTML, LACKING, ROOT, context  # noqa: F401

import contents

CHAPTERS = [entry.name for entry in contents.chapters(ROOT)]
START = "notebooks/00_start_here"
LAPTOP, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 740}

# --- book/pages.yml and the executed notebooks ------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_map_has_three_lines_without_numbers(name):
    entry = contents.read(ROOT)[name]
    assert len(entry.map) == 3
    assert entry.question.endswith("?")
    for line in entry.map:
        assert not re.search(r"\d", line)
        assert len(line) <= 100  # two lines on a phone


def test_a_chapter_without_an_entry_is_named(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/pages.yml").write_text("{}", encoding="utf-8")
    (tmp_path / "_toc.yml").write_text("- file: notebooks/01_dice\n", encoding="utf-8")
    with pytest.raises(contents.ContentsError, match="no entry for notebooks/01_dice"):
        contents.chapters(tmp_path)


def a_notebook(cells, **run):
    run = {"cores": 2, "device": "cpu", "scale": "laptop", "seconds": 64.2, "seed_offset": 7} | run
    return {"cells": cells, "metadata": {"overparam": run}}


def test_reading_takes_as_long_as_there_are_words_and_no_code():
    prose = {"cell_type": "markdown", "metadata": {}, "source": ["one word " * 330, "and so on " * 73]}
    code = {"cell_type": "code", "metadata": {}, "source": "x = 1\n" * 5000, "outputs": []}
    assert contents.minutes(a_notebook([prose, code])) == 4
    code["outputs"] = [{"data": {"text/markdown": "a number " * 110}}]
    assert contents.minutes(a_notebook([prose, code])) == 5


def test_how_a_chapter_was_run_is_said_in_words():
    assert contents.run_time(a_notebook([])) == "64\u00a0s"
    assert contents.run_time(a_notebook([], seconds=310)) == "5\u00a0min"
    assert contents.where(a_notebook([])) == "two CPU cores"
    assert contents.where(a_notebook([], device="cuda")) == "one GPU"
    assert contents.provenance(a_notebook([])) == (
        "Ran at laptop scale in 64 s on two CPU cores, seeds from 7. The gpu scale has not been run."
    )
    assert contents.provenance(a_notebook([], scale="gpu")).endswith("seeds from 7.")


def test_a_thumbnail_keeps_lines_and_drops_text_grid_and_legends():
    from matplotlib import pyplot as plt

    from overparam import figures

    figures.style()
    fig, ax = plt.subplots()
    ax.plot([1, 2, 3], [1, 3, 2], color=figures.COLORS["train"], label="a curve")
    ax.text(2, 2, "words")
    ax.set(title="A title", xlabel="x")
    fig.legend(loc="outside lower center")
    whole = figures.svg(fig, "a curve")
    plt.close(fig)
    small = contents.simplify(whole)
    root = ElementTree.fromstring(small)
    assert root.get("aria-hidden") == "true"
    assert len(re.findall("--fig-train", small)) == 1  # the line, and not that of the legend
    assert "scale(" not in small
    assert "<text" not in small
    assert "stroke-opacity: 0.1" not in small
    assert len(small) < len(whole) / 4


# --- the pages --------------------------------------------------------------------------------------------------------


def visit(context, name, size, **how):  # noqa: F811
    own = context.browser.new_context(viewport=size, reduced_motion="reduce", **how)
    own.route(re.compile("mathjax"), lambda route: route.abort())
    page = own.new_page()
    page.goto((HTML / f"{name}.html").as_uri(), wait_until="load")
    return page


def built(name):
    if LACKING:
        pytest.skip(LACKING)
    return (HTML / f"{name}.html").read_text(encoding="utf-8")


def test_the_bar_counts_and_leads_to_what_the_ledger_shows(context):  # noqa: F811
    page = visit(context, START, LAPTOP)
    parts = page.locator(".outcomes a").evaluate_all(
        "(all) => all.map((a) => [a.href, parseInt(a.title), a.getBoundingClientRect().width])"
    )
    bar = {href.split("verdict=")[1]: number for href, number, _ in parts}
    page.goto((HTML / "book/ledger.html").as_uri())
    verdicts = page.locator(".ledger-finding tr[data-verdict]").evaluate_all(
        "(all) => all.map((r) => r.dataset.verdict)"
    )
    assert bar == Counter(verdicts)
    widths = [width for *_, width in sorted(parts, key=lambda part: part[1])]
    assert widths == sorted(widths)
    page.goto(parts[0][0])
    page.reload()
    shown = page.locator("tr[data-verdict]:visible").evaluate_all("(all) => all.map((r) => r.dataset.verdict)")
    assert Counter(shown) == {parts[0][0].split("=")[1]: parts[0][1]}
    page.context.close()


def test_every_chapter_has_a_card_that_leads_to_it():
    text = built(START)
    cards = re.findall(r'<li class="chapter-card">(.*?)</li>', text, re.S)
    toc = re.findall(r"file: (notebooks/\d\w+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert [re.search(r'href="(\w+)\.html"', card)[1] for card in cards] == [name.split("/")[1] for name in toc]
    for card, entry in zip(cards, contents.chapters(ROOT), strict=True):
        assert entry.question in card
        assert re.search(r"\d+(&nbsp;|\s)min to read, \d+\s(s|min) to run", card)
        assert len(gzip.compress("".join(re.findall("<svg.*</svg>", card, re.S)).encode())) <= contents.THUMBNAIL


def test_most_cards_have_a_picture():
    assert built(START).count('class="thumbnail"') >= len(CHAPTERS) - 2


@pytest.mark.parametrize("name", [START, *CHAPTERS])
def test_the_lead_figure_is_in_view(context, name):  # noqa: F811
    page = visit(context, name, LAPTOP)
    top = "document.querySelector('article figure').getBoundingClientRect().top"
    figure = page.locator("article figure").first
    assert figure.get_attribute("id") == contents.read(ROOT)[name].figure
    assert page.evaluate(top) < 0.7 * LAPTOP["height"]
    page.set_viewport_size(PHONE)
    screens = 2 if name == START else 1
    assert page.evaluate(top) < screens * PHONE["height"]
    page.context.close()


def test_the_start_page_says_on_its_first_screen_where_to_begin(context):  # noqa: F811
    page = visit(context, START, LAPTOP)
    for what in (".times", ".ways-in", ".outcomes", ".ledger-totals"):
        box = page.locator(what).first.bounding_box()
        assert box["y"] + box["height"] < LAPTOP["height"]
    ways = page.locator(".ways-in a")
    assert [href.split("/")[-1] for href in ways.evaluate_all("(all) => all.map((a) => a.href)")] == [
        "01_bias_variance.html",
        "what_people_say.html",
        "instructors.html",
    ]
    page.set_viewport_size(PHONE)
    for way in ways.all():
        assert way.bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.context.close()


def test_all_of_it_is_there_without_javascript(context):  # noqa: F811
    page = visit(context, START, PHONE, java_script_enabled=False)
    assert page.locator(".chapter-card a:visible").count() == len(CHAPTERS)
    assert page.locator(".outcomes a:visible").count() == page.locator(".outcomes a").count() > 0
    assert page.locator(".ways-in a:visible").count() == 3
    page.context.close()


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_how_long_it_takes_and_how_it_ran(name):
    text = built(name)
    notebook = json.loads((HTML.parent / f"{name}.ipynb").read_text(encoding="utf-8"))
    words = " ".join(re.sub("<[^>]+>", "", re.search(r'<p class="times">(.*?)</p>', text)[1]).split())
    assert words.startswith(f"{contents.minutes(notebook)} minutes to read · ")
    assert text.index('class="chapter-map"') < text.index("<figure")
    article = text[: text.index("</article>")]
    assert contents.provenance(notebook) in article[article.rindex('class="provenance"') :]


# --- what a page tells others -----------------------------------------------------------------------------------------


def test_every_page_describes_itself_and_no_two_alike():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    said = {}
    for name in re.findall(r"'(?:file|root)': '([\w/]+)'", str(toc)):
        text = built(name)
        (description,) = re.findall(r'<meta name="description" content="([^"]+)"', text)
        assert 40 <= len(description) <= 310
        said[name] = description
        tags = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]+)"', text))
        assert tags["description"] == description
        assert (HTML / "_static" / tags["image"].rpartition("/")[2]).is_file()
        assert re.findall(r'<link rel="canonical" href="([^"]+)"', text) == [tags["url"]]
        assert tags["url"].endswith(f"/{name}.html")
    assert len(set(said.values())) == len(said) > len(CHAPTERS)


def test_on_colab_the_cards_are_a_list_with_links():
    notebook = json.loads((ROOT / f"{START}.ipynb").read_text(encoding="utf-8"))
    text = "".join(contents.text(cell["source"]) for cell in notebook["cells"])
    for entry in contents.chapters(ROOT):
        assert re.search(rf"- \[[^\]]+\]\(https://\S+/{entry.name}\.html\): {re.escape(entry.question)}", text)
    assert re.search(r"- I teach: \[[^\]]+\]\(https://\S+/book/instructors\.html\)", text)
