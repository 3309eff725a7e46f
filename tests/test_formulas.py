"""Formulas are rendered when the book is built (book/_ext/formulas.py)."""

import importlib.util
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONF = """\
import sys

sys.path.insert(0, {extensions!r})
extensions = ["myst_parser", "formulas"]
myst_enable_extensions = ["amsmath", "dollarmath"]
html_math_renderer = "katex"
math_eqref_format = "({{number}})"
"""


@pytest.fixture
def build(tmp_path):
    """Return (the page as HTML, what Sphinx warned of) for a page of MyST, and for one without a formula beside it."""

    def run(text):
        files = {
            "conf.py": CONF.format(extensions=str(ROOT / "book/_ext")),
            "index.md": f"# A page\n\n{text}\n",
            "plain.md": "---\norphan: true\n---\n# Words\n",
        }
        for name, content in files.items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", tmp_path, tmp_path / "out"],
            capture_output=True,
            encoding="utf-8",
            check=True,
            env=os.environ | {"NO_COLOR": "1"},
            timeout=120,
        )
        return (tmp_path / "out/index.html").read_text(encoding="utf-8"), done.stderr

    return run


@pytest.fixture(scope="module")
def formulas():
    spec = importlib.util.spec_from_file_location("formulas", ROOT / "book/_ext/formulas.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_formula_that_cannot_be_read_is_a_warning_with_its_place(build):
    html, warnings = build("Words.\n\nLet $\\nomacro + x$ and $y$ be.\n\n$$\n\\frac{1}{\n$$")
    lines = [line for line in warnings.splitlines() if "WARNING" in line]
    assert len(lines) == 2
    assert "index.md:5: WARNING" in lines[0]
    assert "Undefined control sequence: \\nomacro" in lines[0]
    assert "index.md:7: WARNING" in lines[1]
    assert html.count('class="katex"') == 1


def test_numbers_labels_and_references(build):
    html, warnings = build("$$\na < b\n$$ (eq-first)\n\n$$\nc\n$$\n\nBy {eq}`eq-first`.")
    assert not warnings
    assert re.search(r'<div class="math[^"]*" id="equation-eq-first">\s*<span class="eqno">\(1\)', html)
    assert 'href="#equation-eq-first">(1)</a>' in html
    assert html.count('class="katex-display"') == 2
    assert html.count('class="eqno"') == 1


def test_the_tex_is_kept_as_written_for_who_copies_it(build):
    html, _ = build("Of $a<b$ and\n\n$$\nx &= 1 \\\\\ny &= 2\n$$")
    kept = [unescape(tex) for tex in re.findall(r"<annotation[^>]*>(.*?)</annotation>", html, re.S)]
    assert kept == ["a<b", "x &= 1 \\\\\ny &= 2"]
    assert "\\(" not in html
    assert "\\[" not in html


@pytest.mark.parametrize(
    "tex",
    [
        r"f = \begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}",
        r"a &= b \\ &= c",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"\begin{gathered} a \\ b \end{gathered}",
        r"\begin{align} a &= b \\ &= c \end{align}",
        r"\begin{pmatrix} a \\ b \end{pmatrix} = \begin{cases} 1 \\ 2 \end{cases} \\ c",
    ],
)
def test_lines_are_aligned_and_not_numbered_by_themselves(formulas, tex):
    html, error = formulas.render(tex, display=True)
    assert not error
    assert "<mtable" in html
    assert "eqn-num" not in html


@pytest.mark.parametrize("tex", [r"\lambda_{\max}", r"\lambda_{\max}^2", r"x^{\min}"])
def test_an_index_has_as_many_parts_as_mathml_allows(formulas, tex):
    html, _ = formulas.render(tex)
    math = ElementTree.fromstring(re.search("<math.*</math>", html)[0])
    parts = {element.tag.split("}")[1]: len(element) for element in math.iter()}
    allowed = {"msub": 2, "msup": 2, "msubsup": 3}
    scripts = parts.keys() & allowed.keys()
    assert scripts
    assert all(parts[name] == allowed[name] for name in scripts)


def test_a_full_stop_stays_with_its_formula(build):
    html, _ = build("It is $x$, and $y$ (that is $z$).")
    held = re.findall(r'<span class="nobr"><span class="math.*?</span>([,.;:)]+)</span>', html)
    assert held == [",", ")."]
    assert re.sub(r'<span class="math.*?</math>.*?(?=[,.;:)]|\s|$)', "", html).count("(that is ") == 1


def test_only_a_page_with_formulas_asks_for_their_style(build, tmp_path):
    html, _ = build("It is $x$.")
    assert "katex.min.css" in html
    assert "katex.min.css" not in (tmp_path / "out/plain.html").read_text(encoding="utf-8")
