"""House style, error bands, and figures that need no kernel to move.

One colour means one thing in the whole book (`COLORS`). On the book's pages a figure is inline SVG: its ink becomes the
text colour of the page and each named colour a CSS variable (`--fig-train`, ...), so that it follows light and dark.
"""

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends import backend_svg
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from overparam.errors import require, shown
from overparam.report import ticks
from overparam.report.narrow import narrow

if TYPE_CHECKING:
    import ipywidgets

NARROW = "application/vnd.overparam.narrow"  # type of an output: a figure's SVG for a phone
INK = "#1f2328"  # text and axes; the text colour of the page
PAPER = "#fffffe"  # behind everything; transparent on the page

COLORS = {
    "train": "#1d5fae",
    "test": "#c8420b",
    "true_labels": "#0a7d55",
    "random_labels": "#6b1f85",
    "threshold": "#4f565f",
    "bias": "#3d3a9c",
    "variance": "#067f9c",
    "noise": "#747b84",
    "risk": "#c8420b",  # expected test error: the colour of test
}
DASHES = {
    "bias": (0, (7, 1.6, 1.4, 1.6)),
    "random_labels": (0, (4.5, 1.5)),
    "noise": (0, (2, 1.2)),
    "threshold": (0, (1, 1.65)),
}  # who sees no difference between red and green tells blue from violet by these; the others have solid lines
SEQUENCE = ("#1d5fae", "#c8420b", "#0a7d55", "#6b1f85", "#2b8fbd", "#5f3b00")  # categories that have no name above
RAMP = (
    "#3b4cb4",
    "#5b45b0",
    "#7b3fa9",
    "#99399c",
    "#b4378a",
    "#c93d73",
    "#d64b58",
    "#da6139",
    "#d57a10",
)  # low to high
MARKERS = "osD^vPX*h"
_DASHES = {COLORS[name]: dash for name, dash in DASHES.items()}
_DASHES |= {SEQUENCE[4]: (0, (9, 2)), SEQUENCE[5]: (0, (6, 1.4, 1.4, 1.4, 1.4, 1.4))}

# Sizes are those of the page: 1 inch is 96 of its pixels, so 7.2 inches fill the column and 10.5 points are 14 pixels.
_RC: dict[Any, Any] = {
    "figure.figsize": (7.2, 4.2),
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "figure.max_open_warning": 0,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.titlesize": 11.5,
    "axes.titlepad": 10,
    "axes.labelpad": 6,
    "axes.prop_cycle": plt.cycler(color=SEQUENCE),
    "grid.color": INK,
    "grid.alpha": 0.1,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "text.color": INK,
    "font.family": ["Overparam Sans", "DejaVu Sans"],
    "font.size": 11,
    "mathtext.fontset": "custom",
    "mathtext.rm": "Overparam Sans",
    "mathtext.it": "STIXGeneral:italic",
    "mathtext.bf": "STIXGeneral:bold",
    "mathtext.cal": "STIXGeneral:italic",
    "mathtext.sf": "Overparam Sans",
    "mathtext.fallback": "stix",
    "lines.linewidth": 2,
    "lines.markersize": 4.5,
    "lines.markeredgewidth": 0,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "savefig.facecolor": "auto",
    "svg.fonttype": "path",
    "svg.hashsalt": "overparam",
}
_METADATA = {"Date": None, "Creator": None}
SKETCH = "overparam_sketch"  # key of a notebook output's metadata under which `sketch` leaves the curve
_BANDS: WeakKeyDictionary[Line2D, tuple[np.ndarray, np.ndarray]] = WeakKeyDictionary()  # low and high of `plot`'s lines


def style() -> None:
    """Draw every figure in the house style, as SVG where a notebook shows it. Call it at the top of a chapter."""
    if "Overparam Sans" not in font_manager.fontManager.get_font_names():
        font_manager.fontManager.addfont(Path(__file__).parent / "fonts/OverparamSans.ttf")
    plt.rcParams.update(_RC)
    ticks.use()
    try:
        shell = get_ipython()  # type: ignore[name-defined]  # a builtin where IPython runs
    except NameError:
        return
    from matplotlib_inline.config import InlineBackend

    inline: Any = InlineBackend.instance(parent=shell)
    inline.figure_formats = set()  # `bundle` makes what is stored
    shell.display_formatter.mimebundle_formatter.for_type(Figure, bundle)


