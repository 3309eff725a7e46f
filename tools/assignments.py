"""Derive what students get, and what grades it, from the assignments' sources.

    python tools/assignments.py [ROOT]            write assignments/NN_slug.ipynb and build/assignments/NN_slug/
    python tools/assignments.py [ROOT] --check    write nothing; exit 1 and name each student notebook that is not current

A source is a notebook in percent format. Its cells say what they are:

    # %% [markdown] question="mean" points=6      opens a question; points only where a person grades it
    # %% tags=["start"]                           what students begin with: prose or code that stays as it is
    # %% tags=["solution"]                        the answer: what stands between BEGIN and END SOLUTION is taken out
    # %% tags=["test"] points=1                   one function that students get, and can run
    # %% tags=["hidden"] points=2                 one function that only the grader has

A question goes on to the next cell of prose without such a tag.
"""

import argparse
import ast
import hashlib
import json
import re
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import jupytext
import nbformat

import colab

ROOT = Path(__file__).resolve().parent.parent
PARTS = {"start", "solution", "test", "hidden"}
STAMP = "derived.sha256"  # in a derived folder: what it was derived from, and with which tests

INTRODUCTION = """\
*Derived from a source in [the book's repository]({repository}) by `tools/assignments.py`. To work on Colab, choose
**File → Save a copy in Drive** first; to hand in, choose **File → Download → Download .ipynb**. Keep the cells that are here, and the
names of the functions; add as many cells as you like.*"""

NAME = '{setup}\n\nASSIGNMENT = "{name}"  # the grader reads this line'


class SourceError(Exception):
    """What is wrong with a source, as one sentence that begins with where it is."""


def part(cell):
    """Which part of a question a cell is: 'start', 'solution', 'test' or 'hidden'; None for all others."""
    found = PARTS & set(cell.metadata.get("tags", ()))
    return found.pop() if found else None


def ends_question(cell):
    """Whether the question above a cell ends there: at the next prose, or the next question."""
    return cell.cell_type == "markdown" and part(cell) is None


def read(path):
    """The cells of a source, checked: every test is one function, and belongs to a question."""
    cells = jupytext.read(path, fmt="py:percent").cells
    question, names, questions = None, set(), set()
    for number, cell in enumerate(cells, 1):
        kind, where = part(cell), f"{path.name}, cell {number}"
        if "question" in cell.metadata:
            question = cell.metadata["question"]
            if question in questions:
                raise SourceError(f"{where}: there are two questions called {question}.")
            questions.add(question)
        elif ends_question(cell):
            question = None
        if kind and not question:
            raise SourceError(f"{where}: a {kind} cell belongs to no question.")
        if kind in ("test", "hidden"):
            body = ast.parse(cell.source).body
            if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
                raise SourceError(f"{where}: a test cell holds one function and nothing else.")
            if body[0].name in names:
                raise SourceError(f"{where}: there are two tests called {body[0].name}.")
            if "points" not in cell.metadata:
                raise SourceError(f"{where}: {body[0].name} has no points.")
            names.add(body[0].name)
    return cells


def withheld(path):
    """The modules that grading takes away, because they hold what is asked for: named in the first cell's metadata."""
    return tuple(read(path)[0].metadata.get("withheld", ()))


def tested(path):
    """The names of the questions that have tests, in the order of the source."""
    question, names = None, []
    for cell in read(path):
        question = cell.metadata.get("question", question)
        if part(cell) in ("test", "hidden") and question not in names:
            names.append(question)
    return names


def signature(cell):
    """A test's name and the names of what it tests."""
    function = ast.parse(cell.source).body[0]
    return function.name, [argument.arg for argument in function.args.args]


def visible_test(cell):
    """The cell in which students find a public test and run it."""
    name, arguments = signature(cell)
    return f'{cell.source}\n\n\n{name}({", ".join(arguments)})\nprint("{name}: passed")'


def otter_test(cell):
    """A test as otter wants it; in all tests np is NumPy."""
    function = ast.parse(cell.source)
    function.body[0].body.insert(bool(ast.get_docstring(function.body[0])), ast.parse("import numpy as np").body[0])
    hidden = str(part(cell) == "hidden").lower()
    config = f'""" # BEGIN TEST CONFIG\npoints: {cell.metadata["points"]}\nhidden: {hidden}\n""" # END TEST CONFIG'
    return f"{config}\n{ast.unparse(ast.fix_missing_locations(function))}"


