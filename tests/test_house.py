"""How the package is laid out: what a module may import, what `from overparam import …` offers, and what importing it costs."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import overparam

PACKAGE = Path(overparam.__file__).parent
FILES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
# From the ground up: a module imports from its own floor and from those below.
FLOORS = [
    ["errors", "machine", "paths"],
    ["randomness"],
    ["arithmetic"],
    ["architectures"],
    ["data"],
    ["engine"],
    ["measures"],
    ["pruning"],
    ["theory"],
    ["report"],
    ["cli"],
    ["__main__"],
]
FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}


def imported(name: str) -> set[str]:
    """The package's modules, by name, that a module imports; fails where it asks the package's face for a name."""
    found = set()
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names if alias.name.split(".")[0] == "overparam"]
            assert not wanted, f"{name} imports {wanted}; say from where, with from … import …"
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}, line {node.lineno}: imports are absolute"
            if node.module.split(".")[0] == "overparam":
                base = node.module.split(".")[1:]
                for alias in node.names:
                    whole = ".".join([*base, alias.name])
                    ways = [whole, f"{whole}.__init__", ".".join(base), ".".join([*base, "__init__"])]
                    there = [way for way in ways if way in FILES]
                    assert there, f"{name}, line {node.lineno}: {whole} is no module and in none"
                    found.add(there[0])
    return found


IMPORTED = {name: imported(name) for name in FILES if name != "__init__"}  # that one imports for type checkers only


def room(name: str) -> str:
    return name.split(".")[0]


def test_every_module_has_a_floor():
    assert {room(name) for name in IMPORTED} == set(FLOOR)


@pytest.mark.parametrize("name", sorted(IMPORTED))
def test_a_module_imports_from_its_own_floor_and_those_below(name):
    above = {other for other in IMPORTED[name] if FLOOR[room(other)] > FLOOR[room(name)]}
    assert not above


def test_no_module_imports_itself_through_others():
    done, path = set(), []

    def visit(name):
        assert name not in path, " → ".join([*path, name])
        if name not in done:
            path.append(name)
            for other in sorted(IMPORTED[name]):
                visit(other)
            done.add(path.pop())

    for name in sorted(IMPORTED):
        visit(name)


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".__init__")))
def test_a_room_only_gathers_names(name):
    """Else the engine's version, which does not count the `__init__` on the way to a module, would miss code."""
    (docstring, *body) = ast.parse(FILES[name].read_text(encoding="utf-8")).body
    assert isinstance(docstring, ast.Expr)
    kinds = {type(statement) for statement in body}
    assert kinds <= {ast.ImportFrom, ast.Assign}
    assert [ast.unparse(each.targets[0]) for each in body if isinstance(each, ast.Assign)] == ["__all__"] * bool(body)


def test_the_package_knows_no_chapter():
    for path in FILES.values():
        text = path.read_text(encoding="utf-8")
        assert "import notebooks" not in text
        assert "from notebooks" not in text


def public_functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """The functions of a module and the methods of its classes; without those whose names, or whose class's, begin with _."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body)
        magic = isinstance(node, ast.FunctionDef) and node.name.endswith("__")
        if isinstance(node, ast.FunctionDef) and (magic or not node.name.startswith("_")):
            yield node


@pytest.mark.parametrize("name", sorted(FILES))
def test_public_functions_say_what_they_take_and_return(name):
    for function in public_functions(ast.parse(FILES[name].read_text(encoding="utf-8")).body):
        every = function.args
        named = [*every.posonlyargs, *every.args, *every.kwonlyargs, *filter(None, (every.vararg, every.kwarg))]
        silent = [one.arg for one in named if one.annotation is None and one.arg not in ("self", "cls")]
        assert not silent, f"{name}, line {function.lineno}: {function.name} does not say what {silent} are"
        assert function.returns, f"{name}, line {function.lineno}: {function.name} does not say what it returns"


@pytest.mark.parametrize("name", overparam.__all__)
def test_what_the_package_offers_is_there(name):
    offered = getattr(overparam, name)
    home = (overparam._MODULES | overparam._NAMES)[name]
    assert offered is (sys.modules[home] if name in overparam._MODULES else getattr(sys.modules[home], name))
    assert name in dir(overparam)


def test_the_tables_of_what_is_offered_agree():
    assert sorted(overparam.__all__) == sorted([*overparam._MODULES, *overparam._NAMES])
    tree = ast.parse(FILES["__init__"].read_text(encoding="utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    checked = {alias.name: node.module for node in block.body for alias in node.names}
    homes = {name: home.rpartition(".")[0] for name, home in overparam._MODULES.items()}
    assert checked == homes | overparam._NAMES


def test_what_is_not_offered_is_refused():
    with pytest.raises(AttributeError, match="module 'overparam' has no attribute 'models'"):
        _ = overparam.models
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("overparam.models")


def test_importing_the_package_imports_no_torch():
    code = "import sys, overparam; print(sorted({'torch', 'pandas', 'sklearn', 'overparam.data'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "[]\n"
