"""The ledger: every claim of the book, with the verdicts that its chapters recorded when they were executed.

Facts stand in data/claims.yaml, claims of chapters to come in data/planned.yaml, verdicts in build/<scale>/claims/ and,
where `make gpu` has been run, in data/results/gpu/. tools/build.py checks that they fit together; book/_ext/verdicts.py
puts them into pages.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from html import escape
from pathlib import Path

import yaml

from overparam.report import claims

ROOT = Path(__file__).resolve().parents[1]
KINDS = (*claims.VERDICTS, "planned")
COLUMNS = {"laptop": "Here, on a laptop", "gpu": "Here, on a GPU"}
CHAPTER = re.compile(r"\bnotebooks/(\d\d_\w+)")
TITLE = re.compile(r'^r?"""\n(?:[^#\n].*\n|\n)*# (.+)$', re.MULTILINE)


class LedgerError(Exception):
    """One sentence that names a claim and what is wrong with it."""


@dataclass(frozen=True)
class Claim:
    """A claim's facts, its verdict in this build ('planned' where its chapter is not there), and its runs by scale."""

    fact: dict
    verdict: str
    runs: dict

    @property
    def anchor(self) -> str:
        """The id of its card on the chapter's page."""
        return "claim-" + self.fact["id"].replace("/", "-")


@dataclass(frozen=True)
class Chapter:
    """A chapter with its claims; `page` is None as long as it is planned."""

    name: str
    title: str
    page: str | None
    claims: list

    @property
    def number(self) -> int:
        return int(self.name[:2])


def collect(root: Path, build: Path) -> list[Chapter]:
    """Return the chapters in order, after checking that every claim of a chapter that is there has its verdict."""
    there = {page.replace("_", "-"): page for page in CHAPTER.findall((root / "_toc.yml").read_text(encoding="utf-8"))}
    facts, planned = (read_facts(root / "data" / name) for name in ("claims.yaml", "planned.yaml"))
    ids = [fact["id"] for fact in facts + planned]
    for fact in facts + planned:
        if ids.count(fact["id"]) > 1:
            raise LedgerError(f"The claim {fact['id']} stands twice in data/claims.yaml and data/planned.yaml.")
        if not fact["id"].startswith(f"{fact['chapter']}/"):
            raise LedgerError(f"The id of the claim {fact['id']} does not begin with its chapter, {fact['chapter']}/.")
    for fact in planned:
        if fact["chapter"] in there:
            raise LedgerError(
                f"The claim {fact['id']} is planned, but its chapter is there: take the chapter's claims out of "
                "data/planned.yaml."
            )
    live, recorded = {}, {}
    for file in sorted((build / "claims").glob("*.json")):
        live |= verdicts(json.loads(file.read_text(encoding="utf-8")), file, set(ids))
    for file in sorted((root / "data" / "results" / "gpu").glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        found = verdicts(content["rows"], file, set(ids))
        recorded |= {name: record | {"provenance": content["provenance"]} for name, record in found.items()}

    chapters = {}
    for fact in facts + planned:
        name = fact["chapter"]
        page = there.get(name)
        if name not in chapters:
            chapters[name] = Chapter(name, title(root, name, page), page and f"notebooks/{page}", [])
        if page and fact["id"] not in live:
            raise LedgerError(
                f"The claim {fact['id']} has no verdict: its chapter is there, so show its card and execute the chapter."
            )
        verdict = live[fact["id"]]["verdict"] if page else "planned"
        chapters[name].claims.append(Claim(fact, verdict, runs(fact, live, recorded) if page else {}))
    return sorted(chapters.values(), key=lambda chapter: chapter.name)


def read_facts(path: Path) -> list[dict]:
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or []) if path.is_file() else []


def verdicts(records: list[dict], file: Path, known: set) -> dict:
    """Return {id: record}; every record must be of a known claim and have the verdict that its intervals give."""
    for record in records:
        if record["id"] not in known:
            raise LedgerError(
                f"{file.name} has a verdict for {record['id']}, a claim that data/claims.yaml does not know."
            )
        implied = claims.recompute(record)
        if implied != record["verdict"]:
            raise LedgerError(
                f"{file.name} says that {record['id']} is {record['verdict']}, but its intervals give {implied}."
            )
    return {record["id"]: record for record in records}


def runs(fact: dict, live: dict, recorded: dict) -> dict:
    """Return what was measured of a claim, {scale: record}: in this build, or before and recorded for the same words."""
    found = {}
    if fact["id"] in recorded and recorded[fact["id"]]["statement"] == fact["statement"].strip():
        found["gpu"] = recorded[fact["id"]]
    record = live[fact["id"]]
    return found | {record["scale"]: record}


def title(root: Path, name: str, page: str | None) -> str:
    """Return a chapter's title: its source's first heading, or its name made readable as long as there is none."""
    source = root / "notebooks" / f"{page}.py"
    heading = TITLE.search(source.read_text(encoding="utf-8")) if page and source.is_file() else None
    return heading[1] if heading else name[3:].replace("-", " ").capitalize()


def find(chapters: list[Chapter], name: str) -> tuple[Chapter | None, Claim | None]:
    """Return the chapter that a claim's id names, by its number, and the claim; None for what is not known."""
    chapter = next((c for c in chapters if c.name[:2] == name[:2]), None)
    return chapter, next((c for c in chapter.claims if c.fact["id"] == name), None) if chapter else None


def count(chapters: list[Chapter]) -> Counter:
    return Counter(claim.verdict for chapter in chapters for claim in chapter.claims)


# --- HTML -------------------------------------------------------------------------------------------------------------


def totals(chapters: list[Chapter], scale: str, page: str) -> str:
    """Return one paragraph with the number of claims by verdict; every number leads to these claims in the ledger."""
    counts = count(chapters)
    tested = sum(counts.values()) - counts["planned"]
    parts = [
        link(f"{page}#verdict={kind}", f"{counts[kind]} {words(kind)}") for kind in claims.VERDICTS if counts[kind]
    ]
    text = f"{link(page, plural(tested, 'claim'))} at {scale} scale: {', '.join(parts)}."
    if counts["planned"]:
        text += f" {link(f'{page}#verdict=planned', str(counts['planned']))} more are planned for later chapters."
    return f'<p class="ledger-totals">{text}</p>'


def table(chapters: list[Chapter], scale: str, url) -> str:
    """Return the filter and the table; `url` maps a page of the book to its address."""
    return f"{controls(chapters)}\n{body(chapters, scale, url)}"


def controls(chapters: list[Chapter]) -> str:
    """Return the form that page.js brings to life; an option's id lets a link be checked like any other."""
    counts = count(chapters)
    options = {
        "chapter": {c.name: f"{c.number}. {c.title}" for c in chapters},
        "verdict": {kind: f"{words(kind)} ({counts[kind]})" for kind in KINDS if counts[kind]},
    }
    fields = ""
    for name, values in options.items():
        choices = "".join(f'<option value="{v}" id="{name}={v}">{escape(text)}</option>' for v, text in values.items())
        fields += (
            f'<label>{name.capitalize()} <select name="{name}"><option value="">all</option>{choices}</select></label>'
        )
    return (
        f'<form class="ledger-filter" aria-label="Filter the claims" hidden>{fields}'
        '<button type="reset">Show all</button><p role="status" aria-live="polite"></p></form>'
    )


def body(chapters: list[Chapter], scale: str, url) -> str:
    """Return the table. Its roles are spelled out because a phone shows its rows as blocks, which would take them away."""
    everything = [claim for chapter in chapters for claim in chapter.claims]
    on_gpu = sum("gpu" in claim.runs for claim in everything)
    offsets = sorted(
        {run["seed_offset"] for claim in everything for run in claim.runs.values() if "seed_offset" in run}
    )
    caption = (
        f"{plural(len(everything), 'claim')}. This build ran at {scale} scale"
        + (f", seeds from {', '.join(map(str, offsets))}" if offsets else "")
        + f"; {on_gpu or 'none'} of the claims {'has' if on_gpu == 1 else 'have'} been run at gpu scale. Brackets hold 95 % "
        "intervals unless the words beside them say otherwise."
    )
    heads = "".join(
        f'<th scope="col" role="columnheader">{head}</th>'
        for head in ("Claim", "Verdict", "The paper", *COLUMNS.values())
    )
    return (
        f'<table class="ledger" role="table"><caption>{caption}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        + "".join(group(chapter, scale, url) for chapter in chapters)
        + "</table>"
    )


def group(chapter: Chapter, scale: str, url) -> str:
    head = f"Chapter {chapter.number}: {escape(chapter.title)}"
    head = link(url(chapter.page), head) if chapter.page else f"{head} (planned)"
    rows = "".join(row(claim, chapter, scale, url) for claim in chapter.claims)
    return (
        f'<tbody role="rowgroup" data-chapter="{chapter.name}"><tr role="row" class="ledger-chapter">'
        f'<th scope="rowgroup" role="rowheader" colspan="{3 + len(COLUMNS)}">{head}</th></tr>{rows}</tbody>'
    )


def row(claim: Claim, chapter: Chapter, scale: str, url) -> str:
    fact = claim.fact
    name = escape(fact["title"])
    if chapter.page:
        name = link(f"{url(chapter.page)}#{claim.anchor}", name)
    paper = link(fact["url"], escape(fact["paper"])) + (f", {escape(fact['where'])}" if fact.get("where") else "")
    if fact.get("paper_says"):
        paper += f": {escape(fact['paper_says'].strip())}"
    cells = [("Verdict", badge(claim.verdict)), ("The paper", paper)]
    for column, head in COLUMNS.items():
        if claim.verdict == "planned":
            cells.append((head, muted("planned")))
        elif column in claim.runs:
            cells.append((head, result(claim.runs[column], column != scale)))
        else:
            cells.append((head, muted("not run" if column == "gpu" else "not run at this scale")))
    data = "".join(f'<td role="cell" data-head="{head}">{cell}</td>' for head, cell in cells)
    return (
        f'<tr role="row" id="ledger-{fact["id"].replace("/", "-")}" data-verdict="{claim.verdict}">'
        f'<th scope="row" role="rowheader"><span class="ledger-title">{name}</span> '
        f'<span class="ledger-statement">{escape(fact["statement"].strip())}</span></th>{data}</tr>'
    )


def result(run: dict, recorded: bool) -> str:
    """Return what one run measured: the claim's first check and, if another one made the verdict, that one too."""
    if not run["checks"]:
        return muted("not run") + f" {escape(run['summary'])}"
    verdicts = [claims.recompute(run | {"checks": [check]}) for check in run["checks"]]
    text = measured(run["checks"][0])
    if verdicts[0] != run["verdict"]:
        text += f"; decided by: {measured(run['checks'][verdicts.index(run['verdict'])])}"
    checks = f", {len(verdicts)} checks" if len(verdicts) > 1 else ""
    about = f"{plural(run['n_seeds'], 'seed')}{checks}"
    if recorded and "provenance" in run:
        about += f"; recorded on {run['provenance']['date']} on {escape(run['provenance']['device'])}"
    shown = f"{text} {muted(about)}"
    return f"{badge(run['verdict'])} {shown}" if recorded else shown


def measured(check: dict) -> str:
    unit = check["unit"] if check["unit"] not in ("", check["label"]) else ""
    estimate = f"{claims.Estimate(**check['estimate']):.3g}"
    return f'{escape(check["label"])}: <b class="ledger-number">{estimate}</b> {escape(unit)}'.rstrip()


def badge(kind: str) -> str:
    return f'<span class="claim-verdict" data-verdict="{kind}">{words(kind)}</span>'


def words(kind: str) -> str:
    return kind.replace("-", " ")


def muted(text: str) -> str:
    return f'<span class="ledger-about">{text}</span>'


def link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{text}</a>'


def plural(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"
