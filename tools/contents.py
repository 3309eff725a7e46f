"""The book's contents: of each chapter its question, its lead figure and its map, how long it takes, and a thumbnail.

They stand in book/pages.yml; times and thumbnails come from the executed notebooks. book/_ext/first_screen.py puts them into
pages, tools/colab.py into the notebooks that Colab opens.
"""

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import yaml

from overparam.report.figures import inline_svg

PAGES = "book/pages.yml"
WORDS_A_MINUTE = 220
THUMBNAIL = 6_000  # bytes, compressed
WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


class ContentsError(Exception):
    """One sentence that names a page and what it lacks."""


@dataclass(frozen=True)
class Entry:
    """A page in book/pages.yml: `figure` is the name of its lead figure, `map` has three lines; the start page has `needs`."""

    name: str
    question: str
    figure: str
    map: tuple[str, ...] = ()
    needs: str = ""


def read(root: Path) -> dict[str, Entry]:
    """Return the chapters by name (notebooks/01_…), in the order in which they stand in the file."""
    found = yaml.safe_load((root / PAGES).read_text(encoding="utf-8"))
    return {
        name: Entry(name, entry["question"], entry["figure"], tuple(entry.get("map", ())), entry.get("needs", ""))
        for name, entry in found.items()
    }


def chapters(root: Path) -> list[Entry]:
    """Return the chapters of _toc.yml, in its order, without the start page and the pages about the package."""
    entries = read(root)
    names = re.findall(r"file: (notebooks/\d\w+)", (root / "_toc.yml").read_text(encoding="utf-8"))
    if missing := [name for name in names if name not in entries]:
        raise ContentsError(f"{PAGES} has no entry for {missing[0]}, which _toc.yml names: write one.")
    return [entries[name] for name in names]


# --- How long it takes ------------------------------------------------------------------------------------------------


