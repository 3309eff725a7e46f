"""What Colab, VS Code, Windows and learning platforms make of a notebook is graded for what the student wrote."""

import csv
import dataclasses
import io
import itertools
import json
import os
import sys
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest

import grade
import handed_in
import platforms
import sandbox

TESTS = """
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = None

@test_case(points={points}, hidden=True)
def test_{name}({name}):
    import numpy as np
    {body}
"""
QUESTIONS = {
    "total": (1, "assert np.isclose(total(np.arange(4.0)), 6)"),
    "twice": (2, "assert np.allclose(twice(np.arange(4.0)), [0, 2, 4, 6]) and np.shape(twice(np.ones(3))) == (3,)"),
}
ASSIGNMENT = grade.Assignment(
    "09_tiny",
    {name: TESTS.format(name=name, points=points, body=body) for name, (points, body) in QUESTIONS.items()},
)
SET_UP = 'ASSIGNMENT = "09_tiny"  # für alle'
IMPORTS = "import numpy as np"
TOTAL = "def total(x):\n    return np.sum(x)  # größer"
TWICE = "def twice(x):\n    return 2 * x"
LIMITS = {"seconds": 40, "cell_seconds": 10, "gigabytes": 4}


def notebook(imports=IMPORTS, total=TOTAL, twice=TWICE, *more):
    """The notebook of a right submission, in which some cells say something else."""
    cells = [nbformat.v4.new_code_cell(text) for text in (SET_UP, imports, total, twice, *more)]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Übung"), *cells])


def text(*arguments, **named):
    return nbformat.writes(notebook(*arguments, **named))


