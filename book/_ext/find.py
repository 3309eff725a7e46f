"""Search and the index of terms: what a reader may look for, read from the pages once they are written.

Each section, figure, finding, theorem, exercise, experiment, term and reference is an entry with an address of its own and the
prose that belongs to it: no code, no TeX, no navigation. They go into search_entries.js, which search.js loads when somebody
searches, from a file too; Sphinx makes no index of its own. The `{index-of-terms}` directive shows where each term of the
glossary and of book/terms.yml is spoken of.
"""

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import pairwise
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, NavigableString
from docutils import nodes
from formulas import render
from sphinx.util.docutils import SphinxDirective

ENTRIES = "search_entries.js"
TERMS = "book/terms.yml"
NOTATION, INDEX = "book/notation", "book/index_of_terms"
REFERENCE = [f"book/reference{topic}" for topic in ("", "_measures", "_theory", "_report")]
# They name all, and explain little.
LISTS = (NOTATION, INDEX, "book/references", "book/protocols", "book/ledger", *REFERENCE)
PLACE = '<div class="term-index"></div>'
PAGES_A_TERM = 6
UNREAD = (
    "nav, .times, .chapter-map, .chapter-cards, .provenance, .slider-row, details.hide, .cell_input, .highlight, "
    "table.ledger, form.ledger-filter, .headerlink, .eqno, .quiz details, .quiz button, "
    ".claim-estimate, .claim-about, .claim-more dt, .claim-more dd ~ dd, .claim-more summary, .lab-instead"
)
BLOCKS = [
    "p", "li", "dt", "dd", "td", "th", "h1", "h2", "h3", "h4", "legend", "label", "div", "figcaption", "section", "br",
]  # fmt: skip
GONE = re.compile(r"<(svg|template|script|style|noscript|pre)\b.*?</\1>", re.S)
MATHML = re.compile(r"<math\b.*?</math>", re.S)
ANNOTATION = re.compile(r"<annotation\b.*?</annotation>", re.S)
LAYERED = re.compile(r"<m(sup|sub|subsup|frac|under|over|underover|table|root|sqrt)\b")
SPAN = re.compile(r"<span\b|</span>")
DRAWN = '<span class="katex-html"'
WORD = re.compile(r"[^\W\d_]{3,}")
LEAD = 120  # characters of an entry's prose that a result shows


@dataclass
class Entry:
    """What can be found: `address` is page.html#anchor, `also` what it is found by beside its words; a finding has a verdict."""

    kind: str
    page: str
    anchor: str
    title: str
    section: str = ""
    verdict: str = ""
    also: str = ""
    text: list[str] = field(default_factory=list)

    @property
    def address(self):
        return f"{self.page}.html" + (f"#{self.anchor}" if self.anchor else "")

    @cached_property
    def prose(self):
        return squeeze("".join(self.text))


def squeeze(text):
    return re.sub(r" (?=[,.;:)])", "", " ".join(text.replace("\u200b", "").split()))


# --- Reading a page ---------------------------------------------------------------------------------------------------


def read_page(page, html):
    """Return the entries of a page, in order, from its HTML; the first one is the page itself."""
    article = html.partition("<article")[2].partition("</article>")[0]
    soup = BeautifulSoup("<article" + plain_maths(GONE.sub("", article)), "html.parser")
    for element in soup.select(UNREAD):
        element.decompose()
    for block in soup.find_all(BLOCKS):
        block.append(" ")
    first = Entry("page", page, "", squeeze(soup.h1.get_text()) if soup.h1 else page)
    found = [first]
    walk(soup, first, found)
    return found


def walk(element, entry, found):
    """Give each text to the innermost entry that it belongs to."""
    for child in element.children:
        if isinstance(child, NavigableString):
            entry.text.append(str(child))
        elif (
            child.name in ("h1", "h2", "h3", "h4")
            and child.parent.name == "section"
            and entry.kind in ("page", "section")
        ):
            continue  # it is the entry's title
        else:
            own = begin(child, entry, found)
            if own is not entry:
                found.append(own)
            walk(child, own, found)


