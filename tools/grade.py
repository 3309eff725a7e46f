"""Grade a class: a folder of submitted notebooks in, a table of scores out.

    python tools/grade.py FOLDER --assignment 01     print the table; write FOLDER/scores-01.csv and FOLDER/reading-01.html
    … --platform moodle                              write FOLDER/scores-01-moodle.csv as well, for Moodle to import

Every submission runs in a process of its own, without the hidden tests (tools/sandbox.py says what guards them and what does
not). One that loops, crashes, is no notebook or belongs to another assignment is named in the table, and the rest is graded.
What stands below the heading *Investigate* of the notebook for students is not run. It is collected, as it was handed in, on one
page for the person who reads it.
"""

import argparse
import csv
import html
import io
import logging
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import handed_in
import platforms
import sandbox
from overparam import machine

ROOT = Path(__file__).resolve().parent.parent
INVESTIGATE = re.compile(r"^#+\s*(\d+\.\s*)?Investigate\b.*", re.M | re.I)
# What students' own text and outputs may hold on the page that a person reads.
TAGS = "a b blockquote br code dd div dl dt em h1 h2 h3 h4 h5 h6 hr i li ol p pre s span strong sub sup table tbody td"
TAGS += " th thead tr ul"
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
USABLE = "return numbers, text, arrays, or lists, tuples and dictionaries of them"
ASSIGNMENT = re.compile(r"""^ASSIGNMENT\s*=\s*["']([\w-]+)["']""", re.M)


@dataclass(frozen=True)
class Assignment:
    """What grading needs: otter's test files as text, by question, and how they are run."""

    name: str
    tests: dict[str, str]
    withheld: tuple[str, ...] = ()
    investigate: str = ""  # the cell with the heading *Investigate*, as it is handed out

    def questions(self):
        """The test files of one submission; they keep results, so each submission needs its own."""
        from otter.test_files.exception_test import ExceptionTestFile

        return {name: ExceptionTestFile.from_string(text, path=f"{name}.py") for name, text in self.tests.items()}

    def asked(self):
        """The names that tests ask a submission for."""
        cases = [case for file in self.questions().values() for case in file.test_cases]
        return sorted({name for case in cases for name in case.body._get_func_params()})


@dataclass
class Row:
    """One submission's line in the table."""

    submission: str
    status: str = "graded"
    scores: dict = field(default_factory=dict)
    failed: list = field(default_factory=list)
    notes: list = field(default_factory=list)


def load(number, root=ROOT):
    """The assignment that a number or a name stands for, derived from its source if that has changed."""
    import assignments
    import colab

    found = [path for path in assignments.sources(root) if path.stem == number or path.stem.startswith(f"{number}_")]
    if len(found) != 1:
        there = ", ".join(path.stem for path in assignments.sources(root)) or "none"
        sys.exit(f"There is no assignment {number!r}: give the number or the name of one of {there}.")
    source, folder = found[0], root / "build" / "assignments" / found[0].stem
    try:
        if not assignments.is_current(source, folder):
            assignments.derive(colab.Book(root), source, folder)
        tests = {
            name: (folder / "tests" / f"{name}.py").read_text(encoding="utf-8") for name in assignments.tested(source)
        }
    except (assignments.SourceError, colab.MystError) as where_and_what:
        sys.exit(str(where_and_what))
    return Assignment(source.stem, tests, assignments.withheld(source), handed_out(source.with_suffix(".ipynb")))


def handed_out(path):
    """The text of the cell *Investigate* in the notebook that students get; nothing where there is none."""
    import nbformat

    cells = nbformat.read(path, as_version=4).cells if path.is_file() else []
    found = investigate_cell(cells)
    return clean(cells[found[0]].source) if found else ""


def investigate_cell(cells, given=""):
    """Where the heading *Investigate* is, and whether it is the one that was given (else the last); None without any."""
    texts = [clean(cell.source) if cell.cell_type == "markdown" else "" for cell in cells]
    ranked = [
        (text.split() == given.split(), title(text) == title(given), i) for i, text in enumerate(texts) if title(text)
    ]
    _, known, position = max(ranked, default=(False, False, None))
    return None if position is None else (position, known)


def title(text):
    """The words of the heading *Investigate* in the text of a cell; none where there is no such heading."""
    found = INVESTIGATE.search(text)
    return found.group().split() if found else []


def cells_of(notebook, assignment):
    """The code cells [(number, source)] that are run, and what is noteworthy about them."""
    cells = [(number, cell.cell_type, clean(cell.source)) for number, cell in enumerate(notebook.cells, 1)]
    code = [(number, source) for number, kind, source in cells if kind == "code" and source.strip()]
    named = {name for _, source in code for name in ASSIGNMENT.findall(source)}
    if named and assignment.name not in named:
        here = ", ".join(sorted(named))
        raise handed_in.UnusableError(f"for another assignment: {here}; hand in the notebook of {assignment.name}")
    if not code:
        raise handed_in.UnusableError("has no code in it: hand in the notebook with your answers")
    notes = [] if named else ["the set-up cell, which names the assignment, is missing"]
    end, known = investigate_cell(notebook.cells, assignment.investigate) or (len(cells), True)
    run = [cell for cell in code if cell[0] <= end]
    words = set(re.findall(r"\w+", "\n".join(source for _, source in run)))
    if len(run) < len(code) and not (known and words.issuperset(assignment.asked())):
        notes.append(f"the cells below cell {end + 1}, which has the heading Investigate, were not run")
    return run, notes


