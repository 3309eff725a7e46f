"""Cards: what a finding's record decided, as a small picture of its intervals against their bounds, on a phone's screen."""

import functools
import html
from collections.abc import Mapping
from dataclasses import dataclass

from overparam.report import scale, verdicts
from overparam.report.evidence import Record
from overparam.report.protocols import Claim

METADATA = "overparam_claim"  # key of a notebook output's metadata under which a card leaves what it measured
quote = functools.partial(html.escape, quote=True)


def words(claim: Claim, outcome: str) -> str:
    """An outcome as a reader meets it."""
    if outcome == "contradicted" and claim.could_explain:
        return "contradicted in this setting"
    if outcome == "no effect" and all(c.equals is not None for c in claim.protocol.estimates.values()):
        return "no effect, as claimed"
    return outcome


@dataclass(frozen=True)
class Sentence:
    """The published sentence of a finding; it shows itself as Markdown."""

    claim: Claim
    record: Record | None

    def __str__(self) -> str:
        return sentence(self.claim, self.record)

    def _repr_markdown_(self) -> str:
        return str(self)


def sentence(claim: Claim, record: Record | None) -> str:
    """A finding's sentence with the record's estimates (99 % intervals) filled in; what is due where there is no record."""
    if record is None:
        return f"This was not confirmed yet (`make confirm FINDING={claim.id}`)."
    if not claim.finding:
        return f"The record has no sentence yet: it is {record.outcome} after {len(record.seeds)} replicates."
    protocol = claim.protocol
    known = {**protocol.estimates, **protocol.asked}
    estimates = {key: known[key].estimate(row, verdicts.LEVEL) for key, row in record.estimates.items() if key in known}
    return claim.finding.format(replicates=len(record.seeds), **estimates)


@dataclass(frozen=True)
class Card:
    """A finding, its record's outcome, and what this run measured: ``values`` has one number per seed for each estimate."""

    claim: Claim
    record: Record | None
    values: Mapping[str, tuple[float, ...]]
    seeds: tuple[int, ...]

    @property
    def outcome(self) -> str:
        """What the record decided; "not run" where there is none."""
        return self.record.outcome if self.record else "not run"

    def data(self) -> dict:
        """What this run measured: one entry of build/<scale>/claims/<chapter>.json."""
        first, condition = next(iter(self.claim.protocol.estimates.items()))
        estimate = condition.estimate(self.values[first], 0.95)
        return {
            "id": self.claim.id,
            "verdict": self.outcome,
            "statement": self.claim.statement,
            "measured": estimate.value,
            "interval": [estimate.low, estimate.high],
            "unit": condition.unit or condition.says,
            "seeds": list(self.seeds),
            "n_seeds": len(self.seeds),
            "scale": scale.current(),
            "seed_offset": scale.seed_offset(),
            "estimates": {key: [None if v != v else v for v in row] for key, row in self.values.items()},
        }

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        text = f"{self.claim.id}: {words(self.claim, self.outcome)}. {sentence(self.claim, self.record)}"
        return {"text/html": self._html(), "text/plain": text}, {METADATA: self.data()}

    def _html(self) -> str:
        raise NotImplementedError  # the next commit


@dataclass(frozen=True)
class TheoremCard:
    """A theorem and how far its check was off."""

    claim: Claim
    error: float