RIGHT = text()
OLD = {  # as IPython 2 wrote it
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [
        {
            "metadata": {},
            "cells": [
                {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Übung"]},
                *(
                    {"cell_type": "code", "collapsed": False, "input": [each], "language": "python", "metadata": {}}
                    | {"outputs": []}
                    for each in (SET_UP, IMPORTS, TOTAL, TWICE)
                ),
            ],
        }
    ],
}


def zipped(files):
    """A zip of {name: content}."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


LINES = {  # what stands in a cell of a right submission: (which cell, its text)
    "matplotlib inline": ("imports", f"%matplotlib inline\n{IMPORTS}"),
    "matplotlib widget": ("imports", f"%matplotlib widget\n{IMPORTS}"),
    "autoreload": ("imports", f"%load_ext autoreload\n%autoreload 2\n{IMPORTS}"),
    "config": ("imports", f"%config InlineBackend.figure_format = 'retina'\n{IMPORTS}"),
    "pylab": ("imports", "%pylab inline"),
    "pip in imports": ("imports", f"!pip install torch\n{IMPORTS}"),
    "pip above a definition": ("total", f"!pip install -q torch\n{TOTAL}"),
    "pip magics": ("imports", f"%pip install torch\n%conda install torch\n{IMPORTS}"),
    "pip without a sign": ("more", "pip install torch"),
    "shell in a block": ("imports", f"if True:\n    !ls\n    files = !ls\n    print(len(files))\n{IMPORTS}"),
    "shell in a function": ("total", "def total(x):\n    !ls\n    files = !ls -a\n    return np.sum(x)"),
    "magics in a function": ("total", "def total(x):\n    %matplotlib inline\n    %timeit 1\n    return np.sum(x)"),
    "time in a function": ("total", "def total(x):\n    value = %time np.sum(x)\n    return value"),
    "time a cell": ("total", f"%%time\n{TOTAL}"),
    "time below a comment": ("total", f"# mine\n%%time\n{TOTAL}"),
    "time a line": ("twice", f"{TWICE}\n%time twice(np.ones(3))\n%time y = twice(np.ones(3))\ny"),
    "exit": ("imports", f"{IMPORTS}\nexit"),
    "another language": ("more", "%%R\nx <- c(1, 2)"),
    "timeit": ("more", "%%timeit\ntotal(np.ones(3))"),
    "timeit a line": ("twice", f"%timeit -n 1000000 np.ones(10**6)\n{TWICE}"),
    "capture": ("total", f"%%capture out\n!pip install torch\n{TOTAL}\n%time 1"),
    "unknown cell magic": ("total", f"%%memit\n{TOTAL}"),
    "bash": ("more", "%%bash\nls -la\nexit 1"),
    "html": ("more", "%%html\n<b>bold</b>"),
    "help": ("imports", f"?print\nprint?\n{IMPORTS}\nnp.mean??\n?np.sum"),
    "a written file": ("more", "%%writefile mine.py\nthree = 3"),
    "folders of Colab": ("imports", f"%cd /content/drive/MyDrive\n%ls\n%env A=1\n{IMPORTS}"),
    "as Python says it": (
        "imports",
        f"get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('ls')\n{IMPORTS}",
    ),
    "Colab drive": ("imports", f"from google.colab import drive, files\ndrive.mount('/content/drive')\n{IMPORTS}"),
    "Colab upload": ("imports", f"from google.colab import files\nfor name in files.upload():\n    1 / 0\n{IMPORTS}"),
    "Colab tables": (
        "imports",
        f"import google.colab.data_table, numpy as np\nfrom google.colab.data_table import DataTable\n{IMPORTS}",
    ),
    "Colab in a function": (
        "total",
        "def total(x):\n    from google.colab.patches import cv2_imshow\n    import google.colab as c\n    c.output.clear()\n    return np.sum(x)",
    ),
    "Colab everything": ("imports", f"from google.colab.output import *\n{IMPORTS}"),
    "input": ("imports", f"name = input('Your name? ')\nn = int(input())\n{IMPORTS}"),
    "input until it is given": ("imports", f"while not input():\n    pass\n{IMPORTS}"),
    "input in a function": ("total", "def total(x):\n    input('Go on?')\n    return np.sum(x)"),
    "password": ("imports", f"from getpass import getpass\ntoken = getpass()\n{IMPORTS}"),
    "show": ("twice", f"import matplotlib.pyplot as plt\nplt.ion()\nplt.plot([1, 2])\nplt.show()\n{TWICE}"),
    "a screen": ("imports", f"import matplotlib\nmatplotlib.use('TkAgg')\n{IMPORTS}"),
    "display": ("twice", f"from IPython.display import clear_output\nclear_output()\ndisplay(1)\n{TWICE}"),
    "progress": ("twice", f"from tqdm.notebook import tqdm\nfor _ in tqdm(range(3)):\n    pass\n{TWICE}"),
    "a library that is not there": ("imports", f"import seaborn_extras\nfrom overparam import nothing\n{IMPORTS}"),
    "a file that is not there": ("twice", f"import pandas as pd\ntable = pd.read_csv('/content/x.csv')\n{TWICE}"),
    "a failing check": ("twice", f"assert total(np.ones(3)) == 4, 'no'\n{TWICE}"),
    "another program": ("imports", f"import os\nos.system('nvidia-smi')\n{IMPORTS}"),
    "the future": ("imports", f"from __future__ import annotations\n{IMPORTS}"),
    "await": ("imports", f"import asyncio\nawait asyncio.sleep(0)\n{IMPORTS}"),
    "a byte order mark": ("imports", f"\ufeff{IMPORTS}"),
    "lines of Windows": ("total", f"%matplotlib inline\r\n{TOTAL}".replace("\n", "\r\n")),
    "half a character": ("more", "print('\ud83d')"),
    "a lot of output": ("imports", f"for _ in range(70):\n    print('x' * 2**20)\n{IMPORTS}"),
}
FILES = {  # file name: its bytes; all of them right submissions
    "mark.ipynb": RIGHT.encode("utf-8-sig"),
    "sixteen.ipynb": RIGHT.encode("utf-16"),
    "sixteen without a mark.ipynb": RIGHT.encode("utf-16-le"),
    "thirty-two.ipynb": RIGHT.encode("utf-32"),
    "latin.ipynb": RIGHT.encode("latin-1"),
    "mixed.ipynb": RIGHT.replace("alle", "\udcfcber").encode("utf-8", "surrogateescape"),
    "escaped.ipynb": json.dumps(json.loads(RIGHT)).encode(),
    "blank lines before.ipynb": b"\r\n\r\n" + RIGHT.encode(),
    "browser.ipynb.json": RIGHT.encode(),
    "mail.ipynb.txt": RIGHT.encode(),
    "LOUD.IPYNB": RIGHT.encode(),
    "name (1).ipynb": RIGHT.encode(),
    "no ending": RIGHT.encode(),
    "Kopie von ü, ß; \"x\" 'y'.ipynb": RIGHT.encode(),
    "=cmd.ipynb": RIGHT.encode(),
    "line\nbreak.ipynb": RIGHT.encode(),
    os.fsdecode("Müller.ipynb".encode("latin-1")): RIGHT.encode(),
    "old.ipynb": json.dumps(OLD).encode(),
    "old without a version.ipynb": json.dumps({k: OLD[k] for k in ("worksheets",)}).encode(),
    "no version.ipynb": json.dumps({"cells": json.loads(RIGHT)["cells"]}).encode(),
    "a version to come.ipynb": json.dumps(json.loads(RIGHT) | {"nbformat": 5}).encode(),
    "zip.zip": zipped({"hw.ipynb": RIGHT}),
    "notebook that is a zip.ipynb": zipped({"hw.ipynb": RIGHT}),
    "mac.zip": zipped(
        {"my work/Übung.ipynb": RIGHT, "__MACOSX/my work/._Übung.ipynb": b"\0\5", "my work/.DS_Store": b"\0"}
    ),
    "windows.zip": zipped(
        {"my work\\hw.ipynb.txt": RIGHT, "my work\\plot.png": b"\x89PNG", "my work\\data.json": "{}"}
    ),
    "with checkpoints.zip": zipped({"hw.ipynb": RIGHT, ".ipynb_checkpoints/hw-checkpoint.ipynb": "{}"}),
    "zip in a zip.zip": zipped({"inner.zip": zipped({"hw.ipynb": RIGHT})}),
    "Ada Müller_17_assignsubmission_file_/hw.ipynb": RIGHT.encode(),
    "canvas/muellerada_LATE_4711_99_hw-1.ipynb": RIGHT.encode(),
}
REFUSED = {  # file name: (its bytes, what the table says)
    "empty.ipynb": (b"", "an empty file; save the notebook"),
    "cut off.ipynb": (RIGHT[:300].encode(), "cut off while it was sent; choose File"),
    "page.ipynb": (b"<!DOCTYPE html><html>", "a web page; choose File"),
    "report.pdf": (b"%PDF-1.7\xff", "a file of type .pdf; choose File"),
    "script.py": (TOTAL.encode(), "a file of type .py; choose File"),
    "essay.docx": (zipped({"word/document.xml": "<x/>"}), "a file of type .docx; choose File"),
    "data.json": (b'{"a": 1}', "JSON without cells; choose File"),
    "list.ipynb": (b"[1, 2]", "not a notebook"),
    "work.rar": (b"Rar!\x1a\x07\x01\x00", "an archive of a kind that is not opened here; choose File"),
    "other.ipynb": (
        RIGHT.replace("09_tiny", "08_big").encode(),
        "for another assignment: 08_big; hand in the notebook of",
    ),
    "no code.ipynb": (nbformat.writes(nbformat.v4.new_notebook()).encode(), "hand in the notebook with your answers"),
    "huge.ipynb": (b'{"cells": ["' + b" " * handed_in.LARGEST_NOTEBOOK, "clear its outputs, save it, and hand it in"),
    "cut off.zip": (zipped({"hw.ipynb": RIGHT})[:-40], "in a damaged zip, perhaps cut off"),
    "no notebook.zip": (zipped({"hw.pdf": "%PDF"}), "a zip without a notebook; it holds hw.pdf: choose File"),
    "slip.zip": (zipped({"../../slip.ipynb": RIGHT}), "its name leads out of the zip: choose File"),
    "root.zip": (zipped({"/etc/slip.ipynb": RIGHT}), "its name leads out of the zip: choose File"),
    "bomb.zip": (zipped({"hw.ipynb": b'{"cells": ["' + b" " * 60 * 2**20}), "larger than 50 MB"),
    "many.zip": (zipped({f"{k}.ipynb": "" for k in range(2001)}), "a zip of 2001 files: hand in the notebook alone"),
    "deep.zip": (zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": b""})})}), "a zip without a notebook"),
    "nothing.zip": (zipped({}), "a file of type .zip; choose File"),
}


def source(where, line):
    return text(IMPORTS, TOTAL, TWICE, line) if where == "more" else text(**{where: line})


def class_room(folder, count):
    """Fill a folder with submissions, the kinds mixed and repeated; {name in the table: (points, what its note says)}."""
    wrong = text(twice="def twice(x):\n    return 2 * x + 1").encode()
    kinds = [(f"{name}.ipynb", source(*line).encode("utf-8", "surrogatepass"), 3, "") for name, line in LINES.items()]
    kinds = [(name, data.replace(b"\xed\xa0\xbd", b"\\ud83d"), *rest) for name, data, *rest in kinds]
    kinds += [(name, data, 3, "") for name, data in FILES.items()]
    kinds += [(name, data, None, note) for name, (data, note) in REFUSED.items()]
    kinds += [(f"wrong {k}.ipynb", wrong, 1, "") for k in range(5)]
    expected = {}
    for number, (name, data, points, note) in enumerate(itertools.islice(itertools.cycle(kinds), count)):
        path = folder / f"{number // len(kinds)}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        expected[grade.safe(handed_in.printable(path.relative_to(folder).as_posix()))] = points, note
    return expected


def read_table(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def tiny():
    """Grading as the command does it, of the tiny assignment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "load", lambda _: ASSIGNMENT)
        yield lambda folder, *options: grade.main([str(folder), "--assignment", "09", *options])


