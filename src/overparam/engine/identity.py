"""What a stored record is known by: everything that decides its numbers, as the code that is running says it."""

import ast
import dis
import functools
import hashlib
import json
import sys
import sysconfig
import types
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from overparam.data.dataset import Data
from overparam.engine.settings import Measure, Settings


def sources(package: Path) -> dict[str, str]:
    """The text of each module of a package by name, such as ``engine.train`` and ``data.__init__``."""
    paths = {path.relative_to(package).with_suffix(""): path for path in package.rglob("*.py")}
    return {".".join(name.parts): path.read_text(encoding="utf-8") for name, path in paths.items()}


PACKAGE = Path(__file__).parents[1]
SOURCES = sources(PACKAGE)  # read with the code: what is on the disk later is not what runs


@functools.cache
def engine_version() -> str:
    """A hash of all code of the package that ``engine.train`` can reach through imports, and of the version of torch."""
    return _digest([torch.__version__, *_code(SOURCES, "engine.train")])[:12]


def running() -> dict[str, str]:
    """The engine of this process, for `is_running` in another one."""
    return {"text": _text(), "version": engine_version()}


def is_running(engine: dict[str, str]) -> bool:
    """Whether this process has that engine. Equal texts need not be parsed, which takes a third of a second."""
    return _text() == engine["text"] or engine_version() == engine["version"]


@functools.cache
def _text() -> str:
    return _digest([torch.__version__, SOURCES])


def family(data: Data, record: Mapping, device: torch.device, form: int) -> str:
    """Where records of this data set, these recordings, this device and this engine are stored, in files of this form.

    A GPU is known by its model, one that only an executor's machines have by being one.
    """
    known = device.type == "cuda" and torch.cuda.is_available()
    where = torch.cuda.get_device_name(device) if known else device.type
    return f"{engine_version()}/{_digest([form, data.fingerprint, told(record), where])[:16]}"


def told(record: Mapping) -> dict[str, Any] | None:
    """What is recorded as lists and texts, a measure of the user's own by its code; None where that cannot be told.

    Such a measure may call anything of this package, all of which counts then.
    """
    try:
        return {
            name: [_text(), _described(wanted.function, {}), wanted.epochs] if isinstance(wanted, Measure) else wanted
            for name, wanted in record.items()
        }
    except _UntoldError:
        return None


def key(settings: Settings) -> str | None:
    """What a network is known by within its family; None where the code of its architecture cannot be told."""
    try:
        parts = [_described(part, {}) for part in classes(settings.architecture)]
    except _UntoldError:
        return None
    return _digest([settings.columns(), *parts])


def classes(value: Any) -> Iterator[type | types.FunctionType]:
    """The classes and functions that an architecture is made of."""
    if hasattr(value, "__qualname__"):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from classes(each)
    elif is_dataclass(value):
        yield type(value)
        for field in fields(value):
            yield from classes(getattr(value, field.name))


def _digest(parts: list) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


# --- the package's own code -------------------------------------------------------------------------------------------