def minutes(notebook: dict) -> int:
    """Return how many minutes an executed notebook takes to read, without its code."""
    texts = [text(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    for cell in notebook["cells"]:
        texts.append(cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", ""))
        texts += [text(output.get("data", {}).get("text/markdown", "")) for output in cell.get("outputs", ())]
    return max(1, round(sum(len(each.split()) for each in texts) / WORDS_A_MINUTE))


def text(source: str | list[str]) -> str:
    """Return what a notebook keeps as a text or as a list of lines."""
    return source if isinstance(source, str) else "".join(source)


def run_time(notebook: dict) -> str:
    """Return how long an executed notebook ran: "64 s", or "3 min" from two minutes on."""
    seconds = notebook["metadata"]["overparam"]["seconds"]
    return f"{seconds:.0f}\u00a0s" if seconds < 120 else f"{seconds / 60:.0f}\u00a0min"


def where(notebook: dict) -> str:
    """Return on what an executed notebook ran."""
    run = notebook["metadata"]["overparam"]
    if run["device"] != "cpu":
        return "one GPU"
    return {1: "one CPU core", 2: "two CPU cores"}.get(run["cores"], f"{run['cores']} CPU cores")


def provenance(notebook: dict) -> str:
    """Return the sentence at the foot of a chapter: at which scale it ran, for how long, where, and with which seeds."""
    run = notebook["metadata"]["overparam"]
    line = (
        f"Ran at {run['scale']} scale in {run['seconds']:.0f} s on {where(notebook)}, seeds from {run['seed_offset']}."
    )
    return line if run["scale"] == "gpu" else f"{line} The gpu scale has not been run."


# --- Thumbnails -------------------------------------------------------------------------------------------------------


def thumbnail(notebook: dict, figure: str) -> str:
    """Return a figure of an executed notebook as a small SVG without text and grid, or "" where it would not be small."""
    small = simplify(picture(notebook, figure))
    return small if len(gzip.compress(small.encode())) <= THUMBNAIL else ""


def picture(notebook: dict, figure: str) -> str:
    """Return the figure as inline SVG; of a slider the frame that it starts with."""
    cells = (c for c in notebook["cells"] if c["metadata"].get("mystnb", {}).get("figure", {}).get("name") == figure)
    for output in (output for cell in cells for output in cell["outputs"]):
        data = output.get("data", {})
        if "image/svg+xml" in data:
            return inline_svg(text(data["image/svg+xml"]), "")
        if WIDGET in data:
            return frame(notebook["metadata"]["widgets"][STATE]["state"], data[WIDGET]["model_id"])
    raise ContentsError(f"{PAGES} names the figure {figure}, but no cell shows a vector figure of this name.")


def frame(models: dict, name: str) -> str:
    """Return the picture that a slider shows first: a box ends with its frames, in a stack for each slider."""
    while inner := children(models, name):
        name = inner[models[name]["state"].get("selected_index", -1)]
    return models[name]["state"]["value"]


def children(models: dict, name: str) -> list[str]:
    """Return the ids of the widgets in a box."""
    return [child.removeprefix("IPY_MODEL_") for child in models[name]["state"].get("children", [])]


def simplify(svg: str) -> str:
    """Return an inline SVG of Matplotlib's without its text, ticks, grid and legends, and with whole numbers."""
    for prefix, uri in (("", SVG[1:-1]), ("xlink", HREF[1:].split("}")[0])):
        ElementTree.register_namespace(prefix, uri)
    root = ElementTree.fromstring(svg.partition("</svg>")[0] + "</svg>")  # behind it may come the same for a phone
    strip(next(root.iter(f"{SVG}g")))
    kept = {name for element in root.iter() if (name := element.get("id"))}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.get(HREF, "#").removeprefix("#") not in {"", *kept}:
                parent.remove(child)  # a mark that was defined in what is gone
    marks = {id(mark) for defs in root.iter(f"{SVG}defs") for mark in defs.iter(f"{SVG}path")}  # they are small
    for element in root.iter():
        element.text = element.tail = None
        for name in {"d", "x", "y", "width", "height"} & set(element.attrib):
            digits = int(id(element) in marks)
            element.set(
                name, re.sub(r"-?\d+\.\d+", lambda n, digits=digits: f"{float(n[0]):.{digits}f}", element.get(name))
            )
    view = plots(root) or root.get("viewBox")
    root.attrib.clear()
    root.attrib.update({"class": "thumbnail", "viewBox": view, "aria-hidden": "true", "focusable": "false"})
    small = ElementTree.tostring(root, encoding="unicode")
    return re.sub(r"\s*\n\s*", " ", small)


def plots(root: ElementTree.Element) -> str:
    """Return the view box around all plots, which are where something is clipped, and a little room for what stands out."""
    boxes = [[float(box.get(key)) for key in ("x", "y", "width", "height")] for box in root.iter(f"{SVG}rect")]
    if not boxes:
        return ""
    left, top = (min(box[i] for box in boxes) - 4 for i in (0, 1))
    right, bottom = (max(box[i] + box[i + 2] for box in boxes) + 4 for i in (0, 1))
    return f"{left:g} {top:g} {right - left:g} {bottom - top:g}"


def strip(figure: ElementTree.Element) -> None:
    """Take text, axes and legends out of a figure's group, or a subfigure's."""
    for group in list(figure):
        if group.find(".//*[@clip-path]") is None:
            if has_text(group):
                figure.remove(group)  # a legend or a title
        elif all(part.find("*[@clip-path]") is None for part in group):
            strip(group)  # nothing is drawn in it directly: a subfigure
        else:
            for part in list(group):
                if has_text(part) or is_axis(part):
                    group.remove(part)


def has_text(element: ElementTree.Element) -> bool:
    """Whether there is text in an element: as text, or as glyphs, which Matplotlib scales."""
    return any(e.tag == f"{SVG}text" or "scale(" in e.get("transform", "") for e in element.iter())


def is_axis(element: ElementTree.Element) -> bool:
    """Whether an element is an axis: a group of ticks, each of which is a group of groups."""
    return element.find(f"{SVG}g/{SVG}g") is not None
