"""Cards: what a finding's record decided, as a small picture of its intervals against their bounds, on a phone's screen."""

import functools
import html
import math
import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from overparam.report import results, scale, tables, verdicts
from overparam.report.evidence import Record
from overparam.report.intervals import Estimate
from overparam.report.protocols import LOOKS, Claim, Condition

METADATA = "overparam_claim"  # key of a notebook output's metadata under which a card leaves what it measured
PAGE_LEVEL = 0.95  # of the intervals of the page's own run
JUDGING = "../book/judging.html"  # pages of the book, seen from a chapter
PROTOCOLS = "../book/protocols.html"
MANY = 4  # intervals in one paragraph are a wall
BRACKETED = re.compile(r"\xa0\[[^\]]*\]")  # an interval as estimates are written
quote = functools.partial(html.escape, quote=True)


def anchor(name: str) -> str:
    """The id of a claim's card on its page."""
    return "claim-" + name.replace("/", "-")


def former_anchors(names: Iterable[str]) -> str:
    """HTML without any look that lets links to a claim's old ids lead to its card."""
    return "".join(f"<span id='{quote(anchor(name))}'></span>" for name in names)


def words(claim: Claim, outcome: str) -> str:
    """An outcome as a reader meets it."""
    if outcome == "contradicted" and claim.could_explain:
        return "contradicted in this setting"
    if outcome == "no effect" and all(c.equals is not None for c in claim.required_protocol.estimates.values()):
        return "no effect, as claimed"
    return outcome


def sentence(claim: Claim, record: Record | None) -> str:
    """A finding's sentence with the record's estimates (99 % intervals) filled in; what is due where there is no record."""
    if record is None:
        return f"This was not confirmed yet (`make confirm FINDING={claim.id}`)."
    if not claim.finding:
        return f"The record has no sentence yet: it is {record.outcome} after {len(record.seeds)} replicates."
    try:
        return claim.finding.format(replicates=len(record.seeds), **record.intervals)
    except KeyError as error:
        raise ValueError(
            f"The sentence of {claim.id} in data/claims.yaml quotes {error}, which its record lacks: run make confirm FINDING={claim.id}."
        ) from None


def left_out(estimate: Estimate) -> str:
    """How many replicates an estimate lacks because they diverged, in words to put behind it."""
    number = estimate.left_out
    said = "1 replicate diverged and is left out" if number == 1 else f"{number} replicates diverged and are left out"
    return f"; {said}" if number else ""


def seed_range(seeds: Sequence[int]) -> str:
    """Seeds in short: 0–9."""
    ordered = sorted(seeds)
    consecutive = ordered == list(range(ordered[0], ordered[-1] + 1))
    return f"{ordered[0]}–{ordered[-1]}" if consecutive and len(ordered) > 1 else ", ".join(map(str, ordered))


def robustness(name: str) -> tuple[str, str]:
    """In how many settings of a recorded table a finding keeps its sign, and where the table comes from."""
    if not results.is_recorded(name):
        return "not measured yet", ""
    table, where = results.recorded(name)
    return f"keeps its sign in {int(table['keeps'].sum())} of {len(table)} settings", where


@dataclass(frozen=True)
class Sentence:
    """The published sentences of findings; with more intervals than a paragraph bears it shows them in a table below."""

    findings: Sequence[tuple[Claim, Record | None]]

    def __str__(self) -> str:
        return " ".join(sentence(*finding) for finding in self.findings)

    @property
    def brief(self) -> str:
        """The sentences without their intervals."""
        return BRACKETED.sub("", str(self)).replace("; in brackets 99 % intervals", "")

    @property
    def table(self) -> tables.Table | None:
        """The intervals, each in the words of its protocol; None where the sentences have few enough to hold them."""
        if len(BRACKETED.findall(str(self))) < MANY:
            return None
        rows = [row for claim, record in self.findings if record for row in _rows(claim, record)]
        return tables.Table("From the record.", rows, level=99)

    def _repr_markdown_(self) -> str:
        return self.brief if self.table else str(self)

    def _ipython_display_(self) -> None:
        from IPython.display import Markdown, display

        display(Markdown(self._repr_markdown_()))
        if self.table:
            display(self.table)


def _rows(claim: Claim, record: Record) -> list[tables.Row]:
    """What a finding's sentence quotes with its interval, in the order of the protocol."""
    quoted = {key: spec or "" for _, key, spec, _ in string.Formatter().parse(claim.finding) if key}
    return [
        tables.Row(condition.says, estimate, format(estimate, quoted[key]), condition.unit)
        for key, condition in claim.required_protocol.measured.items()
        if key in quoted and (estimate := record.intervals[key])
    ]


