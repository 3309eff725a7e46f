"""The command ``overparam``: what is kept of trained networks, and how to forget it."""

import argparse
import sys
from collections.abc import Sequence

import pandas as pd

from overparam.engine import store


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (those of the process by default); the exit code."""
    parser = argparse.ArgumentParser(prog="overparam", description="Experiments with overparameterized networks.")
    commands = parser.add_subparsers(required=True, metavar="command")
    cache = commands.add_parser("cache", help="list the trained networks that are kept, or clear them")
    cache.set_defaults(run=lambda arguments: show())
    clear = cache.add_subparsers(metavar="action").add_parser("clear", help="forget the trained networks that are kept")
    clear.add_argument("--older", action="store_true", help="only those that other versions of the engine left")
    clear.set_defaults(run=lambda arguments: forget(arguments.older))
    arguments = parser.parse_args(argv)
    try:
        folder = store.folder()
    except ValueError as error:
        print(f"overparam: {error}", file=sys.stderr)
        return 1
    try:
        arguments.run(arguments)
    except OSError as error:
        print(f"overparam: {folder} cannot be read or changed: {error}.", file=sys.stderr)
        return 1
    return 0


def show() -> None:
    """Print what is stored: a line per engine version, data set and architecture, the total, and what is from older ones."""
    table = store.inventory()
    if table.empty:
        print(f"No trained networks are kept in {store.folder()}.")
        return
    older = table[table.engine != _engine_version()]
    lines = table.sort_values("written").assign(
        MB=(table.bytes / 1e6).map("{:.1f}".format), written=table.written.dt.strftime("%Y-%m-%d %H:%M UTC")
    )
    print(lines[["engine", "data", "architecture", "networks", "files", "MB", "written"]].to_string(index=False))
    print(f"\n{_amount(table)} in {store.folder()}")
    if len(older):
        print(f"{_amount(older)} from other engine versions: `overparam cache clear --older` removes them")


def forget(older: bool) -> None:
    """Clear the store, or only what other engine versions left."""
    files, size = store.clear(keep=_engine_version() if older else None)
    print(f"Removed {_count(files, 'file')}, {size / 1e6:.1f} MB, from {store.folder()}.")


def _amount(table: pd.DataFrame) -> str:
    networks, files = _count(table.networks.sum(), "network"), _count(table.files.sum(), "file")
    return f"{networks} in {files}, {table.bytes.sum() / 1e6:.1f} MB,"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _engine_version() -> str:
    from overparam.engine.identity import engine_version  # imports torch: not needed to clear everything

    return engine_version()
