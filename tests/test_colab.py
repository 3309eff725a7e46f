"""The notebooks that Colab opens say in plain Markdown what the chapters say in MyST."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import colab  # noqa: E402
import overparam  # noqa: E402

CONFIG = """\
repository: {url: "https://example.org/team/house", branch: trunk}
html: {baseurl: "https://book.example.org/"}
launch_buttons: {colab_url: "https://colab.example.org"}
"""
BIB = r"""
@article{belkin, author={Belkin, Mikhail and Hsu, Daniel and Ma, Siyuan}, title={Reconciling}, journal={PNAS},
  year=2019, doi={10.1/x}}
@misc{holder, author={H{\"o}lder, Otto and van den Berg, Ann}, title={On {ML}}, year=2020, eprint={1906.11300}}
@book{vapnik, author={Vapnik, Vladimir}, title={Statistics}, publisher={Wiley}, year=1998}
"""
NOTATION = """\
# Notation

(symbols)=
## Symbols

::::{grid} 2
:::{grid-item}
(inner)=
### Inner place
:::
::::

```{glossary}
interpolation threshold
  Where the training error reaches zero.
```
"""
OTHER = '''\
# %% [markdown]
r"""
# The other chapter

(sec-other)=
## A section

$$ a = b $$ (eq-other)
"""

# %% mystnb={"figure": {"caption": "Elsewhere.", "name": "fig-other"}}
plot()
'''


@pytest.fixture
def house(tmp_path):
    """Return a small repository of two chapters and one page of prose."""
    for path, text in {
        "_config.yml": CONFIG,
        "book/references.bib": BIB,
        "book/notation.md": NOTATION,
        "notebooks/02_other.py": OTHER,
        "book/img/net.svg": "<svg/>",
        "assignments/01_dice.py": '# %% [markdown]\nr"""\n# Assignment 1: Dice\n"""\n',
        "data/claims.yaml": "",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def cells_of(house, source):
    """Return the cells derived from a chapter's source, without the two that every derived notebook starts with."""
    (house / "notebooks/01_one.py").write_text(source, encoding="utf-8")
    colab.main([str(house)])
    notebook = nbformat.read(house / "notebooks/01_one.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook.cells[2:]


def plain(house, myst):
    """Return the plain form of one prose cell."""
    (cell,) = cells_of(house, f'# %% [markdown]\nr"""\n{myst}\n"""\n')
    return cell.source


PLAIN = """\
# A title with $x_1$

Text with *emphasis*, `{cite}`inline`` and `(label)=`, $\\alpha$, <b>html</b>, [web](https://a.org "t").

```python
x = "{ref}`nothing`"
% not a comment
(not-a-target)=
:::{note}
```

| a | b |
|---|---|
| 1 | 2 |

\\begin{align}
a &= b \\\\
\\end{align}

$$
c = d
$$

- one
  1. two

After the list:

    % indented code"""


def test_plain_markdown_and_code_stay_as_they_are(house):
    assert plain(house, PLAIN) == PLAIN


@pytest.mark.parametrize(
    ("myst", "expected"),
    [
        ("```{note}\nBody *a*.\n```", "> **Note**\n>\n> Body *a*."),
        (":::{tip} Body on the first line.\n:::", "> **Tip**\n>\n> Body on the first line."),
        (":::{important}\n:class: wide\n\nBody.\n:::", "> **Important**\n>\n> Body."),
        (":::{warning}\n---\nclass: wide\n---\nBody.\n:::", "> **Warning**\n>\n> Body."),
        (":::{seealso}\nBody.\n:::", "> **See also**\n>\n> Body."),
        (":::{admonition} My *title*\nBody.\n:::", "> **My *title***\n>\n> Body."),
        (
            "::::{predict}\n:answer: 2\nWhich?\n\n1. One.\n2. Two.\n\n:::{dropdown} Answer\nB.\n:::\n::::",
            "> **Predict before you run**\n>\n> Which?\n>\n> - **A.** One.\n> - **B.** Two.\n>\n> <details>\n"
            "> <summary><b>Answer</b></summary>\n>\n> B.\n>\n> </details>",
        ),
        (":::{margin}\nAside.\n:::", "> **Aside**\n>\n> Aside."),
        (":::{margin} Title\nAside.\n:::", "> **Title**\n>\n> Aside."),
        (
            ":::{dropdown} Answer\n:open:\n*Yes.*\n:::",
            "<details>\n<summary><b>Answer</b></summary>\n\n*Yes.*\n\n</details>",
        ),
        (
            ":::{admonition} Guess\n:class: dropdown tip\nYes.\n:::",
            "<details>\n<summary><b>Guess</b></summary>\n\nYes.\n\n</details>",
        ),
        ("```{math}\nx = 1\n```", "$$\nx = 1\n$$"),
        ("```{math}\n:label: eq-x\nx = 1\n```", "$$\nx = 1 \\tag{1}\n$$"),
        ("$$\nx = 1\n$$ (eq-x)", "$$\nx = 1 \\tag{1}\n$$"),
        ("$$\na &= 1 \\\\\n&= b\n$$", "$$\n\\begin{aligned}\na &= 1 \\\\\n&= b\n\\end{aligned}\n$$"),
        (":::{prf:theorem}\nBody.\n:::", "> **Theorem 1.**\n>\n> Body."),
        (":::{prf:lemma} Key\n:label: lem\nBody.\n:::", "> **Lemma 1 (Key).**\n>\n> Body."),
        (":::{prf:remark}\n:nonumber:\nBody.\n:::", "> **Remark.**\n>\n> Body."),
        (":::{prf:proof}\nBody.\n:::", "**Proof.**\n\nBody.\n\n∎"),
        (":::{exercise} Title\n:label: ex\nBody.\n:::", "> **Exercise 1 (Title).**\n>\n> Body."),
        (":::{only} html\nGone.\n:::", "x"),
        ("```{raw} html\n<i>gone</i>\n```", "x"),
        ("```{tableofcontents}\n```", "x"),
        ("(name)=", "x"),
        ("% comment\n% more", "x"),
        (
            "```{figure} ../book/img/net.svg\n:alt: A net\n:width: 50%\n:name: fig-net\nThe *net*.\n```",
            "![A net](https://example.org/team/house/raw/trunk/book/img/net.svg)\n\n**Figure 1.** The *net*.",
        ),
        ("```{image} /book/img/net.svg\n```", "![](https://example.org/team/house/raw/trunk/book/img/net.svg)"),
        ("![A net](../book/img/net.svg)", "![A net](https://example.org/team/house/raw/trunk/book/img/net.svg)"),
    ],
)
def test_directives(house, myst, expected):
    if expected == "x":
        myst, expected = f"Before.\n\n{myst}\n\nAfter.", "Before.\n\n\nAfter."
    assert plain(house, myst) == expected


def test_an_experiment_of_the_page_leads_to_the_one_in_python(house):
    cells = cells_of(
        house,
        '# %% [markdown]\nr"""\n```{lab} peak\n:figure: fig-a\nDrag.\n```\n"""\n\n'
        '# %% mystnb={"figure": {"caption": "A.", "name": "fig-a"}}\nplot()\n',
    )
    assert cells[0].source == (
        "*On the [book's page](https://book.example.org/notebooks/01_one.html#lab-peak) one can experiment here by hand. "
        "The Python experiment: Figure 1.*"
    )


def test_an_experiment_without_a_figure_is_refused(house):
    with pytest.raises(SystemExit, match="fig-b"):
        cells_of(house, '# %% [markdown]\nr"""\n```{lab} peak\n:figure: fig-b\nDrag.\n```\n"""\n')


@pytest.mark.parametrize("kind", sorted(colab.PROOFS))
def test_every_kind_of_theorem_is_numbered_by_itself(house, kind):
    text = plain(house, f":::{{prf:{kind}}}\nA.\n:::\n\n:::{{prf:{kind}}} T\nB.\n:::\n\n:::{{exercise}}\nC.\n:::")
    assert f"**{kind.capitalize()} 2 (T).**" in text
    assert "**Exercise 1.**" in text


def test_nested_directives(house):
    myst = """\
::::{admonition} Outer
Before {math}`x`.
:::{note}
Inner {sub}`2`.

```python
y = "{sub}`2`"
```
:::
::::"""
    assert plain(house, myst).split("\n") == [
        "> **Outer**",
        ">",
        "> Before $x$.",
        ">",
        "> > **Note**",
        "> >",
        "> > Inner <sub>2</sub>.",
        "> >",
        "> > ```python",
        '> > y = "{sub}`2`"',
        "> > ```",
    ]


QUIZ = """\
- id: why{number}
  question: >-
    Why $x^2$, as in {{cite:t}}`belkin`?
  options:
    - wrong: >-
        Because of $a$.
      why: >-
        See {{ref}}`sec-other`.
    - {{right: Because of *b*., why: It is.}}
    - {{wrong: Because., why: Of course not.}}
"""


def test_a_quiz_has_its_explanations_folded(house):
    (house / "data/quiz").mkdir()
    (house / "data/quiz/01_one.yaml").write_text("".join(QUIZ.format(number=i) for i in range(5)), encoding="utf-8")
    text = plain(house, "## Check yourself\n\n```{quiz}\n```\n\nAfter.")
    first = text[: text.index("**Question 2.**")]
    assert first.split("\n\n") == [
        "## Check yourself",
        "**Question 1.** Why $x^2$, as in [Belkin et al. (2019)](https://doi.org/10.1/x)?",
        "- **A.** Because of $a$.\n- **B.** Because of *b*.\n- **C.** Because.",
        "<details>\n<summary><b>If you chose A</b></summary>",
        "**Not this one.** See [A section](https://book.example.org/notebooks/02_other.html#sec-other).",
        "</details>",
        "<details>\n<summary><b>If you chose B</b></summary>",
        "**Right.** It is.",
        "</details>",
        "<details>\n<summary><b>If you chose C</b></summary>",
        "**Not this one.** Of course not.",
        "</details>",
        "",
    ]
    assert text.count("<details>") == 15
    assert text.endswith("</details>\n\nAfter.")


def test_directives_keep_the_prefix_of_a_list_and_a_quote(house):
    myst = """\
- one
  ```{note}
  In a list.
  ```
  two

> quoted {sup}`a`
> ```{tip}
> In a quote.
> ```"""
    assert plain(house, myst).split("\n") == [
        "- one",
        "",
        "  > **Note**",
        "  >",
        "  > In a list.",
        "",
        "  two",
        "",
        "> quoted <sup>a</sup>",
        ">",
        "> > **Tip**",
        "> >",
        "> > In a quote.",
    ]


@pytest.mark.parametrize(
    ("myst", "expected"),
    [
        ("{cite}`belkin`", "([Belkin et al., 2019](https://doi.org/10.1/x))"),
        (
            "{cite:p}`holder,\nvapnik`",
            "([Hölder and van den Berg, 2020](https://arxiv.org/abs/1906.11300); Vapnik, 1998)",
        ),
        ("*as {cite:t}`belkin`*", "*as [Belkin et al. (2019)](https://doi.org/10.1/x)*"),
        ("{abbr}`MSE (mean squared error)`", "MSE (mean squared error)"),
        ("{math}`a_b`{sub}`1`{sup}`2`", "$a_b$<sub>1</sub><sup>2</sup>"),
        ("| {sub}`1` | {sub}`1` |\n|---|---|\n| {sup}`2` | `{sup}`2`` |", None),
        ("{doc}`02_other`", "[The other chapter](https://book.example.org/notebooks/02_other.html)"),
        (
            "{assignment}`01_dice`",
            "[Assignment 1: Dice](https://colab.example.org/github/team/house/blob/trunk/assignments/01_dice.ipynb)",
        ),
        (
            "{assignment}`A <01_dice>`",
            "[A](https://colab.example.org/github/team/house/blob/trunk/assignments/01_dice.ipynb)",
        ),
        ("{doc}`signs </book/notation>`", "[signs](https://book.example.org/book/notation.html)"),
        ("{ref}`sec-other`", "[A section](https://book.example.org/notebooks/02_other.html#sec-other)"),
        ("{ref}`here <symbols>`", "[here](https://book.example.org/book/notation.html#symbols)"),
        ("{ref}`inner`", "[Inner place](https://book.example.org/book/notation.html#inner)"),
        (
            "{numref}`fig-other`",
            "[Figure 1 of The other chapter](https://book.example.org/notebooks/02_other.html#fig-other)",
        ),
        (
            "{eq}`eq-other`",
            "[(1) of The other chapter](https://book.example.org/notebooks/02_other.html#equation-eq-other)",
        ),
        (
            "{term}`Interpolation threshold`",
            "[Interpolation threshold](https://book.example.org/book/notation.html#term-interpolation-threshold)",
        ),
        ("[a *b*](02_other.py)", "[a *b*](https://book.example.org/notebooks/02_other.html)"),
        ("[](../book/notation.md)", "[Notation](https://book.example.org/book/notation.html)"),
        ("[s](../book/notation.md#symbols)", "[s](https://book.example.org/book/notation.html#symbols)"),
        ("[s](<../book/notation.md#inner-place>)", "[s](https://book.example.org/book/notation.html#inner-place)"),
        ("[](#symbols)", "[Symbols](https://book.example.org/book/notation.html#symbols)"),
        ("[ledger](../data/claims.yaml)", "[ledger](https://example.org/team/house/blob/trunk/data/claims.yaml)"),
        (
            "[see {math}`x`][p]\n\n[p]: 02_other.py",
            "[see $x$](https://book.example.org/notebooks/02_other.html)\n\n[p]: 02_other.py",
        ),
    ],
)
def test_roles_and_links(house, myst, expected):
    if expected is None:
        expected = "| <sub>1</sub> | <sub>1</sub> |\n|---|---|\n| <sup>2</sup> | `{sup}`2`` |"
    assert plain(house, myst) == expected


CHAPTER = '''\
# ---
# jupyter:
#   jupytext:
#     cell_markers: '"""'
# ---

# %% [markdown]
r"""
# One

(sec-why)=
## Why *it* works

{ref}`sec-why`; {numref}`fig-x`; {ref}`fig-x`; {numref}`Fig. %s <fig-net>`; {eq}`eq-a`; {prf:ref}`thm`; {ref}`ex`;
{ref}`that <ex>`; [](#ex); [the theorem](#thm); [w](#why-it-works); {cite:t}`vapnik`.

:::{figure} ../book/img/net.svg
:name: fig-net
Net.
:::

$$ a $$ (eq-a)

:::{prf:theorem} Name
:label: thm
Body.
:::
"""

# %% mystnb={"figure": {"caption": "As {eq}`eq-a` says {cite}`belkin`.", "name": "fig-x"}, "image": {"alt": "x"}}
plot(1)

# %% [markdown]
r"""
```{exercise-start} Try
:label: ex
```
Do this.
```{exercise-end}
```

```{solution-start} ex
:class: dropdown
```
"""

# %% tags=["hide-input"]
# Draw the answer
plot(2)

# %% [markdown]
r"""
```{solution-end}
```
"""

# %% [markdown]
r"""
:::{solution} ex
Folded.
:::
"""

# %% tags=["remove-cell"]
secret()

# %% [markdown]
r"""
% only a comment
"""

# %% tags=["remove-input", "remove-cell", "colab"]
plot(3)

# %% [markdown]
r"""
## References

```{bibliography}
:filter: docname in docnames
```
"""
'''


@pytest.fixture
def chapter(house):
    return cells_of(house, CHAPTER)


def test_references_to_the_same_notebook_become_words(chapter):
    assert chapter[0].source.split("\n")[4:6] == [
        "Why *it* works; Figure 2; Figure 2; Fig. 1; (1); Theorem 1; Exercise 1;",
        "that; Exercise 1; the theorem; w; Vapnik (1998).",
    ]


def test_a_code_cell_that_is_a_figure_is_followed_by_its_caption(chapter):
    assert chapter[1].source == "plot(1)"
    assert chapter[1].outputs == []
    assert chapter[2].source == "**Figure 2.** As (1) says ([Belkin et al., 2019](https://doi.org/10.1/x))."


def test_exercises_and_solutions_that_span_cells(chapter):
    assert chapter[3].source == "**Exercise 1 (Try).**\n\nDo this.\n\n**Solution to Exercise 1.**"
    assert chapter[5].source == "---"
    assert chapter[6].source.startswith("<details>\n<summary><b>Solution to Exercise 1.</b></summary>\n\nFolded.")


def test_hidden_code_is_folded_and_removed_cells_stay_out(chapter):
    assert chapter[4].source == "# @title Draw the answer\nplot(2)"
    assert chapter[4].metadata == {"cellView": "form"}
    assert chapter[7].source == "# @title The figure\nplot(3)"
    assert not any("secret" in cell.source or "comment" in cell.source for cell in chapter)


def test_the_bibliography_lists_the_works_cited_here(chapter):
    assert chapter[8].source.split("\n")[:2] == ["## References", ""]
    works = chapter[8].source.split("\n")[2:]
    assert len(works) == 2
    assert "Reconciling" in works[0]
    assert "https://doi.org/10.1/x" in works[0]
    assert "Vapnik" in works[1]


@pytest.mark.parametrize(
    ("myst", "what"),
    [
        ("```{glue:figure} x\n```", "the directive {glue:figure} has no plain form for Colab"),
        (":::{note}\nA.\n\n{glue}`x`\n:::", "the role {glue}`x` has no plain form for Colab"),
        ("Text\n{ref}`nowhere`", "nothing in the book is called 'nowhere'"),
        ("{cite}`nobody`", "book/references.bib has no entry 'nobody'"),
        ("```{quiz}\n```", "asks for its questions, but there is no file data/quiz/01_one.yaml"),
        ("{doc}`03_none`", "the role {doc}`03_none` has no plain form for Colab, or leads nowhere"),
        ("{assignment}`07_none`", "the role {assignment}`07_none` has no plain form for Colab, or leads nowhere"),
        ("{term}`unheard`", "nothing in the book is called 'unheard'"),
        ("[a](#nowhere)", "nothing in the book is called 'nowhere'"),
        ("[a](../book/none.md)", "there is no file 'book/none.md'"),
        ("![a](none.png)", "there is no file 'notebooks/none.png'"),
        (":::\nA.\n:::", "a colon fence names no directive"),
        ("A[^1].\n\n[^1]: B.", "footnotes do not show on Colab"),
        ("A\n: B", "definition lists do not show on Colab"),
        ("(p)=\nText, see {ref}`p`.", "'p' has no number and no title"),
    ],
)
def test_what_cannot_be_derived_stops_with_one_sentence_and_writes_nothing(house, myst, what):
    with pytest.raises(SystemExit) as stop:
        plain(house, f"First.\n\n{myst}")
    sentence = str(stop.value)
    assert sentence.startswith("notebooks/01_one.py, cell 1, line ")
    assert what in sentence
    assert "\n" not in sentence
    assert not list(house.glob("notebooks/*.ipynb"))


def test_the_sentence_names_the_cell_and_the_line(house):
    myst = ":::{note}\n:class: a\n\nOne\ntwo {ref}`gone`.\n:::"
    with pytest.raises(SystemExit, match=r"cell 2, line 7: nothing in the book is called 'gone'\.$"):
        cells_of(house, f'# %%\n1\n\n# %% [markdown]\nr"""\nText\n\n{myst}\n"""\n')


def test_the_same_source_gives_the_same_bytes(house):
    cells_of(house, CHAPTER)
    path = house / "notebooks/01_one.ipynb"
    once = path.read_bytes()
    path.unlink()
    colab.main([str(house)])
    assert path.read_bytes() == once
    assert once.endswith(b"}\n")
    notebook = nbformat.reads(once.decode(), as_version=4)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.colab == {"provenance": [], "toc_visible": True}


def test_check_names_what_is_not_current_and_writes_nothing(house):
    cells_of(house, CHAPTER)
    colab.main([str(house), "--check"])
    stale = house / "notebooks/01_one.ipynb"
    stale.write_text("{}", encoding="utf-8")
    (house / "notebooks/02_other.ipynb").unlink()
    (house / "notebooks/09_left.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        colab.main([str(house), "--check"])
    assert [line.split(":")[0] for line in str(stop.value).split("\n")] == [
        "notebooks/01_one.ipynb is not current",
        "notebooks/02_other.ipynb is not current",
        "notebooks/09_left.ipynb has no source beside it",
    ]
    assert stale.read_text(encoding="utf-8") == "{}"
    assert not (house / "notebooks/02_other.ipynb").exists()


def test_the_first_cell_says_where_the_notebook_comes_from(house):
    colab.main([str(house)])
    first = nbformat.read(house / "notebooks/02_other.ipynb", as_version=4).cells[0].source
    assert "https://example.org/team/house/blob/trunk/notebooks/02_other.py" in first
    assert "<https://book.example.org/notebooks/02_other.html>" in first
    assert "Run all" in first


@pytest.mark.skipif(not list(ROOT.glob("notebooks/*.py")), reason="there is no chapter yet")
def test_the_notebooks_of_this_book_are_current():
    colab.main([str(ROOT), "--check"])


# --- The set-up cell, in the folders and on the machines of those who run it -------------------------------------------


def git(*arguments, cwd):
    """Run git with a name of its own, in a repository."""
    who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, check=True, env=os.environ | who, capture_output=True, encoding="utf-8"
    )
    return done.stdout


def make_repository(folder, *paths):
    """Make a repository whose files all hold their own path."""
    for path in map(folder.joinpath, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {path.name}\n", encoding="utf-8")
    git("init", "-q", "-b", "main", cwd=folder)
    git("add", ".", cwd=folder)
    git("commit", "-q", "-m", "all", cwd=folder)
    return folder


def contents(folder):
    """Return all that a folder holds: the bytes of each file, None for each folder."""
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Return a repository like the book's."""
    package = ("pyproject.toml", "src/overparam/__init__.py", "src/overparam/engine/sweep.py", "data/claims.yaml")
    others = ("notebooks/01_x.ipynb", "assignments/01_x.py")
    folder = tmp_path_factory.mktemp("book") / "overparam"
    (folder / "src/overparam/report").mkdir(parents=True)
    (folder / "src/overparam/report/notebook.py").write_text("start = 'Keeping in {}.'.format\n", encoding="utf-8")
    return make_repository(folder, *package, *others)


class User:
    """Somebody who runs the set-up cell in `folder`, with a home but without the package, in a new Python each time."""

    def __init__(self, tmp_path, book):
        self.folder, self.home, self.book, self.programs = (
            tmp_path / name for name in ("folder", "home", "book", "programs")
        )
        self.book = book
        for folder in (self.folder, self.home, self.programs, tmp_path / "lib/mnist1d"):
            folder.mkdir(parents=True)
        (tmp_path / "lib/mnist1d/__init__.py").touch()
        self.libraries = [tmp_path / "lib"]
        self.variables = {}

    def start(self, before="", after="import overparam.engine.sweep\nprint(overparam.__file__)", url=None, keep_in=""):
        """Start a Python, without what is installed, that runs the set-up cell between two programs."""
        cell = colab.set_up(SimpleNamespace(repository=url or f"file://{self.book}", branch="main"))
        cell = cell.replace('keep_in = ""', f"keep_in = {keep_in!r}")
        program = "\n".join(["import sys; sys.path.insert(0, '')", before, cell, after])
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OVERPARAM", "GIT_"))}
        environment |= {"HOME": str(self.home), "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}"}
        environment |= {"PYTHONPATH": os.pathsep.join(map(str, self.libraries)), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(
            [sys.executable, "-S", "-c", program],
            cwd=self.folder,
            env=environment | self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def runs(self, **options):
        """Run the cell, and return the folder from which the package was imported."""
        process = self.start(**options)
        said, complaint = process.communicate(timeout=60)
        assert process.returncode == 0, complaint
        assert complaint == ""
        return Path(said.split("\n")[-2]).parents[2]

    def is_told(self, **options):
        """Run the cell, and return the one sentence with which it stops."""
        process = self.start(**options)
        said, complaint = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "is in" not in said
        assert complaint.count("\n") == 1, complaint
        return complaint.strip()

    def has_program(self, name, script):
        """Put a program before those of the machine."""
        (self.programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (self.programs / name).chmod(0o755)

    @property
    def copy(self):
        """The copy of the package that the cell made; there is nothing beside it."""
        (copy,) = (self.home / ".cache/overparam").iterdir()
        return copy


@pytest.fixture
def user(tmp_path, book):
    return User(tmp_path, book)


def test_in_an_empty_folder_the_package_is_fetched_into_the_users_cache(user):
    assert user.runs() == user.copy
    assert {path.name for path in user.copy.iterdir()} == {"src", "data"}, "students get answers, or a checkout"
    assert contents(user.folder) == {}


def test_chapters_and_assignments_have_the_same_set_up_cell():
    first, *others = (
        nbformat.read(path, as_version=4).cells[1].source
        for folder in ("notebooks", "assignments")
        for path in sorted(ROOT.glob(f"{folder}/*.ipynb"))
    )
    assert {re.sub(r'\n\nASSIGNMENT = ".*', "", other) for other in others} == {first}


def test_after_a_restart_nothing_is_fetched(user):
    copy = user.runs()
    user.has_program("git", "exit 1")
    before = contents(user.home)
    assert user.runs() == copy
    assert contents(user.home) == before


def test_the_set_up_cell_can_be_run_twice(user):
    cell = colab.set_up(SimpleNamespace(repository=f"file://{user.book}", branch="main"))
    assert user.runs(
        before=f"{cell}\nonce = list(sys.path)", after="assert sys.path == once\nprint(overparam.__file__)"
    )


def full_clone(folder, book):
    git("clone", "-q", f"file://{book}", "overparam", cwd=folder)


def sparse_clone(folder, book):
    git("clone", "-q", "--depth", "1", "--filter=blob:none", "--sparse", f"file://{book}", "overparam", cwd=folder)
    git("sparse-checkout", "set", "src", cwd=folder / "overparam")


def changed_clone(folder, book):
    full_clone(folder, book)
    (folder / "overparam/src/overparam/engine/sweep.py").write_text("mine = 1\n", encoding="utf-8")
    (folder / "overparam/data/claims.yaml").unlink()


def package(folder, book):
    (folder / "overparam").mkdir()
    (folder / "overparam/__init__.py").write_text("raise RuntimeError\n", encoding="utf-8")


@pytest.mark.parametrize(
    "make",
    [
        full_clone,
        sparse_clone,
        changed_clone,
        package,
        pytest.param(lambda folder, book: (folder / "overparam").mkdir(), id="empty folder"),
        pytest.param(lambda folder, book: (folder / "overparam").write_bytes(b"mine"), id="file"),
        pytest.param(lambda folder, book: (folder / "overparam.py").write_bytes(b"1 / 0"), id="module"),
        pytest.param(lambda folder, book: (folder / "overparam").symlink_to("nowhere"), id="broken link"),
    ],
)
def test_whatever_is_called_overparam_in_the_users_folder_stays_as_it_is(user, make):
    make(user.folder, user.book)
    before = contents(user.folder)
    assert user.runs() == user.copy
    assert contents(user.folder) == before


@pytest.mark.parametrize("exported", [False, True])
def test_the_users_own_repository_stays_as_it_is(user, exported):
    make_repository(user.folder, "overparam/mine.py", "book/mine.md", "src/mine.py", "src/overparam/__init__.py")
    if exported:  # as for dotfiles, or in a hook
        own = {"DIR": ".git", "COMMON_DIR": ".git", "WORK_TREE": "", "INDEX_FILE": ".git/index"}
        own["OBJECT_DIRECTORY"] = ".git/objects"
        user.variables = {f"GIT_{name}": str(user.folder / path) for name, path in own.items()}
    before = contents(user.folder)
    assert user.runs() == user.copy
    assert contents(user.folder) == before
    assert git("status", "--porcelain", cwd=user.folder) == ""


def test_a_folder_that_cannot_be_written_is_no_obstacle(user):
    user.folder.chmod(0o555)
    assert user.runs() == user.copy


def test_where_the_home_cannot_be_written_the_user_names_another_folder(user, tmp_path):
    (user.home / ".cache").touch()
    assert re.fullmatch(r"No place for the package \(.*\): run %env OVERPARAM_CACHE=<.*", user.is_told())
    assert contents(user.folder) == {}
    user.variables = {"OVERPARAM_CACHE": "elsewhere"}
    assert user.runs(before="import os; os.chdir('..')").parent == tmp_path / "elsewhere"


def test_without_a_network_the_user_is_told_and_nothing_is_left(user):
    sentence = user.is_told(url="file:///nowhere")
    assert sentence.startswith("Cloning file:///nowhere failed: check the network, then run this cell again (fatal: ")
    assert list((user.home / ".cache/overparam").iterdir()) == []
    assert contents(user.folder) == {}
    assert user.runs() == user.copy


def test_without_git_the_user_is_told_to_install_it(user):
    user.variables = {"PATH": str(user.programs)}
    assert "git, which is not installed: install it" in user.is_told()


def test_an_old_git_clones_too(user):
    options = "*sparse*|*--filter*"  # younger than git 2.17
    user.has_program("git", f'case "$*" in {options}) exit 129;; esac\nexec {shutil.which("git")} "$@"')
    assert user.runs() == user.copy


def test_git_asks_nobody_for_a_password(user):
    user.has_program("git", 'echo "fatal: prompt=$GIT_TERMINAL_PROMPT" >&2; exit 128')
    assert "(fatal: prompt=0)" in user.is_told()


def test_after_a_kernel_died_while_it_cloned_the_next_one_clones_anew(user):
    user.has_program("git", 'for new; do :; done; mkdir -p "$new/src/overparam"; kill -9 $PPID')
    assert user.start().wait(timeout=60) == -signal.SIGKILL
    (user.programs / "git").unlink()
    assert (user.runs() / "data/claims.yaml").exists()


def advice(user):
    return (
        f"The book's package is in {user.copy}; for a newer one, remove this folder and restart Python. Keeping in .\n"
    )


def test_who_removes_the_folder_that_the_cell_names_has_the_newer_package(user, tmp_path):
    user.book = shutil.copytree(user.book, tmp_path / "book")
    user.runs()
    said, _ = user.start(after="").communicate(timeout=60)
    assert said == advice(user)
    (user.book / "src/overparam/engine/sweep.py").write_text("newer = True\n", encoding="utf-8")
    git("commit", "-q", "-a", "-m", "newer", cwd=user.book)
    newer = "import overparam.engine.sweep as s\nassert hasattr(s, 'newer') == {}\nprint(overparam.__file__)"
    assert user.runs(after=newer.format(False)) == user.copy
    shutil.rmtree(user.copy)
    assert user.runs(after=newer.format(True)) == user.copy


def test_a_folder_to_keep_networks_in_is_not_that_of_the_package(user, tmp_path):
    named = user.start(after="", keep_in="/drive/mine").communicate(timeout=60)
    assert named == (advice(user).replace("in .", "in /drive/mine."), "")
    user.variables = {"OVERPARAM_CACHE": str(tmp_path / "named")}  # as it is when the cell runs again
    assert user.start(after="", keep_in="/drive/mine").communicate(timeout=60) == named
    assert not (tmp_path / "named").exists()


def test_another_version_of_the_book_fetches_its_own_package(user, monkeypatch):
    old = user.runs()
    before = contents(old)
    monkeypatch.setattr(colab, "__version__", "99.0.0")
    assert user.runs() != old
    assert contents(old) == before


@pytest.mark.parametrize("lost", ["src", "src/overparam", "src/overparam/__init__.py"])
def test_a_copy_that_lost_the_package_is_replaced(user, lost):
    copy = user.runs()
    before = contents(copy)
    (shutil.rmtree if (copy / lost).is_dir() else os.unlink)(copy / lost)
    assert user.runs() == user.copy == copy
    assert contents(copy) == before


def test_two_notebooks_that_are_started_together_share_a_clone(user):
    user.has_program("git", f'{shutil.which("git")} "$@"; sleep 0.3')
    processes = [user.start() for _ in range(2)]
    said = {process.communicate(timeout=60) for process in processes}
    assert said == {(f"{advice(user)}{user.copy}/src/overparam/__init__.py\n", "")}


def test_where_the_package_is_installed_nothing_is_fetched(user):
    user.has_program("git", "exit 1")
    user.libraries.append(user.book / "src")
    assert user.runs() == user.book
    assert contents(user.home) == {}


def test_in_a_checkout_its_own_package_is_used(user):
    user.has_program("git", "exit 1")
    user.folder = user.book / "notebooks"
    assert user.runs() == user.book
    assert contents(user.home) == {}


def test_who_imported_another_overparam_before_is_told_to_restart(user):
    (user.folder / "overparam.py").touch()
    assert user.is_told(before="import overparam").startswith("Another package called overparam was imported before: ")
    assert user.runs() == user.copy


def test_mnist1d_is_fetched_where_it_is_missing(user, tmp_path):
    user.libraries = [tmp_path / "no network"]
    user.libraries[0].mkdir()
    (user.libraries[0] / "pip.py").write_text("raise SystemExit('ERROR: none')", encoding="utf-8")
    sentence = "Installing mnist1d failed: check the network, then run this cell again (ERROR: none)."
    assert user.is_told() == sentence
    assert list((user.home / ".cache/overparam").iterdir()) == []
    about = "mnist1d-1.dist-info"
    with zipfile.ZipFile(tmp_path / "mnist1d-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("mnist1d.py", "")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: mnist1d\nVersion: 1\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    user.libraries = []
    user.variables = {"PIP_USER": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    for _ in range(2):
        assert user.runs(after="import mnist1d\nprint(overparam.__file__)") == user.copy


def test_who_lacks_what_the_package_needs_is_told_what_to_install(user):
    user.libraries.append(ROOT / "src")
    assert re.fullmatch(r"overparam needs .*: run `.* -m pip install .* torch torchvision .*`\.", user.is_told())
    assert user.is_told(before="sys.version_info = (3, 10)").startswith("overparam needs Python 3.11 or newer")


def test_the_package_says_all_that_it_needs():
    imported = set()
    for path in ROOT.glob("src/overparam/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            imported |= {name.partition(".")[0] for name in names}
    # Every notebook server brings the second and the third; the last is asked for only where OVERPARAM_DASK names a cluster.
    here = {"overparam", "matplotlib_inline", "IPython", "distributed"}
    assert imported - set(sys.stdlib_module_names) - here == set(overparam._NEEDED)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.match(r"[\w-]+", dependency)[0] for dependency in project["dependencies"]}
    assert set(overparam._NEEDED.values()) <= declared
