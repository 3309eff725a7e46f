"""What students get holds no solution and no hidden test, and a class is graded whatever it hands in."""

import ast
import csv
import functools
import importlib.util
import json
import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import otter.assign
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import assignments  # noqa: E402
import colab  # noqa: E402
import grade  # noqa: E402
import handed_in  # noqa: E402
import sandbox  # noqa: E402

SOURCES = assignments.sources(ROOT)
every_assignment = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
LIMITS = {"seconds": 60, "cell_seconds": 10, "gigabytes": 4}


@pytest.fixture(scope="session")
def book():
    return colab.Book(ROOT)


@pytest.fixture(scope="session", autouse=True)
def _prepared():
    sandbox.prepare()


@functools.cache
def code(kind, source):
    """The source's cells of one kind."""
    return [cell for cell in assignments.read(source) if assignments.part(cell) == kind]


def student(source):
    """The notebook that students get."""
    return nbformat.read(source.with_suffix(".ipynb"), as_version=4)


def defined(text):
    """The names of the functions that a cell defines at its top."""
    try:
        return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    except SyntaxError:
        return []


def filled(source, **replaced):
    """The student notebook with every stub replaced by the solution, or by another text for its function."""
    notebook = student(source)
    solutions = {name: cell.source for cell in code("solution", source) for name in defined(cell.source)} | replaced
    for cell in notebook.cells:
        names = defined(cell.source)
        if cell.cell_type == "code" and names and names[0] in solutions:
            cell.source = solutions[names[0]]
    return notebook


def hand_in(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def graded(path, source):
    (submission,) = handed_in.in_file(path, path.name)
    return grade.grade(submission, load(source.stem[:2]), LIMITS)


load = functools.cache(grade.load)


# --- What students get ----------------------------------------------------------------------------------------------


@every_assignment
def test_the_source_is_what_jupytext_writes(source):
    form = {"extension": ".py", "format_name": "percent", "cell_markers": '"""'}
    text = source.read_text(encoding="utf-8")
    again = jupytext.writes(jupytext.reads(text, fmt=form), fmt=form)
    header = re.compile(r"\A# ---\n(?:#.*\n)*?# ---\n")
    assert header.sub("", again) == header.sub("", text)


@every_assignment
def test_the_student_notebook_is_current(source, book):
    assert source.with_suffix(".ipynb").read_text(encoding="utf-8") == assignments.derive(book, source, None), (
        "run make assignments"
    )


def told_apart(source):
    """The lines of a source that students may see, and those that are only in solutions and hidden tests."""
    seen, secret = set(), set()
    for cell in assignments.read(source):
        kind = assignments.part(cell)
        inside = kind == "hidden" or (kind == "solution" and cell.cell_type == "markdown")
        for line in map(str.strip, cell.source.splitlines()):
            inside = inside or line == "# BEGIN SOLUTION"
            (secret if inside else seen).add(line)
            inside = inside and line != "# END SOLUTION"
    return seen, secret - seen


@every_assignment
def test_students_get_no_solution_and_no_hidden_test(source):
    _, secret = told_apart(source)
    raw = source.with_suffix(".ipynb").read_text(encoding="utf-8")
    own = [cell for cell in student(source).cells if cell.metadata.get("cellView") != "form"]  # not the set-up cell
    lines = {line.strip() for cell in own for line in cell.source.splitlines()}
    assert len(secret) > 100
    assert not lines & secret
    for word in ("SOLUTION", "Model answer", *(assignments.signature(cell)[0] for cell in code("hidden", source))):
        assert word not in raw, f"the student notebook says {word!r}"
    assert all(not cell.get("outputs") for cell in student(source).cells)


@every_assignment
def test_students_get_the_public_tests(source):
    text = "\n".join(cell.source for cell in student(source).cells)
    assert code("test", source)
    for cell in code("test", source):
        assert cell.source in text


@every_assignment
def test_the_set_up_cell_names_the_assignment(source):
    setup = student(source).cells[1].source
    assert f'ASSIGNMENT = "{source.stem}"' in setup
    ast.parse(setup)


@every_assignment
def test_every_question_says_what_it_is_worth(source):
    cells = assignments.read(source)
    manual = sum(cell.metadata["points"] for cell in cells if "question" in cell.metadata and "points" in cell.metadata)
    tests = sum(cell.metadata["points"] for cell in cells if assignments.part(cell) in ("test", "hidden"))
    stated = [int(points) for points in re.findall(r"^\| \d \| .* \| (\d+) \| ", cells[0].source, re.M)]
    assert sum(stated) == manual + tests
    hidden = sum(cell.metadata["points"] for cell in code("hidden", source))
    assert hidden > tests / 2, "the tests that students see give away most of the points"


@every_assignment
def test_what_grading_takes_away_is_in_the_package(source):
    unknown = [name for name in assignments.withheld(source) if importlib.util.find_spec(name) is None]
    assert not unknown, "a name that is no module takes nothing away"


def test_a_source_that_says_too_little_is_refused(tmp_path):
    def source(text):
        path = tmp_path / "09_x.py"
        path.write_text(f"# %% [markdown]\n# # Title\n\n{text}", encoding="utf-8")
        return path

    for text, said in (
        ('# %% tags=["hidden"] points=1\ndef test_a(f):\n    pass\n', "belongs to no question"),
        ('# %% [markdown] question="a"\n# A\n\n# %% tags=["test"] points=1\nassert True\n', "holds one function"),
        ('# %% [markdown] question="a"\n# A\n\n# %% tags=["test"]\ndef test_a(f):\n    pass\n', "has no points"),
        ('# %% [markdown] question="a"\n# A\n\n# %% [markdown] question="a"\n# B\n', "two questions called a"),
    ):
        with pytest.raises(assignments.SourceError, match=said):
            assignments.read(source(text))


# --- Which tests grade ------------------------------------------------------------------------------------------------

TINY = """# %% [markdown]
# # Title

# %% [markdown] question="one"
# One

# %% tags=["hidden"] points=1
def test_one(f):
    assert f() == 1


# %% [markdown] question="two"
# Two

# %% tags=["hidden"] points=2
def test_two(f):
    assert f() == 2


# %% [markdown] question="investigate" points=3
# ## Investigate
"""


@pytest.fixture
def tiny(tmp_path):
    """A repository with one small assignment, loaded once: its root, the source, the folder derived from it."""
    (tmp_path / "assignments").mkdir()
    (tmp_path / "_config.yml").write_bytes((ROOT / "_config.yml").read_bytes())
    source = tmp_path / "assignments" / "09_tiny.py"
    source.write_text(TINY, encoding="utf-8")
    assert list(grade.load("09", tmp_path).tests) == ["one", "two"]
    return tmp_path, source, tmp_path / "build" / "assignments" / "09_tiny"


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "tests" / "one.py").unlink(),
        lambda folder: (folder / "tests" / "one.py").write_text("OK_FORMAT = False\n", encoding="utf-8"),
        lambda folder: (folder / assignments.STAMP).unlink(),
        lambda folder: (folder / assignments.STAMP).write_bytes(b"\xff"),
        shutil.rmtree,
    ],
    ids=["a file is missing", "a file is cut off", "no stamp", "a damaged stamp", "nothing is there"],
)
def test_tests_that_are_not_whole_are_derived_again(tiny, damage):
    root, _, folder = tiny
    before = grade.load("09", root)
    damage(folder)
    assert grade.load("09", root) == before


def test_tests_that_are_whole_are_not_derived_again(tiny, monkeypatch):
    monkeypatch.setattr(assignments, "derive", lambda *_: pytest.fail("derived again"))
    grade.load("09", tiny[0])