def bundle(fig: Figure, include: object = None, exclude: object = None) -> dict[str, str]:
    """What a notebook stores of a figure: one that shows in it, and in a type of our own that for a phone, for the book's pages."""
    stored = {"image/svg+xml": draw(fig)}
    slim = narrow(fig)
    return stored if slim is None else stored | {NARROW: draw(slim)}


def dash(color: str) -> Any:
    """The line style that belongs to a colour of the book, as `Axes.plot` takes it; others are solid."""
    return _DASHES.get(color, "-")


def band(ax: Axes, x: ArrayLike, low: ArrayLike, high: ArrayLike, color: str) -> None:
    """Shade between `low` and `high` [n] over `x` [n]."""
    ax.fill_between(x, low, high, color=color, alpha=0.18, linewidth=0)


def plot(
    table: pd.DataFrame,
    x: str,
    y: str,
    hue: str | None = None,
    ax: Axes | None = None,
    colors: str | dict[Any, str] | None = None,
    label: str | None = None,
    **line: Any,
) -> Axes:
    """Draw the mean of `y` at each `x` with its 95 % t-interval over the rows (seeds): one line for each value of `hue`.

    Without `hue`, `colors` is a colour and `label` a text. With it, `colors` maps its values to colours (if absent: a key
    of `COLORS` has its own, numbers take steps of `RAMP`, the rest are from `SEQUENCE`), and `label` is a format for a
    value, as "{:.0%} label noise". `line` goes to `Axes.plot`. Rows of networks that diverged are NaN and are left out, and the
    figure says how many. Returns the axes.
    """
    _require_columns(table, x, y, hue)
    ax = ax or plt.subplots()[1]
    values: list[Any] = [None]
    if hue is not None:
        colors = colors if isinstance(colors, dict) else _hues(table[hue])
        values = [value for value in colors if (table[hue] == value).any()]
    for i, value in enumerate(values):
        rows = table if hue is None else table[table[hue] == value]
        cells = rows.groupby(x)[y]
        mean, n = cells.mean(), cells.count()
        half = stdtrit(np.maximum(n - 1, 1), 0.975) * cells.std() / np.sqrt(n)  # NaN, so no band, for a single seed
        own = colors[value] if isinstance(colors, dict) else colors
        color = own or COLORS.get(y.removesuffix("_error"), SEQUENCE[0])
        text = label or y.replace("_", " ") if hue is None else ticks.written_out((label or "{}").format(value))
        look = {"color": color, "linestyle": dash(color), "marker": MARKERS[i % len(MARKERS)], "label": text}
        drawn = ax.plot(mean.index, mean, **look | line)
        if half.notna().any():
            band(ax, mean.index, mean - half, mean + half, color)
            _BANDS[drawn[0]] = (np.asarray(mean - half), np.asarray(mean + half))
    if "diverged" in table and table["diverged"].any():
        networks = table[~table.index.duplicated()] if "epoch" in table else table  # curves repeat them at each epoch
        said = f"{int(networks['diverged'].sum())} of {len(networks)} networks diverged"
        ax.set_title(said, loc="right", fontsize=9)
    ax.set(xlabel=ax.get_xlabel() or x.replace("_", " "), ylabel=ax.get_ylabel() or y.replace("_", " "))
    return ax


def _require_columns(table: pd.DataFrame, *names: str | None) -> None:
    """Raise ValueError unless the table has these columns, those that are not None."""
    missing = [name for name in names if name is not None and name not in table]
    near = [close for name in missing for close in get_close_matches(str(name), map(str, table.columns), 3)]
    advice = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(map(str, table.columns))}."
    require(not missing, f"The table to draw has no column {' or '.join(map(shown, missing))}; {advice}")


