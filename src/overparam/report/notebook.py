"""How a notebook of the book starts: where what it trains is kept, and at which scale it runs."""

import os
from importlib import import_module
from pathlib import Path

import torch

from overparam.engine.train import default_device
from overparam.report import scale

DRIVE = Path("/content/drive")  # where Colab shows a user's files, once they have allowed it


def start(keep_in: str = "") -> str:
    """Keep trained networks in the folder ``keep_in``, where one is named, choose a scale that this machine can run, and say both.

    On Colab a folder in ``/content/drive`` outlives the session, and the user is asked to let Colab see it. ValueError if the folder
    cannot be made or written.
    """
    said = []
    if keep_in:
        folder = Path(keep_in).expanduser().absolute()
        if folder.is_relative_to(DRIVE) and not os.path.ismount(DRIVE):
            _mount()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise PermissionError("it may not be written")
        except OSError as error:
            raise ValueError(
                f"keep_in is {keep_in!r}, where nothing can be kept ({error}); name another folder."
            ) from None
        os.environ["OVERPARAM_CACHE"] = str(folder)
        said.append(
            f"Trained networks are kept in {folder}; those of another PyTorch than {torch.__version__}, of another device or of another version "
            "of the book stay unused there, as they differ in the last digits."
        )
    device, chosen = default_device(), scale.current()
    if device.type != "cpu":
        more = "" if chosen == "gpu" else ", and gpu after %env OVERPARAM_SCALE=gpu in a cell above"
        said.append(f"{torch.cuda.get_device_name(device)} trains; the scale is {chosen}{more}.")
    elif chosen == "gpu":
        os.environ["OVERPARAM_SCALE"] = "laptop"
        said.append("There is no GPU, so the scale is laptop, and not gpu.")
    else:
        said.append(f"No GPU is needed: the scale is {chosen}.")
    return " ".join(said)


def _mount() -> None:
    """Ask the user to let Colab see their Drive."""
    try:
        drive = import_module("google.colab.drive")  # Colab's own, not to be installed
    except ImportError:
        raise ValueError(
            f"keep_in is a folder in {DRIVE}, which only Colab has; name a folder of this computer."
        ) from None
    drive.mount(str(DRIVE))
