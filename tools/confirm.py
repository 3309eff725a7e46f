"""Measure what decides the verdicts: data/results/evidence/<chapter>.json, with the value of every replicate.

A chapter is executed at the scale `confirm`, once for each look: with 10 replicates, then 20, 40, 80 and 160 for the findings
that are still undecided. The record is written whole after each look, and trained networks are kept, so that the same command
goes on after a kill. With OVERPARAM_SEED, 160 or more, the same is measured on fresh seeds, into build/confirm/.

    tools/confirm.py                      all chapters whose findings have a protocol
    tools/confirm.py bias-variance        one chapter
    tools/confirm.py --finding ID         one finding
    tools/confirm.py --check 2 CHAPTER    measure the first 2 replicates again, and compare them with the record
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import jupytext
import numpy as np

import execute
import ledger
from execute import BuildError
from overparam.report import evidence, protocols, results, scale, verdicts
from overparam.report.evidence import Record
from overparam.report.protocols import Claim


def main(arguments: Sequence[str] | None = None, root: Path = execute.ROOT) -> int:
    """Confirm or check, chapter by chapter; 1 if one of them fails."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("chapter", nargs="?", help="such as bias-variance; all if left out")
    parser.add_argument("--finding", metavar="ID", help="confirm this finding only")
    parser.add_argument("--check", metavar="N", type=int, help="measure the first N replicates again, and compare")
    given = parser.parse_args(arguments)
    os.environ["OVERPARAM_SCALE"] = "confirm"
    try:
        execute.check_settings()
        wanted = chosen(given.chapter, given.finding)
        if given.check is not None:
            check_request(given.check, given.chapter)
        elif scale.seed_offset() and scale.seed_offset() < protocols.LOOKS[-1]:
            raise ValueError(
                f"OVERPARAM_SEED is {scale.seed_offset()}, which leads to seeds of the record or before them: set it to "
                f"{protocols.LOOKS[-1]} or more for fresh ones, or unset it."
            )
    except (ValueError, OSError, ImportError) as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    failed, summary = 0, []
    for chapter, names in wanted.items():
        try:
            if given.check is None:
                confirm(chapter, names, root)
                summary += table(evidence.read(chapter, record_file(chapter, root)), names)
            else:
                compare(chapter, names, given.check, root)
        except (BuildError, ValueError, OSError) as error:
            print(f"FAILED  {error}", file=sys.stderr)
            failed = 1
        except KeyboardInterrupt:
            print("Stopped. What was measured is kept: the same command goes on from there.", file=sys.stderr)
            return 130
    if summary:
        show([("finding", "replicates", "outcome", "estimates, with 99 % intervals"), *summary])
    return failed


def chosen(chapter: str | None, finding: str | None) -> dict[str, list[str]]:
    """The findings that are wanted, by chapter."""
    chapters = [chapter] if chapter else sorted({e["chapter"] for e in protocols.entries()})
    found = {each: [c.id for c in protocols.claims(each).values() if c.kind == "finding"] for each in chapters}
    if finding:
        names = [name for each in found.values() for name in each]
        if finding not in names:
            where = f"chapter {chapter}" if chapter else "data/claims.yaml"
            raise ValueError(f"There is no finding {finding!r} in {where}; there are {', '.join(names) or 'none'}.")
        found = {each: [finding] for each, those in found.items() if finding in those}
    wanted = {each: names for each, names in found.items() if names}
    if not wanted:
        raise ValueError(
            f"{chapter or 'data/claims.yaml'} has no finding with a protocol: there is nothing to confirm."
        )
    return wanted


def confirm(chapter: str, names: Sequence[str], root: Path) -> None:
    """Take look after look until each of these findings is decided, or had its last one; one that fails holds up no other."""
    path, claims, source = record_file(chapter, root), protocols.claims(chapter), notebook_of(chapter, root)
    failed: dict[str, BuildError] = {}
    while True:
        records = evidence.read(chapter, path, outdated=True)
        looks = {name: look for name in names if name not in failed and (look := next_look(records.get(name)))}
        if not looks:
            break
        print(f"{chapter}: {progress(looks, names, records)}", flush=True)
        # The others get as few as the page has: networks that they share are drawn from the same seeds.
        others = {name: claim.protocol.page for name, claim in claims.items() if claim.kind == "finding"}
        cards, stamp = measure(source, others | looks, root)
        new = {}
        for name, n in looks.items():
            try:
                new[name] = record(claims[name], cards, source, n, records.get(name), stamp)
            except BuildError as error:
                failed[name] = error
        if new:
            evidence.write(chapter, evidence.read(chapter, path, outdated=True) | new, path)
    if failed:
        raise BuildError("\n".join(map(str, failed.values())))


