"""`make bench`: measure the engine against PyTorch and JAX, print the table, write data/results/benchmark.json."""

import argparse
from pathlib import Path

from benchmarks import measure, report
from benchmarks.works import WORKS

QUICK_SECONDS = 3.0  # of training from which the time of an epoch is taken


def main() -> None:
    """Measure what the command line asks for; after each work the file is up to date."""
    names = {work.name: work for work in WORKS}
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs, from which the whole is extrapolated")
    parser.add_argument("--works", nargs="+", choices=names, default=[*names], metavar="WORK", help=", ".join(names))
    parser.add_argument("--rounds", type=int, help="measurements of each variant (default 3, with --quick 1)")
    parser.add_argument("--output", type=Path, default=report.RESULT, help="the result file")
    asked = parser.parse_args()
    works = [names[name] for name in asked.works]
    rounds = asked.rounds or (1 if asked.quick else 3)
    minutes = rounds * (0.7 * len(works) if asked.quick else sum(work.minutes for work in works))
    print(f"{len(works)} works, {rounds} rounds: roughly {minutes:.0f} minutes on two cores. Leave the machine alone.")

    measure.install_jax()
    origin, rows = measure.provenance(), []
    for done in measure.measure(works, rounds, QUICK_SECONDS if asked.quick else None):
        rows += done
        measure.write(asked.output, origin, rows)
    content = report.load(asked.output)
    print("", report.table(content), "", report.targets(content), "", report.origin(content), sep="\n")
    print(report.missing(content))
    print(f"\nWritten to {asked.output}; the next `make book` shows it.")


if __name__ == "__main__":
    main()
