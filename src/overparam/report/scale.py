"""The size of every experiment (smoke, laptop or gpu) and the seeds it uses, both set from outside the book.

`make confirm` sets a fourth scale, ``confirm``: laptop's sizes, and as many replicates of each finding as it takes.
"""

import html
import os
from collections.abc import Mapping
from types import SimpleNamespace

SCALES = ("smoke", "laptop", "gpu")


def current() -> str:
    """The scale named by ``OVERPARAM_SCALE``; ``laptop`` when it is unset."""
    name = os.environ.get("OVERPARAM_SCALE") or "laptop"
    if name not in (*SCALES, "confirm"):
        raise ValueError(f"OVERPARAM_SCALE is {name!r}; set it to one of {', '.join(SCALES)}.")
    return name


def seed_offset() -> int:
    """The number that ``OVERPARAM_SEED`` adds to every seed; 0 when it is unset."""
    text = os.environ.get("OVERPARAM_SEED") or "0"
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"OVERPARAM_SEED is {text!r}; set it to a whole number.") from None


def seeds(n: int) -> list[int]:
    """The first ``n`` seeds of this run: ``seed_offset(), …, seed_offset() + n - 1``."""
    return list(range(seed_offset(), seed_offset() + n))


class Sizes(SimpleNamespace):
    """The sizes of a chapter, or of a section, at the current scale, as attributes; shows all three scales side by side."""

    def __init__(self, table: Mapping[str, tuple]) -> None:
        wrong = [name for name, values in table.items() if len(values) != len(SCALES)]
        if wrong:
            raise ValueError(f"{wrong[0]} needs one value for each of {', '.join(SCALES)}.")
        column = SCALES.index(_sizes_of_this_run())
        super().__init__(**{name: values[column] for name, values in table.items()})
        self._table = dict(table)

    def _repr_html_(self) -> str:
        now = _sizes_of_this_run()
        head = "".join(f"<th scope='col'>{s}{' (this run)' if s == now else ''}</th>" for s in SCALES)
        rows = "".join(
            f"<tr><th scope='row'>{html.escape(name.replace('_', ' '))}</th>"
            + "".join(f"<td>{html.escape(_show(value))}</td>" for value in values)
            + "</tr>"
            for name, values in self._table.items()
        )
        table = f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
        summary = f"Sizes of this run ({now}) and of the others"
        if len(self._table) <= 3:  # few enough to be read in passing
            few = (f"{name.replace('_', ' ')} {_show(getattr(self, name))}" for name in self._table)
            summary = html.escape(f"{' · '.join(few)} ({now})")
        return f"<details class='sizes'><summary>{summary}</summary>{table}</details>"


def sizes(**table: tuple) -> Sizes:
    """The size for the current scale of each (smoke, laptop, gpu) triple, as attributes of the names given."""
    return Sizes(table)


def _sizes_of_this_run() -> str:
    return "laptop" if current() == "confirm" else current()


def _show(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return ", ".join(map(_show, value)) if isinstance(value, list | tuple | range) else str(value)
