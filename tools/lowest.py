"""Test the package with the lowest versions that pyproject.toml declares, in an environment of their own, build/lowest.

The tests are those that import nothing but the package, what it needs, and test runners. On Linux pip's PyTorch of that time
brings its GPU libraries, several gigabytes; PIP_EXTRA_INDEX_URL may name an index that has it for CPUs.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNNERS = {
    "hypothesis": "hypothesis",
    "psutil": "psutil",
    "pytest": "pytest",
    "setuptools": "setuptools>=77",
}  # by module
MODULES = {"scikit-learn": "sklearn", "pyyaml": "yaml"}  # of packages whose modules have another name


def lowest(root: Path = ROOT) -> dict[str, str]:
    """Return the lower bound of each package that the installed package needs."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = (re.fullmatch(r"([\w-]+)>=([\w.]+)", line) for line in project["dependencies"])
    return {bound[1]: bound[2] for bound in bounds}


def files(root: Path = ROOT) -> Iterator[Path]:
    """Yield the test files that need nothing else."""
    there = {MODULES.get(name, name.replace("-", "_")) for name in lowest(root)} | {*RUNNERS, "overparam"}
    for path in sorted((root / "tests").glob("test_*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        tops = {name.partition(".")[0] for name in names}
        if "overparam" in tops and tops <= there | sys.stdlib_module_names:
            yield path


def main(options: list[str]) -> int:
    """Set up the environment where it is not, and run the tests; what pytest returns."""
    place = ROOT / "build" / "lowest"
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    pins = "\n".join([*(f"{name}=={version}" for name, version in lowest().items()), *RUNNERS.values()])
    if not (place / "pins").is_file() or (place / "pins").read_text(encoding="utf-8") != pins:
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *pins.split("\n")], check=True)
        (place / "pins").write_text(pins, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OVERPARAM_SCALE": "smoke"}
    return subprocess.run([python, "-m", "pytest", "-q", *options, *files()], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