def begin(element, entry, found):
    """Return the entry that an element begins, or the one in which it stands."""
    classes, anchor = element.get("class", []), element.get("id", "")
    section = next((e.title for e in reversed(found) if e.kind == "section"), "")

    def new(kind, title, **more):
        return Entry(kind, entry.page, anchor, squeeze(title), **({"section": section} | more))

    if element.name == "section" and "claim-card" in classes:
        title = element.select_one(".claim-title").extract().get_text()
        verdict = element.select_one(".claim-verdict").extract().get_text()
        kind = "theorem" if "theorem" in (element.get("aria-label") or "").lower() else "finding"
        return new(kind, title, verdict=squeeze(verdict))
    if element.name == "section" and anchor and (heading := element.find(["h2", "h3", "h4"], recursive=False)):
        return new("section", heading.get_text(), section="")
    if element.name == "figure" and "lab" in classes:
        return new("lab", bold(element) or "An experiment to run in the page", also="experiment")
    if element.name == "figure" and anchor and (number := element.select_one(".caption-number")):
        return new("figure", f"{number.extract().get_text()}: {bold(element)}")
    if element.name == "div" and anchor and "exercise" in classes:
        return new("exercise", titled(element))
    if element.name == "div" and anchor and "proof" in classes and len(classes) > 2:
        return new("theorem", titled(element))
    if element.name == "dl" and "py" in classes and (signature := element.find("dt", id=True, recursive=False)):
        own = new("section", signature.select_one(".sig-name").get_text())
        own.anchor = signature.extract()["id"]
        for part in element.dd.find_all(recursive=False)[1:] if element.dd else ():
            part.decompose()  # what it is about stands in its first sentence
        return own
    if element.name == "dt" and anchor.startswith("term-"):
        description = element.find_next_sibling("dd")
        own = new("term", element.get_text())
        own.text.append(description.get_text() if description else "")
        element.clear()
        if description:
            description.extract()
        return own
    if element.name == "div" and anchor and "citation" in classes:
        if label := element.select_one(".label"):
            label.extract()
        own = new("reference", reference(squeeze(element.get_text())), section="")
        return own
    return entry


def bold(figure):
    """Return a caption's finding: its bold beginning, or else its first sentence."""
    caption = figure.find("figcaption") or figure
    strong = caption.find(["strong", "b"])
    return strong.extract().get_text() if strong else re.split(r"(?<=[.?!])\s", squeeze(caption.get_text()))[0]


def titled(box):
    """Return the title of a theorem or an exercise, as in "Exercise 4.2: ★★ Two peaks"."""
    title = box.select_one(".admonition-title").extract()
    number = (
        squeeze(title.select_one(".caption-number").extract().get_text()) if title.select_one(".caption-number") else ""
    )
    rest = squeeze(title.get_text()).removeprefix("(").removesuffix(")")
    return f"{number}: {rest}" if number and rest else number or rest


def reference(text):
    """Return a reference as "Zhang, Bengio and others (2017). Understanding deep learning …"."""
    authors, _, rest = text.partition(". ")
    while re.search(r"\b[A-Z]$", authors) and ". " in rest:  # an initial, as in "Leslie N. Smith"
        more, _, rest = rest.partition(". ")
        authors += f". {more}"
    names = [name.split()[-1] for name in re.split(r",? and |, ", authors) if name.strip()]
    title = re.split(r"\. (?=[A-Z]|\d{4}\b|arXiv)", rest)[0]
    years = re.findall(r"\b(?:19|20)\d\d\b(?!\.\d)", re.sub(r"(arXiv|doi|URL):\S+", "", rest))
    return (
        f"{', '.join(names[:3])}{' and others' if len(names) > 3 else ''} ({years[-1] if years else 'n.d.'}). {title}"
    )


