"""What a chapter says of its claims: seeds to measure them with, cards that show the outcome, sentences that report it."""

import functools
import json
import os
from collections.abc import Sequence

import numpy as np

from overparam.errors import require, shown
from overparam.report import evidence, protocols, scale
from overparam.report.cards import PAGE_LEVEL, Card, Sentence, TheoremCard
from overparam.report.intervals import (
    Estimate,
    correlation,
    location,
    mean,
    rank_correlation,
    ratio,
    share,
    sign,
)
from overparam.report.protocols import Claim, Condition
from overparam.report.tables import Table, table

__all__ = [
    "Card",
    "Estimate",
    "Ledger",
    "Sentence",
    "Table",
    "TheoremCard",
    "correlation",
    "location",
    "mean",
    "rank_correlation",
    "ratio",
    "share",
    "sign",
    "table",
]
SELECTION_SEED = 5_000  # of replicates on which something is chosen: never the ones that are tested


class Ledger:
    """The claims of one chapter: what data/claims.yaml says of them, and what their record found."""

    def __init__(self, chapter: str) -> None:
        self.chapter = chapter
        self.claims = protocols.claims(chapter)

    @functools.cached_property
    def records(self) -> dict[str, evidence.Record]:
        """What was confirmed, by id; while it is being confirmed, without what its protocol has outdated."""
        return evidence.read(self.chapter, outdated=scale.current() == "confirm")

    def seeds(self, *names: str) -> list[int]:
        """The seeds of the replicates of these findings: as many as the one that needs most asks for."""
        require(bool(names), "seeds() takes the names of the findings that the replicates are for; got none.")
        number = max(self.replicates(name) for name in names)
        return [(scale.current() == "confirm") * evidence.FIRST_SEED + seed for seed in scale.seeds(number)]

    def selection(self, n: int = 10) -> list[int]:
        """Seeds for choosing (a peak's place, a strength, a stop): none of them is ever tested."""
        return [SELECTION_SEED + seed for seed in scale.seeds(2 if scale.current() == "smoke" else n)]

    def replicates(self, name: str) -> int:
        """How many replicates this run has of a finding."""
        protocol = self._finding(name).required_protocol
        if scale.current() == "smoke":
            return 2
        if scale.current() != "confirm":
            return protocol.page
        asked, done = self._asked_for(), self.records.get(name)
        return asked.get(name) or (len(done.seeds) if done else protocols.LOOKS[0])

    def card(self, name: str, /, *, section: str = "", **values: Sequence[float]) -> Card:
        """The card of a finding, from one value per seed for each estimate of its protocol (and for what was asked besides).

        The values stand in the order of ``seeds(name)``; where the seeds serve several findings the first ones count. NaN
        marks a replicate that diverged. The card makes the intervals itself, as the protocol says. ``section`` is the label
        of the section whose code measured it.
        """
        claim = self._finding(name)
        known, n = claim.required_protocol.measured, self.replicates(name)
        if missing := [key for key in known if key not in values]:
            raise ValueError(
                f"The protocol of {name} in data/claims.yaml has the estimate {missing[0]!r}; pass it to card()."
            )
        if unknown := [key for key in values if key not in known]:
            raise ValueError(
                f"The protocol of {name} in data/claims.yaml has no estimate {unknown[0]!r}; it has {', '.join(known)}."
            )
        rows = {key: _row(name, key, values[key], n) for key in known}
        page = {}
        if scale.current() in ("laptop", "gpu"):  # elsewhere there are too few seeds, or those of the record
            page = {key: _estimate(name, condition, rows[key]) for key, condition in known.items()}
        return Card(claim, self.records.get(name), rows, tuple(self.seeds(name)), page, section)

    def theorem(self, name: str, error: float, section: str = "") -> TheoremCard:
        """The card of a theorem, after its check: the largest difference between what it says and what was computed."""
        claim = self._claim(name)
        require(claim.kind == "theorem", f"{name} is a finding: it has a card() and no check.")
        assert claim.tolerance is not None  # the tolerance of a theorem: protocols.read() asks for it
        if not error <= claim.tolerance:
            raise ValueError(
                f"The check of the theorem {name} is off by {error:.2g}; data/claims.yaml allows {claim.tolerance:g}."
            )
        return TheoremCard(claim, float(error), section)

    def say(self, *names: str) -> Sentence:
        """The published sentences of one finding or several, their numbers filled in from the records."""
        require(bool(names), "say() takes the names of the findings whose sentences are due; got none.")
        return Sentence([(self._finding(name), self.records.get(name)) for name in names])

    def _claim(self, name: str) -> Claim:
        if name not in self.claims:
            raise ValueError(
                f"Chapter {self.chapter} claims no {name!r}; data/claims.yaml has {', '.join(self.claims)}."
            )
        return self.claims[name]

    def _finding(self, name: str) -> Claim:
        claim = self._claim(name)
        require(claim.kind == "finding", f"{name} is a theorem: it is checked by theorem() and has no replicates.")
        return claim

    def _asked_for(self) -> dict[str, int]:
        """The numbers of replicates by finding that `make confirm` sets OVERPARAM_REPLICATES to; empty where it is unset."""
        text = os.environ.get("OVERPARAM_REPLICATES") or "{}"
        says = (
            f"OVERPARAM_REPLICATES is {text!r}; leave it unset: make confirm sets it to the numbers, 2 or more, of replicates of "
            f"findings of chapter {self.chapter}."
        )
        try:
            asked = json.loads(text)
        except ValueError:
            raise ValueError(says) from None
        require(isinstance(asked, dict) and asked.keys() <= self.claims.keys(), says)
        require(all(isinstance(n, int) and n >= 2 for n in asked.values()), says)
        return asked


def _row(name: str, key: str, values: Sequence[float], n: int) -> tuple[float, ...]:
    says = f"{name}, {key}: one number per seed is needed, {n} of them or more; got {shown(values)}."
    try:
        row = np.asarray(values, dtype=float)
    except (ValueError, TypeError):
        raise ValueError(says) from None
    require(row.ndim == 1 and len(row) >= n and not np.isinf(row).any(), says)
    return tuple(row[:n].tolist())


def _estimate(name: str, condition: Condition, row: tuple[float, ...]) -> Estimate:
    try:
        return condition.estimate(row, PAGE_LEVEL)
    except ValueError as error:
        raise ValueError(f"{name}, {condition.name}: {error}") from None
