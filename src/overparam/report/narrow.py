"""A second layout of a figure for a phone: 340 pixels wide, its panels below each other, no text below 12 pixels.

`narrow` works on a copy, so the figure itself stays as its author drew it. Where the panels of a row belong side by side
(pictures of digits, say), the author sets ``fig.narrow_columns``, how many of them stand in a row.
"""

import pickle
import re
from typing import Any

import numpy as np
from matplotlib.category import StrCategoryFormatter
from matplotlib.cbook import is_math_text
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.gridspec import GridSpec
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter
from matplotlib.transforms import Bbox, ScaledTranslation

WIDTH = 340 / 96  # inches
ROOM = WIDTH * 72 - 6  # points, for a line of text
NAMES = 0.36 * ROOM  # at most for the names of rows
SMALLEST, LARGEST = 9.5, 11  # points; 9.5 are 12.2 pixels where a phone of 360 pixels shows 328 of the 340
TALL, FLAT = 2.8, 2.6  # inches, of a panel with its labels
SPACE = re.compile(r"\s+(?=(?:[^$]*\$[^$]*\$)*[^$]*$)")  # between words, not within mathematics


def narrow(fig: Figure) -> Figure | None:
    """Return a copy of `fig` laid out for a phone, or None where the figure is no wider than that itself."""
    if fig.get_figwidth() <= WIDTH + 0.2:
        return None
    copy: Any = _copy(fig)
    copy.set_dpi(72)  # from here on a pixel is a point
    if copy.get_layout_engine() is None:
        copy.set_layout_engine("constrained")
    copy.get_layout_engine().set(w_pad=0.03, h_pad=0.05)
    _clamp_text(copy)
    height = _stack_all(copy)
    copy.set_size_inches(WIDTH, height)
    lines = _title_lines(copy)
    for ax in copy.axes:
        if (legend := ax.get_legend()) is not None:
            legend.set_in_layout(False)  # it is made anew, below the panel
    _fit(copy)
    height += (_title_lines(copy) - lines) * 1.3 * LARGEST / 72  # what a title has gained the panels do not lose
    copy.set_size_inches(WIDTH, height + _lay_legends(copy))
    _fit(copy)
    return copy


def _title_lines(fig: Any) -> int:
    return sum(ax.get_title(side).count("\n") for ax in fig.axes for side in ("left", "center"))


def _copy(fig: Any) -> Figure:
    """A copy that pyplot does not know."""
    canvas = fig.canvas
    manager, canvas.manager = canvas.manager, None
    try:
        return pickle.loads(pickle.dumps(fig))
    except (AttributeError, pickle.PicklingError) as error:
        raise ValueError(
            f"The figure holds a function without a name and cannot be copied for a phone: give a text or a dictionary ({error})."
        ) from error
    finally:
        canvas.manager = manager


def _own_axes(part: Any) -> list[Any]:
    return [ax for ax in part.axes if ax.get_figure(root=False) is part]


def _clamp_text(fig: Any) -> None:
    """Bring every text between the smallest and the largest size."""
    for ax in fig.axes:
        for which in ("x", "y"):
            for kind in ("major", "minor"):
                ax.tick_params(axis=which, which=kind, labelsize=SMALLEST)
    for text in fig.findobj(Text):
        text.set_fontsize(np.clip(text.get_fontsize(), SMALLEST, LARGEST))


# --- panels below each other ------------------------------------------------------------------------------------------


def _stack_all(fig: Any) -> float:
    """Stack the panels of the figure, or of each of its subfigures; the height that this needs, in inches."""
    if not fig.subfigs:
        return _stack(fig, fig.get_figheight(), fig.get_figwidth())
    heights = []
    for part in fig.subfigs:
        box = part.bbox.size / 72
        heights.append(_stack(part, box[1], box[0]))
    grid: Any = GridSpec(len(heights), 1, figure=fig, height_ratios=heights)
    for part, place in zip(fig.subfigs, grid, strict=True):
        part._subplotspec = place
    return sum(heights)


def _stack(part: Any, height: float, width: float) -> float:
    """Put the panels of one grid into one column (or `narrow_columns`); the height they need, in inches."""
    cells: dict[tuple[int, int], list[Any]] = {}
    for ax in _own_axes(part):
        if (place := ax.get_subplotspec()) is not None:
            cells.setdefault((place.rowspan.start, place.colspan.start), []).append(ax)
    panels = [cells[key] for key in sorted(cells) if any(ax.get_visible() for ax in cells[key])]
    if not panels:
        return height
    grid = panels[0][0].get_subplotspec().get_gridspec()
    columns = min(getattr(part, "narrow_columns", None) or _columns(panels, grid.ncols), len(panels))
    if columns < grid.ncols:
        for axes in panels:
            _own_labels(axes, cells)
    heights = [_height(axes, height, width, columns) for axes in panels]
    rows = [max(heights[i : i + columns]) for i in range(0, len(heights), columns)]
    if columns < grid.ncols:
        stacked: Any = GridSpec(len(rows), columns, figure=part, height_ratios=rows)
        for place, axes in zip(stacked, panels, strict=False):
            for ax in axes:
                ax.set_subplotspec(place)
    return sum(rows)


