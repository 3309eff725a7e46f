"""Results that were measured elsewhere: tables with their provenance under data/results/, one JSON file each."""

import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable

import pandas as pd
import torch

from overparam import machine, paths
from overparam.report import scale

FOLDER = paths.book() / "results"
# How a setting's arguments are called where a reader meets them
WORDS = {
    "batch_size": "batch size",
    "data digits": "digits",
    "data mnist1d": "MNIST-1D",
    "digits 1": "digits",
    "digits True": "digits",
    "label_noise": "label noise",
    "loss cross_entropy": "cross-entropy",
    "loss squared": "squared loss",
    "lr": "learning rate",
    "optimizer adam": "Adam",
    "optimizer sgd": "SGD",
    "rule quotient": "quotients",
    "stop_loss": "stopped at loss",
    "translation": "shifts below",
    "weight_decay": "weight decay",
}
ARGUMENTS = re.compile(rf"(?<!\w)(?:{'|'.join(WORDS)})(?!\w)")


def measured_or_recorded(name: str, measure: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """The table that is recorded as ``name``, and for a caption where the numbers come from.

    With ``OVERPARAM_RECORD=1`` in the environment it is what ``measure`` gives, and recorded.
    """
    if not recording():
        return recorded(name)
    started = time.perf_counter()
    table = measure()
    record(name, table, time.perf_counter() - started)
    return table, "measured with this page"


def kept(table: pd.DataFrame, where: str) -> str:
    """In how many settings, and in which not, a finding keeps its sign; of a table with ``setting`` and ``keeps``, measured ``where``."""
    exceptions = "; ".join(table.setting[~table.keeps]) or "none"
    return f"{table.keeps.sum()} of {len(table)} settings. Exceptions: {exceptions}. (The table was {where}.)"


def recording() -> bool:
    """Whether what is measured is to be recorded: ``OVERPARAM_RECORD`` is 1."""
    value = os.environ.get("OVERPARAM_RECORD", "")
    if value not in ("", "0", "1"):
        raise ValueError(f"OVERPARAM_RECORD is {value!r}; set it to 1 to record what is measured, to 0 not to.")
    if value == "1" and not paths.checkout():
        raise ValueError(
            f"OVERPARAM_RECORD is 1, but the package was installed to {paths.PACKAGE}: record from a checkout of the book's "
            "repository, or unset it."
        )
    return value == "1"


def is_recorded(name: str) -> bool:
    """Whether there is a recorded table of this name."""
    return (FOLDER / f"{name}.json").is_file()


def recorded(name: str) -> tuple[pd.DataFrame, str]:
    """A recorded table and one sentence on where, when and how it was measured."""
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"There is no recorded result {path}; measure it with OVERPARAM_RECORD=1.")
    content = json.loads(path.read_text(encoding="utf-8"))
    p = content["provenance"]
    where = f"recorded on {p['date']} on {p['device']} in {p['seconds']:,}\u00a0s (torch {p['torch']}, commit {p['commit']})"
    table = pd.DataFrame(content["rows"])
    if "setting" in table:
        table["setting"] = table.setting.map(in_words)
    return table, where


def in_words(setting: str) -> str:
    """A setting's name in words: of "lr 0.3, digits True" it makes "learning rate 0.3, digits"."""
    return ARGUMENTS.sub(lambda found: WORDS[found[0]], setting)


def record(name: str, table: pd.DataFrame, seconds: float) -> None:
    """Record a table that took this long to measure on this machine, with its provenance."""
    path = FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(
        json.dumps({"provenance": provenance(seconds), "rows": table.to_dict("records")}, indent=1) + "\n",
        encoding="utf-8",
    )
    temporary.rename(path)


def provenance(seconds: float) -> dict:
    """When, where, with what and from which commit something was measured that took this long."""
    on_gpu = torch.cuda.is_available()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "device": torch.cuda.get_device_name() if on_gpu else f"{_cores()} ({platform.machine()})",
        "seconds": round(seconds),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "commit": _commit(),
        "scale": scale.current(),
        "seed_offset": scale.seed_offset(),
    }


def _cores() -> str:
    cores = machine.cores()
    return "1 CPU core" if cores == 1 else f"{cores} CPU cores"


def _commit() -> str:
    """The commit of the code, "-dirty" where something beside the records themselves differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=FOLDER.parent, capture_output=True, encoding="utf-8", check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ":(top)", ":(top,exclude)data/results")
        return git("describe", "--always") + ("-dirty" if changed else "")
    except (OSError, subprocess.CalledProcessError):  # no git, or no repository
        return "unknown"