@pytest.fixture(scope="module")
def graded(tiny, tmp_path_factory):
    """A class of every kind once, or of as many as OVERPARAM_TEST_SUBMISSIONS says."""
    folder = tmp_path_factory.mktemp("class")
    kinds = len(LINES) + len(FILES) + len(REFUSED) + 5
    expected = class_room(folder, int(os.environ.get("OVERPARAM_TEST_SUBMISSIONS", kinds)))
    tiny(folder, "--jobs", "2")
    return folder, expected, read_table(folder / "scores-09.csv")


def test_every_score_of_a_class_is_right_whatever_wrote_the_notebooks(graded):
    _, expected, rows = graded
    found = {}
    for name, (_, note) in expected.items():
        own = [row for row in rows if row["submission"] == name or row["submission"].startswith(f"{name}/")]
        assert len(own) == 1, (name, [row["submission"] for row in rows])
        found[name] = own[0]["points"], note in own[0]["notes"]
    assert found == {name: ("" if points is None else f"{points}", True) for name, (points, _) in expected.items()}
    assert len(rows) == len(expected)


def test_what_was_left_out_is_named(graded):
    notes = {Path(row["submission"]).name: row["notes"] for row in graded[2]}
    assert "not run when it is graded: !pip install -q torch" in notes["pip above a definition.ipynb"]
    assert "No module named 'seaborn_extras'" in notes["a library that is not there.ipynb"]
    assert "refused: start another program" in notes["another program.ipynb"]
    for quiet in ("matplotlib inline.ipynb", "time a cell.ipynb", "Colab drive.ipynb", "mark.ipynb", "old.ipynb"):
        assert notes[quiet] == ""