def lines(
    table: pd.DataFrame,
    x: str,
    ys: Iterable[str] | Mapping[str, str],
    ax: Axes | None = None,
    colors: Mapping[str, str] | None = None,
    **line: Any,
) -> Axes:
    """Draw several columns of `table` against `x`, each as `plot` draws one, and return the axes.

    `ys` lists the columns, or maps each to its label. A column has its colour from the mapping `colors`, else one of its own
    in `COLORS` (bias² has that of bias), else from `SEQUENCE`.
    """
    labels = dict(ys) if isinstance(ys, Mapping) else {y: y.replace("_", " ") for y in ys}
    _require_columns(table, x, *labels)
    ax = ax or plt.subplots()[1]
    ylabel = ax.get_ylabel()
    own = _categories([y.removesuffix("_error").removesuffix("²") for y in labels])
    hues = dict(zip(labels, own, strict=True)) | dict(colors or {})
    for i, (y, label) in enumerate(labels.items()):
        plot(table, x, y, ax=ax, colors=hues[y], label=label, **{"marker": MARKERS[i % len(MARKERS)]} | line)
    ax.set_ylabel(ylabel)
    return ax


def panels(
    table: pd.DataFrame,
    x: str,
    y: str | Sequence[str] | Mapping[str, str],
    by: str | None = None,
    hue: str | None = None,
    colors: str | dict[Any, str] | None = None,
    label: str | None = None,
    height: float = 3.8,
    **line: Any,
) -> tuple[Figure, np.ndarray]:
    """Draw one panel for each value of the column `by`, as `plot` does, on one vertical axis; returns figure and axes.

    Where `y` lists columns, or maps them to titles, one panel for each of these instead. Colours and legend are those of all panels
    together; the legend of `hue` stands below them.
    """
    parts: list[tuple[Any, pd.DataFrame, str]]
    if isinstance(y, str):
        if by is None:
            raise ValueError(
                "panels() draws one panel for each value of a column, or for each of several y: give by=, or a list."
            )
        _require_columns(table, x, y, by, hue)
        parts = [(value, table[table[by] == value], y) for value in table[by].drop_duplicates()]
    else:
        titles = dict(y) if isinstance(y, Mapping) else {each: each.replace("_", " ") for each in y}
        _require_columns(table, x, *titles, hue)
        parts = [(title, table, each) for each, title in titles.items()]
    fig, axes = plt.subplots(1, len(parts), figsize=(7.2, height), sharey=True, squeeze=False)
    if hue is not None and not isinstance(colors, dict):
        colors = _hues(table[hue])
    entries: dict[str, Any] = {}
    for ax, (title, rows, each) in zip(axes[0], parts, strict=True):
        ylabel = "" if by is None else each.replace("_", " ")
        plot(rows, x, each, hue, ax=ax, colors=colors, label=label, **line)
        entries |= {text: handle for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
        ax.set(title=str(title), ylabel=ylabel)
        ax.label_outer()
    if hue is not None:
        fig.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=min(len(entries), 5))
    return fig, axes[0]


def dots(
    table: pd.DataFrame, ax: Axes | None = None, color: str = SEQUENCE[0], label: str | None = None, shift: float = 0
) -> Axes:
    """Draw the columns of `table` [replicates, columns] below each other: dots, and the 95 % t-interval of their mean as a bar.

    The columns name the vertical axis; `shift` moves them up, so that several tables find room. Returns the axes.
    """
    ax = ax or plt.subplots()[1]
    places, n = shift - np.arange(len(table.columns)), table.count()
    half = stdtrit(np.maximum(n - 1, 1), 0.975) * table.std() / np.sqrt(n)
    ax.hlines(places, table.mean() - half, table.mean() + half, color=color, linewidth=2.5, label=label or "_nolegend_")
    ax.plot(table.T, np.repeat(places[:, None], len(table), 1), "o", color=color, alpha=0.5, zorder=3)  # over the bar
    ax.set_yticks(places - shift, [str(column) for column in table.columns])
    return ax