def _code(modules: Mapping[str, str], entry: str) -> list[str]:
    """What this module does, and every module of the package that it imports, by name."""
    waiting, found = [entry], {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            tree = ast.parse(modules[name])
            waiting += [each for each in _imported(tree, name, "overparam") if each in modules]
            found[name] = code_without_docstrings(tree)
    return [text for pair in sorted(found.items()) for text in pair]


def _imported(tree: ast.Module, name: str, package: str) -> Iterator[str]:
    """What the module of this name in the package may import from it, in functions too; some are not modules.

    A folder counts where something is imported from it, with all that its ``__init__`` imports, but not as the way to a module
    in it: an ``__init__`` only gathers names. The package's own is never counted, since no module asks it for names.
    """
    for node in ast.walk(tree):
        found: list[list[str]] = []
        if isinstance(node, ast.Import):
            found = [a.name.split(".")[1:] for a in node.names if a.name.startswith(f"{package}.")]
        elif isinstance(node, ast.ImportFrom):
            base = [package, *name.split(".")][: -node.level] if node.level else []
            base += node.module.split(".") if node.module else []
            if base[0] == package:
                found = [base[1:], *([*base[1:], a.name] for a in node.names)]
        for parts in filter(None, found):
            yield from (".".join(parts), ".".join([*parts, "__init__"]))


def code_without_docstrings(tree: ast.Module) -> str:
    """What a module does, as text that comments, docstrings and layout do not change."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[:] = body[1:] or [ast.Pass()]
    return ast.dump(tree)


# --- code of a user's own ---------------------------------------------------------------------------------------------
# A file on the disk or a cell further up may have been edited since; what counts is what runs. A class is what its
# attributes are, a function its bytecode with the constants, defaults, closures and globals that it uses, and so on.

_LIBRARIES = tuple(
    {str(Path(sysconfig.get_paths()[name]).resolve()) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_BESIDE = {
    "__module__", "__dict__", "__weakref__", "__doc__", "__firstlineno__", "__static_attributes__", "__dataclass_fields__",
    "__dataclass_params__", "_abc_impl",
}  # fmt: skip
_PLAIN = bool | int | float | complex | str | bytes | type(...) | torch.dtype | torch.device | slice | np.generic
_PLAIN |= types.UnionType | types.GenericAlias
_HIDING = {"globals", "locals", "vars", "eval", "exec", "__import__"}  # what a function uses by these, its code hides


class _UntoldError(Exception):
    """Something of which it cannot be told whether it is the same."""


def _described(value: object, seen: dict[int, int]) -> list:
    """The value as lists and texts that are equal where it does the same. ``seen`` numbers what is being described."""
    if id(value) in seen:
        return ["again", seen[id(value)]]
    seen[id(value)] = len(seen)
    if isinstance(value, types.ModuleType) or (hasattr(value, "__qualname__") and _in_library(value)):
        if isinstance(value, types.ModuleType) and not _in_library(value):
            raise _UntoldError(f"what is taken from {value.__name__}")
        module = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None) or ""
        version = getattr(sys.modules.get(module.partition(".")[0]), "__version__", "")
        wraps = _enclosed(value) if isinstance(value, types.FunctionType) else []  # as a decorator does
        return [
            "library",
            module,
            getattr(value, "__qualname__", ""),
            str(version),
            [_described(w, seen) for w in wraps],
        ]
    if isinstance(value, type):
        own = {name: each for name, each in vars(value).items() if name not in _BESIDE}
        return [
            "class",
            value.__qualname__,
            [_described(base, seen) for base in value.__bases__],
            [[name, _described(own[name], seen)] for name in sorted(own)],
        ]
    if isinstance(value, types.FunctionType):
        used = [value.__defaults__, value.__kwdefaults__, vars(value), *_enclosed(value)]
        return ["function", _of_code(value.__code__, value.__globals__, seen), [_described(u, seen) for u in used]]
    if isinstance(value, staticmethod | classmethod | types.MethodType):
        of = [_described(value.__self__, seen)] if isinstance(value, types.MethodType) else []
        return [type(value).__name__, _described(value.__func__, seen), *of]
    if isinstance(value, property | functools.cached_property):
        used = [value.func] if isinstance(value, functools.cached_property) else [value.fget, value.fset, value.fdel]
        return ["property", *[_described(function, seen) for function in used]]
    if isinstance(value, functools.partial):
        return ["partial", *[_described(part, seen) for part in (value.func, value.args, value.keywords)]]
    exact = type(value) in (torch.Tensor, torch.nn.Parameter, np.ndarray)
    if isinstance(value, torch.Tensor) and exact and value.layout == torch.strided:
        array = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
        return ["array", str(value.dtype), list(value.shape), hashlib.sha256(array.tobytes()).hexdigest()]
    if isinstance(value, np.ndarray) and exact and value.dtype != object:
        return ["array", str(value.dtype), list(value.shape), hashlib.sha256(value.tobytes()).hexdigest()]
    if isinstance(value, torch.Tensor | np.ndarray) or (
        isinstance(value, dict | list | set | frozenset)
        and type(value) not in (dict, OrderedDict, list, set, frozenset)
    ):
        raise _UntoldError(repr(type(value)))  # which may hold more than its elements
    if isinstance(value, dict):
        return ["dict", *[[_described(k, seen), _described(v, seen)] for k, v in value.items()]]
    if isinstance(value, list):
        return ["list", *[_described(each, seen) for each in value]]
    if isinstance(value, set | frozenset):
        return ["set", *sorted(json.dumps(_described(each, {})) for each in value)]
    if value is None or isinstance(value, _PLAIN | tuple):
        seen.pop(id(value))  # equal ones may or may not be one object
        if isinstance(value, tuple):
            return ["tuple", *[_described(each, seen) for each in value]]
        return [type(value).__name__, repr(value)]
    if hasattr(value, "__dict__") and type(value).__reduce__ is object.__reduce__:  # a plain object is what it holds
        return ["object", _described(type(value), seen), _described(vars(value), seen)]
    raise _UntoldError(repr(type(value)))


def _of_code(code: types.CodeType, namespace: dict, seen: dict[int, int]) -> list:
    """Bytecode, and what it finds by name: in the globals, and as attributes of modules of the user's own."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    plain = [constant for constant in code.co_consts if not isinstance(constant, types.CodeType)]
    attributes = sorted(_names(code))
    steps = [(step.opname, step.argval) for step in dis.get_instructions(code)]
    named = {name for how, name in steps if how in ("LOAD_GLOBAL", "LOAD_NAME")}
    imported = {name for how, name in steps if how == "IMPORT_NAME"}
    if named & _HIDING or not imported <= sys.modules.keys():
        raise _UntoldError(code.co_name)
    globals_ = [[name, namespace[name]] for name in sorted(named) if name in namespace]
    globals_ += [[name, sys.modules[name]] for name in sorted(imported)]
    followed = set()
    for _, module in globals_:  # which grows: modules of the user's own are followed to what is taken from them
        if isinstance(module, types.ModuleType) and module.__name__ not in followed and not _in_library(module):
            followed.add(module.__name__)
            globals_ += [[name, vars(module)[name]] for name in attributes if name in vars(module)]
    told_by_name = [
        [name, value.__name__ if isinstance(value, types.ModuleType) else _described(value, seen)]
        for name, value in globals_
    ]
    return [
        code.co_code.hex(),
        list(code.co_names),
        list(code.co_varnames),
        [_described(constant, seen) for constant in plain],
        told_by_name,
        [_of_code(each, namespace, seen) for each in inner],
    ]


def _names(code: types.CodeType) -> set[str]:
    """The names of globals and attributes in a function and in those within it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return {*code.co_names, *(name for each in inner for name in _names(each))}


def _enclosed(function: types.FunctionType) -> list:
    """What a function has from where it was made."""
    found: list = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # nothing is in it yet
            found.append(None)
    return found


def _in_library(value: object) -> bool:
    """Whether a module, class or function comes with Python, an installed package or this one."""
    if isinstance(value, types.FunctionType):  # whose module may be that of one that it wraps
        return _is_installed(value.__code__.co_filename) or _is_ours(value.__code__.co_filename)
    module = value if isinstance(value, types.ModuleType) else sys.modules.get(getattr(value, "__module__", None) or "")
    if module is None or module.__name__ == "__main__":
        return False
    file = getattr(module, "__file__", None)
    return file is None or _is_ours(file) or _is_installed(file)


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(PACKAGE)


@functools.cache
def _is_installed(file: str) -> bool:
    # Those of the user, of the system and of another environment have their own folders, which have these names everywhere.
    path = Path(file).resolve()
    return str(path).startswith(_LIBRARIES) or bool({"site-packages", "dist-packages"} & set(path.parts))
