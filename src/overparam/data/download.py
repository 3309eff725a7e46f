"""Downloads into the folder of data sets, `paths.root()`, by torchvision."""

import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from types import ModuleType

import torch

from overparam.data.dataset import DataError
from overparam.paths import root


@contextmanager
def download(what: str, folder: Path, place: str) -> Iterator[Path]:
    """A temporary folder inside the data root, removed whatever happens; move out of it what is complete."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)  # seconds of silence; torchvision sets no limit and would hang at a firewall
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
            yield Path(temporary)
    except (RuntimeError, OSError, HTTPException) as error:
        raise DataError(
            f"{what} is not under {folder / place} and could not be downloaded ({_reason(error)}); "
            f"connect to the internet, or set OVERPARAM_DATA to a folder that holds {place}"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)


def torchvision_datasets() -> ModuleType:
    """`torchvision.datasets`, also where torchvision's compiled operators do not load.

    PyPI's torchvision is built for CUDA. Beside a CPU-only torch its extension does not load, and the import
    fails on two operators that it wants to describe. Data sets do not use them: declaring the two is enough.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
        for operator in ("torchvision::nms", "torchvision::qnms"):
            torch.library.define(operator, "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision
    return torchvision.datasets


def data_root(path: str | Path | None) -> Path:
    """The folder that was given, or else that of all data sets."""
    return root() if path is None else Path(path)


def _reason(error: BaseException) -> str:
    """Why a download failed, in the network's words: torchvision wraps them in a list of its mirrors."""
    said = re.findall(r"<urlopen error (?:\[[^]]*\] )?([^>]*)>", str(error))
    return said[-1] if said else one_line(error)


def one_line(error: BaseException) -> str:
    """What the error says, on one line; its type where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__