# --- Answers ------------------------------------------------------------------------------------------------------------

ARRAYS = {  # what a function may return: [0, 2] in the form of a library
    "a list": "[0, 2]",
    "a tuple": "(0, 2)",
    "numbers of NumPy": "[np.int64(0), np.float32(2)]",
    "an array": "np.array([0, 2])",
    "half precision": "np.array([0, 2], dtype=np.float16)",
    "long precision": "np.array([0, 2], dtype=np.longdouble)",
    "another byte order": "np.array([0, 2], dtype='>f8')",
    "an array of objects": "np.array([0, 2.0], dtype=object)",
    "every other entry": "np.arange(4)[::2]",
    "a masked array": "np.ma.array([0, 2])",
    "a buffer": "memoryview(np.array([0.0, 2.0]))",
    "a series": "pd.Series([0, 2])",
    "a series by name": "pd.Series({'a': 0, 'b': 2})",
    "a nullable series": "pd.Series([0, 2], dtype='Int64')",
    "an index": "pd.Index([0, 2])",
    "a column": "pd.DataFrame({'a': [0, 2]})['a']",
    "a tensor": "torch.tensor([0, 2])",
    "a tensor with a gradient": "torch.tensor([0.0, 2.0], requires_grad=True)",
    "a parameter": "torch.nn.Parameter(torch.tensor([0.0, 2.0]))",
    "a tensor in bfloat16": "torch.tensor([0.0, 2.0], dtype=torch.bfloat16)",
    "a sparse tensor": "torch.tensor([0.0, 2.0]).to_sparse()",
    "a generator": "(2 * k for k in range(2))",
    "a map": "map(float, ['0', '2'])",
    "a range": "range(0, 4, 2)",
    "values of a dictionary": "{'a': 0, 'b': 2}.values()",
    "a deque": "deque([0, 2])",
    "fractions": "[Fraction(0), Decimal(2)]",
}
TABLES = {  # [[0, 2]]
    "a frame": "pd.DataFrame([[0, 2]], columns=['a', 'b'])",
    "a mixed frame": "pd.DataFrame({'a': [0], 'b': [2.0]})",
    "a matrix": "np.matrix([[0, 2]])",
    "a sparse matrix": "scipy.sparse.csr_matrix([[0, 2]])",
}
NUMBERS = {  # 2
    "an int": "2",
    "a scalar of NumPy": "np.float64(2)",
    "long double": "np.longdouble(2)",
    "an array without axes": "np.array(2)",
    "a tensor without axes": "torch.tensor(2.0)",
    "a fraction": "Fraction(2)",
    "a complex number": "2 + 0j",
}
VALUES = {kind: value for kinds, value in ((ARRAYS, [0, 2]), (TABLES, [[0, 2]]), (NUMBERS, 2)) for kind in kinds}
OTHERS = {
    "big": "np.zeros(10**7)",
    "endless": "itertools.count()",
    "round_and_round": "loop",
    "thing": "Thing()",
    "dates": "np.array(['2026-01-01'], dtype='datetime64[D]')",
    "refuses": "refuse()",
    "shy": "refuse(Shy)",
    "words": "np.array(['a', 'bc'])",
    "ragged": "np.array([np.ones(1), np.ones(2)], dtype=object)",
    "unknown": "pd.Series([1, None, pd.NA], dtype=object)",
    "unordered": "{1, 2}",
    "settings": "OrderedDict(a=1)",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """A running submission and its functions by name, each of which returns one of the values above."""
    sandbox.prepare()
    returned = dict(enumerate([*ARRAYS.values(), *TABLES.values(), *NUMBERS.values()])) | OTHERS
    code = "\n".join(f"def f_{name}():\n    return {value}" for name, value in returned.items())
    start = (
        "import itertools, numpy as np, pandas as pd, scipy.sparse, torch\nfrom collections import deque, OrderedDict\n"
        "from decimal import Decimal\nfrom fractions import Fraction\nloop = []\nloop.append(loop)\n"
        "class Thing:\n    pass\nclass Own(ValueError):\n    pass\nclass Shy(ValueError):\n    def __str__(self):\n        1 / 0\n"
        "def refuse(kind=Own):\n    raise kind('never')\n"
    )
    with sandbox.Submission(tmp_path_factory.mktemp("answers"), **LIMITS) as running:
        running.start([(1, start + code)], [f"f_{name}" for name in returned] + ["loop"])
        assert running.failed == []
        yield running, dict(zip([*VALUES, *OTHERS], [running.names[f"f_{name}"] for name in returned], strict=True))


@pytest.mark.parametrize("kind", VALUES)
def test_an_answer_is_used_in_whatever_form_it_comes(answers, kind):
    value = answers[1][kind]()
    assert np.shape(value) == np.shape(VALUES[kind])
    assert np.allclose(value, VALUES[kind])


def test_an_answer_that_holds_no_numbers_is_used_too(answers):
    _, functions = answers
    assert functions["words"]().tolist() == ["a", "bc"]
    assert [len(each) for each in functions["ragged"]()] == [1, 2]
    assert functions["unordered"]() == {1, 2}
    assert functions["settings"]() == {"a": 1}
    assert np.isnan(np.asarray(functions["unknown"](), dtype=float)).tolist() == [False, True, True]


def test_an_error_arrives_as_the_one_that_the_task_asks_for(answers):
    _, functions = answers
    with pytest.raises(ValueError, match="Own: never"):
        functions["refuses"]()
    with pytest.raises(ValueError, match="cannot be shown"):
        functions["shy"]()


def test_an_answer_that_cannot_be_used_costs_itself_and_is_named(answers):
    running, functions = answers
    with pytest.raises(ValueError, match="MB is too much to hand over"):
        functions["big"]()
    with pytest.raises(ValueError, match="a count of more than 1000000 items"):
        functions["endless"]()
    with pytest.raises(RecursionError):
        functions["round_and_round"]()
    functions["thing"](), functions["dates"]()
    assert set(running.unusable()) >= {
        ("f_thing", "Thing"),
        ("f_dates", "array of type datetime64[D]"),
        ("loop", "list"),
    }
    assert functions["words"]().shape == (2,)


def test_the_table_says_which_answer_cannot_be_used():
    content = text(twice="class Pair:\n    pass\ndef twice(x):\n    return Pair()").encode()
    row = grade.grade(handed_in.HandedIn("a.ipynb", lambda: content), ASSIGNMENT, LIMITS)
    assert row.scores == {"total": 1, "twice": 0}
    assert row.notes == [f"twice gave a value of type Pair, which the tests cannot use: {grade.USABLE}"]


# --- The table ----------------------------------------------------------------------------------------------------------


def test_the_table_opens_in_excel_with_umlauts_right(graded):
    data = (graded[0] / "scores-09.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert "Ada Müller_17" in data.decode("utf-8-sig")
    assert b"'=" not in data.split(b"\n")[0]
    assert "M\\xfcller.ipynb" in data.decode("utf-8-sig")


@pytest.fixture
def one_submission(tmp_path, tiny, monkeypatch):
    """A folder with one right submission, and grading it without running it."""
    (tmp_path / "a.ipynb").write_text(RIGHT, encoding="utf-8")
    monkeypatch.setattr(grade, "grade", lambda each, *_: grade.Row(each.name, scores={"total": 1, "twice": 2}))
    return tmp_path, tiny


def test_a_table_that_cannot_be_written_leaves_the_one_before(one_submission, monkeypatch, capsys):
    folder, tiny = one_submission
    tiny(folder)
    before = (folder / "scores-09.csv").read_bytes()

    def full(path, *_, **__):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SystemExit, match="1"):
        tiny(folder)
    assert (folder / "scores-09.csv").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["a.ipynb", "reading-09.html", "scores-09.csv"]
    said = capsys.readouterr().out
    assert "scores-09.csv could not be written, and is as it was" in said
    assert "a.ipynb" in said


def test_a_folder_that_may_not_be_written_to_is_named_before_anything_runs(one_submission, monkeypatch):
    folder, tiny = one_submission

    def denied(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(grade.tempfile, "TemporaryFile", denied)
    monkeypatch.setattr(grade, "grade", lambda *_: pytest.fail("it ran"))
    with pytest.raises(SystemExit, match=r"cannot be written into .* \(Permission denied\): give a folder"):
        tiny(folder)


def test_a_table_is_printed_on_a_terminal_that_knows_only_ascii(one_submission, monkeypatch):
    folder, tiny = one_submission
    (folder / "Müller – 数.ipynb").write_text(RIGHT, encoding="utf-8")
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    tiny(folder)
    terminal.flush()
    assert b"M\\xfcller" in terminal.buffer.getvalue()
    assert [row["submission"] for row in read_table(folder / "scores-09.csv")] == ["Müller – 数.ipynb", "a.ipynb"]


def test_one_that_cannot_be_shown_leaves_the_page_to_the_others(tmp_path):
    bad = notebook()
    bad.cells += [nbformat.v4.new_markdown_cell("## Investigate"), nbformat.v4.new_code_cell("1")]
    good = nbformat.from_dict(bad)
    bad.cells[-1].outputs = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": {"no": "picture"}}}]
    half = nbformat.writes(good).replace("## Investigate", "## Investigate \\ud83d")
    for name, content in (("bad", json.dumps(bad)), ("good", nbformat.writes(good)), ("half", half)):
        (tmp_path / f"{name}.ipynb").write_text(content, encoding="utf-8")
    page = grade.reading(handed_in.find(tmp_path))
    page.encode("utf-8")
    assert page.count("It cannot be shown") == 1
    assert page.count(">Investigate") == 2


@pytest.mark.parametrize(
    ("platform", "name", "expected"),
    [
        ("canvas", "muellerada_4711_99_hw.ipynb", ["muellerada", "4711", "", "", "", "3"]),
        ("canvas", "muellerada_LATE_4711_99_hw-1.ipynb", ["muellerada", "4711", "", "", "", "3"]),
        ("canvas", "all.zip/muellerada_4711_99_work.zip/hw.ipynb", ["muellerada", "4711", "", "", "", "3"]),
        ("moodle", "Ada Müller_12_assignsubmission_file_/hw.ipynb", ["Participant 12", "Ada Müller", "3", "3", ""]),
        ("moodle", "Ada Müller_12_assignsubmission_file_hw.ipynb", ["Participant 12", "Ada Müller", "3", "3", ""]),
    ],
)
def test_a_platform_gets_the_columns_that_it_wants(platform, name, expected):
    rows = [grade.Row(name, scores={"total": 1, "twice": 2}), grade.Row("notes.txt", status="not graded")]
    (head, *lines), unknown = platforms.table(platform, rows, "09_tiny", 3)
    assert head[: len(platforms.COLUMNS[platform])] == platforms.COLUMNS[platform]
    assert lines[-1] == expected
    assert len(expected) == len(head)
    assert unknown == ["notes.txt"]


def test_a_student_with_several_files_has_one_line_for_the_platform():
    folder = "Ada_12_assignsubmission_file_"
    rows = [grade.Row(f"{folder}/{k}.ipynb", scores={"total": k}) for k in (0, 2, 1)]
    rows += [grade.Row(f"{folder}/photo.png", status="not graded", notes=["not a notebook"])]
    rows += [grade.Row("Bo_13_assignsubmission_file_/x.pdf", status="not graded", notes=["hand in the notebook"])]
    (_, *lines), _ = platforms.table("moodle", rows, "09_tiny", 3)
    assert lines == [
        ["Participant 12", "Ada", "2", "3", ""],
        ["Participant 13", "Bo", "", "3", "hand in the notebook"],
    ]


def test_a_platforms_table_is_written_beside_the_other(one_submission, capsys):
    folder, tiny = one_submission
    (folder / "muellerada_4711_99_hw.ipynb").write_text(RIGHT, encoding="utf-8")
    tiny(folder, "--platform", "canvas")
    row = read_table(folder / "scores-09-canvas.csv")[1]
    assert (row["Student"], row["ID"], row["09_tiny"]) == ("muellerada", "4711", "3")
    assert "a.ipynb is not named as canvas names its downloads: enter its points by hand" in capsys.readouterr().out
    tiny(folder)  # the tables of before are no submissions
    assert len(read_table(folder / "scores-09.csv")) == 2


# --- One's trouble is nobody else's -----------------------------------------------------------------------------------


def test_grading_goes_on_when_a_process_could_not_be_started(monkeypatch):
    start, calls = sandbox.Submission.started, []

    def fails_once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise EOFError
        return start(*arguments)

    monkeypatch.setattr(sandbox.Submission, "started", staticmethod(fails_once))
    row = grade.grade(handed_in.HandedIn("a.ipynb", RIGHT.encode), ASSIGNMENT, LIMITS)
    assert (row.status, row.scores, len(calls)) == ("graded", {"total": 1, "twice": 2}, 2)


def test_what_is_wrong_with_grading_one_costs_nobody_else(monkeypatch):
    monkeypatch.setattr(sandbox.Submission, "started", lambda *_: 1 / 0)
    row = grade.grade(handed_in.HandedIn("a.ipynb", RIGHT.encode), ASSIGNMENT, LIMITS)
    assert (row.status, row.scores) == ("stopped", {"total": 0, "twice": 0})
    assert row.notes == ["grading it failed: ZeroDivisionError: division by zero; look at it by hand"]


def test_cells_that_take_too_long_leave_time_for_the_tests():
    slow = [f"import time\ntime.sleep(1000)  # {k}" for k in range(5)]
    content = text(IMPORTS, TOTAL, TWICE, *slow).encode()
    limits = LIMITS | {
        "cell_seconds": 20
    }  # a quarter of 40 s is left, as a busy machine takes seconds for what takes none
    row = grade.grade(handed_in.HandedIn("a.ipynb", lambda: content), ASSIGNMENT, limits)
    assert (row.status, row.scores) == ("graded", {"total": 1, "twice": 2})
    assert row.notes[-1] == "cell 8 failed: TimeoutError: not run, like all below: the cells above took too long"


def test_a_folder_with_anything_in_it_is_looked_through(tmp_path):
    (tmp_path / "a.ipynb").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "nowhere.ipynb").symlink_to(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "itself.ipynb").symlink_to(tmp_path / "itself.ipynb")
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "~$essay.docx", "scores-09.csv", "reading-09.html"):
        (tmp_path / name).touch()
    found = handed_in.find(tmp_path)
    said = dict.fromkeys(["itself.ipynb", "nowhere.ipynb", "pipe.ipynb"], "not a file, or a link to nothing: choose")
    said["round"] = "a link to a folder, which is not followed: put the folder itself in its place"
    assert [each.name for each in found] == ["a.ipynb", *said]
    for each in found[1:]:
        with pytest.raises(handed_in.UnusableError, match=said[each.name]):
            each.read()


