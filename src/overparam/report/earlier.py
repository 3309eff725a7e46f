"""The cards of chapters that are not rewritten yet: their checks, with bounds that stand in the chapter, decide on the page's run.

``supported`` where every check's interval lies wholly on its side, ``contradicted`` where one lies on the other, else
``inconclusive``. New chapters use `overparam.report.claims`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from overparam.report import protocols, scale
from overparam.report.cards import METADATA, anchor, former_anchors, left_out, quote, seed_range
from overparam.report.intervals import Estimate


@dataclass(frozen=True)
class Check:
    """One thing that a claim says: the estimate lies above, below or inside the bounds."""

    label: str
    estimate: Estimate
    above: float = -np.inf
    below: float = np.inf
    unit: str = ""

    @property
    def verdict(self) -> str:
        """Of this check alone."""
        if self.above < self.estimate.low and self.estimate.high < self.below:
            return "supported"
        if self.estimate.high < self.above or self.estimate.low > self.below:
            return "contradicted"
        return "inconclusive"


def combine(verdicts: Sequence[str]) -> str:
    """Verdict of a claim that says several things: contradicted if one is, supported only if all are."""
    for verdict in ("contradicted", "inconclusive", "not-run"):
        if verdict in verdicts:
            return verdict
    return "supported"


def recompute(record: dict) -> str:
    """The verdict that a recorded claim's own intervals give (see ``Card.record``)."""
    if record["scale"] == "smoke" or not record["checks"]:
        return "not-run"
    checks = [
        Check(
            c["label"],
            Estimate(**c["estimate"]),
            -np.inf if c["above"] is None else c["above"],
            np.inf if c["below"] is None else c["below"],
        )
        for c in record["checks"]
    ]
    return combine([c.verdict for c in checks])


class EarlierLedger:
    """The claims of one chapter as ``data/claims.yaml`` states them; turns measurements into verdict cards."""

    def __init__(self, chapter: str) -> None:
        earlier = [fact for fact in protocols.entries() if "kind" not in fact]
        self.chapter = chapter
        self.facts = {fact["id"]: fact for fact in earlier if fact["chapter"] == chapter}
        if not self.facts:
            chapters = sorted({fact["chapter"] for fact in earlier})
            raise ValueError(
                f"No earlier claims for chapter {chapter!r} in data/claims.yaml; there are {', '.join(chapters)}."
            )

    def card(self, name: str, checks: Sequence[Check], measured: str, seeds: Sequence[int], section: str) -> "Card":
        """The card of one claim. Its verdict follows from the checks; at ``smoke`` scale there is none.

        ``measured`` says in a sentence what was found, ``seeds`` are the replicates behind the intervals, ``section`` is the
        label of the section whose code measured it. The first check is the claim's headline number.
        """
        enough = {"smoke": 1, "laptop": 5, "gpu": 3}[scale.current()]
        if len(seeds) < enough:
            raise ValueError(
                f"A verdict at {scale.current()} scale needs at least {enough} seeds; {name} has {len(seeds)}."
            )
        verdict = "not-run" if scale.current() == "smoke" else combine([c.verdict for c in checks])
        return Card(self._fact(name), verdict, tuple(checks), measured, tuple(seeds), section)

    def not_run(self, name: str, why: str, section: str) -> "Card":
        """The card of a claim that this scale cannot test; ``why`` says what it would take."""
        return Card(self._fact(name), "not-run", (), why, (), section)

    def _fact(self, name: str) -> dict:
        if name not in self.facts:
            raise ValueError(
                f"Chapter {self.chapter} claims no {name!r}; data/claims.yaml has {', '.join(self.facts)}."
            )
        return self.facts[name]


@dataclass(frozen=True)
class Card:
    """A claim, what its paper reports, what was measured here, and the verdict."""

    fact: dict
    verdict: str
    checks: tuple[Check, ...]
    measured: str
    seeds: tuple[int, ...]
    section: str

    def record(self) -> dict:
        """The verdict as data: one entry of ``build/<scale>/claims/<chapter>.json``."""
        head = self.checks[0] if self.checks else None
        return {
            "id": self.fact["id"],
            "verdict": self.verdict,
            "statement": self.fact["statement"].strip(),
            "measured": head and head.estimate.value,
            "interval": head and [head.estimate.low, head.estimate.high],
            "unit": head and (head.unit or head.label),
            "seeds": list(self.seeds),
            "n_seeds": len(self.seeds),
            "scale": scale.current(),
            "seed_offset": scale.seed_offset(),
            "summary": self.measured,
            "checks": [asdict(c) | {"above": _bound(c.above), "below": _bound(c.below)} for c in self.checks],
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        text = f"{self.fact['id']}: {self.verdict}. {self.measured}"
        return {"text/html": self._html(), "text/plain": text}, {METADATA: self.record()}

    def _html(self) -> str:
        where = f", {quote(self.fact['where'])}" if self.fact.get("where") else ""
        checks = "".join(
            f"<li data-verdict='{c.verdict}'><span class='claim-check'>{quote(c.label)}:</span> "
            f"<span class='claim-interval'>{c.estimate:.3g}</span>, "
            f"<span class='claim-bound'>{quote(_claimed(c))} ({c.verdict})</span>{left_out(c.estimate)}</li>"
            for c in self.checks
        )
        evidence = f"{len(self.seeds)} seeds ({seed_range(self.seeds)}), " if self.seeds else ""
        rows = [
            (
                "The paper",
                f"<a href='{quote(self.fact['url'])}'>{quote(self.fact['paper'])}</a>{where}: {quote(self.fact['paper_says'].strip())}",
            ),
            ("We measured", quote(self.measured) + (f"<ul class='claim-checks'>{checks}</ul>" if checks else "")),
            ("Evidence", f"{evidence}{scale.current()} scale; <a href='#{quote(self.section)}'>the experiment</a>"),
        ]
        body = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
        verdict = self.verdict.replace("-", " ")
        return (
            f"<section class='claim-card' id='{anchor(self.fact['id'])}' data-verdict='{self.verdict}' "
            f"aria-label='Claim: {quote(self.fact['title'])}'>{former_anchors(self.fact.get('formerly', ()))}"
            f"<header><span class='claim-verdict'>{verdict}</span><h3 class='claim-title'>{quote(self.fact['title'])}</h3></header>"
            f"<p class='claim-statement'>{quote(self.fact['statement'].strip())}</p><dl>{body}</dl></section>"
        )


def _bound(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _claimed(check: Check) -> str:
    low, high = _bound(check.above), _bound(check.below)
    if low is not None and high is not None:
        text = f"claimed between {low:g} and {high:g}"
    else:
        text = f"claimed above {low:g}" if low is not None else f"claimed below {high:g}"
    return text.replace("-", "−")