def test_a_source_with_an_old_date_is_graded_with_its_own_tests(tiny):
    root, source, _ = tiny
    source.write_text(TINY.replace("f() == 2", "f() == 7"), encoding="utf-8")
    os.utime(source, (0, 0))
    assert "f() == 7" in grade.load("09", root).tests["two"]


@pytest.mark.parametrize("change", ["tool", "otter"])
def test_a_new_version_of_what_derives_derives_again(tiny, change, monkeypatch, tmp_path):
    _, source, folder = tiny
    assert assignments.is_current(source, folder)
    if change == "tool":
        tool = tmp_path / "assignments.py"
        tool.write_text("# new", encoding="utf-8")
        monkeypatch.setattr(assignments, "__file__", str(tool))
    else:
        monkeypatch.setattr(assignments, "version", lambda _: "0")
    assert not assignments.is_current(source, folder)


def test_deriving_that_is_interrupted_leaves_what_was_there(tiny, monkeypatch):
    root, source, folder = tiny
    before = contents(root / "build")
    derive = otter.assign.main

    def interrupted(*arguments, **named):
        derive(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(otter.assign, "main", interrupted)
    with pytest.raises(KeyboardInterrupt):
        assignments.derive(colab.Book(root), source, folder)
    assert contents(root / "build") == before


def test_a_question_whose_tests_are_lost_is_named_before_anybody_is_graded(tiny, monkeypatch):
    root, _, folder = tiny
    derive = otter.assign.main

    def loses(master, out, **named):
        derive(master, out, **named)
        (Path(out) / "autograder" / "tests" / "two.py").unlink()

    monkeypatch.setattr(otter.assign, "main", loses)
    shutil.rmtree(folder)
    with pytest.raises(SystemExit, match=r"09_tiny\.py: otter wrote no tests for two: name it otherwise"):
        grade.load("09", root)
    assert contents(root / "build") == {}


# --- What passes between a submission and the grader ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [None, True, -3, 0.1, "ß", [1, [2.0]], (1, "a"), {"a": 1, 2: (3,)}, np.arange(6.0).reshape(2, 3), np.array(True)],
)
def test_plain_values_and_arrays_arrive_as_they_were(value):
    wire = sandbox.Wire(None)
    arrived = wire.unpack(json.loads(json.dumps(wire.pack(value))))
    assert type(arrived) is type(value)
    np.testing.assert_equal(arrived, value)


def test_what_has_no_plain_form_arrives_as_its_name():
    wire = sandbox.Wire(None)
    assert repr(wire.unpack(wire.pack(object()))) == "<a object>"
    assert repr(wire.unpack(wire.pack(np.array([object()])))[0]) == "<a object>"
    assert wire.unusable == [(None, "object"), (None, "object")]
    assert wire.pack(np.float64(2)) == 2
    room = {"text": [[1001], ["x" * 10**5, *[""] * 1000]]}
    for hostile in ({"array": ["|O", [1], "AAAAAAAAAAA="]}, {"array": ["<f8", [10**12], ""]}, room):
        with pytest.raises((KeyError, ValueError)):
            wire.unpack(hostile)


# --- One submission ---------------------------------------------------------------------------------------------------


@every_assignment
def test_a_right_submission_gets_all_points(source, tmp_path):
    row = graded(hand_in(filled(source), tmp_path / "right.ipynb"), source)
    assert (row.status, row.failed, row.notes) == ("graded", [], [])
    possible = {name: file.possible for name, file in load(source.stem[:2]).questions().items()}
    assert row.scores == possible


def test_a_right_submission_as_colab_and_windows_leave_it_gets_all_points(tmp_path):
    source = SOURCES[0]
    solution = next(cell.source for cell in code("solution", source) if "def decompose" in cell.source)
    series = solution.replace("def decompose", "def parts") + (
        "\n\n\ndef decompose(predictions, target):\n"
        "    return [pd.Series(each) if each.ndim == 1 else each for each in parts(predictions, target)]"
    )
    notebook = filled(source, decompose=series)
    for cell in notebook.cells:
        if cell.source.startswith("# Set-up\nimport numpy"):
            cell.source = f"%matplotlib inline\nfrom google.colab import drive\nimport missing\n{cell.source}"
        if "def jackknife" in cell.source:
            cell.source = f"!pip install torch\n{cell.source}"
    path = tmp_path / "right (1).ipynb.txt"
    path.write_text(nbformat.writes(notebook), encoding="utf-8-sig")
    row = graded(path, source)
    assert (row.status, sum(row.scores.values()), row.failed) == ("graded", 18, [])
    assert row.notes == [
        "cell 4 failed: ModuleNotFoundError: No module named 'missing'",
        "not run when it is graded: !pip install torch",
    ]


@every_assignment
def test_the_notebook_as_it_is_handed_out_gets_nothing(source, tmp_path):
    row = graded(hand_in(student(source), tmp_path / "blank.ipynb"), source)
    assert row.status == "graded"
    assert sum(row.scores.values()) == 0
    assert any("failed: AssertionError" in note or "failed: TypeError" in note for note in row.notes)


@every_assignment
def test_a_broken_submission_costs_what_is_broken(source, tmp_path):
    possible = {name: file.possible for name, file in load(source.stem[:2]).questions().items()}
    *sound, broken = possible
    notebook = filled(source, **{broken: f"def {broken}(:"})
    notebook.cells.insert(2, nbformat.v4.new_code_cell("1 / 0"))
    row = graded(hand_in(notebook, tmp_path / "broken.ipynb"), source)
    assert row.status == "graded"
    assert row.scores == {name: possible[name] for name in sound} | {broken: 0}
    assert {"SyntaxError", "ZeroDivisionError"} <= set(re.findall(r"\w+Error", " ".join(row.notes)))


STARTS = {  # what the investigation begins with works
    "01_bias_variance": "trained(1, 0.2, sets=2).shape == (2, 7970)",
    "02_randomization": "[problem(10, 0.5, 0, pixels)[1][0](np.arange(10)) for pixels in (False, True)] == [1, 1]",
    "03_memorization": "len(problem(0, 2)[1]) == 480 and kernel_answers(np.eye(3), np.arange(3), np.eye(3, dtype=bool)).diagonal().all() and kernel_of(pictures[:2])[0, 0] == 1 and ranked(np.arange(3.0))[0] == 2 and network_answers(*problem(0)[:2], models=2, epochs=1)[1].sum() == 560",
    "04_double_descent": "problem(5, 0.1, 0)[0].shape == (5, 200) and 180 * problem(5, 0.1, 0)[1][20] ** 2 * 0.01 > 0.99",
    "05_implicit_regularization": "abs(np.prod(descend(0.2, 0.9, True)) - 1) < 1e-6 and np.isnan(descend(5.0)).all() and starts.shape == (5, 2)",
    "06_lottery_tickets": "train(initial(0), [np.ones(w.shape) for w in initial(0)], epochs=2)[1] > 0.5",
    "07_flatness": "np.array_equal(flat(layered(np.arange(3190.0))), np.arange(3190.0)) and [loss_of(row)(flat(row.layers)) < 0.2 for _, row in trained('large steps', 2.0, range(1), stop_loss=0.2).iterrows()] == [True]",
    "08_lazy_and_rich": "snapshots(initial(0, width=10), *bits(20, 0), (0, 3))[3][0][0].shape == (30, 10) and error(np.array([1, -1, 0, 2]), np.ones(4)) == 0.375 and np.allclose(kernel_answers(np.eye(3), np.eye(3), np.arange(3)), np.arange(3), atol=1e-4)",
    "09_benign_overfitting": "kernel(pictures('shuffled')[:50], 'narrow').shape == (50, 50) and pictures('Gaussian').shape == (1797, 64) and len(labels) == 1797",
    "10_grokking": "(RULES['a - b'][1], table('symmetric', 0.5).classes, len(table('a * b', 0.5).x)) == (22, 23, 264) and trained('a + b', 0.9, [0], steps=5).accuracy.shape == (1,)",
    "12_information_and_robustness": "[layer.shape for layer in trained(0.5, 30.0, 0)[0][-1]] == [(n, 4096) for n in (10, 7, 5, 4, 3)]",
    "11_bounds": "[w.shape for w, _ in trained(data.digits().x[:40], data.digits().y[:40] % 2, 0)[1]] == [(64, 64), (64, 1)]",
}