def master(path, convert):
    """The notebook that otter takes: its raw cells say where questions, solutions and tests begin and end."""
    raw, code, markdown = (getattr(nbformat.v4, f"new_{kind}_cell") for kind in ("raw", "code", "markdown"))
    config = {"init_cell": False, "export_cell": False, "run_tests": False}
    config["tests"] = {"files": True, "ok_format": False}
    config["requirements"] = [f"overparam @ git+{convert.book.repository}@{convert.book.branch}"]
    config["generate"] = {"show_hidden": False}
    out = [raw("# ASSIGNMENT CONFIG\n" + json.dumps(config))]
    cells = [*read(path), nbformat.v4.new_markdown_cell("")]  # the last closes the last question
    question, tests, visible = False, [], []
    for cell in cells:
        kind = part(cell)
        if question and ends_question(cell):
            if tests:
                out += [raw("# BEGIN TESTS"), *map(code, map(otter_test, tests)), raw("# END TESTS")]
            out += [raw("# END QUESTION"), *map(code, visible)]
            question, tests, visible = False, [], []
        source = convert(cell.source) if cell.cell_type == "markdown" else cell.source
        make = markdown if cell.cell_type == "markdown" else code
        if name := cell.metadata.get("question"):
            question = {"name": name, "check_cell": False}
            if "points" in cell.metadata:
                question |= {"points": cell.metadata["points"], "manual": True}
            out += [raw("# BEGIN QUESTION\n" + json.dumps(question)), make(source)]
        elif kind == "solution":
            out += [raw("# BEGIN SOLUTION"), make(source), raw("# END SOLUTION")]
        elif kind in ("test", "hidden"):
            tests.append(cell)
            visible += [visible_test(cell)] if kind == "test" else []
        elif source:
            out.append(make(source))
    return nbformat.v4.new_notebook(cells=out, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class Converter:
    """Turns the MyST of an assignment into plain Markdown, with links into the book."""

    def __init__(self, book, key):
        self.book, self.key = book, key
        book.titles[key], book.cited[key] = key, []
        self.page = colab.Page(book, key)

    def __call__(self, text):
        return self.page.convert(text)


def derive(book, path, folder):
    """Let otter take a source apart into a folder, and return the text of the notebook for students."""
    from otter.assign import main as assign

    key = path.relative_to(book.root).with_suffix("").as_posix()
    if folder:
        folder.parent.mkdir(parents=True, exist_ok=True)
    # beside the folder, so that what is complete takes its place in one step
    with tempfile.TemporaryDirectory(prefix=".", dir=folder and folder.parent) as work:
        source, out = Path(work) / f"{path.stem}.ipynb", Path(work) / "out"
        nbformat.write(master(path, Converter(book, key)), source)
        assign(str(source), str(out), no_pdfs=True, no_run_tests=True)
        student = nbformat.read(out / "student" / source.name, as_version=4)
        if folder:
            for archive in (out / "autograder").glob("*-autograder_*.zip"):  # otter puts the time into its name
                archive.rename(archive.with_name("autograder.zip"))
            written = {test.stem for test in (out / "autograder" / "tests").glob("*.py")}
            if lost := [name for name in tested(path) if name not in written]:
                raise SourceError(f"{path.name}: otter wrote no tests for {', '.join(lost)}: name it otherwise.")
            (out / "autograder" / STAMP).write_text(fingerprint(path, out / "autograder"), encoding="utf-8")
            if folder.exists():
                shutil.rmtree(folder)
            (out / "autograder").rename(folder)
    setup = NAME.format(setup=colab.set_up(book), name=path.stem)
    introduction = INTRODUCTION.format(repository=book.repository)
    cells = [("markdown", introduction, {}), ("code", *colab.folded(setup))]
    for cell in student.cells:
        text = re.sub(r"<!-- (BEGIN|END) QUESTION -->\s*", "", cell.source)  # otter's marks for a PDF
        cells += [(cell.cell_type, text, {})] if text.strip() else []
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = {"colab": {"provenance": [], "toc_visible": True}, "kernelspec": KERNEL, "overparam": path.stem}
    for position, (kind, text, metadata) in enumerate(cells):
        make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        cell_id = hashlib.sha256(f"{position} {kind} {text}".encode()).hexdigest()[:8]
        notebook.cells.append(make(text, id=cell_id, metadata=metadata))
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def fingerprint(path, folder):
    """A hash of all that decides what grades an assignment: its source, the tools, and the tests in the derived folder."""
    files = [path, Path(__file__), *sorted((folder / "tests").glob("*.py"))]
    facts = [f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    return hashlib.sha256("\n".join([version("otter-grader"), *facts]).encode()).hexdigest()


def is_current(path, folder):
    """Whether a folder holds the tests that derive wrote there, all of them, from the source as it is now."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_bytes().decode(errors="replace") == fingerprint(path, folder)


def sources(root):
    """The sources of all assignments, in order."""
    return sorted(root.glob("assignments/[0-9][0-9]_*.py"))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one is not current")
    arguments = parser.parse_args(argv)
    root = arguments.root.resolve()
    try:
        book = colab.Book(root)
        build = None if arguments.check else root / "build" / "assignments"
        derived = {
            path.with_suffix(".ipynb"): derive(book, path, build and build / path.stem) for path in sources(root)
        }
    except (SourceError, colab.MystError) as where_and_what:
        sys.exit(str(where_and_what))
    colab.bring_up_to_date(root, "assignments", derived, "make assignments", arguments.check)


if __name__ == "__main__":
    main()