def clean(source):
    """A cell's text with the line ends of Unix, and without a byte order mark."""
    return str(source).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")


def grade(submission, assignment, limits):
    """The row of one submission (as handed_in.find gives them)."""
    row = Row(submission.name)
    questions = assignment.questions()
    try:
        cells, row.notes = cells_of(submission.notebook(), assignment)
        with (
            tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True) as folder,
            sandbox.Submission(folder, withheld=assignment.withheld, **limits) as running,
        ):
            run_tests(running, cells, questions, assignment, row)
    except handed_in.UnusableError as error:
        row.status, row.notes = "not graded", [str(error)]
        return row
    except Exception as error:  # a submission can be anything; it costs nobody else their grade
        row.status = "stopped"
        row.notes.append(f"grading it failed: {type(error).__name__}: {error}; look at it by hand")
    for question, file in questions.items():
        passed = [result.test_case.points for result in file.test_case_results if result.passed]
        row.scores[question] = sum(passed)
        names = {id(result.test_case.body): result.passed for result in file.test_case_results}
        cases = [case.body for case in file.test_cases]
        row.failed += [case.test_func.__name__ for case in cases if not names.get(id(case))]
    return row


def run_tests(running, cells, questions, assignment, row):
    """Run the cells, then every test from outside; what is noteworthy goes into the row."""
    try:
        running.start(cells, assignment.asked())
        if missing := sorted(set(assignment.asked()) - set(running.names)):
            row.notes.append(f"not defined: {', '.join(missing)}")
        for number, kind, message in running.failed[:3]:
            row.notes.append(f"cell {number} failed: {kind}: {message}")
        if len(running.failed) > 3:
            row.notes.append(f"and {len(running.failed) - 3} more cells failed")
        row.notes += [f"not run when it is graded: {line}" for line in dict.fromkeys(running.skipped)][:3]
        for file in questions.values():
            file.run(running.names)
        running.finish()
    except sandbox.SubmissionEnded as ended:
        row.status = "stopped"
        row.notes.append(running.why_ended(str(ended)))
    row.notes += [f"was refused: {what}" for what in dict.fromkeys(running.refused)][:3]
    for name, kind in running.unusable()[:3]:
        row.notes.append(f"{name} gave a value of type {kind}, which the tests cannot use: {USABLE}")


def table(rows, questions):
    """The table as lists of text, its first row the headings."""
    head = ["submission", "status", *questions, "points", "of", "failed", "notes"]
    of = sum(file.possible for file in questions.values())
    lines = [head]
    for row in rows:
        graded = row.status != "not graded"
        scores = [row.scores.get(name, "") for name in questions]
        total = sum(row.scores.values()) if graded else ""
        failed = " ".join(row.failed)
        lines.append(
            [row.submission, row.status, *scores, total, of, failed, "; ".join(note[:300] for note in row.notes)]
        )
    return [[f"{each:g}" if isinstance(each, int | float) else safe(each) for each in line] for line in lines]


def reading(submissions, given=""):
    """One page with what each submission says below *Investigate*, its figures and printed output included, its HTML not.

    The cell with the heading is shown only where it differs from the one that was ``given``: somebody may have answered in it.
    """
    import nbformat

    prose = nbformat.v4.new_markdown_cell

    def part_of(submission, checked):
        try:
            part = investigation(submission.notebook(), given)
            if checked:
                page_of(part)
        except Exception as error:  # a notebook can be malformed in any way
            part = [prose(f"*It cannot be shown: {type(error).__name__}. Open the notebook itself.*")]
        title = prose(f"# {html.escape(submission.name)}")
        return [title, *(part or [prose("*There is nothing below “Investigate”.*")])]

    try:
        return page_of([cell for each in submissions for cell in part_of(each, checked=False)])
    except Exception:  # one of them cannot be shown: find out which
        return page_of([cell for each in submissions for cell in part_of(each, checked=True)])


def investigation(notebook, given):
    """The cells of a notebook from *Investigate* on, made harmless."""
    found = investigate_cell(notebook.cells, given)
    part = notebook.cells[found[0] :] if found else []
    if part and str(part[0].source).split() == given.split():
        part = part[1:]
    return [harmless(cell) for cell in part]


def page_of(cells):
    """Cells as a page of HTML that runs nothing."""
    import bleach
    import nbformat
    from nbconvert import HTMLExporter

    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    exporter = HTMLExporter(sanitize_html=True, exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.register_filter(
        "clean_html", lambda text: bleach.clean(str(text), tags=TAGS.split(), attributes=["class"])
    )
    page = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells))[0]
    return page.encode("utf-8", "backslashreplace").decode()  # half a character may stand in JSON