def test_a_hidden_notebook_has_a_line_and_what_systems_hide_has_none(tmp_path):
    hidden = [".IPYNB", ".hw.ipynb", ".ipynb", ".work.zip/.ipynb"]
    for name in (".IPYNB", ".hw.ipynb", ".ipynb", "._hw.ipynb", ".~hw.ipynb", "~$hw.ipynb", ".hw.ipynb.swp"):
        (tmp_path / name).write_text(RIGHT, encoding="utf-8")
    (tmp_path / ".work.zip").write_bytes(zipped({".ipynb": RIGHT, "._.ipynb": b"\0\5"}))
    (tmp_path / ".ipynb_checkpoints").symlink_to(tmp_path)
    found = handed_in.find(tmp_path)
    assert [each.name for each in found] == hidden
    assert [len(each.notebook().cells) for each in found] == [5] * 4


GIVEN = "## Investigate: how large?\n\nCells below this line are not run by the grader."


def headed(*cells):
    """The cells of a right submission with these among them: text above the first definition, below it all if it is last."""
    above, *below = (
        nbformat.v4.new_code_cell(each) if each.startswith("x") else nbformat.v4.new_markdown_cell(each)
        for each in cells
    )
    content = notebook()
    content.cells = [*content.cells[:3], above, *content.cells[3:], *below]
    return content


