"""What a stored record is known by: everything that decides its numbers."""

import ast
import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import torch

from overparam.data import Data
from overparam.settings import Settings

PACKAGE = Path(__file__).parent


@functools.cache
def engine_version() -> str:
    """A hash of all code of the package that ``ensemble.train`` can reach through imports, and of the version of torch."""
    return _digest([torch.__version__, *_code(PACKAGE, "ensemble")])[:12]


def family(data: Data, record: Mapping, device: torch.device, form: int) -> str:
    """Where records of this data set, these recordings, this device and this engine are stored, in files of this form."""
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return f"{engine_version()}/{_digest([form, data.fingerprint, record, where])[:16]}"


def key(settings: Settings) -> str | None:
    """What a network is known by within its family; None where the source of its architecture cannot be found."""
    try:
        sources = [source(part) for part in _classes(settings.architecture)]
    except OSError:
        return None
    return _digest([settings.columns(), *sources])


def _classes(value) -> Iterator[Callable]:
    """The classes and functions that an architecture is made of."""
    if hasattr(value, "__qualname__"):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _classes(each)
    elif is_dataclass(value):
        yield type(value)
        for field in fields(value):
            yield from _classes(getattr(value, field.name))


def source(part: Callable) -> list[str]:
    """Module, qualified name and source of a class or function that is not the package's; what it inherits from included.

    The source of a class in a file is the whole file, since it may call what stands beside it; in a notebook, its own.
    OSError where there is none.
    """
    found = []
    for each in inspect.getmro(part) if inspect.isclass(part) else (part,):
        if each.__module__.partition(".")[0] in ("overparam", "torch", "builtins", "abc", "typing"):
            continue
        module = inspect.getmodule(each)
        try:
            whole = each if each.__module__ == "__main__" or module is None else module
            found += [each.__module__, each.__qualname__, inspect.getsource(whole)]
        except TypeError as error:  # what inspect raises of a class that was typed in at a prompt
            raise OSError(f"{each} has no source") from error
    return found


def _digest(parts: list) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _code(package: Path, entry: str) -> list[str]:
    """What this module of a package does, and every module of the package that it imports, by name."""
    waiting, found = [entry], {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            tree = ast.parse((package / f"{name}.py").read_text(encoding="utf-8"))
            waiting += [n for n in _imported(tree, package.name) if (package / f"{n}.py").is_file()]
            found[name] = code_without_docstrings(tree)
    return [text for _, pair in sorted(found.items()) for text in (_, pair)]


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Names in the package that a module may import, in functions too; some are not modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name.removeprefix(f"{package}.") for a in node.names if a.name.startswith(f"{package}."))
        elif isinstance(node, ast.ImportFrom):
            inside = (node.module or "").removeprefix(package).removeprefix(".")
            if node.level or node.module == package or (node.module or "").startswith(f"{package}."):
                yield from [inside] if inside else [a.name for a in node.names]


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
            node.body = body[1:] or [ast.Pass()]
    return ast.dump(tree)