def next_look(done: Record | None) -> int | None:
    """How many replicates a finding needs next; None where it needs no more."""
    if done is None:
        return verdicts.next_look(0)
    return None if done.decided else verdicts.next_look(len(done.seeds))


def measure(source: Path, replicates: Mapping[str, int], root: Path) -> tuple[list[dict], dict]:
    """Execute a chapter with so many replicates of each finding: what its cards hold, and the stamp of the run."""
    os.environ["OVERPARAM_REPLICATES"] = json.dumps(replicates)
    notebook = jupytext.read(source)
    stamp = execute.execute(source, notebook, root)
    for place, text in execute.warnings_of(source, notebook):  # that a replicate diverged, say, which the card counts
        print(f"{place} warned: {text.strip()}", flush=True)
    return execute.cards_of(notebook), stamp


def record(
    claim: Claim, cards: Sequence[Mapping], source: Path, n: int, before: Record | None, stamp: Mapping
) -> Record:
    """What a finding's card measured of n replicates, as its new record."""
    seeds, estimates = values_of(claim, cards, source)
    first = evidence.FIRST_SEED + scale.seed_offset()
    if seeds != tuple(range(first, first + n)):
        raise BuildError(
            f"{source.name}: {claim.id} was measured on the seeds {seeds[0]} to {seeds[-1]}; take those of ledger.seeds, from "
            f"{first} to {first + n - 1}."
        )
    shifted = f"OVERPARAM_SEED={scale.seed_offset()} " if scale.seed_offset() else ""
    provenance = results.provenance(stamp["seconds"]) | {"command": f"{shifted}make confirm FINDING={claim.id}"}
    if os.environ.get("OVERPARAM_DASK"):
        provenance["device"] = "a Dask cluster"
    measured = Record(claim, seeds, estimates, before.looks if before else (), provenance)
    try:
        outcome, _ = measured.outcome, measured.intervals
    except ValueError as error:  # values of which there is no interval
        raise BuildError(f"{source.name}: {claim.id} cannot be judged: {error}") from error
    return replace(measured, looks=(*measured.looks, (n, outcome)))


def values_of(claim: Claim, cards: Sequence[Mapping], source: Path) -> tuple[tuple[int, ...], dict]:
    """The seeds, and for each estimate one value per seed, that a finding's card shows."""
    mine = [card for card in cards if card["id"] == claim.id]
    if len(mine) != 1:
        many = "shows no card" if not mine else f"shows {len(mine)} cards"
        raise BuildError(f"{source.name} {many} of {claim.id}; show one, with ledger.card.")
    known, given = claim.protocol.measured, mine[0]["estimates"]
    if wrong := sorted(known.keys() ^ given.keys()):
        raise BuildError(
            f"{source.name}: the card of {claim.id} has the estimates {', '.join(given)}, and its protocol has "
            f"{', '.join(known)}: {wrong[0]} is on one side only."
        )
    rows = {key: tuple(float("nan") if value is None else value for value in row) for key, row in given.items()}
    return tuple(mine[0]["seeds"]), rows


def record_file(chapter: str, root: Path) -> Path:
    """The published record; where OVERPARAM_SEED shifts the seeds, a file of its own."""
    shift = scale.seed_offset()
    return root / "build" / "confirm" / f"{chapter}{shift:+}.json" if shift else evidence.file(chapter)


def notebook_of(chapter: str, root: Path) -> Path:
    """The source of a chapter."""
    found = [path for path in sorted((root / "notebooks").glob("[0-9]*.py")) if ledger.slug(path.stem) == chapter]
    if not found:
        raise BuildError(
            f"There is no notebooks/NN_{chapter.replace('-', '_')}.py for the chapter {chapter} of data/claims.yaml."
        )
    return found[0]


# --- what a run says --------------------------------------------------------------------------------------------------