@pytest.mark.parametrize(
    ("cells", "end", "note"),
    [
        (("## Investigate: why is bias negative?", GIVEN, "x = 1"), 7, ""),
        ((GIVEN.partition("\n")[0], GIVEN, "x = 1"), 7, ""),  # the heading, copied
        (("# notes", GIVEN + "\r\n\r\nIt is 3.", "x = 1", "## Investigate further", "x = 2"), 7, ""),
        (("# notes", GIVEN, "x = 1", "### Investigate: how large?", "x = 2"), 7, ""),
        (("x = 1\n# Investigate this", GIVEN, "x = 1"), 7, ""),
        (("### 1. Investigate", "## My own: Investigate"), 4, "cell 4,"),
        (("## Investigate", "# Investigate: how?", "x = 1"), 7, "cell 7,"),
        (("## Investigate", "# Investigate: how?"), 7, ""),  # nothing to run below it
        ((GIVEN,), 4, "cell 4,"),  # the answers were moved below it
    ],
)
def test_a_heading_of_ones_own_does_not_end_grading(cells, end, note):
    assignment = dataclasses.replace(ASSIGNMENT, investigate=GIVEN)
    content = headed(*cells)
    run, notes = grade.cells_of(content, assignment)
    code = [number for number, cell in enumerate(content.cells, 1) if cell.cell_type == "code"]
    assert [number for number, _ in run] == [number for number in code if number < end]
    said = f"the cells below {note} which has the heading Investigate, were not run"
    assert notes == ([said] if note else [])
    shown = grade.investigation(content, GIVEN)
    assert len(shown) == len(content.cells) - end + (content.cells[end - 1].source != GIVEN)


