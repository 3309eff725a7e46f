"""Experiments for the book *Why Overparameterized Networks Generalize*.

One direction of flow: data → models → ensemble (train many at once) → sweep (table of records) → measures and
claims (verdicts) → figures. The package knows no chapter.
"""

import io
import sys
from importlib.util import find_spec

__version__ = "0.1.0"

# What the modules import, and the name under which it is installed; pyproject.toml has the versions.
_NEEDED = {
    "ipywidgets": "ipywidgets",
    "matplotlib": "matplotlib",
    "mnist1d": "mnist1d",
    "numpy": "numpy",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "statsmodels": "statsmodels",
    "threadpoolctl": "threadpoolctl",
    "torch": "torch",
    "torchvision": "torchvision",
    "tqdm": "tqdm",
    "yaml": "pyyaml",
}

if sys.version_info < (3, 11):  # noqa: UP036 - from a clone it may be imported by any Python
    raise ImportError(
        f"overparam needs Python 3.11 or newer, and this is {sys.version.split()[0]}: use another kernel."
    )
if _missing := " ".join(package for module, package in _NEEDED.items() if find_spec(module) is None):
    raise ImportError(
        f"overparam needs packages that this Python lacks: run `{sys.executable} -m pip install {_missing}`."
    )

# Tables and sentences of this package hold ×, – and −. A terminal or file that has no such character gets it as \xd7.
if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.encoding.lower().startswith("utf"):
    sys.stdout.reconfigure(errors="backslashreplace")