@every_assignment
def test_what_the_investigation_begins_with_runs(source, tmp_path):
    notebook = filled(source)
    for cell in notebook.cells:  # so that the grader does not stop there
        cell.source = cell.source.replace("Investigate", "Go on")
    notebook.cells.append(nbformat.v4.new_code_cell(f"assert {STARTS[source.stem]}"))
    row = graded(hand_in(notebook, tmp_path / "all.ipynb"), source)
    assert (row.status, row.notes) == ("graded", [])


WRONG = {  # what students get wrong, and the tests that notice
    "01_bias_variance": [
        (
            "decompose",
            "def decompose(p, t):\n    return (p.mean(0) - t) ** 2, p.var(0, ddof=1)",
            "test_an_example_by_hand test_unbiased_with_few_training_sets test_negative_where_chance_has_it test_too_few_training_sets",
        ),
        (
            "decompose",
            "def decompose(p, t):\n    v = p.var(0, ddof=1)\n    b = (p.mean(0) - t) ** 2 - v / len(p)\n    if len(p) < 2:\n"
            "        raise ValueError\n    return np.maximum(b, 0), v",
            "test_unbiased_with_few_training_sets test_negative_where_chance_has_it test_unbiased_in_all_three",
        ),
        (
            "jackknife",
            "def jackknife(f, p):\n    if len(p) < 2:\n        raise ValueError\n"
            "    w = [f(np.delete(p, s, 0)) for s in range(len(p))]\n    return f(p), np.std(w, ddof=1)",
            "test_the_mean test_any_statistic",
        ),
        (
            "without_truth",
            "def without_truth(p, y):\n    if len(y) < 2:\n        raise ValueError\n    b, v = decompose(p, y.mean(0))\n"
            "    return b.mean(), v.mean(), y.var(0, ddof=1).mean()",
            "test_the_parts_add_up test_unbiased_in_all_three",
        ),
        (
            "without_truth",
            "def without_truth(p, y):\n    b, v = decompose(p, y[0])\n    b = ((p.mean(0) - y[0]) * (p.mean(0) - y[1]) - v / len(p)).mean()\n"
            "    return b, v.mean(), ((y[0] - y[1]) ** 2).mean() / 2",
            "test_the_parts_add_up test_all_labels_count_alike",
        ),
    ],
    "02_randomization": [
        (
            "randomize",
            "def randomize(labels, share=1.0, seed=0):\n    rng = np.random.default_rng(seed)\n    out = np.array(labels)\n"
            "    hit = rng.random(len(out)) < share\n    out[hit] = rng.choice(labels, hit.sum())\n    return out",
            "test_the_counts_stay test_only_a_share_moves test_all_positions_and_permutations_alike",
        ),
        (
            "randomize",
            "def randomize(labels, share=1.0, seed=0):\n    out = np.array(labels)\n    k = round(share * len(out))\n"
            "    out[:k] = np.random.default_rng(seed).permutation(out[:k])\n    return out",
            "test_all_positions_and_permutations_alike",
        ),
        (
            "randomization_test",
            "def randomization_test(f, y, draws=99, seed=0):\n    t = f(y)\n"
            "    null = np.array([f(randomize(y, 1, seed + b)) for b in range(draws)])\n    return np.mean(null > t), t, null",
            "test_an_obvious_relation test_a_statistic_that_knows_nothing test_the_exact_answer test_its_level",
        ),
        (
            "verdict",
            "def verdict(v, bound=0.0):\n    if len(v) < 2:\n        raise ValueError\n    h = 1.96 * np.std(v, ddof=1) / len(v) ** 0.5\n"
            "    m = np.mean(v)\n    return 'supported' if m - h > bound else 'contradicted' if m + h < bound else 'inconclusive', m - h, m + h",
            "test_an_interval_by_hand test_intervals_cover",
        ),
        (
            "verdict",
            "def verdict(v, bound=0.0):\n    low, high = stats.t.interval(0.95, len(v) - 1, np.mean(v), stats.sem(v))\n"
            "    return 'supported' if low > bound else 'contradicted' if high < bound else 'inconclusive', low, high",
            "test_touching_and_equal_values test_one_value_is_not_enough",
        ),
    ],
    "03_memorization": [
        (
            "memorization",
            "def memorization(correct, included):\n    c, i = np.asarray(correct, float), np.asarray(included, bool)\n"
            "    v = c.mean(0) - (c * ~i).sum(0) / (~i).sum(0)\n    return v, np.sqrt(c.var(0) / len(c))",
            "test_two_examples_by_hand test_any_models test_the_error_is_right",
        ),
        (
            "memorization",
            "def memorization(correct, included):\n    c, i = np.asarray(correct, float), np.asarray(included, bool)\n    sides = [(i, c), (~i, c)]\n"
            "    m = [(s * c).sum(0) / np.maximum(s.sum(0), 1) for s, c in sides]\n"
            "    e = [(s * (c - a) ** 2).sum(0) / np.maximum(s.sum(0) - 1, 1) / np.maximum(s.sum(0), 1) for (s, c), a in zip(sides, m)]\n"
            "    return m[0] - m[1], np.sqrt(e[0] + e[1])",
            "test_what_is_not_known test_one_unknown_spoils_no_other",
        ),
        (
            "leave_out",
            "def leave_out(kernel, y, groups):\n    a = np.linalg.inv(kernel)\n    return y - (a @ y) / np.diag(a)[:, None]",
            "test_nothing_left test_groups_of_any_shape",
        ),
        (
            "leave_out",
            "def leave_out(kernel, y, groups):\n    out = np.zeros(y.shape)\n    for g in range(max(groups) + 1):\n        i, r = groups == g, groups != g\n"
            "        out[i] = kernel[i][:, r] @ np.linalg.inv(kernel[r][:, r] + 0.05 * np.eye(r.sum())) @ y[r]\n    return out",
            "test_a_neighbour_by_hand test_one_at_a_time test_groups_of_any_shape",
        ),
        (
            "groups_within",
            "def groups_within(x, radius):\n    near = ((x[:, None] - x[None]) ** 2).sum(-1) <= radius**2\n    return near.argmax(1)",
            "test_a_chain_by_hand test_against_powers_of_the_links test_a_long_chain",
        ),
    ],
    "04_double_descent": [
        (
            "ridge_path",
            "def ridge_path(x, y, penalties):\n    if np.min(penalties) < 0:\n        raise ValueError\n"
            "    return np.array([x.T @ np.linalg.solve(x @ x.T + k * np.eye(len(x)), y) for k in penalties])",
            "test_a_feature_that_occurs_twice test_minimum_norm_at_any_rank",
        ),
        (
            "risk_parts",
            "def risk_parts(x, b, v):\n    q = np.linalg.pinv(x)\n    return np.sum(v * (b - q @ (x @ b)) ** 2), np.sum(q**2)",
            "test_against_drawn_labels test_units_do_not_matter_when_all_is_seen",
        ),
        (
            "risk_parts",
            "def risk_parts(x, b, v):\n    q = np.linalg.pinv(x)\n    return b @ b - b @ q @ (x @ b), np.sum(v * (q**2).sum(1))",
            "test_one_example_by_hand test_against_drawn_labels",
        ),
        (
            "peak",
            "def peak(n, e):\n    e = np.log(e)\n    if len(e) < 4 or len(n) < 3:\n        raise ValueError\n    m = np.median(e, 0)\n"
            "    k = max(range(1, len(m) - 1), key=lambda j: m[j] - max(m[:j].min(), m[j + 1 :].min()))\n"
            "    return n[k], m[k] - m[:k].min(), m[k] - m[k + 1 :].min()",
            "test_no_peak_in_noise test_found_and_measured_on_different_draws",
        ),
        (
            "peak",
            "def peak(n, e):\n    a, b = np.log(e[::2]), np.log(e[1::2])\n    m = np.median(a, 0)\n    k = 1 + np.argmax(m[1:-1])\n"
            "    i, j = np.argmin(m[:k]), k + 1 + np.argmin(m[k + 1 :])\n"
            "    return n[k], np.median(b[:, k] - b[:, i]), np.median(b[:, k] - b[:, j])",
            "test_a_bump_on_a_slope test_too_little",
        ),
    ],
    "05_implicit_regularization": [
        (
            "modified_gradient",
            "def modified_gradient(gradient, h, c=0.25):\n    def modified(t):\n        g = gradient(t)\n"
            "        return g + 2 * c * h * (gradient(t + 1e-5 * g) - g) / 1e-5\n    return modified",
            "test_gradients_of_any_size",
        ),
        (
            "modified_gradient",
            "def modified_gradient(gradient, h, c=0.25):\n    def modified(t):\n        g = gradient(t)\n        e = 1e-5 / np.linalg.norm(g)\n"
            "        return g + c * h * (gradient(t + e * g) - gradient(t - e * g)) / (2 * e)\n    return modified",
            "test_a_parabola_by_hand test_at_a_minimum test_gradients_of_any_size test_a_gradient_is_all_it_needs",
        ),
        (
            "flow",
            "def flow(gradient, start, time):\n    if time < 0:\n        raise ValueError\n    t = np.array(start, float)\n    for _ in range(300):\n"
            "        t = t - time / 300 * gradient(t)\n    return t",
            "test_exponential_decay test_flows_with_a_formula",
        ),
        (
            "hidden_penalty",
            "def hidden_penalty(method, gradient, t):\n    h, g = 0.03, gradient(t)\n    d = (method(gradient, t, h) - t + h * g) / h**2\n"
            "    b = modified_gradient(gradient, 1.0, 0.5)(t) - g\n    a = d @ b / (b @ b)\n    return 0.25 - a / 2, np.linalg.norm(d - a * b) / np.linalg.norm(b)",
            "test_methods_that_look_ahead_and_back test_implicit_steps test_what_is_refused",
        ),
        (
            "hidden_penalty",
            "def hidden_penalty(method, gradient, t):\n    h, g = 1e-4, gradient(t)\n    d = (method(gradient, t, h) - t + h * g) / h**2\n"
            "    b = modified_gradient(gradient, 1.0, 0.5)(t) - g\n    if not b.any() or np.linalg.norm(d) > 1e3:\n        raise ValueError\n"
            "    a = np.linalg.norm(d) / np.linalg.norm(b)\n    return 0.25 - a / 2, 0.0",
            "test_methods_that_look_ahead_and_back test_what_is_no_penalty",
        ),
    ],
    "06_lottery_tickets": [
        (
            "prune",
            "def prune(weights, masks, share, scope='layer'):\n    out = []\n    for w, m in zip(weights, masks):\n        m = m.copy()\n"
            "        m.ravel()[np.argsort(np.abs(w * m), axis=None)[: round(share * m.sum())]] = 0\n        out.append(m)\n    return out",
            "test_a_second_round test_each_layer_its_share test_all_layers_together test_equal_weights",
        ),
        (
            "prune",
            "def prune(weights, masks, share, scope='layer'):\n    def cut(sizes):\n        return np.quantile(np.concatenate(sizes), share)\n"
            "    left = [np.abs(w[m > 0]) for w, m in zip(weights, masks)]\n"
            "    return [m * (np.abs(w) > cut(left if scope == 'global' else [own])) for w, m, own in zip(weights, masks, left)]",
            "test_equal_weights",
        ),
        (
            "arms",
            "def arms(start, masks, seed=0):\n    rng = np.random.default_rng(seed)\n    out = {'ticket': ([w * m for w, m in zip(start, masks)], masks)}\n"
            "    random = [(rng.random(m.shape) < m.mean()).astype(float) for m in masks]\n"
            "    out['shuffled'] = [w * m for w, m in zip(start, random)], random\n"
            "    out['redrawn'] = [rng.standard_normal(m.shape) * m for m in masks], masks\n    return out",
            "test_as_many_weights test_the_redrawn_arm",
        ),
        (
            "useful",
            "def useful(masks):\n    out = [np.array(m, float) for m in masks]\n    for a, b in zip(out, out[1:]):\n"
            "        b *= (a.sum(0) > 0)[:, None]\n    return out",
            "test_two_layers_by_hand test_against_the_paths_themselves test_chains_of_uselessness test_a_network_that_is_cut",
        ),
        (
            "useful",
            "def useful(masks):\n    out = [np.array(m, float) for m in masks]\n    for a, b in zip(out, out[1:]):\n"
            "        a *= b.sum(1) > 0\n        b *= (a.sum(0) > 0)[:, None]\n    return out",
            "test_against_the_paths_themselves test_chains_of_uselessness",
        ),
    ],
    "07_flatness": [
        (
            "rescale",
            "def rescale(layers, k, alpha):\n    new = [(w.copy(), b.copy()) for w, b in layers]\n"
            "    new[k] = new[k][0] * alpha, new[k][1]\n"
            "    new[k + 1] = new[k + 1][0] / np.reshape(alpha, (-1, 1)), new[k + 1][1]\n    return new",
            "test_two_units_by_hand test_the_function_stays test_what_would_change_the_function",
        ),
        (
            "rescale",
            "def rescale(layers, k, alpha):\n    if np.min(alpha) <= 0:\n        raise ValueError\n"
            "    new = [(w.copy(), b.copy()) for w, b in layers]\n    new[k] = new[k][0] * alpha, new[k][1] * alpha\n"
            "    new[k + 1] = new[k + 1][0] / np.reshape(alpha, (-1, 1)), new[k + 1][1] / np.mean(alpha)\n    return new",
            "test_two_units_by_hand test_the_function_stays test_what_would_change_the_function",
        ),
        (
            "average_sharpness",
            "def average_sharpness(loss, theta, sigma, scale=None, pairs=50, seed=0):\n    s = 1 if scale is None else scale\n"
            "    rng = np.random.default_rng(seed)\n"
            "    v = [loss(theta + sigma * s * rng.standard_normal(len(theta))) - loss(theta) for _ in range(2 * pairs)]\n"
            "    v = 2 * np.array(v) / sigma**2\n    return v.mean(), v.std(ddof=1) / len(v) ** 0.5",
            "test_a_plane_is_flat test_estimate_and_error_are_honest",
        ),
        (
            "average_sharpness",
            "def average_sharpness(loss, theta, sigma, scale=None, pairs=50, seed=0):\n    s = 1 if scale is None else scale\n"
            "    rng, v = np.random.default_rng(seed), []\n    for _ in range(pairs):\n        d = sigma * s * rng.standard_normal(len(theta))\n"
            "        v += [2 * (loss(theta + d) - loss(theta)) / sigma**2, 2 * (loss(theta - d) - loss(theta)) / sigma**2]\n"
            "    return np.mean(v), np.std(v, ddof=1) / len(v) ** 0.5",
            "test_a_plane_is_flat test_estimate_and_error_are_honest",
        ),
        (
            "balance",
            "def balance(layers):\n    new = [(w.copy(), b.copy()) for w, b in layers]\n    for k in range(len(new) - 1):\n"
            "        enters = np.sqrt((new[k][0] ** 2).sum(0) + new[k][1] ** 2)\n        leaves = np.sqrt((new[k + 1][0] ** 2).sum(1))\n"
            "        new = rescale(new, k, np.sqrt(leaves / enters))\n    return new",
            "test_every_unit_of_a_deep_network test_one_network_for_each_function test_units_that_do_nothing",
        ),
        (
            "balance",
            "def balance(layers):\n    new = [(w.copy(), b.copy()) for w, b in layers]\n    for k in 200 * list(range(len(new) - 1)):\n"
            "        enters, leaves = np.linalg.norm(new[k][0], axis=0), np.linalg.norm(new[k + 1][0], axis=1)\n"
            "        new = rescale(new, k, np.where(enters * leaves > 0, np.sqrt(leaves / np.maximum(enters, 1e-9)), 1.0))\n    return new",
            "test_one_unit_by_hand test_every_unit_of_a_deep_network",
        ),
    ],
    "08_lazy_and_rich": [
        (
            "linearize",
            "def linearize(start, weights, x):\n    x, a, b = torch.tensor(x), tensors(start), tensors(weights)\n"
            "    d = [(q[0] - p[0], q[1] - p[1]) for p, q in zip(a, b)]\n"
            "    value, change = torch.func.jvp(lambda w: network(w, x), (b,), (d,))\n    return (network(a, x) + change).numpy()",
            "test_one_unit_by_hand test_against_the_derivatives test_deep_and_linear",
        ),
        (
            "linearize",
            "def linearize(start, weights, x):\n    x, a, b = torch.tensor(x), tensors(start), tensors(weights)\n"
            "    d = [(q[0] - p[0], q[1] - p[1]) for p, q in zip(a, b)]\n"
            "    return torch.func.jvp(lambda w: network(w, x), (a,), (d,))[1].numpy()",
            "test_one_unit_by_hand test_where_it_starts test_against_the_derivatives",
        ),
        (
            "tangent_kernel",
            "def tangent_kernel(weights, x, other=None):\n    def rows(x):\n        j = torch.func.jacrev(lambda w: network(w, torch.tensor(x)))(tensors(weights))\n"
            "        return torch.cat([w.flatten(1) for w, b in j], 1)\n    return (rows(x) @ rows(x if other is None else other).T).numpy()",
            "test_a_kernel_by_hand test_a_linear_model test_kernels_of_one_hidden_layer test_kernels_of_deep_networks",
        ),
        (
            "tangent_kernel",
            "def tangent_kernel(weights, x, other=None):\n    j = torch.func.jacrev(lambda w: network(w, torch.tensor(x)))(tensors(weights))\n"
            "    rows = torch.cat([p.flatten(1) for layer in j for p in layer], 1)\n    return (rows @ rows.T).numpy()",
            "test_kernels_of_one_hidden_layer",
        ),
        (
            "descend",
            "def descend(start, x, y, steps, lr, scale=1.0, linear=False):\n    x, y, w0 = torch.tensor(x), torch.tensor(y), tensors(start)\n    w = w0\n"
            "    f0 = network(w0, x)\n    loss = lambda w: ((scale * (network(w, x) - f0) - y) ** 2).mean()\n    for _ in range(steps):\n"
            "        g = torch.func.grad(loss)(w)\n        w = [(p - lr * u, q - lr * v) for (p, q), (u, v) in zip(w, g)]\n"
            "    return [(p.numpy(), q.numpy()) for p, q in w]",
            "test_a_first_step_by_hand test_the_linearisation_is_kernel_regression test_the_network_itself",
        ),
        (
            "descend",
            "def descend(start, x, y, steps, lr, scale=1.0, linear=False):\n    x, y, w0 = torch.tensor(x), torch.tensor(y), tensors(start)\n    w = w0\n"
            "    f0 = network(w0, x)\n    loss = lambda w: ((scale * (network(w, x) - f0) - y) ** 2).mean() / scale**2\n    for _ in range(steps):\n"
            "        g = torch.func.grad(loss)(w)\n        w = [(p - lr * u, q - lr * v) for (p, q), (u, v) in zip(w, g)]\n"
            "    return [(p.numpy(), q.numpy()) for p, q in w]",
            "test_the_linearisation_is_kernel_regression",
        ),
        (
            "descend",
            "def descend(start, x, y, steps, lr, scale=1.0, linear=False):\n    x, y, w0 = torch.tensor(x), torch.tensor(y), tensors(start)\n    w = w0\n"
            "    loss = lambda w: ((scale * network(w, x) - y) ** 2).mean() / scale**2\n    for _ in range(steps):\n"
            "        g = torch.func.grad(loss)(w)\n        w = [(p - lr * u, q - lr * v) for (p, q), (u, v) in zip(w, g)]\n"
            "    return [(p.numpy(), q.numpy()) for p, q in w]",
            "test_a_first_step_by_hand test_the_network_itself",
        ),
    ],
    "09_benign_overfitting": [
        (
            "effective_ranks",
            "def effective_ranks(spectrum, n, b=1.0):\n    s = np.sort(spectrum[spectrum > 0])[::-1]\n    tail = s.sum() - np.cumsum(s) + s\n"
            "    square = (s**2).sum() - np.cumsum(s**2) + s**2\n    k = np.flatnonzero(tail / s >= b * n)\n    if not len(k):\n        raise ValueError\n"
            "    return int(k[0]), (tail / s)[k[0]], tail[k[0]] ** 2 / square[k[0]]",
            "test_steep_spectra_and_zeros",
        ),
        (
            "effective_ranks",
            "def effective_ranks(spectrum, n, b=1.0):\n    s = np.sort(spectrum)[::-1]\n    for k in range(len(s)):\n"
            "        if s[k:].sum() / s[max(k - 1, 0)] >= b * n:\n            return k, s[k:].sum() / s[max(k - 1, 0)], s[k:].sum() ** 2 / (s[k:] ** 2).sum()\n"
            "    raise ValueError",
            "test_one_spike_by_hand test_any_spectrum test_steep_spectra_and_zeros",
        ),
        (
            "effective_ranks",
            "def effective_ranks(spectrum, n, b=1.0):\n    r = [spectrum[k:].sum() / spectrum[k] for k in range(len(spectrum))]\n"
            "    k = int(np.argmax(np.array(r) >= b * n))\n    return k, r[k], spectrum[k:].sum() ** 2 / (spectrum[k:] ** 2).sum()",
            "test_one_spike_by_hand test_any_spectrum test_where_no_tail_is_long_enough",
        ),
        (
            "price_of_noise",
            "def price_of_noise(x, spectrum):\n    return spectrum * ((x.T @ np.linalg.inv(x @ x.T)) ** 2).sum(1)",
            "test_against_drawn_noise test_what_occurs_twice",
        ),
        (
            "price_of_noise",
            "def price_of_noise(x, spectrum):\n    noise = np.random.default_rng(0).standard_normal((len(x), 1000))\n"
            "    return spectrum * ((np.linalg.pinv(x) @ noise) ** 2).mean(1)",
            "test_one_example_by_hand test_as_many_as_there_are test_what_occurs_twice",
        ),
        (
            "price_of_noise",
            "def price_of_noise(x, spectrum):\n    return (np.linalg.pinv(x) ** 2).sum(1)",
            "test_one_example_by_hand test_against_drawn_noise test_directions_that_new_inputs_do_not_have",
        ),
        (
            "predicted_price",
            "def predicted_price(spectrum, n):\n    s = spectrum[spectrum > 0]\n    if len(s) <= n:\n"
            "        return len(s) / (n - len(s)) if len(s) < n else np.inf\n    low, high = 0, s.sum()\n    for _ in range(100):\n"
            "        k = (low + high) / 2\n        low, high = (k, high) if (s / (s + k)).sum() > n else (low, k)\n"
            "    d = s / (s + k)\n    return (d**2).sum() / (n - (d**2).sum())",
            "test_steep_spectra",
        ),
        (
            "predicted_price",
            "def predicted_price(spectrum, n):\n    k, r, big = effective_ranks(spectrum, n)\n    return k / n + n / big",
            "test_flat_spectra test_fewer_directions_than_examples test_against_data test_steep_spectra",
        ),
    ],
    "10_grokking": [
        (
            "median_wait",
            "def median_wait(times, arrived):\n    return float(np.median(times[arrived])) if arrived.any() else np.inf",
            "test_all_arrive test_one_lost_by_hand test_never test_at_the_same_time test_many",
        ),
        (
            "median_wait",
            "def median_wait(times, arrived):\n    ordered = np.sort(np.where(arrived, times, np.inf))\n"
            "    return float(ordered[(len(ordered) + 1) // 2 - 1])",
            "test_many",
        ),
        (
            "median_wait",
            "def median_wait(times, arrived):\n    left = 1.0\n    for t in np.unique(times[arrived]):\n"
            "        left *= 1 - (arrived & (times == t)).sum() / ((times > t) | (arrived & (times == t))).sum()\n"
            "        if left <= 0.5 + 1e-12:\n            return float(t)\n    return np.inf",
            "test_at_the_same_time test_many",
        ),
        (
            "unit_frequencies",
            "def unit_frequencies(weights):\n    power = np.abs(np.fft.rfft(weights, axis=1)[:, 1:]) ** 2\n"
            "    return power.argmax(1) + 1, power.max(1) / power.sum(1)",
            "test_an_even_table test_constant_rows_and_equals test_against_least_squares",
        ),
        (
            "unit_frequencies",
            "def unit_frequencies(weights):\n    power = np.abs(np.fft.rfft(weights, axis=1)) ** 2\n"
            "    return power.argmax(1), power.max(1) / power.sum(1)",
            "test_pure_waves test_an_even_table test_constant_rows_and_equals test_against_least_squares",
        ),
        (
            "adding_network",
            "def adding_network(p, frequencies, sign=1):\n    turns, at, W, V = np.pi * np.arange(2), np.arange(p), [], []\n"
            "    for k, one, other in itertools.product(frequencies, turns, turns):\n        turn = 2 * np.pi * k * at / p\n"
            "        W.append(np.concatenate([np.cos(turn + one), np.cos(sign * turn + other)]))\n"
            "        V.append(0.5 * np.cos(turn + one + other))\n    return np.array(W), np.array(V).T",
            "test_one_frequency test_sums test_differences test_it_stays_small",
        ),
        (
            "adding_network",
            "def adding_network(p, frequencies, sign=1):\n    turns, at, W, V = 2 * np.pi * np.arange(3) / 3, np.arange(p), [], []\n"
            "    for k, one, other in itertools.product(frequencies, turns, turns):\n        turn = 2 * np.pi * k * at / p\n"
            "        W.append(np.concatenate([np.cos(turn + one), np.cos(turn + other)]))\n"
            "        V.append(2 / 9 * np.cos(sign * turn + one + other))\n    return np.array(W), np.array(V).T",
            "test_differences",
        ),
    ],
    "12_information_and_robustness": [
        (
            "layer_information",
            "def layer_information(u, y, chance, edges):\n    s = np.unique(np.searchsorted(edges, u, side='right'), axis=0, return_inverse=True)[1].reshape(-1)\n"
            "    h = lambda *v: -sum(p * np.log2(p) for p in np.unique(np.stack(v), axis=1, return_counts=True)[1] / len(y))\n"
            "    return h(s), h(s) + h(y) - h(s, y)",
            "test_patterns_that_are_not_equally_likely",
        ),
        (
            "layer_information",
            "def layer_information(u, y, chance, edges):\n    s = np.unique(np.searchsorted(edges, u), axis=0, return_inverse=True)[1].reshape(-1)\n"
            "    c = np.unique(y, return_inverse=True)[1]\n    j = np.zeros((s.max() + 1, c.max() + 1))\n    np.add.at(j, (s, c), chance)\n"
            "    h = lambda p: -sum(q * np.log2(q) for q in p if q > 0)\n    return h(j.sum(1)), h(j.sum(1)) + h(j.sum(0)) - h(j.ravel())",
            "test_a_value_on_an_edge test_no_edge_and_labels_of_any_kind",
        ),
        (
            "layer_information",
            "def layer_information(u, y, chance, edges):\n    b = np.searchsorted(edges, u, side='right')\n"
            "    s = np.unique(b @ (len(edges) + 1) ** np.arange(b.shape[1]), return_inverse=True)[1]\n"
            "    c = np.unique(y, return_inverse=True)[1]\n    j = np.zeros((s.max() + 1, c.max() + 1))\n    np.add.at(j, (s, c), chance)\n"
            "    h = lambda p: -sum(q * np.log2(q) for q in p if q > 0)\n    return h(j.sum(1)), h(j.sum(1)) + h(j.sum(0)) - h(j.ravel())",
            "test_many_units_with_many_bins",
        ),
        (
            "smoothest_fit",
            "def smoothest_fit(features, y, gradients):\n    return np.linalg.pinv(features) @ y",
            "test_two_features_by_hand test_gradients_that_go_together test_no_other_fit_is_smoother test_badly_scaled_gradients",
        ),
        (
            "smoothest_fit",
            "def smoothest_fit(features, y, gradients):\n    half = np.diag(gradients) ** -0.5\n"
            "    return half * np.linalg.lstsq(features * half, y, rcond=None)[0]",
            "test_gradients_that_go_together test_no_other_fit_is_smoother",
        ),
        (
            "simulated",
            "def simulated(widths, slope, networks, seed):\n    rng = np.random.default_rng(seed)\n    k = [np.ones(networks)]\n    for n in widths:\n"
            "        a = rng.standard_normal((networks, n)) * np.sqrt(k[-1])[:, None]\n        a = np.where(a > 0, a, slope * a)\n"
            "        k.append(2 * (a**2).mean(1))\n    return np.array(k)",
            "test_widths_that_differ",
        ),
        (
            "simulated",
            "def simulated(widths, slope, networks, seed):\n    rng = np.random.default_rng(seed)\n    k = [np.ones(networks)]\n    for n in widths:\n"
            "        a = rng.standard_normal((networks, n)) * k[-1][:, None]\n        a = np.where(a > 0, a, slope * a)\n"
            "        k.append(2 / (1 + slope**2) * (a**2).mean(1))\n    return np.array(k)",
            "test_the_shape_and_the_mean test_widths_that_differ",
        ),
        (
            "simulated",
            "def simulated(widths, slope, networks, seed):\n    rng = np.random.default_rng(seed)\n    k = [np.ones(networks)]\n    for n in widths:\n"
            "        a = rng.standard_normal((networks, n))\n        a = np.where(a > 0, a, slope * a)\n"
            "        k.append(2 / (1 + slope**2) * (a**2).mean(1))\n    return np.array(k)",
            "test_widths_that_differ test_networks_are_independent_and_layers_are_not",
        ),
    ],
    "11_bounds": [
        (
            "largest_error",
            "def largest_error(seen, budget):\n    return min(1.0, seen + np.sqrt(budget / 2))",
            "test_no_errors_seen test_one_value_by_hand test_it_spends_the_budget",
        ),
        (
            "largest_error",
            "def largest_error(seen, budget):\n    low, high = 0.0, 1.0\n    for _ in range(60):\n        p = (low + high) / 2\n"
            "        cost = (seen * np.log(seen / p) if seen else 0.0) + ((1 - seen) * np.log((1 - seen) / (1 - p)) if seen < 1 and p < 1 else 0.0)\n"
            "        low, high = (p, high) if cost <= budget else (low, p)\n    return low",
            "test_the_ends test_it_spends_the_budget",
        ),
        (
            "pac_bayes",
            "def pac_bayes(errors, mean, deviation, prior_mean, prior_deviation, m, failure=0.05, largest_error=largest_error):\n"
            "    each = np.log(deviation / prior_deviation) - 0.5 + (prior_deviation**2 + (mean - prior_mean) ** 2) / (2 * np.asarray(deviation) ** 2)\n"
            "    return largest_error(np.mean(errors), (each.sum() + np.log(2 * np.sqrt(m) / failure)) / m), each.sum()",
            "test_one_weight_by_hand test_against_drawn_weights",
        ),
        (
            "pac_bayes",
            "def pac_bayes(errors, mean, deviation, prior_mean, prior_deviation, m, failure=0.05, largest_error=largest_error):\n"
            "    s, w, v = (np.asarray(a, dtype=float) for a in (deviation, mean, prior_mean))\n"
            "    kl = (np.log(prior_deviation / s) - 0.5 + (s**2 + (w - v) ** 2) / (2 * prior_deviation**2)).sum()\n"
            "    return largest_error(np.max(errors), (kl + np.log(2 * np.sqrt(m) / failure)) / m), kl",
            "test_the_mean_of_the_errors",
        ),
        (
            "margin_bound",
            "def margin_bound(layers, x, y, share=0.01, failure=0.05):\n    h, product, d = x, 1.0, len(layers)\n    for k, (w, b) in enumerate(layers):\n"
            "        product *= np.sqrt((w**2).sum() + (b**2).sum())\n        h = h @ w + b\n        h = np.maximum(h, 0) if k < d - 1 else h\n"
            "    gamma = np.quantile(y * h[:, 0], share)\n    if gamma <= 0:\n        raise ValueError\n"
            "    c = (np.sqrt(2 * d * np.log(2)) + 1) * np.sqrt((x**2).sum(1).max() + 1) / np.sqrt(len(x)) * product\n"
            "    return share + 2 * c / gamma + np.sqrt(np.log(1 / failure) / (2 * len(x)))",
            "test_the_constant_is_passed_on test_deep_networks",
        ),
        (
            "margin_bound",
            "def margin_bound(layers, x, y, share=0.01, failure=0.05):\n    h, product, d = x, 1.0, len(layers)\n    for k, (w, b) in enumerate(layers):\n"
            "        product *= np.sqrt((w**2).sum() + (b**2).sum() + (k < d - 1))\n        h = h @ w + b\n        h = np.maximum(h, 0) if k < d - 1 else h\n"
            "    gamma = np.quantile(abs(h[:, 0]), share)\n"
            "    c = (np.sqrt(2 * d * np.log(2)) + 1) * np.sqrt((x**2).sum(1).max() + 1) / np.sqrt(len(x)) * product\n"
            "    return share + 2 * c / gamma + np.sqrt(np.log(1 / failure) / (2 * len(x)))",
            "test_wrong_examples",
        ),
    ],
}


