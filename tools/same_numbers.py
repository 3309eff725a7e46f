"""Compare what two builds measured: did moving code change a number?

    tools/same_numbers.py BEFORE AFTER      two folders build/<scale>/claims, of before and after

Claims are matched by id or by a name that data/claims.yaml says they had formerly. Numbers may differ by rounding.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from overparam.report import protocols

ROUNDING = 1e-9


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what differs and how many claims agree; 1 if some differ or none could be compared."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    given = parser.parse_args(arguments)
    before, after = read(given.before), read(given.after)
    common = sorted(before.keys() & after.keys())
    differing = [line for name in common for line in differences(name, before[name], after[name])]
    for line in differing:
        print(line)
    for name in sorted(before.keys() ^ after.keys()):
        print(f"{name} is only {'before' if name in before else 'after'}")
    changed = {line.partition(":")[0] for line in differing}
    print(f"{len(common) - len(changed)} of {len(common)} claims have the same numbers")
    return int(bool(differing) or not common)


def read(folder: Path) -> dict[str, dict]:
    """What the chapters of a build measured, by the claims' names of today."""
    today = {old: entry["id"] for entry in protocols.entries() for old in entry.get("formerly", ())}
    records = [
        record for file in sorted(folder.glob("*.json")) for record in json.loads(file.read_text(encoding="utf-8"))
    ]
    return {today.get(record["id"], record["id"]): record for record in records}


def differences(name: str, before: object, after: object) -> list[str]:
    """Where two records differ by more than rounding: one line each, that begins with the place. Words do not count."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [key for key in before if key in after and key not in ("id", "statement", "unit")]
        return [line for key in keys for line in differences(f"{name}: {key}", before[key], after[key])]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [line for place, pair in pairs for line in differences(f"{name}: {place}", *pair)]
    numbers = isinstance(before, int | float) and isinstance(after, int | float)
    same = before == after or (numbers and math.isclose(before, after, rel_tol=ROUNDING, abs_tol=ROUNDING))
    return [] if same else [f"{name}: {before} before, {after} after"]


if __name__ == "__main__":
    sys.exit(main())
