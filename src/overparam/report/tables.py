"""A small table of estimates: their words, their intervals drawn and in numbers, where a sentence would be a wall of brackets."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overparam.errors import require, shown
from overparam.report.intervals import Estimate

WIDTH, HEIGHT = 120, 18  # of an interval's picture, in its own units
_EDGE = 5  # left free at either side for a dot
AXIS = "The thin line stands at 0, for ratios at 1."  # what is needed to read the pictures


@dataclass(frozen=True)
class Row:
    """One estimate in words, with its numbers as text; rows of one unit and quantity share an axis."""

    words: str
    estimate: Estimate
    text: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """Estimates one below the other; it shows itself as HTML."""

    caption: str
    rows: Sequence[Row]

    def __str__(self) -> str:
        said = (f"{row.words}: {row.text} {row.unit}".rstrip() for row in self.rows)
        return f"{self.caption} {'; '.join(said)}."

    def _repr_html_(self) -> str:
        return (
            f"<table class='estimates'><caption>{html.escape(self.caption)} {AXIS}</caption>"
            f"<tbody>{''.join(self._row(row) for row in self.rows)}</tbody></table>"
        )

    def _row(self, row: Row) -> str:
        alike = [r.estimate for r in self.rows if (r.unit, r.estimate.quantity) == (row.unit, row.estimate.quantity)]
        value, bracket, interval = html.escape(row.text).partition("[")
        unit = f" <span class='estimate-unit'>{html.escape(row.unit)}</span>" if row.unit else ""
        return (
            f"<tr><th scope='row'>{html.escape(row.words)}</th><td class='estimate-drawn'>{drawn(row.estimate, alike)}</td>"
            f"<td class='estimate-number'><b>{value.strip()}</b> <span>{bracket}{interval}</span>{unit}</td></tr>"
        )


def table(caption: str, rows: Mapping[str, Estimate], unit: str = "") -> Table:
    """A table of what a chapter measured: ``rows`` has an estimate for each of its words; ratios have no unit but "×"."""
    says = f"A table takes words and their estimates, as mean() and ratio() give them; got {shown(rows)}."
    require(isinstance(rows, Mapping) and len(rows) > 0, says)
    require(all(isinstance(estimate, Estimate) for estimate in rows.values()), says)
    units = {"ratio": "×", "mean": unit}
    return Table(caption, [Row(words, e, rounded(e), units.get(e.quantity, "")) for words, e in rows.items()])


def rounded(estimate: Estimate) -> str:
    """An estimate with as many digits as its interval bears out: two of its width."""
    width = estimate.high - estimate.low
    if not (math.isfinite(width) and width > 0):
        return f"{estimate:.3g}"
    if estimate.low > 0 and estimate.high >= 10 * estimate.low:  # an interval of ratios: its ends differ in size
        value, low, high = (float(f"{end:.2g}") for end in (estimate.value, estimate.low, estimate.high))
        text = f"{value:,g} [{low:,g}, {high:,g}]"
    else:
        digits = 1 - math.floor(math.log10(width))
        value, low, high = (round(end, digits) + 0.0 for end in (estimate.value, estimate.low, estimate.high))  # no −0
        text = "{:,.{d}f} [{:,.{d}f}, {:,.{d}f}]".format(value, low, high, d=max(0, digits))
    return text.replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")


def drawn(estimate: Estimate, alike: Sequence[Estimate]) -> str:
    """An interval as a small SVG picture, on the axis that it shares with those alike: logarithmic for ratios."""
    logarithmic = estimate.quantity == "ratio" and all(e.low > 0 for e in alike)
    null = float(estimate.quantity == "ratio")
    place_of = math.log if logarithmic else float
    ends = [place_of(end) for e in alike for end in (e.low, e.high, e.value) if math.isfinite(end)] + [place_of(null)]
    low, room = min(ends), (max(ends) - min(ends)) or 1.0

    def x(value: float) -> float:
        at = place_of(value) if math.isfinite(value) else math.copysign(math.inf, value)
        return _EDGE + (WIDTH - 2 * _EDGE) * min(max((at - low) / room, 0.0), 1.0)

    left, dot, right, line = (f"{x(v):.1f}" for v in (estimate.low, estimate.value, estimate.high, null))
    return (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}' aria-hidden='true' stroke='currentColor'>"
        f"<path d='M{line} 0V{HEIGHT}' stroke-opacity='.45'/><path d='M{left} {HEIGHT / 2:g}H{right}' stroke-width='3'/>"
        f"<circle cx='{dot}' cy='{HEIGHT / 2:g}' r='4.5' fill='currentColor' stroke='none'/></svg>"
    )