WRONGS = [(source, *wrong) for source in SOURCES for wrong in WRONG[source.stem]]


@pytest.fixture(scope="module")
def wrong_rows(request, tmp_path_factory):
    """The rows of the wrong submissions that this session tests, by number: graded two at a time."""
    tests = [item for item in request.session.items if request.node is item.parent and "number" in item.fixturenames]
    numbers, folder = [item.callspec.params["number"] for item in tests], tmp_path_factory.mktemp("wrong")

    def one(number):
        source, name, text, _ = WRONGS[number]
        return graded(hand_in(filled(source, **{name: text}), folder / f"{number}.ipynb"), source)

    for number in numbers:
        load(WRONGS[number][0].stem[:2])  # otter derives in the main thread only
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(numbers, pool.map(one, numbers), strict=True))


@pytest.mark.parametrize("number", range(len(WRONGS)), ids=lambda k: f"{WRONGS[k][0].stem}-{WRONGS[k][1]}-{k}")
def test_a_wrong_answer_loses_the_points_of_what_is_wrong(number, wrong_rows):
    row, notice = wrong_rows[number], WRONGS[number][-1]
    assert row.status == "graded"
    assert set(notice.split()) <= set(row.failed)
    assert sum(row.scores.values()) > 0


# --- A class ------------------------------------------------------------------------------------------------------------

