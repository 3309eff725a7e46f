"""What every Python file of the project keeps to: text is UTF-8, and what is imported is declared."""

import ast
import functools
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("src/overparam", "notebooks", "assignments", "tools", "benchmarks", "book/_ext", "tests")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOT_FILES = {"os", "tarfile", "zipfile", "gzip", "self", "parcel", "ledger"}  # whose open() is another


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


# --- text is UTF-8 ----------------------------------------------------------------------------------------------------


def leaves_the_encoding_to_the_locale(call: ast.Call) -> bool:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if "encoding" in named or None in named:
        return False
    if any(ast.unparse(named[name]) == "True" for name in ("text", "universal_newlines") if name in named):
        return True  # of subprocess
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    of_what = function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""
    if name in ("read_text", "write_text"):
        return len(call.args) == (name == "write_text")
    if name not in ("open", "fdopen", "NamedTemporaryFile", "TemporaryFile") or (
        name == "open" and of_what in NOT_FILES
    ):
        return False
    first = (
        0
        if name.endswith("File") or (name == "open" and isinstance(function, ast.Attribute) and of_what != "io")
        else 1
    )
    mode = named.get(
        "mode", call.args[first] if len(call.args) > first else ast.Constant("w+b" if "File" in name else "r")
    )
    return isinstance(mode, ast.Constant) and re.fullmatch(r"[rwax+t]+", str(mode.value)) is not None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_text_is_read_and_written_as_utf_8(path):
    calls = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
    wrong = [f"line {call.lineno}: {ast.unparse(call)}" for call in calls if leaves_the_encoding_to_the_locale(call)]
    assert not wrong, 'say encoding="utf-8"'


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("path.read_text()", True),
        ("path.read_text('utf-8')", False),
        ("path.write_text(text, encoding='utf-8')", False),
        ("path.write_text(text)", True),
        ("open(name)", True),
        ("open(name, 'rb')", False),
        ("io.open(name, 'w', newline='')", True),
        ("path.open('a')", True),
        ("path.open('rb')", False),
        ("os.open(name, 0)", False),
        ("os.fdopen(1, 'w')", True),
        ("subprocess.run(command, text=True)", True),
        ("subprocess.run(command, encoding='utf-8')", False),
        ("NamedTemporaryFile('w')", True),
        ("NamedTemporaryFile()", False),
    ],
)
def test_a_forgotten_encoding_is_noticed(code, wrong):
    assert leaves_the_encoding_to_the_locale(ast.parse(code, mode="eval").body) == wrong


# --- what is imported is declared -------------------------------------------------------------------------------------


def declared(*extras: str) -> set[str]:
    """Names of the distributions that the project asks for, with those of these extras."""
    lines = [*PROJECT["dependencies"], *(line for e in extras for line in PROJECT["optional-dependencies"][e])]
    return {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in lines}


def imported(*folders: str) -> dict[str, str]:
    """Top-level modules that are imported, and where: neither Python's own nor this project's."""
    own = {
        path.stem for folder in ("tools", "benchmarks", "book/_ext", "tests") for path in (ROOT / folder).glob("*.py")
    }
    own |= {"overparam", "benchmarks", *sys.stdlib_module_names}
    found = {}
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(parsed(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            found |= {top: path.name for name in names if (top := name.partition(".")[0]) not in own}
    return found


DISTRIBUTIONS = packages_distributions()  # takes a second


def providers(module: str) -> set[str]:
    return {name.lower().replace("_", "-") for name in DISTRIBUTIONS.get(module, [module])}


@pytest.mark.parametrize(
    ("folders", "extras"),
    [
        (("src/overparam",), ("cluster",)),
        (("notebooks", "assignments"), ("cluster", "book")),  # which run in a kernel
        (("tools", "book/_ext", "benchmarks"), ("cluster", "book", "teach")),
        (("tests",), ("cluster", "book", "teach", "test")),
    ],
)
def test_what_is_imported_is_declared(folders, extras):
    wanted = declared(*extras)
    if "benchmarks" in folders:  # which installs what it alone needs
        lines = (ROOT / "benchmarks/requirements.txt").read_text(encoding="utf-8").splitlines()
        wanted |= {line.partition("==")[0] for line in lines}
    missing = {module: place for module, place in imported(*folders).items() if not providers(module) & wanted}
    assert not missing, "declare in pyproject.toml what brings these modules"


def test_what_the_package_declares_is_imported():
    used = {name for module in imported("src/overparam", "notebooks", "assignments") for name in providers(module)}
    assert declared() <= used