def test_a_damaged_file_is_read_or_refused_in_a_sentence(tmp_path):
    rng = np.random.default_rng(0)
    whole = [
        RIGHT.encode(),
        RIGHT.encode("utf-16"),
        json.dumps(OLD).encode(),
        zipped({"a/hw.ipynb": RIGHT, "b.zip": ""}),
    ]
    for number in range(300):
        data = bytearray(whole[number % len(whole)])
        for place in rng.integers(len(data), size=rng.integers(1, 3)):
            data[place] = rng.integers(256)
        data = data[: rng.integers(1, len(data))] if number % 9 == 0 else data
        (tmp_path / f"{number}.ipynb").write_bytes(data)
    refused = []
    for each in handed_in.find(tmp_path):
        try:
            grade.cells_of(each.notebook(), ASSIGNMENT)
        except handed_in.UnusableError as error:
            refused.append(str(error))
    assert 50 < len(refused) < 250
    assert [why for why in refused if "hand in" not in why] == []


@pytest.mark.parametrize("field", ["metadata", "nbformat", "nbformat_minor", "cells"])
def test_a_notebook_with_a_field_that_is_null_is_read_as_if_it_were_not_there(field):
    content = json.loads(RIGHT)
    content["cells"].append({"cell_type": "code", "source": None})
    content["cells"].append(None)
    if field != "cells":
        content[field] = None
    found = handed_in.HandedIn("a.ipynb", json.dumps(content).encode).notebook()
    assert [number for number, _ in grade.cells_of(found, ASSIGNMENT)[0]] == [2, 3, 4, 5]


def test_a_zip_with_a_password_says_so(tmp_path):
    data = bytearray(zipped({"hw.ipynb": RIGHT}))
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(start) + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    (found,) = handed_in.find(tmp_path)
    with pytest.raises(handed_in.UnusableError, match="in a zip with a password: choose File"):
        found.read()


def test_one_bad_file_in_a_zip_of_the_class_costs_nobody_else(tmp_path):
    files = {
        "a.ipynb": RIGHT,
        "../b.ipynb": RIGHT,
        "c.zip": zipped({"c.ipynb": RIGHT})[:-30],
        "d.zip": zipped({"d.ipynb": RIGHT}),
    }
    (tmp_path / "class.zip").write_bytes(zipped(files))
    usable = []
    for each in handed_in.find(tmp_path):
        try:
            each.notebook()
            usable.append(each.name)
        except handed_in.UnusableError:
            pass
    assert usable == ["class.zip/a.ipynb", "class.zip/d.zip/d.ipynb"]
    assert list(tmp_path.iterdir()) == [tmp_path / "class.zip"]
