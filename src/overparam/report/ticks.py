"""Numbers at the axes as one writes them: 0.001, 0.5, 1,000; beyond that powers of ten, and never 3×10⁰ or 1e-06."""

import re
import warnings
from typing import Any

from matplotlib import scale
from matplotlib.axis import Axis
from matplotlib.ticker import LogFormatter, ScalarFormatter

POWER = re.compile(r"(?<![\w.])(-?)(\d(?:\.\d+)?)e([+-]?\d+)\b")


def plain(number: float) -> str:
    """Write a number: from a thousandth to a million in digits, others as a power of ten (mathtext)."""
    if number == 0 or 0.001 <= abs(number) < 1_000_000:
        return f"{number:,.10g}".replace("-", "−")
    return written_out(f"{number:.3e}")


def written_out(text: str) -> str:
    """Replace what a format made of a very small or large number, as 1e-06 or 2.50e-07, by a power of ten (mathtext)."""

    def power(found: re.Match[str]) -> str:
        sign, digits, exponent = found[1].replace("-", "−"), f"{float(found[2]):g}", int(found[3])
        return sign + ("" if digits == "1" else rf"{digits} × ") + rf"$10^{{{exponent}}}$"

    return POWER.sub(power, text)


class _Linear(ScalarFormatter):
    def __init__(self) -> None:
        super().__init__(useOffset=False)
        self.set_scientific(False)

    def __call__(self, x: float, pos: int | None = None) -> str:
        if 0 < abs(x) < 1e-4:
            return plain(float(f"{x:.4g}"))
        text = super().__call__(x, pos)
        whole, point, rest = text.partition(".")
        digits = whole.lstrip("−-")
        return whole[: len(whole) - len(digits)] + (f"{int(digits):,}" if digits.isdigit() else digits) + point + rest


class _Log(LogFormatter):
    def __call__(self, x: float, pos: int | None = None) -> str:
        text = super().__call__(x, pos)
        return f"−{text}" if x < 0 and text else text

    def _num_to_string(self, x: float, vmin: float, vmax: float) -> str:
        return plain(float(f"{x:.6g}"))


def _with_log_formatters(axis: Axis, own: Any) -> None:
    """Give an axis the formatters above in place of the usual ones, with the same choice of what to label."""
    axis.set_major_formatter(_Log(own.base))
    axis.set_minor_formatter(_Log(own.base, labelOnlyBase=own.subs is not None))


class _LinearScale(scale.LinearScale):
    def set_default_locators_and_formatters(self, axis: Axis) -> None:
        super().set_default_locators_and_formatters(axis)
        axis.set_major_formatter(_Linear())


class _LogScale(scale.LogScale):
    def set_default_locators_and_formatters(self, axis: Axis) -> None:
        super().set_default_locators_and_formatters(axis)
        _with_log_formatters(axis, self)


class _SymmetricalLogScale(scale.SymmetricalLogScale):
    def set_default_locators_and_formatters(self, axis: Axis) -> None:
        super().set_default_locators_and_formatters(axis)
        axis.set_major_formatter(_Log(self.base))


def use() -> None:
    """Make these the formatters of every axis that is drawn from now on."""
    with warnings.catch_warnings():  # they take an axis, which Matplotlib before 3.11 gives and later ones will not
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        for kind in (_LinearScale, _LogScale, _SymmetricalLogScale):
            scale.register_scale(kind)
