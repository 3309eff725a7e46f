"""The notebooks that Colab opens say in plain Markdown what the chapters say in MyST."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import colab  # noqa: E402

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


def run_setup(house, url, folder):
    """Run the set-up cell in an empty folder, in a Python that sees no installed package."""
    (house / "_config.yml").write_text(CONFIG.replace("https://example.org/team/house", url), encoding="utf-8")
    colab.main([str(house)])
    cell = nbformat.read(house / "notebooks/02_other.ipynb", as_version=4).cells[1]
    assert cell.metadata == {"cellView": "form"}
    folder.mkdir(exist_ok=True)
    code = (
        "import sys; sys.path.insert(0, '')\n" + cell.source + "\nimport overparam, mnist1d\nprint(overparam.__file__)"
    )
    return subprocess.run([sys.executable, "-IS", "-c", code], cwd=folder, capture_output=True, encoding="utf-8")


def test_the_setup_cell_clones_the_repository(house, tmp_path):
    remote = tmp_path / "overparam"
    for package in ("overparam", "mnist1d"):  # with mnist1d at hand nothing needs to be installed
        (remote / "src" / package).mkdir(parents=True)
        (remote / "src" / package / "__init__.py").touch()
    who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for command in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *command], cwd=remote, check=True, env={**os.environ, **who})
    for _ in range(
        2
    ):  # the second time after a restart, when the clone lies in the folder under the package's own name
        done = run_setup(house, f"file://{remote}", tmp_path / "colab")
        assert done.stdout.strip() == str(tmp_path / "colab/overparam/src/overparam/__init__.py"), done.stderr


def test_the_setup_cell_says_in_one_sentence_that_it_could_not_clone(house, tmp_path):
    done = run_setup(house, f"file://{tmp_path}/nothing", tmp_path / "colab")
    assert done.returncode == 1
    assert (
        done.stderr.strip().split("\n")[-1].startswith(f"Cloning file://{tmp_path}/nothing failed: check the network")
    )


@pytest.mark.skipif(not list(ROOT.glob("notebooks/*.py")), reason="there is no chapter yet")
def test_the_notebooks_of_this_book_are_current():
    colab.main([str(ROOT), "--check"])
