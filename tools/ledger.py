"""The ledger: every claim of the book, with what its record decided.

Claims stand in data/claims.yaml, those of chapters to come in data/planned.yaml, records of findings in
data/results/evidence/ and what chapters showed when they were executed in build/<scale>/claims/. tools/build.py checks that
all of it fits together; book/_ext/verdicts.py puts it into pages.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from overparam.report import cards, evidence, protocols
from overparam.report.evidence import Record
from overparam.report.intervals import Estimate

ROOT = Path(__file__).resolve().parents[1]
OUTCOMES = tuple(outcome.replace(" ", "-") for outcome in protocols.OUTCOMES)
KINDS = ("finding", "theorem", "planned")
CHAPTER = re.compile(r"\bnotebooks/(\d\d_\w+)")
TITLE = re.compile(r'^r?"""\n(?:[^#\n].*\n|\n)*# (.+)$', re.MULTILINE)


class LedgerError(Exception):
    """One sentence that names a claim and what is wrong with it."""


@dataclass(frozen=True)
class Claim:
    """A claim's entry, its kind and verdict, its record, and what was measured of it in this build.

    The verdict is a finding's outcome, "theorem", or "planned".
    """

    fact: dict
    kind: str
    verdict: str
    run: dict
    claim: protocols.Claim | None = None
    record: Record | None = None

    @property
    def anchor(self) -> str:
        """The id of its card on the chapter's page."""
        return cards.anchor(self.fact["id"])

    @property
    def words(self) -> str:
        """Its verdict as a reader meets it."""
        shown = words(self.verdict)
        return cards.words(self.claim, shown) if self.kind == "finding" else shown


@dataclass(frozen=True)
class Chapter:
    """A chapter with its claims; `page` is None as long as it is planned."""

    name: str
    number: int
    title: str
    page: str | None
    claims: list[Claim]


def collect(root: Path, build: Path) -> list[Chapter]:
    """Return the chapters in order, after checking that every claim of a chapter that is there has the verdict that is due."""
    there = {slug(page): page for page in CHAPTER.findall((root / "_toc.yml").read_text(encoding="utf-8"))}
    try:
        facts, planned = (read_facts(root / "data" / name) for name in ("claims.yaml", "planned.yaml"))
    except protocols.ProtocolError as error:
        raise LedgerError(str(error)) from error
    check_names(facts + planned)
    for fact in planned:
        if fact["chapter"] in there and "needs" not in fact:
            raise LedgerError(
                f"The claim {fact['id']} is planned, but its chapter is there: take the chapter's claims out of "
                "data/planned.yaml, or say under `needs` what this one waits for."
            )
    try:
        claims = {fact["id"]: protocols.read(fact) for fact in facts}
        records = read_records(root, claims)
        for claim in claims.values():
            check_sentence(claim, records.get(claim.id))
    except ValueError as error:
        raise LedgerError(str(error)) from error
    live = {}
    for file in sorted((build / "claims").glob("*.json")):
        live |= measured_in(json.loads(file.read_text(encoding="utf-8")), file, claims, records)

    order = [*there, *dict.fromkeys(fact["chapter"] for fact in facts + planned if fact["chapter"] not in there)]
    chapters = []
    for name in order:
        page = there.get(name)
        own = [fact for fact in facts + planned if fact["chapter"] == name]
        for fact in own:
            if page and "needs" not in fact and fact["id"] not in live:
                raise LedgerError(
                    f"The claim {fact['id']} has no verdict: its chapter is there, so show its card and execute the chapter."
                )
        found = [_claim(fact, page, live, claims, records) for fact in own]
        if found:
            number = int(page[:2]) if page else max([0, *(chapter.number for chapter in chapters)]) + 1
            chapters.append(Chapter(name, number, title(root, name, page), page and f"notebooks/{page}", found))
    return chapters


def slug(stem: str) -> str:
    """A chapter's name without its number, from its file's: 01_bias_variance → bias-variance."""
    return stem.split("_", 1)[1].replace("_", "-")


def check_names(facts: list[dict]) -> None:
    """Refuse an id, or an old id, that stands twice."""
    for names, what in (
        ([fact["id"] for fact in facts], "claim"),
        ([name for fact in facts for name in fact.get("formerly", ())], "old id"),
    ):
        if twice := [name for name, number in Counter(names).items() if number > 1]:
            raise LedgerError(f"The {what} {twice[0]} stands twice in data/claims.yaml and data/planned.yaml.")


def read_facts(path: Path) -> list[dict]:
    return protocols.parse(path) if path.is_file() else []


def read_records(root: Path, claims: dict[str, protocols.Claim]) -> dict[str, Record]:
    """The records of all findings by id; each is recomputed from its values."""
    records = {}
    for file in sorted((root / "data" / "results" / "evidence").glob("*.json")):
        own = {name: claim for name, claim in claims.items() if claim.chapter == file.stem}
        records |= evidence.read(file.stem, file, claims=own)
    return records


def check_sentence(claim: protocols.Claim, record: Record | None) -> None:
    """Refuse a published sentence that the record does not bear out."""
    if not claim.finding:
        return
    if record is None:
        raise LedgerError(f"The claim {claim.id} has a sentence but no record: run make confirm FINDING={claim.id}.")
    if claim.outcome != record.outcome:
        raise LedgerError(
            f"The sentence of {claim.id} in data/claims.yaml presumes {claim.outcome!r}, but its record says "
            f"{record.outcome!r}: rewrite the sentence, and the text around where it is quoted."
        )
    cards.sentence(claim, record)


def measured_in(
    rows: list[dict], file: Path, claims: dict[str, protocols.Claim], records: dict[str, Record]
) -> dict[str, dict]:
    """Return {id: row}; every row must be of a known claim and have the verdict that is due."""
    for row in rows:
        if row["id"] not in claims:
            raise LedgerError(
                f"{file.name} has a verdict for {row['id']}, a claim that data/claims.yaml does not know."
            )
        claim = claims[row["id"]]
        due = implied(row, claim, records.get(claim.id))
        if due != row["verdict"]:
            source = "its record gives" if claim.kind == "finding" else "its numbers give"
            raise LedgerError(f"{file.name} says that {claim.id} is {row['verdict']}, but {source} {due}.")
    return {row["id"]: row for row in rows}


def implied(row: dict, claim: protocols.Claim, record: Record | None) -> str:
    """The verdict that is due: by a finding's record, or a theorem's tolerance."""
    if claim.kind == "finding":
        return record.outcome if record else "not run"
    return "theorem" if row["error"] <= claim.tolerance else "refuted"


def _claim(fact: dict, page: str | None, live: dict, claims: dict, records: dict) -> Claim:
    """A claim with its verdict; one whose chapter is not there, or that waits for something, is planned."""
    if not page or "needs" in fact:
        return Claim(fact, "planned", "planned", {})
    name, row = fact["id"], live[fact["id"]]
    return Claim(fact, fact["kind"], row["verdict"].replace(" ", "-"), row, claims[name], records.get(name))


def title(root: Path, name: str, page: str | None) -> str:
    """Return a chapter's title: its source's first heading, or its name made readable as long as there is none."""
    source = root / "notebooks" / f"{page}.py"
    heading = TITLE.search(source.read_text(encoding="utf-8")) if page and source.is_file() else None
    return heading[1] if heading else name.replace("-", " ").capitalize()


def find(chapters: list[Chapter], name: str) -> tuple[Chapter | None, Claim | None]:
    """Return a claim with its chapter, by its id; None for what is not known."""
    found = ((chapter, claim) for chapter in chapters for claim in chapter.claims if claim.fact["id"] == name)
    return next(found, (None, None))


def count(chapters: list[Chapter]) -> Counter:
    """How many claims there are with each verdict."""
    return Counter(claim.verdict for chapter in chapters for claim in chapter.claims)


# --- HTML -------------------------------------------------------------------------------------------------------------


def totals(chapters: list[Chapter], page: str) -> str:
    """Return a bar of the findings by outcome, and the numbers of all claims; each leads to these claims in the ledger."""
    counts = count(chapters)
    parts = []
    if tested := sum(counts[outcome] for outcome in OUTCOMES):
        each = [
            f'<a class="verdict {outcome}" href="{escape(page)}#verdict={outcome}">{counts[outcome]} {words(outcome)}</a>'
            for outcome in OUTCOMES
            if counts[outcome]
        ]
        parts.append(f"{plural(tested, 'finding')}: {', '.join(each)}.")
    if counts["theorem"]:
        parts.append(link(f"{page}#verdict=theorem", plural(counts["theorem"], "theorem")) + ".")
    if counts["planned"]:
        parts.append(link(f"{page}#verdict=planned", f"{counts['planned']} planned") + ".")
    return f'{bar(counts, page)}<p class="ledger-totals">{" ".join(parts)}</p>'


def bar(counts: Counter, page: str) -> str:
    """Return one bar with a part for each outcome, as wide as it is frequent; the paragraph below it says the same in words."""
    parts = "".join(
        f'<a class="verdict {outcome}" style="flex-grow: {counts[outcome]}" href="{escape(page)}#verdict={outcome}" '
        f'title="{counts[outcome]} {words(outcome)}" tabindex="-1"></a>'
        for outcome in OUTCOMES
        if counts[outcome]
    )
    return f'<div class="outcomes" aria-hidden="true">{parts}</div>' if parts else ""


def controls(chapters: list[Chapter]) -> str:
    """Return the form that page.js brings to life; an option's id lets a link be checked like any other."""
    counts = count(chapters)
    options = {
        "chapter": {c.name: f"{c.number}. {c.title}" for c in chapters},
        "verdict": {v: f"{words(v)} ({counts[v]})" for v in (*OUTCOMES, "theorem", "planned") if counts[v]},
    }
    fields = ""
    for name, values in options.items():
        choices = "".join(f'<option value="{v}" id="{name}={v}">{escape(text)}</option>' for v, text in values.items())
        fields += (
            f'<label>{name.capitalize()} <select name="{name}"><option value="">all</option>{choices}</select></label>'
        )
    return (
        f'<form class="ledger-filter" aria-label="Filter the claims">{fields}<button type="reset">Show all</button>'
        f'<p role="status" aria-live="polite">All {sum(counts.values())} claims are shown.</p></form>'
    )


def table(chapters: list[Chapter], kind: str, scale: str, url: Callable[[str], str]) -> str:
    """Return the table of the claims of one kind; `url` maps a page of the book to its address.

    Its roles are spelled out because a phone shows its rows as blocks, which would take them away.
    """
    own = {chapter.name: [claim for claim in chapter.claims if claim.kind == kind] for chapter in chapters}
    everything = [claim for claims in own.values() for claim in claims]
    if not everything:
        return '<p class="ledger-none">None yet.</p>'
    columns = {"finding": finding, "theorem": theorem, "planned": plan}[kind]
    heads = ["Claim", *columns(everything[0])]
    names = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in heads)
    body = "".join(
        _group(chapter, own[chapter.name], len(heads), columns, url) for chapter in chapters if own[chapter.name]
    )
    return (
        f'<table class="ledger ledger-{kind}" role="table"><caption>{caption(kind, len(everything), scale)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{names}</tr></thead>{body}</table>'
    )


def caption(kind: str, number: int, scale: str) -> str:
    """Return what a table of so many claims says of itself."""
    text = f"{plural(number, 'claim' if kind == 'planned' else kind)}."
    if kind == "finding":
        text += (
            f" Brackets hold 99 % intervals in the record, 95 % intervals in this build, which ran at {scale} scale."
        )
    return text


def _group(chapter: Chapter, claims: list[Claim], width: int, cells: Callable, url: Callable[[str], str]) -> str:
    head = f"Chapter {chapter.number}: {escape(chapter.title)}"
    head = link(url(chapter.page), head) if chapter.page else f"{head} (planned)"
    rows = "".join(row(claim, chapter, cells(claim), url) for claim in claims)
    return (
        f'<tbody role="rowgroup" data-chapter="{chapter.name}"><tr role="row" class="ledger-chapter">'
        f'<th scope="rowgroup" role="rowheader" colspan="{width}">{head}</th></tr>{rows}</tbody>'
    )


def row(claim: Claim, chapter: Chapter, cells: dict[str, str], url: Callable[[str], str]) -> str:
    """Return the row of a claim; old links to it still lead there."""
    fact, name = claim.fact, escape(claim.fact["title"])
    if chapter.page and claim.kind != "planned":
        name = link(f"{url(chapter.page)}#{claim.anchor}", name)
    data = "".join(f'<td role="cell" data-head="{head}">{cell}</td>' for head, cell in cells.items())
    former = "".join(f'<span id="ledger-{old.replace("/", "-")}"></span>' for old in fact.get("formerly", ()))
    return (
        f'<tr role="row" id="ledger-{fact["id"]}" data-verdict="{claim.verdict}">'
        f'<th scope="row" role="rowheader">{former}<span class="ledger-title">{name}</span> '
        f'<span class="ledger-statement">{escape(fact["statement"].strip())}</span></th>{data}</tr>'
    )


def paper(fact: dict) -> str:
    text = link(fact["url"], escape(fact["paper"])) + (f", {escape(fact['where'])}" if fact.get("where") else "")
    return f"{text}: {escape(fact['paper_says'].strip())}" if fact.get("paper_says") else text


def finding(claim: Claim) -> dict[str, str]:
    """Return the cells of a finding: its outcome, its paper, what the record has and what this build measured."""
    return {
        "Verdict": badge(claim.verdict, claim.words),
        "The paper": paper(claim.fact),
        "The record": confirmed(claim),
        "This build": _headline(claim.run) if claim.run["interval"] else muted("none at this scale"),
        "Other settings": escape(cards.robustness(table)[0])
        if (table := claim.claim.robustness)
        else muted("not tried"),
    }


def confirmed(claim: Claim) -> str:
    """Return what a finding's record has: its sentence and the estimates that decided."""
    if claim.record is None:
        return muted("not confirmed yet")
    found, conditions = claim.record.intervals, claim.claim.protocol.estimates
    numbers = (_estimate(condition.says, found[key], condition.unit) for key, condition in conditions.items())
    says = escape(cards.Sentence([(claim.claim, claim.record)]).brief) if claim.claim.finding else ""
    made = claim.record.provenance
    about = plural(len(claim.record.seeds), "replicate")
    if made.get("date"):
        about += f"; recorded on {escape(str(made['date']))}" + (
            f" on {escape(made['device'])}" if made.get("device") else ""
        )
    listed = "".join(f"<li>{number}</li>" for number in numbers)
    return f'{says}<ul class="ledger-estimates">{listed}</ul>{muted(about)}'


def theorem(claim: Claim) -> dict[str, str]:
    """Return the cells of a theorem: who proved it, and how far its check was off."""
    checked = f"to {claim.claim.tolerance:g}; off by at most {claim.run['error']:.2g}"
    return {"The paper": paper(claim.fact), "Checked": checked}


def plan(claim: Claim) -> dict[str, str]:
    """Return the cells of a claim whose chapter is still to come, or that needs what no build has."""
    return {"The paper": paper(claim.fact), "Waits for": escape(claim.fact.get("needs", "its chapter"))}


def _headline(run: dict) -> str:
    """The first estimate of a finding in this build."""
    number = f'<b class="ledger-number">{Estimate(run["measured"], *run["interval"]):.3g}</b>'
    return f"{number} {escape(run['unit'])} {muted(plural(run['n_seeds'], 'seed'))}"


def _estimate(says: str, estimate: Estimate, unit: str) -> str:
    return f'{escape(says)}: <b class="ledger-number">{estimate:.3g}</b> {escape(unit)}'.rstrip()


def badge(kind: str, text: str) -> str:
    return f'<span class="claim-verdict" data-verdict="{kind}">{text}</span>'


def words(kind: str) -> str:
    return kind.replace("-", " ")


def muted(text: str) -> str:
    return f'<span class="ledger-about">{text}</span>'


def link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{text}</a>'


def plural(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"