def plain_maths(html):
    """Return HTML without drawn formulas: one that is a row of signs as these, any other as "…"."""
    parts, place = [], 0
    while (start := html.find(DRAWN, place)) >= 0:
        depth, end = 0, start
        for tag in SPAN.finditer(html, start):
            depth += 1 if tag[0] != "</span>" else -1
            if depth == 0:
                end = tag.end()
                break
        parts.append(html[place:start])
        place = end
    html = "".join(parts) + html[place:]

    def signs(found):
        mathml = ANNOTATION.sub("", found[0])
        return "…" if LAYERED.search(mathml) else re.sub(r"<[^>]+>", "", mathml)

    return MATHML.sub(signs, html)


def reading_order(env, page=None):
    """Yield the names of the pages as a reader meets them."""
    page = page or env.config.root_doc
    yield page
    for child in env.toctree_includes.get(page, ()):
        yield from reading_order(env, child)


# --- The search -------------------------------------------------------------------------------------------------------


def shortened(text):
    """Return the beginning of a text, as a result shows it, and the rest."""
    if len(text) <= LEAD + 20:
        return text, ""
    lead = text[:LEAD].rsplit(" ", 1)[0]
    return f"{lead} …", text[len(lead) :]


def search_entries(entries):
    """Return the script that search.js loads: the pages, and of each entry all that it is found by or that a result shows.

    Of what a result does not show each word is kept once, and not those that stand everywhere: under `more` stand these words, each
    with the entries that it is in, as steps from one to the next, from -1 on.
    """
    pages = {e.page: e.title for e in entries if e.kind == "page"}
    number = {page: i for i, page in enumerate(pages)}
    words = Counter(word for e in entries for word in {w.lower() for w in WORD.findall(e.prose)})
    common = {word for word, count in words.items() if count > len(entries) / 6}
    rows, more = [], defaultdict(list)
    for place, e in enumerate(entries):
        lead, rest = shortened(e.prose)
        known = {*common, *WORD.findall(f"{lead} {e.title}".lower())}
        for word in {*WORD.findall(rest.lower())} - known:
            more[word].append(place)
        rows.append([e.kind, number[e.page], e.anchor, e.title, e.section, lead, e.also, e.verdict])
    steps = {word: [b - a for a, b in pairwise([-1, *places])] for word, places in sorted(more.items())}
    data = {"pages": [[f"{page}.html", title] for page, title in pages.items()], "entries": rows, "more": steps}
    return f"searchEntries = {json.dumps(data, ensure_ascii=False, separators=(',', ':'))};\n"


# --- The index of terms -----------------------------------------------------------------------------------------------


def read_terms(source, entries):
    """Return {term: {also, symbol, section, defined}} of the glossary and of book/terms.yml, in alphabetical order."""
    known = yaml.safe_load((Path(source) / TERMS).read_text(encoding="utf-8"))
    terms = {e.title: known.pop(e.title, {}) | {"defined": e.address} for e in entries if e.kind == "term"}
    return dict(sorted((terms | known).items(), key=lambda item: item[0].lower()))


def pattern(names):
    """Return a pattern that finds a term by any of its names; an abbreviation only as it is written."""
    short = [re.escape(n) for n in names if n.isupper() or not n.isascii() or n[1:].lower() != n[1:]]
    long = [re.escape(n).replace(r"\ ", r"[\s-]") for n in names if re.escape(n) not in short]
    either = [f"(?i:{'|'.join(long)})"] * bool(long) + short
    return re.compile(rf"(?<!\w)(?:{'|'.join(either)})(?:s|es)?(?!\w)")


def spoken_of(term, also, entries):
    """Return [(section's entry, how often)]: of each page the section that names a term most, the pages that do so most."""
    named = pattern([term, *also])
    counts, sections = Counter(), {}
    titles = Counter(e.title for e in entries if e.kind == "section")
    current = None
    for entry in entries:
        if entry.kind in ("page", "section"):
            current = entry
        if entry.page in LISTS or entry.kind in ("term", "reference"):
            continue
        if titles[current.title] > 2:
            continue  # what each chapter has, such as its exercises
        key = (current.page, current.anchor)
        sections[key] = current
        counts[key] += 5 * len(named.findall(entry.title)) * (entry is current) + len(named.findall(entry.prose))
    of_page = defaultdict(int)
    for (page, _), count in counts.items():
        of_page[page] = max(of_page[page], count)
    best = {page: max((k for k in counts if k[0] == page), key=counts.get) for page, count in of_page.items() if count}
    most = max(of_page.values(), default=0)
    chosen = sorted((p for p in best if of_page[p] > min(most / 8, 2)), key=lambda p: -of_page[p])[:PAGES_A_TERM]
    return [(sections[best[page]], of_page[page]) for page in of_page if page in chosen]


