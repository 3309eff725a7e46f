"""From the result file to what a reader sees: the table, the targets, the figure. Every number is computed here."""

import json
import math
import statistics
from pathlib import Path

from benchmarks.works import MAPPED, VARIANTS

RESULT = Path(__file__).resolve().parents[1] / "data/results/benchmark.json"
SHARE_TARGET = 0.7  # of the matrix-product peak, in float32 from width 100 up
EXTRAPOLATED = (
    "Times marked ≈ are extrapolated from short runs: start-up and first epoch as measured, plus what one more epoch costs "
    "for each that is left. The ratio in parentheses is of start-up and first epoch alone, and the test error is that after "
    "the first epoch."
)
STAND_IN = "random pixels"  # how the name of a stand-in for a data set begins


def load(path: Path | None = None) -> dict | None:
    """What was measured, with its provenance; None where nothing was."""
    path = path or RESULT
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


# --- What follows from one measurement --------------------------------------------------------------------------------


def per_epoch(run: dict) -> float:
    """Seconds of an epoch. In a short run it is what one more epoch costs; NaN if the machine was too unsteady to tell."""
    if "longer" not in run:
        return run["first"] / run["first_epochs"]
    seconds = (run["longer"] - run["again"]) / (run["longer_epochs"] - 1)
    return seconds if seconds > 0 else float("nan")


def beginning(run: dict) -> float:
    """Seconds from the start of the process through what it did first: all in a full run, one epoch in a short one."""
    return run["wall"] - run.get("again", 0) - run.get("longer", 0)


def whole(run: dict, epochs: int) -> float:
    """Seconds of the whole work, start-up included: measured, or extrapolated from a short run."""
    left = epochs - run["first_epochs"]
    return beginning(run) + (left * per_epoch(run) if left else 0)


def summary(row: dict) -> dict:
    """The medians over the runs of one row, and what is derived from them."""
    runs = [run for run in row["runs"] if "missing" not in run]
    values = {"work": row["work"], "variant": row["variant"], "target": row["target"], "missing": None}
    if len(runs) < len(row["runs"]):
        return values | {"missing": next(run["missing"] for run in row["runs"] if "missing" in run)}
    seconds = [whole(run, row["epochs"]) for run in runs]
    epoch = statistics.median(map(per_epoch, runs))
    return values | {
        "seconds": statistics.median(seconds),
        "low": min(seconds),
        "high": max(seconds),
        "epoch": epoch,
        "beginning": statistics.median(map(beginning, runs)),
        "extrapolated": any(run["first_epochs"] < row["epochs"] for run in runs),
        "steps_per_second": row["steps_per_epoch"] / epoch,
        "share": row["flops_per_epoch"] / epoch / row["peak"],
        # Start-up, and training with every product at the machine's peak and nothing beside the products.
        "least_seconds": statistics.median(run["ready"] for run in runs)
        + row["epochs"] * row["flops_per_epoch"] / row["peak"],
        "test_error": statistics.mean(run["test_error"] for run in runs),
        "first_epochs": runs[0]["first_epochs"],
        "stand_in": runs[0]["data"].startswith(STAND_IN),
        "others": max((run["others"] or 0) for run in runs),
        "rounds": len(runs),
    }


def summaries(content: dict) -> dict[str, dict[str, dict]]:
    """{work: {variant: summary}}, with `ratio`: how many times as fast as the plain DataLoader loop.

    That is of the whole process; `ratio_epoch` is of the steady state, an epoch once everything is compiled and warm.
    """
    works: dict[str, dict[str, dict]] = {}
    for row in content["rows"]:
        works.setdefault(row["work"], {})[row["variant"]] = summary(row)
    for variants in works.values():
        loader = variants.get("loader", {})
        for values in variants.values():
            if math.isfinite(loader.get("seconds", math.nan) / values.get("seconds", math.nan)):
                values["ratio"] = loader["seconds"] / values["seconds"]
                values["ratio_at_peak"] = loader["seconds"] / values["least_seconds"]
                values["ratio_epoch"] = loader["epoch"] / values["epoch"]
                values["ratio_beginning"] = loader["beginning"] / values["beginning"]
    return works


# --- The texts --------------------------------------------------------------------------------------------------------