@dataclass(frozen=True)
class Card:
    """A finding, its record's outcome, and what this run measured: ``values`` has one number per seed for each estimate.

    ``page`` has this run's estimates, none where the scale does not allow them; ``section`` is the label of the experiment.
    """

    claim: Claim
    record: Record | None
    values: Mapping[str, tuple[float, ...]]
    seeds: tuple[int, ...]
    page: Mapping[str, Estimate]
    section: str = ""

    @property
    def outcome(self) -> str:
        """What the record decided; "not run" where there is none."""
        return self.record.outcome if self.record else "not run"

    @functools.cached_property
    def confirmed(self) -> dict[str, Estimate]:
        """The record's estimates with the intervals that decide."""
        return self.record.intervals if self.record else {}

    def data(self) -> dict:
        """What this run measured: one entry of build/<scale>/claims/<chapter>.json."""
        first, condition = next(iter(self.claim.required_protocol.estimates.items()))
        estimate = self.page.get(first)
        return {
            "id": self.claim.id,
            "verdict": self.outcome,
            "statement": self.claim.statement,
            "measured": estimate and estimate.value,
            "interval": estimate and [estimate.low, estimate.high],
            "unit": condition.unit or condition.says,
            "seeds": list(self.seeds),
            "n_seeds": len(self.seeds),
            "scale": scale.current(),
            "seed_offset": scale.seed_offset(),
            "estimates": {key: [None if v != v else v for v in row] for key, row in self.values.items()},
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        text = f"{self.claim.id}: {words(self.claim, self.outcome)}. {self._sentence()}"
        return {"text/html": self._html(), "text/plain": text}, {METADATA: self.data()}

    def _sentence(self) -> str:
        """The published sentence; the claim itself where there is none, or where it presumes another outcome."""
        fits = self.record is not None and self.claim.finding and self.claim.outcome == self.outcome
        return sentence(self.claim, self.record) if fits else self.claim.statement

    def _html(self) -> str:
        claim, protocol = self.claim, self.claim.required_protocol
        rows = "".join(
            f"<div class='claim-estimate'><div class='claim-says'>{self._says(key, condition)}</div>"
            f"{forest(condition, self.confirmed.get(key), self.page.get(key), f'{anchor(claim.id)}-{key}')}</div>"
            for key, condition in protocol.estimates.items()
        )
        facts = [
            ("The claim", _claimed_by(claim)),
            (
                "The setting",
                quote(claim.setting) + " What differs could explain a contradiction." * claim.could_explain,
            ),
            ("The protocol", self._protocol()),
            ("The numbers", _list(self._numbers(key, c, True) for key, c in protocol.estimates.items())),
            ("The record", self._record()),
            ("This page", self._page()),
        ]
        if claim.robustness:
            says, where = robustness(claim.robustness)
            facts.insert(4, ("Other settings", quote(f"{says} ({where})" if where else says)))
        if protocol.asked:
            asked = _list(self._numbers(key, c, False) for key, c in protocol.asked.items())
            facts.insert(4, ("We also asked", f"{asked}This does not touch the outcome."))
        links = _links(self.section, "the experiment")
        return _card(
            claim,
            self.outcome,
            words(claim, self.outcome),
            self._sentence(),
            f"{rows}<p class='claim-about'>{self._about()}<br>{links}</p>",
            "Protocol and every number",
            facts,
        )

    def _says(self, key: str, condition: Condition) -> str:
        found = self.confirmed.get(key) or self.page.get(key)
        unit = f"<span class='claim-unit'>\N{NO-BREAK SPACE}{quote(condition.unit)}</span>" if condition.unit else ""
        number = f" <b class='claim-interval'>{found:.3g}{unit}</b>{left_out(found)}" if found else ""
        return f"{quote(condition.says)}{':' if found else ''}{number} <span class='claim-bound'>{condition.bound()}</span>"

    def _about(self) -> str:
        """What the picture shows, and what is still open."""
        parts = []
        if self.record:
            parts.append(f"Thick: the record, {len(self.record.seeds)} replicates, 99 %.")
        if self.page:
            parts.append(f"Thin: this page, {len(self.seeds)} replicates, 95 %.")
        if parts:
            parts.append("Shaded: as claimed.")
            if any(c.negligible and c.equals is None for c in self.claim.required_protocol.estimates.values()):
                parts.append("Hatched: too small to matter.")
        if self.record is None:
            parts.append(f"Not confirmed yet: <code>make confirm FINDING={self.claim.id}</code>.")
        elif self.outcome == "inconclusive":
            needed = verdicts.would_decide(self.record.estimates, self.claim.required_protocol)
            would = ""
            if needed:
                number = "more than 100,000" if needed > 100_000 else f"about {float(f'{needed:.2g}'):,.0f}"
                would = f"; {number} would, in four of five repetitions"
            parts.append(f"<b>{len(self.record.seeds)} replicates do not decide{would}.</b>")
        return " ".join(parts)

    def _protocol(self) -> str:
        protocol, looks = self.claim.required_protocol, ", ".join(map(str, LOOKS[:-1]))
        return (
            f"<a href='{PROTOCOLS}#protocol-{quote(self.claim.chapter)}'>Number {protocol.number}</a>. "
            f"One replicate is {quote(protocol.unit)}; redrawn with each: {quote(', '.join(protocol.redrawn))}. "
            f"Looks at {looks} and {LOOKS[-1]} replicates, until one decides. {quote(protocol.reason)}"
        )

    def _numbers(self, key: str, condition: Condition, decides: bool) -> str:
        parts = [condition.bound()] if decides else []
        if self.record and key in self.confirmed:
            found = self.confirmed[key]
            part = f"record {quote(_number(found, condition))}{left_out(found)}"
            if decides:
                among = len(self.claim.required_protocol.estimates)
                outcome = verdicts.of_condition(self.record.estimates[key], condition, among)
                holds = outcome == "supported" and condition.equals is not None
                part += f" ({'no effect, as claimed' if holds else outcome})"
            parts.append(part)
        if key in self.page:
            parts.append(f"this page {quote(_number(self.page[key], condition))}{left_out(self.page[key])}")
        return f"{quote(condition.says)}: {'; '.join(parts) or 'not in the record yet'}"

    def _record(self) -> str:
        command = f"<code>make confirm FINDING={self.claim.id}</code>"
        if self.record is None:
            return f"none yet; {command} makes it"
        record, made = self.record, self.record.provenance
        looks = ", ".join(f"{outcome} at {n}" for n, outcome in record.looks)
        facts = [str(made[key]) for key in ("date", "device") if made.get(key)]
        facts += [f"commit {made['commit']}"] if made.get("commit") else []
        facts += [f"PyTorch {made['torch']}"] if made.get("torch") else []
        facts += [f"{made['seconds']:,.0f} s"] if made.get("seconds") else []
        return (
            f"{len(record.seeds)} replicates (seeds {seed_range(record.seeds)}){f': {looks}' if looks else ''}. "
            f"{quote(', '.join(facts))}{'. ' if facts else ''}{command}"
        )

    def _page(self) -> str:
        if not self.page:
            return f"{scale.current()} scale, whose {len(self.seeds)} replicates say nothing"
        return f"{len(self.seeds)} replicates (seeds {seed_range(self.seeds)}) at {scale.current()} scale"


@dataclass(frozen=True)
class TheoremCard:
    """A theorem and how far its check was off."""

    claim: Claim
    error: float
    section: str = ""

    def data(self) -> dict:
        """What was checked: one entry of build/<scale>/claims/<chapter>.json."""
        return {
            "id": self.claim.id,
            "verdict": "theorem",
            "statement": self.claim.statement,
            "error": self.error,
            "tolerance": self.claim.tolerance,
            "scale": scale.current(),
            "seed_offset": scale.seed_offset(),
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        text = f"{self.claim.id}: {self._checked()}. {self.claim.statement}"
        return {"text/html": self._html(), "text/plain": text}, {METADATA: self.data()}

    def _checked(self) -> str:
        return f"theorem, checked to {self.claim.tolerance:g}"

    def _html(self) -> str:
        links = _links(self.section, "the check")
        about = f"What it says and what we computed differ by at most {self.error:.2g}. {links}"
        facts = [("The claim", _claimed_by(self.claim))] + (
            [("The setting", quote(self.claim.setting))] if self.claim.setting else []
        )
        return _card(
            self.claim,
            "theorem",
            self._checked(),
            self.claim.statement,
            f"<p class='claim-about'>{about}</p>",
            "Where it comes from",
            facts,
        )


# --- HTML -------------------------------------------------------------------------------------------------------------


def _card(
    claim: Claim, kind: str, badge: str, says: str, body: str, summary: str, facts: Sequence[tuple[str, str]]
) -> str:
    folded = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    return (
        f"<section class='claim-card' id='{anchor(claim.id)}' data-verdict='{kind.replace(' ', '-')}' "
        f"aria-label='{claim.kind.capitalize()}: {quote(claim.title)}'>{former_anchors(claim.formerly)}"
        f"<header><span class='claim-verdict'>{badge}</span><h3 class='claim-title'>{quote(claim.title)}</h3></header>"
        f"<p class='claim-statement'>{quote(says)}</p>{body}"
        f"<details class='claim-more'><summary>{summary}</summary><dl>{folded}</dl></details></section>"
    )


def _claimed_by(claim: Claim) -> str:
    where = f", {quote(claim.where)}" if claim.where else ""
    paper = f"<a href='{quote(claim.url)}'>{quote(claim.paper)}</a>{where}: {quote(claim.paper_says)}"
    return f"{quote(claim.statement)} {paper}"


def _links(section: str, what: str) -> str:
    own = f" · <a href='#{quote(section)}'>{what}</a>" if section else ""
    return f"<a href='{JUDGING}'>How a claim is judged</a>{own}"


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _number(estimate: Estimate, condition: Condition) -> str:
    """An estimate with its unit, as text."""
    return f"{estimate:.3g}\N{NO-BREAK SPACE}{condition.unit}".rstrip()


WIDTH, HEIGHT = 320, 46  # of a row's picture, in its own units; the page scales it
_EDGE = 14  # left free at either side, so that a bound's number has room


def forest(condition: Condition, record: Estimate | None, page: Estimate | None, name: str) -> str:
    """One row of a forest plot as SVG: intervals against the claimed side and ±δ, on an axis of its own.

    The record's interval is thick and the page's thin; ``name`` must be unique on the page. Empty without any estimate.
    """
    found = [estimate for estimate in (record, page) if estimate]
    if not found:
        return ""
    low, high = condition.claimed
    negligible = None if condition.equals is not None else condition.negligible
    ends = [end for end in (low, high) if math.isfinite(end)]
    shown = [*ends, *(negligible or ()), *(value for e in found for value in (e.low, e.value, e.high))]
    place = _axis(shown, logarithmic=condition.quantity == "ratio" and min(shown) > 0)

    def span(bounds: tuple[float, float], look: str) -> str:
        left, right = (min(max(place(end), 0), WIDTH) if math.isfinite(end) else (end > 0) * WIDTH for end in bounds)
        return f"<rect x='{left:.1f}' y='2' width='{right - left:.1f}' height='26' {look}/>"

    parts = [span((low, high), "class='forest-claimed' fill='currentColor' fill-opacity='.13'")]
    if negligible:
        parts.append(
            f"<pattern id='{quote(name)}' width='5' height='5' patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>"
            "<path d='M0 0V5' stroke='currentColor' stroke-opacity='.45'/></pattern>"
            + span(negligible, f"fill='url(#{quote(name)})'")
        )
    parts.append(f"<path d='M0 28H{WIDTH}' stroke='currentColor' stroke-opacity='.5'/>")
    marks = ends + [end for end in (condition.null,) if negligible]
    for number, end in enumerate(marks):
        x = place(end)
        if all(abs(x - place(other)) > 30 for other in marks[:number]):  # else their numbers would overlap
            parts.append(
                f"<path d='M{x:.1f} 2V32' stroke='currentColor' stroke-opacity='.6'/>"
                f"<text x='{x:.1f}' y='44' text-anchor='middle' font-size='13' fill='currentColor'>{_minus(f'{end:g}')}</text>"
            )
    for estimate, y, width, radius, kind in ((record, 11, 3, 5, "record"), (page, 21, 1.5, 2.5, "page")):
        if estimate:
            parts.append(
                f"<g class='forest-{kind}' stroke='currentColor' fill='currentColor'>"
                f"<path d='M{place(estimate.low):.1f} {y}H{place(estimate.high):.1f}' stroke-width='{width}'/>"
                f"<circle cx='{place(estimate.value):.1f}' cy='{y}' r='{radius}' stroke='none'/></g>"
            )
    said = [f"{kind} {_number(e, condition)}" for kind, e in (("record", record), ("this page", page)) if e]
    label = f"{condition.says}: {'; '.join(said)}; {condition.bound()}"
    return (
        f"<svg class='claim-forest' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{quote(label)}'>"
        f"{''.join(parts)}</svg>"
    )


def _axis(shown: Sequence[float], logarithmic: bool) -> Callable[[float], float]:
    """A function from values to places in a row's picture, which has room for all that is shown."""
    on_axis = math.log if logarithmic else float
    low, high = on_axis(min(shown)), on_axis(max(shown))
    room = (high - low) or 1.0
    return lambda value: _EDGE + (WIDTH - 2 * _EDGE) * (on_axis(value) - low) / room


def _minus(text: str) -> str:
    return text.replace("-", "−")