def progress(looks: Mapping[str, int], names: Sequence[str], records: Mapping[str, Record]) -> str:
    """What is looked at next, and about how long that takes, judged by the last look's seconds per replicate."""
    by_number = {n: [name for name in looks if looks[name] == n] for n in sorted(set(looks.values()))}
    text = f"{len(looks)} of {len(names)} findings undecided; looking at " + ", ".join(
        f"{n} replicates of {', '.join(these)}" for n, these in by_number.items()
    )
    known = [records[name] for name in looks if name in records and "seconds" in records[name].provenance]
    if not known:
        return text
    each = max(float(done.provenance["seconds"]) / len(done.seeds) for done in known)
    fewest = min(len(records[name].seeds) if name in records else 0 for name in looks)
    now, most = (each * (n - fewest) for n in (max(looks.values()), protocols.LOOKS[-1]))
    return f"{text}; about {duration(now)}, and {duration(most)} at most until all are decided"


def duration(seconds: float) -> str:
    """Such as 45 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"


def table(records: Mapping[str, Record], names: Sequence[str]) -> list[tuple[str, ...]]:
    """One row for each finding: its name, replicates, outcome and estimates."""
    rows = []
    for name in names:
        if name not in records:
            rows.append((name, "0", "not run", ""))
            continue
        done = records[name]
        found, outcome = done.intervals, done.outcome
        if outcome == "inconclusive" and (needed := verdicts.would_decide(done.estimates, done.claim.protocol)):
            outcome += f" (about {needed} would decide)"
        estimates = [f"{key} {found[key]} {c.unit}" for key, c in done.claim.protocol.estimates.items()]
        rows.append((name, str(len(done.seeds)), outcome, "; ".join(text.strip() for text in estimates)))
    return rows


def show(rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


# --- a few replicates again -------------------------------------------------------------------------------------------


def measure_shifted(shift: int, source: Path, replicates: Mapping[str, int], root: Path) -> list[dict]:
    """What the cards hold with all seeds shifted by so many."""
    before = os.environ.get("OVERPARAM_SEED")
    os.environ["OVERPARAM_SEED"] = str(shift or "")
    try:
        return measure(source, replicates, root)[0]
    finally:
        os.environ["OVERPARAM_SEED"] = before or ""


def check_request(replicates: int, chapter: str | None) -> None:
    """Raise ValueError for what cannot be compared."""
    if not chapter:
        raise ValueError("--check takes the chapter to measure again, such as --check 2 bias-variance.")
    if replicates < 2:
        raise ValueError(f"--check takes the number of replicates to measure again, 2 or more; got {replicates}.")
    if scale.seed_offset():
        raise ValueError(
            f"OVERPARAM_SEED is {scale.seed_offset()}, but the record is of unshifted seeds: unset it to compare with it."
        )


def compare(chapter: str, names: Sequence[str], replicates: int, root: Path) -> None:
    """Measure the first replicates of the cheap findings again; BuildError names the values that differ from the record."""
    claims, records, source = protocols.claims(chapter), evidence.read(chapter), notebook_of(chapter, root)
    cheap = [name for name in names if claims[name].protocol.cheap and name in records]
    if not cheap:
        raise BuildError(
            f"{chapter} has no record of a finding whose protocol says cheap: true; there is none to compare."
        )
    # Not the same number for all: a chapter that takes one finding's seeds for another has too few for every second one.
    findings = [name for name, claim in claims.items() if claim.kind == "finding"]
    wanted = {name: replicates + place % 2 for place, name in enumerate(findings)}
    shift_of = {
        name: int(records[name].provenance.get("seed_offset", 0)) for name in cheap
    }  # some were measured on fresh seeds
    cards = {shift: measure_shifted(shift, source, wanted, root) for shift in sorted(set(shift_of.values()))}
    compared, differing = 0, []
    for name in cheap:
        recorded = records[name]
        seeds, estimates = values_of(claims[name], cards[shift_of[name]], source)
        for key, row in recorded.estimates.items():
            for seed, old, new in zip(recorded.seeds, row, estimates.get(key, ()), strict=False):
                compared += 1
                if seed not in seeds or not np.isclose(old, new, rtol=1e-6, atol=1e-9, equal_nan=True):
                    differing.append(f"{name}, {key}, seed {seed}: {new:.9g} now, {old:.9g} in the record")
    if differing:
        raise BuildError(
            f"{source.name}: {len(differing)} of {compared} values are not those of the record:\n"
            + "\n".join(differing)
        )
    print(f"{source.name}: {compared} values of {', '.join(cheap)} are those of the record")


if __name__ == "__main__":
    sys.exit(main())