def table(content: dict) -> str:
    """The Markdown table of all works and variants."""
    lines = [["Work", "by", "seconds", "range", "times as fast", "s/epoch", "% of peak", "% test error"]]
    titles = {row["work"]: row["title"] for row in content["rows"]}
    for work, variants in summaries(content).items():
        if work.startswith(SERIES):
            continue
        for number, (variant, values) in enumerate(variants.items()):
            title = title_of(titles[work], values) if number == 0 else ""
            lines.append([title, VARIANTS[variant], *cells(values)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * widths[0], "-" * widths[1], *("-" * (width - 1) + ":" for width in widths[2:])])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def title_of(title: str, values: dict) -> str:
    """The work's title, and whether its data were a stand-in."""
    return f"{title} ({STAND_IN} in its place)" if values.get("stand_in") else title


def cells(values: dict) -> list[str]:
    """One row's cells after the first two."""
    if values["missing"]:
        return ["missing", "", "", "", "", ""]
    error = f"{100 * values['test_error']:.1f}"
    if math.isnan(values["seconds"]):
        return ["too unsteady", "", "", "", "", error]
    short = values["extrapolated"]
    beginning = f" ({times(values.get('ratio_beginning'))})" if short else ""
    return [
        "≈ " * short + number(values["seconds"]),
        f"{number(values['low'])}–{number(values['high'])}" if values["rounds"] > 1 else "",
        times(values.get("ratio")) + beginning,
        f"{values['epoch']:.3g}",
        f"{100 * values['share']:.{0 if values['share'] >= 0.01 else 1}f}",
        error,
    ]


def number(value: float) -> str:
    """Seconds, or steps per second, in at least two digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def times(ratio: float | None) -> str:
    """A ratio with one decimal place, if there is a ratio."""
    return "" if ratio is None else f"{ratio:.1f}"


def targets(content: dict) -> str:
    """The Markdown table of what was aimed at, beside what was measured."""
    works = summaries(content)
    said = "Times as fast as the loop with a DataLoader, or what is said"
    lines = [[said, "aimed at", "measured", "reached", "possible at the peak"]]
    lines += [
        [
            *judged(f"{SHORT.get(work, work)}: {VARIANTS[variant]}", values["target"], values.get("ratio")),
            times(values.get("ratio_at_peak")),
        ]
        for work, variants in works.items()
        for variant, values in variants.items()
        if values["target"]
    ]
    lines += [[*judged(*aim), ""] for aim in aims(works)]
    lines.insert(1, ["---", "---:", "---:", "---", "---:"])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def judged(aim: str, target: float, measured: float | None) -> list[str]:
    """One line of the table of aims."""
    if measured is None:
        return [aim, f"≥ {target:g}", "missing", ""]
    return [aim, f"≥ {target:g}", f"{measured:.{1 if target >= 1 else 2}f}", "yes" if measured >= target else "no"]


def aims(works: dict) -> list[tuple[str, float, float | None]]:
    """(what, aimed at, measured) of what is not a ratio to the loop with a DataLoader. All is of the engine in fp32."""
    share = lambda work: works.get(work, {}).get("fp32", {}).get("share")  # noqa: E731
    mapped = [work for work, variants in works.items() if set(MAPPED) & set(variants)]
    narrow = [work for work in mapped if work in UP_TO_100]
    return [
        (
            "all works, the whole: against the loop with tensors, at least",
            1,
            slowest(works, works, ("tensor",), "ratio"),
        ),
        ("width 2 to 300, an epoch: against JAX", 4, slowest(works, ["double_descent"], ("jax",))),
        ("width 2 to 30, an epoch: against JAX", 3, slowest(works, ["narrow"], ("jax",))),
        ("works up to width 100, an epoch: against torch.func and JAX, at least", 3, slowest(works, narrow, MAPPED)),
        ("all works, an epoch: against torch.func and JAX, at least", 1, slowest(works, mapped, MAPPED)),
        ("all works, the whole: against torch.func and JAX, at least", 5, slowest(works, mapped, MAPPED, "ratio")),
        ("share of the fp32 peak: width 100 to 400", SHARE_TARGET, share("wide")),
        ("share of the fp32 peak: pruning rounds", SHARE_TARGET, share("pruning")),
    ]


def slowest(works: dict, names, others: tuple[str, ...], what: str = "ratio_epoch") -> float | None:
    """The engine's smallest advantage in float32 over the others in these works, as far as it was measured."""
    pairs = [
        (works[name].get(other, {}), works[name].get("fp32", {})) for name in names if name in works for other in others
    ]
    return min((ours[what] / theirs[what] for theirs, ours in pairs if what in theirs and what in ours), default=None)