SPY = """
import ctypes, gc, glob, os, sys
found = []
def look(path):
    try:
        found.append(open(path, errors="replace").read())
    except OSError:
        pass
for path in glob.glob("{root}/assignments/*") + glob.glob("{root}/build/assignments/*/tests/*") + glob.glob("**", recursive=True):
    look(path)
look("{source}")
look("{tests}")
for folder, _, files in os.walk("{root}/build"):
    found += files
frame = sys._getframe()
while frame:
    found += map(str, frame.f_locals)
    frame = frame.f_back
found += [text for text in gc.get_objects() if isinstance(text, str)]
libc = ctypes.CDLL(None)
if {kernel} and libc.open(b"{source}", 0) >= 0:
    found.append("BEGIN SOLUTION")
secret = [text for text in found if "BEGIN SOLUTION" in text or "{hidden}" in text]
def decompose(predictions, target):
    caller = sys._getframe(1)
    while caller:
        names = [name for name in caller.f_code.co_names if name.startswith("test_")]
        secret.extend(name for name in names if name not in globals())  # the visible tests are in the notebook
        caller = caller.f_back
    if secret:
        raise RuntimeError("found " + secret[0][:50])
    return target * 0 - 7, target * 0 - 7
"""


@functools.cache
def class_of(source):
    """What a class may hand in: file name → notebook or text, with the words that its line of the table must hold."""

    def front(text):
        notebook = filled(source)
        notebook.cells.insert(2, nbformat.v4.new_code_cell(text))
        return notebook

    missing = filled(source)
    missing.cells = [cell for cell in missing.cells if "def jackknife" not in cell.source]
    no_set_up = filled(source)
    del no_set_up.cells[1]
    hidden = assignments.signature(code("hidden", source)[0])[0]
    tests = ROOT / "build" / "assignments" / source.stem / "tests" / "decompose.py"
    # the spy's own text must not hold what it looks for
    split = {"hidden": hidden[:8] + '" + "' + hidden[8:], "BEGIN SOLUTION": 'BEGIN" + " SOLUTION'}
    spy = SPY.format(kernel=bool(sandbox.landlock()), root=ROOT, source=source, tests=tests, hidden=split["hidden"])
    spy = spy.replace("BEGIN SOLUTION", split["BEGIN SOLUTION"])
    program = "!ls /\nimport subprocess\nsubprocess.run(['ls'])"
    endless = "def jackknife(statistic, predictions):\n    while True:\n        pass"
    swallow = "while True:\n    try:\n        while True:\n            sum(range(1000))\n    except BaseException:\n        sum(range(1000))"
    other = next(each for each in SOURCES if each != source)
    return {
        "ada/right.ipynb": (filled(source), "graded", 18, ""),
        "bad json.ipynb": ('{"cells": [', "not graded", None, "not a notebook"),
        "call loops.ipynb": (filled(source, jackknife=endless), "graded", 13, "took longer than 2 s"),
        "crash.ipynb": (front("import ctypes\nctypes.string_at(0)"), "stopped", 0, "SIGSEGV"),
        "empty.ipynb": ("", "not graded", None, "not a notebook"),
        "exit.ipynb": (front("import sys\nsys.exit()"), "graded", 18, "SystemExit"),
        "exit hard.ipynb": (front("import os\nos._exit(3)"), "stopped", 0, "ended its own process (exit code 3)"),
        "forks.ipynb": (front("import os\nwhile True:\n    os.fork()"), "graded", 18, "refused: start another program"),
        "list.ipynb": ("[1, 2]", "not graded", None, "not a notebook"),
        "loop.ipynb": (front("while True:\n    pass"), "graded", 18, "cell 3 failed: TimeoutError: took longer"),
        "loop that swallows.ipynb": (front(swallow), "stopped", 0, "did not finish within 8 s"),
        "memory.ipynb": (front("x = bytearray(10**10)"), "graded", 18, "MemoryError"),
        "missing.ipynb": (missing, "graded", 13, "not defined: jackknife"),
        "no set-up.ipynb": (no_set_up, "graded", 18, "the set-up cell, which names the assignment, is missing"),
        "other.ipynb": (filled(other), "not graded", None, f"for another assignment: {other.stem}"),
        "photo.pdf": ("%PDF", "not graded", None, "not a notebook: a file of type .pdf"),
        "programs.ipynb": (front(program), "graded", 18, "refused: start another program"),
        "spy.ipynb": (filled(source, decompose=spy), "graded", None, f"was refused: read {ROOT / 'assignments'}"),
        "syntax.ipynb": (filled(source, jackknife="def jackknife(:"), "graded", 13, "SyntaxError"),
    }


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A class graded in one call: its folder, and the table as {submission: {column: text}}."""
    folder, source = tmp_path_factory.mktemp("class"), SOURCES[0]
    for name, (content, *_) in class_of(source).items():
        if isinstance(content, str):
            (folder / name).write_text(content, encoding="utf-8")
        else:
            hand_in(content, folder / name)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "right.ipynb").write_text("{}", encoding="utf-8")
    limits = ["--seconds", "8", "--cell-seconds", "2", "--gigabytes", "3", "--jobs", "2"]
    grade.main([str(folder), "--assignment", "01", *limits])
    with (folder / "scores-01.csv").open(newline="", encoding="utf-8-sig") as file:
        return folder, {row["submission"]: row for row in csv.DictReader(file)}


def test_the_table_names_everybody_once(classroom):
    _, rows = classroom
    assert list(rows) == sorted(class_of(SOURCES[0]))


@pytest.mark.parametrize("name", class_of(SOURCES[0]))
def test_a_class_is_graded_whatever_it_hands_in(classroom, name):
    _, status, points, words = class_of(SOURCES[0])[name]
    row = classroom[1][name]
    assert row["status"] == status, row["notes"]
    assert words in row["notes"]
    if "refused" not in words:
        assert "refused" not in row["notes"]
    if points is not None:
        assert float(row["points"]) == points, row["failed"]
    elif status == "not graded":
        assert row["points"] == ""


def test_what_spies_finds_no_hidden_test_and_scores_like_any_wrong_answer(classroom):
    row = classroom[1]["spy.ipynb"]
    assert "found" not in row["notes"]
    cells = class_of(SOURCES[0])["spy.ipynb"][0].cells
    (number,) = [number for number, cell in enumerate(cells, 1) if "gc.get_objects" in cell.source]
    assert f"cell {number} failed" not in row["notes"]  # it got to the end of its search
    assert float(row["decompose"]) <= 1


def test_what_a_person_reads_is_on_one_page_that_runs_nothing(tmp_path):
    picture = {"image/svg+xml": "<svg onload='alert(1)'></svg>", "text/html": "<script>alert(2)</script>"}
    script = {
        "text/html": "<b onclick='alert(3)'>x</b>",
        "application/javascript": "alert(4)",
        "text/plain": "plain <i>",
    }
    outputs = [nbformat.v4.new_output("display_data", each) for each in (picture, script)]
    notebook = student(SOURCES[0])
    notebook.cells.append(
        nbformat.v4.new_markdown_cell("My **answer** <script>alert(5)</script> <img src=x onerror=alert(6)>")
    )
    notebook.cells.append(nbformat.v4.new_code_cell("1", outputs=outputs))
    without = filled(SOURCES[0])
    without.cells = without.cells[:8]
    paths = [hand_in(notebook, tmp_path / "a.ipynb"), hand_in(without, tmp_path / "b.ipynb"), tmp_path / "c.ipynb"]
    paths[2].write_text('{"cells": 1}', encoding="utf-8")
    paths[0] = paths[0].rename(tmp_path / "a <u>.ipynb")
    page = grade.reading(handed_in.find(tmp_path))
    assert "a &lt;u&gt;.ipynb" in page
    assert "<strong>answer</strong>" in page
    assert "data:image/svg+xml;base64," in page
    assert "plain &lt;i&gt;" in page
    assert "There is nothing below" in page
    assert "It cannot be shown" in page
    assert "def decompose" not in page
    for number in (1, 2, 3, 4):
        assert f"alert({number})" not in page
    for tag in ("<script>alert", "<img src=x", "<svg onload", "<b onclick"):
        assert tag not in page


def test_an_answer_in_the_cell_of_the_heading_is_read(tmp_path):
    given = load(SOURCES[0].stem[:2]).investigate
    title = given.splitlines()[0].lstrip("# ")
    assert title.startswith("Investigate")
    inside, below = student(SOURCES[0]), student(SOURCES[0])
    (cell,) = [cell for cell in inside.cells if cell.source == given]
    cell.source += "\n\nIt walks along no U."
    below.cells.append(nbformat.v4.new_markdown_cell("It walks along a U."))
    hand_in(inside, tmp_path / "inside.ipynb")
    hand_in(below, tmp_path / "below.ipynb")
    page = grade.reading(handed_in.find(tmp_path), given)
    assert "It walks along no U." in page
    assert "It walks along a U." in page
    assert page.count(f">{title}") == 1


@every_assignment
def test_a_note_to_investigate_something_costs_nothing(source):
    plain, noted = filled(source), filled(source)
    noted.cells.insert(2, nbformat.v4.new_markdown_cell("## Investigate: why is bias negative?"))
    assignment = load(source.stem[:2])
    cells, notes = grade.cells_of(noted, assignment)
    assert [text for _, text in cells] == [text for _, text in grade.cells_of(plain, assignment)[0]]
    assert notes == []
    shown = [[cell.source for cell in grade.investigation(each, assignment.investigate)] for each in (noted, plain)]
    assert shown[0] == shown[1] != []


def test_a_class_leaves_a_page_to_read(classroom):
    page = (classroom[0] / "reading-01.html").read_text(encoding="utf-8")
    assert "ada/right.ipynb" in page
    assert "photo.pdf" not in page


def test_grading_says_what_it_cannot_do(tmp_path, capsys):
    for arguments, said in (
        ([str(tmp_path / "nowhere"), "--assignment", "01"], "There is no folder"),
        ([str(tmp_path), "--assignment", "01"], "There is nothing in"),
    ):
        with pytest.raises(SystemExit, match=said):
            grade.main(arguments)
    (tmp_path / "a.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(SystemExit, match="There is no assignment '77'"):
        grade.main([str(tmp_path), "--assignment", "77"])
