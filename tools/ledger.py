"""The ledger: every claim of the book, with what its record decided.

Claims stand in data/claims.yaml, those of chapters to come in data/planned.yaml, records of findings in
data/results/evidence/, what chapters showed when they were executed in build/<scale>/claims/ and, where `make gpu` has been
run, in data/results/gpu/. tools/build.py checks that all of it fits together; book/_ext/verdicts.py puts it into pages.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from overparam.report import cards, earlier, evidence, protocols
from overparam.report.evidence import Record
from overparam.report.intervals import Estimate

ROOT = Path(__file__).resolve().parents[1]
OUTCOMES = tuple(outcome.replace(" ", "-") for outcome in protocols.OUTCOMES)
KINDS = ("finding", "theorem", "earlier", "planned")
COLUMNS = {"laptop": "Here, on a laptop", "gpu": "Here, on a GPU"}
CHAPTER = re.compile(r"\bnotebooks/(\d\d_\w+)")
TITLE = re.compile(r'^r?"""\n(?:[^#\n].*\n|\n)*# (.+)$', re.MULTILINE)


class LedgerError(Exception):
    """One sentence that names a claim and what is wrong with it."""


@dataclass(frozen=True)
class Claim:
    """A claim's entry, its kind and verdict, its record, and what was measured of it by scale.

    The verdict is a finding's outcome, "theorem", an earlier verdict, or "planned".
    """

    fact: dict
    kind: str
    verdict: str
    runs: dict
    claim: protocols.Claim | None = None
    record: Record | None = None

    @property
    def anchor(self) -> str:
        """The id of its card on the chapter's page."""
        return cards.anchor(self.fact["id"])

    @property
    def group(self) -> str:
        """Under what it is counted and filtered: earlier verdicts are no outcomes."""
        return f"earlier-{self.verdict}" if self.kind == "earlier" else self.verdict

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
        claims = {fact["id"]: protocols.read(fact) for fact in facts if "kind" in fact}
        records = read_records(root, claims)
        for claim in claims.values():
            check_sentence(claim, records.get(claim.id))
    except ValueError as error:
        raise LedgerError(str(error)) from error
    known = {fact["id"]: fact for fact in facts + planned}
    live, recorded = {}, {}
    for file in sorted((build / "claims").glob("*.json")):
        live |= measured_in(json.loads(file.read_text(encoding="utf-8")), file, known, records)
    for file in sorted((root / "data" / "results" / "gpu").glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        rows = [row for row in content["rows"] if row["id"] not in claims]  # findings have their own record
        found = measured_in(rows, file, known, records)
        recorded |= {name: row | {"provenance": content["provenance"]} for name, row in found.items()}

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
        found = [_claim(fact, page, live, recorded, claims, records) for fact in own]
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


def measured_in(rows: list[dict], file: Path, known: dict[str, dict], records: dict[str, Record]) -> dict[str, dict]:
    """Return {id: row}; every row must be of a known claim and have the verdict that is due."""
    for row in rows:
        if row["id"] not in known:
            raise LedgerError(
                f"{file.name} has a verdict for {row['id']}, a claim that data/claims.yaml does not know."
            )
        due = implied(row, known[row["id"]], records.get(row["id"]))
        if due != row["verdict"]:
            source = "its record gives" if known[row["id"]].get("kind") == "finding" else "its numbers give"
            raise LedgerError(f"{file.name} says that {row['id']} is {row['verdict']}, but {source} {due}.")
    return {row["id"]: row for row in rows}


def implied(row: dict, fact: dict, record: Record | None) -> str:
    """The verdict that is due: by a finding's record, a theorem's tolerance, or the intervals of an earlier card."""
    if fact.get("kind") == "finding":
        return record.outcome if record else "not run"
    if fact.get("kind") == "theorem":
        return "theorem" if row["error"] <= fact["tolerance"] else "refuted"
    return earlier.recompute(row)


def _claim(fact: dict, page: str | None, live: dict, recorded: dict, claims: dict, records: dict) -> Claim:
    """A claim with its verdict; one whose chapter is not there, or that waits for something, is planned."""
    if not page or "needs" in fact:
        return Claim(fact, "planned", "planned", {})
    row = live[fact["id"]]
    verdict = row["verdict"].replace(" ", "-")
    return Claim(
        fact,
        fact.get("kind", "earlier"),
        verdict,
        runs(fact, row, recorded),
        claims.get(fact["id"]),
        records.get(fact["id"]),
    )


def runs(fact: dict, row: dict, recorded: dict) -> dict:
    """Return what was measured of a claim, {scale: row}: in this build, or before and recorded for the same words."""
    found = {}
    if fact["id"] in recorded and recorded[fact["id"]]["statement"] == fact["statement"].strip():
        found["gpu"] = recorded[fact["id"]]
    return found | {row["scale"]: row}


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
    """How many claims there are of each group (see `Claim.group`)."""
    return Counter(claim.group for chapter in chapters for claim in chapter.claims)


# --- HTML -------------------------------------------------------------------------------------------------------------


def totals(chapters: list[Chapter], scale: str, page: str) -> str:
    """Return one paragraph with the numbers of claims; every number leads to these claims in the ledger."""
    counts = count(chapters)

    def linked(groups: Iterable[str]) -> str:
        return ", ".join(
            link(f"{page}#verdict={group}", f"{counts[group]} {words(group.removeprefix('earlier-'))}")
            for group in groups
            if counts[group]
        )

    findings, before = OUTCOMES, [f"earlier-{outcome}" for outcome in OUTCOMES]
    parts = []
    if tested := sum(counts[group] for group in findings):
        parts.append(f"{plural(tested, 'finding')}: {linked(findings)}.")
    if counts["theorem"]:
        checked = link(f"{page}#verdict=theorem", plural(counts["theorem"], "theorem"))
        parts.append(f"{checked} checked.")
    if tested := sum(counts[group] for group in before):
        parts.append(f"By the earlier rule, at {scale} scale, {plural(tested, 'claim')}: {linked(before)}.")
    if counts["planned"]:
        parts.append(f"{link(f'{page}#verdict=planned', str(counts['planned']))} more are planned.")
    return f'<p class="ledger-totals">{" ".join(parts)}</p>'


def controls(chapters: list[Chapter]) -> str:
    """Return the form that page.js brings to life; an option's id lets a link be checked like any other."""
    counts = count(chapters)
    groups = [*OUTCOMES, "theorem", *(f"earlier-{outcome}" for outcome in OUTCOMES), "planned"]
    options = {
        "chapter": {c.name: f"{c.number}. {c.title}" for c in chapters},
        "verdict": {g: f"{words(g.replace('earlier-', 'earlier: '))} ({counts[g]})" for g in groups if counts[g]},
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


def table(chapters: list[Chapter], kind: str, scale: str, url: Callable[[str], str]) -> str:
    """Return the table of the claims of one kind; `url` maps a page of the book to its address.

    Its roles are spelled out because a phone shows its rows as blocks, which would take them away.
    """
    own = {chapter.name: [claim for claim in chapter.claims if claim.kind == kind] for chapter in chapters}
    everything = [claim for claims in own.values() for claim in claims]
    if not everything:
        return '<p class="ledger-none">None yet.</p>'
    columns = {"finding": finding, "theorem": theorem, "earlier": judged_earlier, "planned": plan}[kind]
    heads = ["Claim", *columns(everything[0], scale)]
    names = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in heads)
    body = "".join(
        _group(chapter, own[chapter.name], len(heads), lambda claim: columns(claim, scale), url)
        for chapter in chapters
        if own[chapter.name]
    )
    return (
        f'<table class="ledger ledger-{kind}" role="table"><caption>{caption(kind, everything, scale)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{names}</tr></thead>{body}</table>'
    )


def caption(kind: str, claims: list[Claim], scale: str) -> str:
    """Return what a table says of itself."""
    noun = {"finding": "finding", "theorem": "theorem"}.get(kind, "claim")
    text = f"{plural(len(claims), noun)}."
    if kind == "finding":
        text += (
            f" Brackets hold 99 % intervals in the record, 95 % intervals in this build, which ran at {scale} scale."
        )
    if kind == "earlier":
        on_gpu = sum("gpu" in claim.runs for claim in claims)
        offsets = sorted(
            {run["seed_offset"] for claim in claims for run in claim.runs.values() if "seed_offset" in run}
        )
        text += (
            f" This build ran at {scale} scale"
            + (f", seeds from {', '.join(map(str, offsets))}" if offsets else "")
            + f"; {on_gpu or 'none'} of the claims {'has' if on_gpu == 1 else 'have'} been run at gpu scale. Brackets hold "
            "95 % intervals unless the words beside them say otherwise."
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
        f'<tr role="row" id="ledger-{fact["id"]}" data-verdict="{claim.group}">'
        f'<th scope="row" role="rowheader">{former}<span class="ledger-title">{name}</span> '
        f'<span class="ledger-statement">{escape(fact["statement"].strip())}</span></th>{data}</tr>'
    )


def paper(fact: dict) -> str:
    text = link(fact["url"], escape(fact["paper"])) + (f", {escape(fact['where'])}" if fact.get("where") else "")
    return f"{text}: {escape(fact['paper_says'].strip())}" if fact.get("paper_says") else text


def finding(claim: Claim, scale: str) -> dict[str, str]:
    """Return the cells of a finding: its outcome, its paper, what the record has and what this build measured."""
    return {
        "Verdict": badge(claim.verdict, claim.words),
        "The paper": paper(claim.fact),
        "The record": confirmed(claim),
        "This build": _headline(claim.runs[scale])
        if claim.runs.get(scale, {}).get("interval")
        else muted("none at this scale"),
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
    says = f"{escape(cards.sentence(claim.claim, claim.record))} " if claim.claim.finding else ""
    made = claim.record.provenance
    about = plural(len(claim.record.seeds), "replicate")
    if made.get("date"):
        about += f"; recorded on {escape(str(made['date']))}" + (
            f" on {escape(made['device'])}" if made.get("device") else ""
        )
    return f"{says}{'; '.join(numbers)} {muted(about)}"


def theorem(claim: Claim, scale: str) -> dict[str, str]:
    """Return the cells of a theorem: who proved it, and how far its check was off."""
    error = claim.runs[scale]["error"] if scale in claim.runs else None
    off = muted("not checked at this scale") if error is None else f"off by at most {error:.1e}"
    return {"The paper": paper(claim.fact), "Checked": f"to {claim.fact['tolerance']:g}; {off}"}


def judged_earlier(claim: Claim, scale: str) -> dict[str, str]:
    """Return the cells of a claim that was judged by the earlier rule."""
    cells = {"Verdict": badge(claim.verdict, claim.words), "The paper": paper(claim.fact)}
    for column, head in COLUMNS.items():
        if column in claim.runs:
            cells[head] = result(claim.runs[column], column != scale)
        else:
            cells[head] = muted("not run" if column == "gpu" else "not run at this scale")
    return cells


def plan(claim: Claim, scale: str) -> dict[str, str]:
    """Return the cells of a claim whose chapter is still to come, or that needs what no build has."""
    return {"The paper": paper(claim.fact), "Waits for": escape(claim.fact.get("needs", "its chapter"))}


def result(run: dict, recorded: bool) -> str:
    """Return what one run measured: the claim's first check and, if another one made the verdict, that one too."""
    if not run["checks"]:
        return muted("not run") + f" {escape(run['summary'])}"
    each = [earlier.recompute(run | {"checks": [check]}) for check in run["checks"]]
    text = _check(run["checks"][0])
    if each[0] != run["verdict"]:
        text += f"; decided by: {_check(run['checks'][each.index(run['verdict'])])}"
    checks = f", {len(each)} checks" if len(each) > 1 else ""
    about = f"{plural(run['n_seeds'], 'seed')}{checks}"
    if recorded and "provenance" in run:
        about += f"; recorded on {run['provenance']['date']} on {escape(run['provenance']['device'])}"
    shown = f"{text} {muted(about)}"
    return f"{badge(run['verdict'], words(run['verdict']))} {shown}" if recorded else shown


def _headline(run: dict) -> str:
    """The first estimate of a finding in this build."""
    number = f'<b class="ledger-number">{Estimate(run["measured"], *run["interval"]):.3g}</b>'
    return f"{number} {escape(run['unit'])} {muted(plural(run['n_seeds'], 'seed'))}"


def _check(check: dict) -> str:
    unit = check["unit"] if check["unit"] != check["label"] else ""
    return _estimate(check["label"], Estimate(**check["estimate"]), unit)


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