def sketch(ax: Axes, label: str | None = None, *, ask: str) -> None:
    """Show the figure of `ax`, in place of `plt.show()`, and let the reader of the page draw one of its lines first.

    `label` is the label of that line (absent: the first line), `ask` the question that it answers. In a notebook the figure is
    shown as usual. Its output also holds the line, with its band if `plot` drew one, from which the page makes empty axes to
    draw in.
    """
    from IPython.display import display

    found = [line for line in ax.get_lines() if label in (None, line.get_label())]
    if not found:
        names = ", ".join(str(line.get_label()) for line in ax.get_lines())
        raise ValueError(f"There is no line {label!r} to be drawn; the axes have {names or 'none'}.")
    display(ax.figure, metadata={SKETCH: {"ask": ask} | _curve(ax, found[0])})
    plt.close(ax.figure)  # type: ignore[arg-type]


def _curve(ax: Axes, line: Line2D) -> dict[str, Any]:
    """What a page needs to let a reader draw a line: its points and band, and the axes with their ticks.

    Places on the horizontal axis, whatever its scale, are shares of its length.
    """
    if ax.get_yscale() not in ("linear", "log"):
        raise ValueError(f"A reader can draw on a linear or a log axis, not on a {ax.get_yscale()} one.")
    ax.figure.canvas.draw()  # only now are limits and ticks settled
    x, y = (np.asarray(values, dtype=float) for values in line.get_data())
    low, high = _BANDS.get(line, (np.full_like(y, np.nan),) * 2)
    kept = np.isfinite(x) & np.isfinite(y) & ((y > 0) if ax.get_yscale() == "log" else True)
    if kept.sum() < 2:
        raise ValueError(f"A curve to be drawn needs two points; the line {line.get_label()!r} has {kept.sum()}.")

    def places(values: np.ndarray) -> np.ndarray:
        ends = ax.transAxes.transform([(0, 0), (1, 0)])[:, 0]
        across = ax.transData.transform(np.column_stack([values, np.full(len(values), y[kept][0])]))[:, 0]
        return (across - ends[0]) / (ends[1] - ends[0])

    def labelled(axis: str) -> list[tuple[float, str]]:
        values = np.asarray(getattr(ax, f"get_{axis}ticks")(), dtype=float)
        ends = sorted(getattr(ax, f"get_{axis}lim")())
        written = [text.get_text() for text in getattr(ax, f"get_{axis}ticklabels")()]
        texts = [f"{value:g}" if "$" in text else text for value, text in zip(values, written, strict=True)]
        return [(v, text) for v, text in zip(values, texts, strict=True) if ends[0] <= v <= ends[1] and text]

    def numbers(values: np.ndarray) -> list[float | None]:
        return [float(f"{v:.5g}") if np.isfinite(v) else None for v in values]

    color = to_hex(line.get_color())
    across = labelled("x")
    return {
        "title": ax.get_title(loc="left"),
        "xlabel": ax.get_xlabel(),
        "ylabel": ax.get_ylabel().replace("\n", " "),
        "color": f"var({_VARIABLES[color]}, {color})" if color in _VARIABLES else color,
        "log": ax.get_yscale() == "log",
        "ylim": numbers(np.sort(ax.get_ylim())),
        "xticks": list(
            zip(numbers(places(np.array([v for v, _ in across]))), [text for _, text in across], strict=True)
        ),
        "yticks": labelled("y"),
        "x": numbers(x[kept]),
        "place": numbers(places(x[kept])),
        "y": numbers(y[kept]),
        "low": numbers(low[kept]),
        "high": numbers(high[kept]),
    }


