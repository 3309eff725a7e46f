"""Experiments for the book *Why Overparameterized Networks Generalize*.

One direction of flow: architectures → data → engine (train many at once, a table of records) → measures, pruning and theory
→ report (claims and figures). The package knows no chapter.
"""

import io
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

__version__ = "1.0.0"

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

__all__ = [
    "CNN",
    "CNN1D",
    "MLP",
    "Conv",
    "Custom",
    "Data",
    "LeNet",
    "ResNet18",
    "Settings",
    "Transformer",
    "Vector",
    "claims",
    "cnn",
    "cnn1d",
    "conv",
    "curves",
    "custom",
    "data",
    "default_device",
    "figures",
    "lenet",
    "load",
    "log_schedule",
    "measures",
    "mlp",
    "network",
    "predictions",
    "pruning",
    "randomness",
    "resnet18",
    "results",
    "run",
    "scale",
    "sweep",
    "theory",
    "tickets",
    "transformer",
]

# Where these are. They are imported when they are asked for: torch alone takes seconds.
_MODULES = {
    "claims": "overparam.report.claims",
    "data": "overparam.data",
    "figures": "overparam.report.figures",
    "measures": "overparam.measures",
    "pruning": "overparam.pruning",
    "randomness": "overparam.randomness",
    "results": "overparam.report.results",
    "scale": "overparam.report.scale",
    "theory": "overparam.theory",
    "tickets": "overparam.pruning.tickets",
}
_NAMES = {
    "CNN": "overparam.architectures.alone",
    "CNN1D": "overparam.architectures.stacked",
    "Conv": "overparam.architectures.alone",
    "Custom": "overparam.architectures.alone",
    "Data": "overparam.data.dataset",
    "LeNet": "overparam.architectures.stacked",
    "MLP": "overparam.architectures.stacked",
    "ResNet18": "overparam.architectures.alone",
    "Settings": "overparam.engine.settings",
    "Transformer": "overparam.architectures.alone",
    "Vector": "overparam.engine.settings",
    "cnn": "overparam.architectures.alone",
    "cnn1d": "overparam.architectures.stacked",
    "conv": "overparam.architectures.alone",
    "curves": "overparam.engine.sweep",
    "custom": "overparam.architectures.alone",
    "default_device": "overparam.engine.train",
    "lenet": "overparam.architectures.stacked",
    "load": "overparam.data.load",
    "log_schedule": "overparam.engine.settings",
    "mlp": "overparam.architectures.stacked",
    "network": "overparam.engine.sweep",
    "predictions": "overparam.engine.sweep",
    "resnet18": "overparam.architectures.alone",
    "run": "overparam.engine.sweep",
    "sweep": "overparam.engine.sweep",
    "transformer": "overparam.architectures.alone",
}

if TYPE_CHECKING:  # the same for type checkers and editors
    from overparam import data, measures, pruning, randomness, theory
    from overparam.architectures.alone import (
        CNN,
        Conv,
        Custom,
        ResNet18,
        Transformer,
        cnn,
        conv,
        custom,
        resnet18,
        transformer,
    )
    from overparam.architectures.stacked import CNN1D, MLP, LeNet, cnn1d, lenet, mlp
    from overparam.data.dataset import Data
    from overparam.data.load import load
    from overparam.engine.settings import Settings, Vector, log_schedule
    from overparam.engine.sweep import curves, network, predictions, run, sweep
    from overparam.engine.train import default_device
    from overparam.pruning import tickets
    from overparam.report import claims, figures, results, scale

else:

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return import_module(_MODULES[name])
        if name in _NAMES:
            return getattr(import_module(_NAMES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