def harmless(cell):
    """A cell with its text and those outputs that a browser only shows: plain text and pictures."""
    import nbformat

    if cell.cell_type != "code":
        return nbformat.v4.new_markdown_cell(str(cell.source))
    outputs = []
    for output in cell.get("outputs", ()):
        if output.output_type in ("stream", "error"):
            text = output.get("text") or f"{output.get('ename')}: {output.get('evalue')}"
            outputs.append(nbformat.v4.new_output("stream", name="stdout", text=str(text)))
            continue
        shown = {kind: output.data[kind] for kind in PICTURES if kind in output.data}
        shown = dict(list(shown.items())[:1]) or {"text/plain": str(output.data.get("text/plain", ""))}
        outputs.append(nbformat.v4.new_output("display_data", shown))
    return nbformat.v4.new_code_cell(str(cell.source), outputs=outputs)


def safe(text):
    """A cell of the table: one line that can be written, and that a spreadsheet takes for text, whatever somebody wrote."""
    text = re.sub(r"\s+", " ", text.encode("utf-8", "backslashreplace").decode()).strip()
    text = "".join(letter for letter in text if letter.isprintable())
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def write(path, text):
    """Write a file whole or not at all: beside its place first. Excel needs a mark to see UTF-8 in a table."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8", newline="")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def as_csv(lines):
    """Lines as the text of a file, every cell made safe."""
    text = io.StringIO()
    csv.writer(text).writerows([[safe(each) for each in line] for line in lines])
    return text.getvalue()


def show(lines):
    """Print the table in columns, long notes cut."""
    short = [[each if len(each) <= 60 else f"{each[:59]}…" for each in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    for line in short:
        print("  ".join(each.ljust(width) for each, width in zip(line, widths, strict=True)).rstrip())


def main(argv=None):
    try:
        cores = machine.cores()
    except ValueError as error:
        sys.exit(str(error))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the folder of submissions; folders in it are searched too")
    parser.add_argument("--assignment", required=True, help="its number, such as 01")
    parser.add_argument("--jobs", type=int, default=min(cores, 8), help="submissions at a time")
    parser.add_argument("--seconds", type=float, default=120, help="for one submission, tests included")
    parser.add_argument("--cell-seconds", type=float, default=30, help="for one cell, and for one call of a function")
    parser.add_argument("--gigabytes", type=float, default=4, help="of memory for one submission")
    parser.add_argument("--platform", choices=platforms.COLUMNS, help="write what this platform imports as well")
    arguments = parser.parse_args(argv)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may not know every letter of a name
    if not arguments.folder.is_dir():
        sys.exit(f"There is no folder {arguments.folder}: give the folder that holds the submitted notebooks or zips.")
    if arguments.jobs < 1 or min(arguments.seconds, arguments.cell_seconds, arguments.gigabytes) <= 0:
        sys.exit("--jobs, --seconds, --cell-seconds and --gigabytes must be positive.")
    folder = arguments.folder
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        sys.exit(f"The table cannot be written into {folder} ({error.strerror}): give a folder that you may write to.")
    submissions = handed_in.find(folder)
    if not submissions:
        sys.exit(f"There is nothing in {folder}: give the folder that holds the submitted notebooks.")
    assignment = load(arguments.assignment)
    for path in sandbox.exposed([ROOT / "assignments", ROOT / "build", folder]):
        print(f"Warning: submissions can read {path}: move it out of the folders of Python and of the system.")
    if not sandbox.landlock():
        print("Warning: this kernel has no Landlock: only Python itself keeps submissions from reading your files.")
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # nbformat's long complaints; the table says it shortly
    sandbox.prepare()
    limits = {"seconds": arguments.seconds, "cell_seconds": arguments.cell_seconds, "gigabytes": arguments.gigabytes}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        rows = list(pool.map(lambda submission: grade(submission, assignment, limits), submissions))
    questions, number = assignment.questions(), assignment.name[:2]
    lines = table(rows, questions)
    show(lines)
    graded = [each for each, row in zip(submissions, rows, strict=True) if row.status != "not graded"]
    scores, page = folder / f"scores-{number}.csv", folder / f"reading-{number}.html"
    files = {scores: lambda: as_csv(lines), page: lambda: reading(graded, assignment.investigate)}
    if arguments.platform:
        of = sum(file.possible for file in questions.values())
        imported, unknown = platforms.table(arguments.platform, rows, assignment.name, of)
        files[folder / f"scores-{number}-{arguments.platform}.csv"] = lambda: as_csv(imported)
        for name in unknown:
            print(
                f"Warning: {name} is not named as {arguments.platform} names its downloads: enter its points by hand."
            )
    print(f"\n{len(rows)} submissions, {sum(row.status == 'graded' for row in rows)} graded to the end.")
    complete = True
    for path, content in files.items():
        try:
            write(path, content())
            print(f"Written: {path}")
        except Exception as error:  # the others are written all the same
            complete = False
            print(f"Warning: {path} could not be written, and is as it was: {type(error).__name__}: {error}")
    if not complete:
        sys.exit(1)


if __name__ == "__main__":
    main()