def steady(content: dict) -> str:
    """The Markdown table of an epoch's seconds by the engine, and how many times as long it takes otherwise."""
    others = [variant for variant in VARIANTS if variant not in ("fp32", "bf16")]
    lines = [["Work", "engine, s/epoch", *(f"{VARIANTS[other]}: an epoch (the whole)" for other in others)]]
    for work, variants in summaries(content).items():
        ours = variants.get("fp32", {})
        if "ratio_epoch" not in ours:
            continue
        theirs = [variants.get(other, {}) for other in others]
        each = [
            f"{ours['ratio_epoch'] / them['ratio_epoch']:.1f} ({ours['ratio'] / them['ratio']:.1f})"
            if "ratio" in them
            else "–"
            for them in theirs
        ]
        lines.append([SHORT.get(work, work), f"{ours['epoch']:.3g}", *each])
    lines.insert(1, ["---", *["---:"] * (1 + len(others))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def origin(content: dict) -> str:
    """Where, when and how it was measured, in a few sentences."""
    p = content["provenance"]
    values = [v for variants in summaries(content).values() for v in variants.values() if not v["missing"]]
    sentences = [
        f"Measured on {one_or_more(row['date'] for row in content['rows'])} on {p['device']}, {p['cpu']}, with torch "
        f"{p['torch']}{', JAX ' + p['jax'] if p.get('jax') else ''} and Python {p['python']} (commit {one_or_more(row['commit'] for row in content['rows'])}); "
        f"repetitions of each measurement: {one_or_more(v['rounds'] for v in values)}."
    ]
    if any(v["extrapolated"] for v in values):
        sentences.append(EXTRAPOLATED)
    measured = {variant for variants in summaries(content).values() for variant in variants}
    if absent := [title for variant, title in VARIANTS.items() if variant not in measured]:
        sentences.append(f"Not measured then, and a dash in the tables: {' and '.join(absent)}.")
    busiest = max((v["others"] for v in values), default=0)
    if busiest > 0.2:
        sentences.append(f"The machine was not quiet: at times other programs kept {busiest:.1f} cores busy.")
    return " ".join(sentences)


def one_or_more(values) -> str:
    """The different values, as part of a sentence."""
    return " and ".join(map(str, sorted(set(values))))


def missing(content: dict) -> str:
    """One sentence for each variant that could not be measured, and why; empty if there is none."""
    found = [v for variants in summaries(content).values() for v in variants.values() if v["missing"]]
    return " ".join(f"Missing: {v['work']}, {VARIANTS[v['variant']]} ({v['missing']})." for v in found)


# --- The figure -------------------------------------------------------------------------------------------------------

SHORT = {
    "double_descent": "double descent",
    "every_epoch": "evaluated every epoch",
    "narrow": "width 2 to 30",
    "wide": "width 100 to 400",
    "pruning": "pruning rounds",
    "cifar10_mlp": "MLP, CIFAR-10",
    "cnn1d": "1-D CNNs",
    "cnn": "2-D CNN",
    **{f"width_{width}": f"width {width}" for width in (3, 10, 30, 100, 300)},
}
COLORS = {"loader": 4, "tensor": 5, "vmap": 2, "jax": 3, "fp32": 0, "bf16": 1}  # places in the book's palette
SERIES = "width_"  # how the names of the works begin that differ in their width only
UP_TO_100 = ("narrow", "cnn1d", "width_3", "width_10", "width_30", "width_100")


def figure(content: dict):
    """Bars: how many times as fast as the plain DataLoader loop each variant does each work; a line marks an aim."""
    import matplotlib.pyplot as plt

    from overparam import figures

    figures.style()
    works = {work: variants for work, variants in summaries(content).items() if not work.startswith(SERIES)}
    shown = [
        name for name in VARIANTS if name != "loader" and any(v.get(name, {}).get("ratio") for v in works.values())
    ]
    fig, ax = plt.subplots(figsize=(7.2, 0.8 + 0.95 * len(works)))
    height = 0.17
    for place, variant in enumerate(shown):
        color = figures.SEQUENCE[COLORS[variant]]
        drawn = [(row, v[variant]) for row, v in enumerate(works.values()) if v.get(variant, {}).get("ratio")]
        rows = [row + (place - (len(shown) - 1) / 2) * height for row, _ in drawn]
        ratios = [values["ratio"] for _, values in drawn]
        ax.barh(rows, [r - 1 for r in ratios], height * 0.85, left=1, color=color, label=VARIANTS[variant])
        for y, (_, values) in zip(rows, drawn, strict=True):
            ax.annotate(
                f"{values['ratio']:.1f}",
                (max(values["ratio"], 1), y),
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
            )
            if values["target"]:
                ax.plot([values["target"]] * 2, [y - height / 2, y + height / 2], color=figures.INK, linewidth=1.6)
    ax.axvline(1, color=figures.INK, linewidth=0.8)
    ax.set_xscale("log")
    ax.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    ax.set_xlim(
        right=2.2 * max(v.get("ratio", 1) for variants in works.values() for v in variants.values())
    )  # for its number
    ax.minorticks_off()
    ax.set_yticks(range(len(works)), [SHORT.get(work, work) for work in works])
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("times as fast as a plain loop with a DataLoader")
    fig.legend(loc="outside upper left", ncols=3, handlelength=1)
    return fig


def figure_widths(content: dict):
    """Two panels against the width: how much longer an epoch takes otherwise, and the share of the peak."""
    import matplotlib.pyplot as plt

    from overparam import figures

    figures.style()
    fig, (times_axis, share_axis) = plt.subplots(1, 2, figsize=(7.2, 3.2))
    for variant, points in by_width(content).items():
        look = {"color": figures.SEQUENCE[COLORS[variant]], "marker": "o", "label": VARIANTS[variant]}
        widths, ratios, shares = zip(*points, strict=True)
        if variant != "fp32":
            times_axis.plot(widths, ratios, **look)
        share_axis.plot(widths, [100 * share for share in shares], **look)
    times_axis.axhline(1, color=figures.INK, linewidth=0.8)
    for axis in (times_axis, share_axis):
        axis.set_xscale("log")
        axis.set_xticks([3, 10, 30, 100, 300], ["3", "10", "30", "100", "300"])
        axis.minorticks_off()
        axis.set_xlabel("width")
    times_axis.set_yscale("log")
    times_axis.set_yticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    times_axis.minorticks_off()
    times_axis.set_ylabel("an epoch, in epochs of the engine")
    share_axis.set_ylim(0, 100)
    share_axis.set_ylabel("% of the fp32 peak")
    handles, labels = share_axis.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=3, handlelength=1)
    return fig


def by_width(content: dict) -> dict[str, list[tuple[int, float, float]]]:
    """Of each variant in fp32 (width, how many times as long an epoch takes as by the engine, share of the peak)."""
    points: dict[str, list[tuple[int, float, float]]] = {}
    for work, variants in summaries(content).items():
        ours = variants.get("fp32", {})
        for variant, values in variants.items():
            if work.startswith(SERIES) and variant != "bf16" and {"ratio_epoch"} <= ours.keys() & values.keys():
                point = int(work.removeprefix(SERIES)), ours["ratio_epoch"] / values["ratio_epoch"], values["share"]
                points.setdefault(variant, []).append(point)
    return points


def words_widths(content: dict) -> str:
    """That figure's text alternative: every point as numbers."""
    parts = [
        f"{VARIANTS[variant]}: "
        + ", ".join(
            f"width {w}: {ratio:.1f} times as long, {100 * share:.1f} % of the peak" for w, ratio, share in points
        )
        for variant, points in by_width(content).items()
    ]
    return "How long an epoch takes, in epochs of the engine, and the share of the peak. " + "; ".join(parts) + "."


def words(content: dict) -> str:
    """The figure's text alternative: every bar as a number."""
    parts = []
    for work, variants in summaries(content).items():
        if work.startswith(SERIES):
            continue
        said = [
            f"{VARIANTS[v]} {values['ratio']:.1f}"
            for v, values in variants.items()
            if v != "loader" and "ratio" in values
        ]
        parts.append(f"{SHORT.get(work, work)}: {', '.join(said) or 'not measured'}")
    return "Times as fast as a plain loop with a DataLoader. " + "; ".join(parts) + "."