def settings(
    table: pd.DataFrame, x: str, y: str, bounds: tuple[float, float] = (0, 0), color: str = COLORS["test"]
) -> Axes:
    """Draw a point for each setting in `table`, dotted lines at the `bounds` of x and y, and the names of those that do not keep.

    Beside the columns x and y the table has `setting`, a name, and `keeps`, whether the finding keeps its sign there. Returns the axes.
    """
    ax = plt.subplots(figsize=(7.2, 3.4))[1]
    ax.plot(table[x], table[y], "o", color=color)
    ax.margins(x=0.12)  # room for names
    middle = (table[x].min() + table[x].max()) / 2
    for _, row in table[~table.keeps].iterrows():  # a name stands where there is room: towards the middle
        side = "left" if row[x] < middle else "right"
        ax.text(row[x], row[y], f"  {row.setting}  ", ha=side, va="center", fontsize=9.5)
    ax.axvline(bounds[0], color=COLORS["threshold"], linestyle=":")
    ax.axhline(bounds[1], color=COLORS["threshold"], linestyle=":")
    return ax


def setting_rows(table: pd.DataFrame, x: str, null: float, color: str) -> Axes:
    """Draw a row with a point for each setting in `table`, in the order of the column `x`, and a dotted line at `null`; returns the axes."""
    ordered = table.sort_values(x)
    ax = plt.subplots(figsize=(7.2, 0.8 + 0.19 * len(ordered)))[1]  # inches, so that no name lies on its neighbour
    ax.plot(ordered[x], ordered.setting, "o", color=color)
    ax.axvline(null, color=COLORS["threshold"], linestyle=":")
    return ax


def log_axis(ax: Axes, places: Sequence[float]) -> None:
    """Make the horizontal axis logarithmic, with ticks at these places and no others, written out."""
    ax.set_xscale("log")
    ax.set_xticks(places, [ticks.plain(place) for place in places])
    ax.xaxis.set_minor_locator(NullLocator())


def ramp(n: int) -> list[str]:
    """Return `n` colours in order, low to high."""
    if n > len(RAMP):
        raise ValueError(f"{n} ordered hues were asked for, but a reader tells at most {len(RAMP)} apart: show fewer.")
    return [RAMP[round(i * (len(RAMP) - 1) / max(n - 1, 1))] for i in range(n)]


def colormap() -> ListedColormap:
    """Return `RAMP` as a colormap for fields of values, which keep their colours where the page is dark.

    None of its colours is exactly a named one: `inline_svg` would change that one alone, and so mark single cells.
    """
    shades = LinearSegmentedColormap.from_list("ramp", RAMP)(np.linspace(0, 1, 256))
    named = [to_hex(shade) in _VARIABLES for shade in shades]
    shades[named, 2] -= np.where(shades[named, 2] > 0.5, 1, -1) / 255
    return ListedColormap(shades, name="ramp")


def _hues(column: pd.Series) -> dict[Any, str]:
    """A colour for each value of a column: numbers take steps of `RAMP` in order, the rest as `_categories` has it."""
    values = list(column.drop_duplicates())
    ordered = all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in values)
    values = sorted(values) if ordered else values
    return dict(zip(values, ramp(len(values)) if ordered else _categories(values), strict=True))


def _categories(values: Sequence[Any]) -> list[str]:
    named = [COLORS.get(value) for value in values]
    spare = iter([c for c in SEQUENCE if c not in named] + list(SEQUENCE) * len(named))
    return [color or next(spare) for color in named]


class _Renderer(backend_svg.RendererSVG):
    """Writes text as text, which can be selected and found; only mathematics stays an outline.

    Each line of text has the width that it has in the house font, in whatever font it is then shown.
    """

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        if ismath:
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        s = re.sub(r"(?<=\d)%", "\u202f%", s)  # as the prose has it, with a narrow space
        size = prop.get_size_in_points()
        look = {"font-size": f"{size:g}px", "fill": to_hex(gc.get_rgb())}
        if (weight := font_manager.weight_dict.get(prop.get_weight(), prop.get_weight())) != 400:
            look["font-weight"] = str(weight)
        if gc.get_alpha() not in (None, 1):
            look["opacity"] = f"{gc.get_alpha():g}"
        place = {"x": f"{x:.2f}", "y": f"{y:.2f}", "textLength": f"{self._width_of(s, prop):.2f}"}
        if s != s.strip():
            place["xml:space"] = "preserve"
        if angle:
            place["transform"] = f"rotate({-angle:g} {x:.2f} {y:.2f})"
        self.writer.element("text", s, style="; ".join(f"{k}: {v}" for k, v in look.items()), attrib=place)

    def _width_of(self, line: str, prop: Any) -> float:
        return text_to_path.get_text_width_height_descent(line, prop, False)[0]