def _columns(panels: list[list[Any]], columns: int) -> int:
    """Pictures without axes stay side by side, in full rows, as far as their titles fit; other panels go below each other."""
    axes = [ax for group in panels for ax in group]
    if any(ax.axison and (_ticks(ax).size or ax.get_xlabel() or ax.get_ylabel()) for ax in axes):
        return 1
    titles = [line for ax in axes for line in ax.get_title(loc="left").split("\n") + ax.get_title().split("\n")]
    widest = max(_width(line, SMALLEST) for line in titles)
    full = [n for n in range(min(columns, 5), 0, -1) if len(panels) % n == 0]
    return next((n for n in full if widest <= WIDTH * 72 / n - 8), 1)


def _ticks(ax: Any) -> np.ndarray:
    return np.concatenate([ax.get_xticks(), ax.get_yticks()])


def _height(axes: list[Any], height: float, width: float, columns: int) -> float:
    """Inches that a panel gets, labels and all, from those it has in the wide figure."""
    ax = axes[0]
    place = ax.get_subplotspec()
    rows, cols = place.get_gridspec().get_geometry()
    was_high, was_wide = height * len(place.rowspan) / rows, width * len(place.colspan) / cols
    if (ratios := place.get_gridspec().get_height_ratios()) is not None:
        was_high = height * sum(ratios[place.rowspan.start : place.rowspan.stop]) / sum(ratios)
    if (ratios := place.get_gridspec().get_width_ratios()) is not None:
        was_wide = width * sum(ratios[place.colspan.start : place.colspan.stop]) / sum(ratios)
    is_wide = WIDTH / columns
    if ax.get_aspect() != "auto":
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        labels = 0.75 if ax.axison else 0.25
        ratio = abs(top - bottom) / abs(right - left) * float(ax.get_aspect())
        return (is_wide - (0.75 if ax.axison else 0.1)) * ratio + labels
    scaled = was_high * is_wide / was_wide
    if columns > 1:
        return min(max(scaled, 1), TALL)
    kept = min(was_high, max(scaled, FLAT), TALL)
    lines = "\n".join(_wrapped(text, SMALLEST, NAMES) for text in _names(ax, "y")).count("\n") + 1
    bars = [c for c in ax.containers if isinstance(c, BarContainer) and c.orientation == "horizontal"]
    numbers = sum(map(len, bars)) if ax.texts else 0  # which stand beside the bars
    return max(kept, 0.2 * lines + 0.7, 0.17 * numbers + 0.7)


def _own_labels(axes: list[Any], cells: dict[tuple[int, int], list[Any]]) -> None:
    """Give a panel the labels back that its neighbour showed for it."""
    for ax in axes:
        place = ax.get_subplotspec()
        for name, shared, neighbours in (
            ("x", ax.get_shared_x_axes(), [cells[k] for k in cells if k[1] == place.colspan.start]),
            ("y", ax.get_shared_y_axes(), [cells[k] for k in cells if k[0] == place.rowspan.start]),
        ):
            siblings = [other for group in neighbours for other in group if shared.joined(ax, other)]
            if not ax.axison:
                continue
            axis = getattr(ax, f"{name}axis")
            side = {"x": "labelbottom", "y": "labelleft"}[name]
            shown = [o for o in siblings if getattr(o, f"{name}axis").get_tick_params().get(side, True)]
            if shown and not axis.get_tick_params().get(side, True):
                ax.tick_params(axis=name, **{side: True})
            if not axis.get_label_text() or not axis.label.get_visible():
                texts = [getattr(o, f"{name}axis").get_label_text() for o in siblings]
                if text := next(filter(None, texts), ""):
                    axis.set_label_text(text)
                    axis.label.set_visible(True)


# --- text that fits ---------------------------------------------------------------------------------------------------


def _fit(fig: Any) -> None:
    """Wrap what is too long for its place, and thin out ticks that meet."""
    if fig._suptitle is not None:
        _wrap(fig._suptitle, ROOM)
    for ax in fig.axes:
        for text in ax.texts:
            text.set_in_layout(False)
        if _names(ax, "y"):
            _name_ticks(ax, "y", NAMES)
        _join_titles(ax)
    fig.get_layout_engine().execute(fig)  # as a drawing does first, which takes twice as long
    changed = [_fit_panel(ax) for ax in fig.axes]
    if any(changed):
        fig.get_layout_engine().execute(fig)
    for ax in fig.axes:
        for text in ax.texts:
            _fit_text(text, ax.get_window_extent())


