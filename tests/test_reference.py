"""The reference in the book names everything that the package offers, and its docstrings say what is returned."""

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import overparam
from overparam.architectures.base import Architecture

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book/_ext"))

import docstrings  # noqa: E402
import find  # noqa: E402

import mend  # noqa: E402

PAGES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "book").glob("reference*.md"))]
# What a docstring begins with that says what is done and not what comes back.
DOES = {"Choose", "Convert", "Describe", "Draw", "Fit", "Make", "Put", "Record", "See", "Show", "Train", "Write"}


def offered(module: ModuleType) -> list[str]:
    """The public names of a module: those that it lists, else what is defined in it."""
    listed = getattr(module, "__all__", None)
    return listed or [
        n for n, v in vars(module).items() if n[0] != "_" and getattr(v, "__module__", "") == module.__name__
    ]


def public() -> dict[str, object]:
    """All functions and classes that can be reached from `overparam` without a name that begins with _."""
    found = {name: getattr(overparam, name) for name in overparam._NAMES}
    waiting = [importlib.import_module(path) for path in overparam._MODULES.values()]
    while waiting:
        module = waiting.pop()
        for name in offered(module):
            value = getattr(module, name)
            if isinstance(value, ModuleType):
                waiting.append(value)
            elif callable(value):
                found[f"{value.__module__}.{name}"] = value
    return found


def in_the_reference() -> Iterator[int]:
    """The ids of what the pages show."""
    for kind, name, options in re.findall(r"^\.\. auto(\w+):: ([\w.]+)\n((?:   :.*\n)*)", "".join(PAGES), re.MULTILINE):
        path, _, last = name.rpartition(".")
        if kind != "module":
            yield id(getattr(importlib.import_module(path), last))
            continue
        module = importlib.import_module(name)
        left_out = re.findall(r"\w+", re.sub(r".*:exclude-members:|   :.*\n", "", options))
        assert ":imported-members:" in options or not hasattr(module, "__all__"), name
        yield from (id(getattr(module, each)) for each in offered(module) if each not in left_out)


OFFERED = public()
SHOWN = set(in_the_reference())


def test_everything_that_is_offered_is_in_the_reference():
    assert len(OFFERED) > 200
    missing = {name for name, value in OFFERED.items() if id(value) not in SHOWN}
    assert missing == {"overparam.data.dataset.require_data"}  # which other modules ask


def methods(name: str, value: object) -> Iterator[tuple[str, object]]:
    """A function, or the methods of a class that the reference shows: those of an architecture are the engine's affair."""
    if not isinstance(value, type):
        yield name, value
        return
    if issubclass(value, Architecture):
        return
    for own, method in vars(value).items():
        if not own.startswith("_") and inspect.isfunction(method):
            yield f"{name}.{own}", method


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_a_docstring_says_what_is_returned(name):
    assert inspect.getdoc(OFFERED[name]), f"{name} has no docstring"
    for own, function in methods(name, OFFERED[name]):
        said = inspect.getdoc(function)
        assert said, f"{own} has no docstring"
        if inspect.signature(function).return_annotation in (None, "None"):
            continue
        first = re.match(r"\W*(\w+)", said)[1]
        assert first not in DOES or re.search(r"\breturns?\b", said, re.IGNORECASE), (
            f"{own} does not say what it returns"
        )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("noise with |β| = 1 and `x`", r"noise with \|β\| = 1 and ``x``"),
        ("a*b, ``n``² of w_ and w_0", r"a\*b, ``n``\ ² of w\_ and w_0"),
        ("- ``curves``: losses", "- ``curves``: losses"),
        ("(`Card`) [``T``, n]", "(``Card``) [``T``, n]"),
    ],
)
def test_a_docstring_is_shown_as_it_is_written(line, expected):
    assert docstrings.to_rst(line) == expected


ENTRY = """<article><section id="reference"><h1>Reference</h1><section id="sweeps"><h2>Sweeps</h2><dl class="py function">
<dt class="sig sig-object py" id="overparam.mine"><span class="sig-name descname">mine</span>(
<dl>
<dd><em class="sig-param">tolerance = 1e-05</em>,</dd>
</dl>
)</dt>
<dd><p>It falls by 1e-05.</p><p>Of the rest nothing is searched.</p></dd></dl></section></section></article>"""


def test_a_signature_is_no_list_and_is_left_as_code():
    mended = mend.mend(ENTRY)
    assert mended.count("<dd>") == mended.count("</dl>") == 1
    assert "tolerance = 1e-05" in mended
    assert "It falls by 10<sup>−5</sup>." in mended


def test_a_function_is_found_by_its_name_and_its_first_sentence():
    found = [(e.kind, e.title, e.anchor, e.section, e.prose) for e in find.read_page("book/reference", ENTRY)]
    assert found[-1] == ("section", "mine", "overparam.mine", "Sweeps", "It falls by 1e-05.")