def draw(fig: Figure) -> str:
    """Return `fig` as the text of an SVG file in which text is text."""
    for text in fig.findobj(Text):
        text.set_text(ticks.written_out(text.get_text()))
    file = io.StringIO()
    usual, canvas, dpi = backend_svg.RendererSVG, fig.canvas, fig.dpi
    backend_svg.RendererSVG = _Renderer  # type: ignore[misc]
    try:
        with plt.rc_context({key: _RC[key] for key in ("svg.fonttype", "svg.hashsalt")}):
            backend_svg.FigureCanvasSVG(fig).print_svg(file, metadata=_METADATA)  # `savefig` would draw it twice
    finally:
        backend_svg.RendererSVG = usual  # type: ignore[misc]
        fig.set_canvas(canvas)
        fig.dpi = dpi
    return file.getvalue().replace("<svg ", f'<svg font-family="{_FONTS}" ', 1)


def svg(fig: Figure, alt: str) -> str:
    """Return `fig` as SVG to be put into a page, for a wide one and for a phone; `alt` says in words what it shows."""
    wide, slim = draw(fig), narrow(fig)
    return inline_svg(wide, alt, None if slim is None else draw(slim))


_FONTS = "var(--sans, 'Source Sans 3', 'Source Sans Pro', Arial, sans-serif)"
_VARIABLES = {color: f"--fig-s{i}" for i, color in enumerate(SEQUENCE)} | {c: f"--fig-r{i}" for i, c in enumerate(RAMP)}
_VARIABLES |= {color: f"--fig-{name.replace('_', '-')}" for name, color in COLORS.items()}


def inline_svg(text: str, alt: str, slim: str | None = None) -> str:
    """Return the text of an SVG file as a part of a page: colours follow the page, ids are unique, no background.

    `slim` is the same for a phone. Of the two the page's style shows one; without it, the first.
    """
    if slim is None:
        return _inline(text, alt)
    return _inline(text, alt, " wide") + _inline(slim, alt, " narrow", "; display: none")


def _inline(text: str, alt: str, kind: str = "", hidden: str = "") -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r' d="[^"]*"', lambda m: re.sub(r"\d+\.\d{3,}", lambda x: f"{float(x[0]):.2f}", m[0]), text)
    text = re.sub(rf'<g id="patch_1">\s*<path [^>]*?style="fill: {PAPER}[^"]*"\s*/>\s*</g>', "", text)
    text = text.replace(INK, "currentColor").replace(PAPER, f"var(--fig-paper, {PAPER})")
    for color, variable in _VARIABLES.items():
        text = text.replace(color, f"var({variable}, {color})")
    used = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
    prefix = "f" + hashlib.sha256((text + alt).encode()).hexdigest()[:8] + "-"
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}", text)
    width, height = map(float, _view_box(text).split()[2:])
    head = (
        f'<svg class="figure{kind}" role="img" aria-label="{escape(alt)}" viewBox="0 0 {width:g} {height:g}" '
        f'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'style="--natural: {width * 4 / 3:.0f}px; width: 100%; max-width: var(--natural); stroke-linejoin: round{hidden}" font-family="{_FONTS}">'
    )
    return head + re.sub(r"\s*\n\s*", "\n", text[text.index(">") + 1 :])


def _view_box(picture: str) -> str:
    """The ``viewBox`` of an SVG, which Matplotlib always writes: "0 0 width height"."""
    return picture.split('viewBox="', 1)[1].split('"', 1)[0]