def index_of_terms(terms, entries):
    """Return the index as HTML: letters, and below each its terms with what leads to them."""
    titles = {e.page: e.title for e in entries if e.kind == "page"}
    up = "../"
    rows = defaultdict(list)
    for term, about in terms.items():
        symbol = f" {render(about['symbol'])[0]}" if "symbol" in about else ""
        names = ", ".join(n for n in about.get("also", ()) if n != term)
        links = []
        if "defined" in about:
            links.append(f'<a class="defined" href="{up}{about["defined"]}">Glossary</a>')
        if "section" in about:
            links.append(f'<a href="{up}{NOTATION}.html#{about["section"]}">Notation</a>')
        for entry, _ in spoken_of(term, about.get("also", ()), entries):
            page = re.sub(r"^(\d+)\. ", r"\1 ", titles[entry.page])
            where = page if entry.kind == "page" else f"{page.partition(':')[0]}: {entry.title}"
            links.append(f'<a href="{up}{entry.address}">{escape(where)}</a>')
        slug = re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")
        also = f' <span class="term-also">{escape(names)}</span>' if names else ""
        items = "".join(f"<li>{link}</li>" for link in links)
        rows[term[0].upper()].append(
            f'<dt id="index-{slug}"><span class="term-name">{escape(term)}</span>{symbol}{also}</dt><dd><ul>{items}</ul></dd>'
        )
    letters = "".join(f'<li><a href="#letter-{letter.lower()}">{letter}</a></li>' for letter in rows)
    parts = [f'<nav class="term-letters" aria-label="Letters"><ul>{letters}</ul></nav>']
    parts += [
        f'<section id="letter-{letter.lower()}"><h2>{letter}</h2><dl>{"".join(row)}</dl></section>'
        for letter, row in rows.items()
    ]
    return f'<div class="term-index">{"".join(parts)}</div>'


class IndexOfTerms(SphinxDirective):
    """The place of the index, which is made when all pages are there."""

    def run(self):
        return [nodes.raw("", PLACE, format="html")]


# --- The build --------------------------------------------------------------------------------------------------------


def no_index_of_sphinx(app):
    app.builder.search = False


def finish(app, exception):
    """Read the written pages; write what search.js loads, and the index of terms into its page."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    files = {page: out / f"{page}.html" for page in dict.fromkeys(reading_order(app.env))}
    entries = [e for page, file in files.items() for e in read_page(page, file.read_text(encoding="utf-8"))]
    terms = read_terms(app.srcdir, entries)
    index = files[INDEX].read_text(encoding="utf-8")
    files[INDEX].write_text(index.replace(PLACE, index_of_terms(terms, entries)), encoding="utf-8")
    (out / ENTRIES).write_text(search_entries(entries + named(terms, entries)), encoding="utf-8")


def named(terms, entries):
    """Give the glossary's terms their other names; return entries for the terms that it lacks."""
    of_title = {e.title: e for e in entries if e.kind == "term"}
    more = []
    for term, about in terms.items():
        if term not in of_title:
            places = spoken_of(term, about.get("also", ()), entries)
            if not places:
                continue
            place = max(places, key=lambda found: found[1])[0]
            of_title[term] = Entry("term", place.page, place.anchor, term, place.title if place.anchor else "")
            more.append(of_title[term])
        of_title[term].also = ", ".join(about.get("also", ()))
    return more


def setup(app):
    app.add_directive("index-of-terms", IndexOfTerms)
    app.connect("builder-inited", no_index_of_sphinx)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