def _fit_panel(ax: Any) -> bool:
    """Wrap the titles and labels of a panel and thin out its ticks; whether any of them has changed."""
    box = ax.get_window_extent()
    alone = ax.get_subplotspec() is None or ax.get_subplotspec().get_gridspec().ncols == 1
    middle = (box.x0 + box.x1) / 2
    changed = [
        _wrap(title, WIDTH * 72 - box.x0 - 3 if alone else box.width + 4) for title in (ax._left_title, ax.title)
    ]
    changed.append(_wrap(ax.xaxis.label, 2 * min(middle, WIDTH * 72 - middle) - 2))
    changed.append(_wrap(ax.yaxis.label, box.height + 14))
    if names := _names(ax, "x"):
        each = box.width / len(ax.get_xticks())
        if _name_ticks(ax, "x", each - 4) > each + 6:
            ax.tick_params(axis="x", rotation=90)
        changed.append(names != _names(ax, "x") or bool(ax.xaxis.get_tick_params().get("labelrotation")))
    else:
        changed.append(_thin(ax))
    return any(changed)


def _width(line: str, size: float) -> float:
    """Points that a line of text takes."""
    font = FontProperties(size=size)
    return text_to_path.get_text_width_height_descent(line, font, is_math_text(line))[0]


def _wrapped(string: str, size: float, width: float) -> str:
    """The text in lines of at most `width` points; words stay whole."""
    if not string.strip() or max(_width(line, size) for line in string.split("\n")) <= width:
        return string
    lines: list[str] = []
    for word in SPACE.split(string.strip()):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def _wrap(text: Any, width: float) -> bool:
    """Break a text into lines of at most `width` points; whether that changed it."""
    was = text.get_text()
    text.set_text(_wrapped(was, text.get_fontsize(), width))
    return text.get_text() != was


def _join_titles(ax: Any) -> None:
    """What stands at both ends of a title's line, one below the other."""
    left, right = ax._left_title, ax._right_title
    if right.get_text():
        left.set_text("\n".join(filter(None, (left.get_text(), right.get_text()))))
        right.set_text("")


def _names(ax: Any, name: str) -> list[str]:
    """The names of an axis' ticks, none where they are numbers."""
    axis = getattr(ax, f"{name}axis")
    formatter = axis.get_major_formatter()
    if not isinstance(formatter, FixedFormatter | FuncFormatter | StrCategoryFormatter):
        return []
    texts = [str(text) for text in formatter.format_ticks(axis.get_majorticklocs())]  # a name may be a number
    return texts if any(re.search(r"[^\W\d]{2}", text) for text in texts) else []


def _name_ticks(ax: Any, name: str, width: float) -> float:
    """Break the names of an axis' ticks at `width` points; the widest line that is left."""
    axis = getattr(ax, f"{name}axis")
    names = [_wrapped(text, SMALLEST, width) for text in _names(ax, name)]
    axis.set_major_locator(FixedLocator(axis.get_majorticklocs()))
    axis.set_major_formatter(FixedFormatter(names))
    return max(_width(line, SMALLEST) for text in names for line in text.split("\n"))


def _thin(ax: Any) -> bool:
    """Leave out ticks of the horizontal axis, one in two or more, until their labels do not meet; whether any is left out."""
    ticks, (low, high) = ax.get_xticks(), sorted(ax.get_xlim())
    texts = [label.get_text() for label in ax.get_xticklabels()]
    shown = [i for i, tick in enumerate(ticks) if low <= tick <= high and i < len(texts)]
    places = ax.transData.transform([(ticks[i], ax.get_ylim()[0]) for i in shown])[:, 0] if shown else []
    halves = [_width(texts[i], SMALLEST) / 2 for i in shown]
    step = 1
    minor = [label.get_text() for label in ax.get_xticklabels(minor=True)]
    fewer = any(minor) and _thin_minor(ax, places, halves)
    while step < len(shown) and any(
        abs(places[j] - places[i]) < halves[i] + halves[j] + 4
        for i, j in zip(range(0, len(shown), step), range(step, len(shown), step), strict=False)
    ):
        step += 1
    if step > 1:
        kept = shown[::step]
        ax.xaxis.set_major_locator(FixedLocator([ticks[i] for i in kept]))
        ax.xaxis.set_major_formatter(FixedFormatter([texts[i] for i in kept]))
    return fewer or step > 1