def _numbers_of(fig: Figure) -> str:
    """What the titles and legends of a figure say in numbers, as a sentence; empty where they have none."""
    said = []
    for ax in fig.axes:
        said += [ax.get_title(side) for side in ("left", "center", "right")] + ax.get_legend_handles_labels()[1]
    said = list(dict.fromkeys(text.replace("$", "") for text in said if re.search(r"\d", text)))
    return f"In the picture: {'; '.join(said)}." if said else ""


def slider(
    frames: Mapping[Any, Figure | Callable[[], Figure]] | Callable[[Any], Figure],
    description: str | tuple[str, ...],
    alt: str | Callable[..., str],
    start: Any = None,
    values: Iterable | None = None,
) -> "ipywidgets.VBox":
    """Return a widget that shows one of `frames` at a time, chosen by a slider that works in the published page, where no Python runs.

    `frames` is a function that makes the figure for each of `values`; or it maps the label of each position to a figure, or to
    a function of no arguments that makes it. All have one size. For two sliders `description` is a pair and so is each key, of a
    whole grid. `alt` is a text with a {} for each label, or a function of the labels; what titles and
    legends say in numbers is added to it. `start` is the key shown first.
    """
    import ipywidgets

    pairs = not isinstance(description, str)
    names = description if pairs else (description,)
    if callable(frames):
        if values is None:
            raise ValueError("A slider over a function needs the values that it is called with.")
        frames = {value: partial(frames, *(value if pairs else (value,))) for value in values}
    pictures = {}
    for key, figure in frames.items():
        labels = key if pairs else (key,)
        figure = figure if isinstance(figure, Figure) else figure()
        said = alt(*labels) if callable(alt) else alt.format(*labels)
        pictures[labels] = svg(figure, f"{said} {_numbers_of(figure)}".strip())
        plt.close(figure)
    if len({_view_box(picture) for picture in pictures.values()}) > 1:
        raise ValueError("The frames of a slider must have one size; set figsize and do not crop with bbox_inches.")
    axes = [list(dict.fromkeys(labels[i] for labels in pictures)) for i in range(len(names))]
    if len(pictures) != np.prod([len(axis) for axis in axes]):
        raise ValueError(
            f"{len(pictures)} frames do not fill the grid of {' × '.join(str(len(a)) for a in axes)} positions."
        )
    start = next(iter(pictures)) if start is None else start if pairs else (start,)
    sliders = [
        ipywidgets.SelectionSlider(
            options=[(str(label), i) for i, label in enumerate(axis)],
            index=axis.index(value),
            description=name,
            style={"description_width": "initial"},
            layout={"width": "100%"},
        )
        for name, axis, value in zip(names, axes, start, strict=True)
    ]
    if hasattr(ipywidgets, "Stack"):
        frame = _stack(sliders, axes, lambda labels: ipywidgets.HTML(pictures[labels]))
    else:  # ipywidgets 7 (Colab): a kernel is there, so it swaps the frame
        frame = ipywidgets.HTML(pictures[tuple(start)])

        def swap(_: object) -> None:
            frame.value = pictures[tuple(axis[s.index] for axis, s in zip(axes, sliders, strict=True))]

        for each in sliders:
            each.observe(swap, "index")
    box = ipywidgets.VBox([*sliders, frame])
    box.add_class("figure-slider")
    return box


def _stack(
    sliders: Sequence["ipywidgets.SelectionSlider"],
    axes: Sequence[Sequence[Any]],
    leaf: Callable[[tuple], "ipywidgets.Widget"],
    labels: tuple = (),
) -> "ipywidgets.Widget":
    """Nest one `Stack` for each slider, link it to its slider in the browser, and put `leaf(labels)` at the bottom."""
    import ipywidgets

    if len(labels) == len(axes):
        return leaf(labels)
    mine = sliders[len(labels)]
    children = [_stack(sliders, axes, leaf, (*labels, label)) for label in axes[len(labels)]]
    stack = ipywidgets.Stack(children, selected_index=mine.index)
    ipywidgets.jslink((mine, "index"), (stack, "selected_index"))
    return stack
