"""Records of evidence: data/results/evidence/<chapter>.json, with the value of every replicate of every finding."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from overparam import paths
from overparam.report import protocols, verdicts
from overparam.report.intervals import Estimate
from overparam.report.protocols import Claim

FIRST_SEED = 10_000  # of confirmatory runs: no design, threshold or sentence was chosen by looking at them


class EvidenceError(ValueError):
    """One sentence that names a record and what is wrong with it."""


class OutdatedError(EvidenceError):
    """The same of a record that `make confirm` replaces."""


@dataclass(frozen=True)
class Record:
    """What was measured of one finding: ``estimates`` has one value per seed, in their order; NaN is one that diverged."""

    claim: Claim
    seeds: tuple[int, ...]
    estimates: Mapping[str, tuple[float, ...]]
    looks: tuple[tuple[int, str], ...] = ()
    provenance: Mapping = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """As the protocol decides it from the values."""
        return verdicts.outcome(self.estimates, self.claim.required_protocol)

    @property
    def intervals(self) -> dict[str, Estimate]:
        """The estimates of the protocol, those asked besides among them, with 99 % intervals; ValueError names one that has none."""
        known, found = self.claim.required_protocol.measured, {}
        for key, row in self.estimates.items():
            if key in known:
                try:
                    found[key] = known[key].estimate(row, verdicts.LEVEL)
                except ValueError as error:
                    raise ValueError(f"{key}: {error}") from None
        return found

    @property
    def decided(self) -> bool:
        """Whether no further look is due."""
        return self.outcome != "inconclusive" or verdicts.next_look(len(self.seeds)) is None


def file(chapter: str) -> Path:
    """Where a chapter's record lies."""
    return paths.book() / "results" / "evidence" / f"{chapter}.json"


def read(
    chapter: str, path: Path | None = None, outdated: bool = False, claims: Mapping[str, Claim] | None = None
) -> dict[str, Record]:
    """The records of a chapter's findings by id, checked against their protocols; empty where nothing was confirmed yet.

    With ``outdated``, records of a protocol that has a new number since, and what was edited by hand, are left out instead:
    they are about to be measured anew. ``claims`` are the chapter's, where they are not those of data/claims.yaml.
    """
    path = path or file(chapter)
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))["findings"]
        found = {name: _entry(entry) for name, entry in content.items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise EvidenceError(
            f"{path} is damaged ({type(error).__name__}: {error}): fetch it from the repository again, or remove it and run "
            "make confirm."
        ) from None
    known, records = protocols.claims(chapter) if claims is None else claims, {}
    for name, entry in found.items():
        try:
            records[name] = _checked(path, name, entry, known)
        except OutdatedError:
            if not outdated:
                raise
    return records


def write(chapter: str, records: Mapping[str, Record], path: Path | None = None) -> None:
    """Write a chapter's records whole or not at all."""
    path = path or file(chapter)
    findings = {
        name: {
            "protocol": record.claim.required_protocol.decisive(),
            "outcome": record.outcome,
            "looks": [list(look) for look in record.looks],
            "seeds": list(record.seeds),
            "estimates": {key: [None if np.isnan(v) else v for v in row] for key, row in record.estimates.items()},
            "provenance": dict(record.provenance),
        }
        for name, record in sorted(records.items())
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")  # another process may be writing, too
    try:
        temporary.write_text(json.dumps({"chapter": chapter, "findings": findings}, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _entry(entry: Mapping) -> dict:
    """One finding's entry with its types made sure."""
    rows = {key: tuple(float("nan") if v is None else float(v) for v in row) for key, row in entry["estimates"].items()}
    seeds = tuple(int(seed) for seed in entry["seeds"])
    if not seeds or seeds != tuple(range(seeds[0], seeds[0] + len(seeds))):
        raise ValueError("the seeds do not follow one another")
    if any(len(row) != len(seeds) for row in rows.values()):
        raise ValueError("an estimate has not one value per seed")
    if not isinstance(entry["protocol"], dict):
        raise ValueError("the protocol is no mapping")
    looks = tuple((int(n), str(outcome)) for n, outcome in entry["looks"])
    return {"protocol": entry["protocol"], "outcome": entry["outcome"], "looks": looks, "seeds": seeds,
            "estimates": rows, "provenance": dict(entry["provenance"])}  # fmt: skip


def _checked(path: Path, name: str, entry: dict, known: Mapping[str, Claim]) -> Record:
    claim = known.get(name)
    if claim is None or claim.protocol is None:
        raise EvidenceError(
            f"{path.name} has a record of {name}, a finding that data/claims.yaml does not know: rename or remove it."
        )
    number, again = entry["protocol"].get("number"), f"run make confirm FINDING={name}."
    if number != claim.protocol.number:
        raise OutdatedError(
            f"{path.name}: the record of {name} was made by protocol {number}, and data/claims.yaml has protocol "
            f"{claim.protocol.number}: {again}"
        )
    if entry["protocol"] != json.loads(json.dumps(claim.protocol.decisive())):
        raise EvidenceError(
            f"{path.name}: the protocol of {name} in data/claims.yaml has changed since its record was made: give it the number "
            f"{number + 1}, or change it back."
        )
    if missing := set(claim.protocol.estimates) - set(entry["estimates"]):
        raise OutdatedError(f"{path.name}: the record of {name} lacks the estimate {sorted(missing)[0]}: {again}")
    record = Record(claim, entry["seeds"], entry["estimates"], entry["looks"], entry["provenance"])
    try:
        outcome, _ = record.outcome, record.intervals
    except ValueError as error:  # values of which there is no interval
        raise OutdatedError(f"{path.name}: the record of {name} decides nothing ({error}): {again}") from None
    if outcome != entry["outcome"]:
        raise OutdatedError(
            f"{path.name} says that {name} is {entry['outcome']}, but its values give {outcome}: {again}"
        )
    first = FIRST_SEED + record.provenance.get("seed_offset", 0)
    if record.seeds[0] != first:
        raise OutdatedError(
            f"{path.name}: the seeds of {name} begin at {record.seeds[0]:,}, confirmatory ones at {first:,}: {again}"
        )
    n = len(record.seeds)
    before = tuple((look, "inconclusive") for look in protocols.LOOKS if look < n)
    if n not in protocols.LOOKS or record.looks != (*before, (n, outcome)):
        raise OutdatedError(
            f"{path.name}: the looks of {name} are not those of the rule, which stops at the first that decides: {again}"
        )
    return record