def _thin_minor(ax: Any, places: Any, halves: list[float]) -> bool:
    """Name no tick between the major ones that would meet one of them, or another; whether a name is left out."""
    low, high = sorted(ax.get_xlim())
    kept, taken = {}, list(zip(places, halves, strict=True))
    for tick, label in zip(ax.get_xticks(minor=True), ax.get_xticklabels(minor=True), strict=False):
        place, half = ax.transData.transform((tick, 1))[0], _width(label.get_text(), SMALLEST) / 2
        if label.get_text() and low <= tick <= high and all(abs(place - x) > half + w + 5 for x, w in taken):
            kept[tick] = label.get_text()
            taken.append((place, half))
    every = ax.get_xticks(minor=True)
    fewer = len(kept) < sum(bool(label.get_text()) for label in ax.get_xticklabels(minor=True))
    ax.xaxis.set_minor_locator(FixedLocator(every))
    ax.xaxis.set_minor_formatter(FixedFormatter([kept.get(tick, "") for tick in every]))
    return fewer


def _fit_text(text: Any, box: Bbox) -> None:
    """Wrap a text beside the lines, and let it end at the edge of the figure."""
    edge = WIDTH * 72 - 2
    if not text.get_visible() or not text.get_text().strip():
        return
    place = text.get_window_extent()
    if place.x0 >= box.x1 - 1 and text.get_ha() == "left":  # a label at the end of a line: the panel makes room
        _wrap(text, 76)
        text.set_in_layout(True)
        return
    start = 0 if place.x1 < box.x0 else box.x0
    if text.get_rotation() or (place.x0 >= start and place.x1 <= edge):
        return
    anchor = {"left": place.x0, "center": (place.x0 + place.x1) / 2, "right": place.x1}[text.get_ha()]
    left, right = anchor - start, edge - anchor
    room = {"left": right, "center": 2 * min(left, right), "right": left}[text.get_ha()]
    word = max(_width(word, text.get_fontsize()) for word in SPACE.split(text.get_text()))
    if room < max(word, min(90, 0.6 * place.width)):
        text.set_ha("right" if left > right else "left")
        room = max(left, right)
    _wrap(text, room)


# --- legends ----------------------------------------------------------------------------------------------------------


def _lay_legends(fig: Any) -> float:
    """Put every legend below its panel or figure, in as many columns as fit; inches by which this makes the figure higher."""
    more = 0.0
    for legend in list(fig.legends):
        legend.remove()
        columns, high = _columns_of(legend)
        made = fig.legend(**_entries(legend, None), **_place(columns), loc="outside lower left")
        _title(made, legend)
        was = np.ceil(len(legend.get_texts()) / legend._ncols) * 15 / 72
        more += high - was
    for ax in fig.axes:
        if (legend := ax.get_legend()) is None:
            continue
        columns, high = _columns_of(legend)
        box = ax.get_window_extent()
        below = ax.xaxis.get_tightbbox().y0 if ax.axison else box.y0
        shift = ScaledTranslation(-box.x0 / 72, (below - 4 - box.y0) / 72, ax.figure.dpi_scale_trans)
        made = ax.legend(
            **_entries(legend, ax),
            **_place(columns),
            loc="upper left",
            bbox_to_anchor=(0, 0),
            bbox_transform=ax.transAxes + shift,
        )
        _title(made, legend)
        more += high
    return more


def _entries(legend: Any, ax: Any) -> dict[str, list]:
    """Handles and labels of a legend; the handles those of the panel where it has them, as a legend's own are less."""
    labels = [text.get_text() for text in legend.get_texts()]
    handles = list(legend.legend_handles)
    if ax is not None:
        own = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        handles = [own.get(label, handle) for label, handle in zip(labels, handles, strict=True)]
    return {"handles": handles, "labels": [_wrapped(label, SMALLEST, ROOM - 40) for label in labels]}


def _place(columns: int) -> dict[str, float]:
    return {
        "ncols": columns,
        "fontsize": SMALLEST,
        "borderpad": 0.2,
        "borderaxespad": 0.1,
        "columnspacing": 1.2,
        "handlelength": 2.2,
    }


def _columns_of(legend: Any) -> tuple[int, float]:
    """How many columns of entries fit, and how high that is, in inches."""
    labels = [_wrapped(text.get_text(), SMALLEST, ROOM - 40) for text in legend.get_texts()]
    widths = [max(_width(line, SMALLEST) for line in label.split("\n")) + 32 for label in labels]
    for columns in range(len(labels), 0, -1):
        parts = np.array_split(widths, columns)
        if columns == 1 or sum(part.max() for part in parts) + 11 * (columns - 1) <= ROOM:
            break
    lines = max(sum(label.count("\n") + 1 for label in part) for part in np.array_split(labels, columns))
    lines += bool(legend.get_title().get_text())
    return columns, (lines * 1.5 * SMALLEST + 8) / 72


def _title(made: Any, legend: Any) -> None:
    if title := legend.get_title().get_text():
        made.set_title(_wrapped(title, SMALLEST, ROOM), prop={"size": SMALLEST})
        made.set_alignment("left")
