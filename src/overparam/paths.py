"""Where things lie: the book's claims and records, what is kept of trained networks, data sets that were downloaded."""

import os
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """The book's repository, where the package is used from it; None where it was installed."""
    repository = PACKAGE.parents[1]
    return repository if PACKAGE.parent.name == "src" and (repository / "pyproject.toml").is_file() else None


def book() -> Path:
    """The folder that holds ``claims.yaml`` and ``results``: the copy that was installed, else ``data`` of a checkout."""
    installed = PACKAGE / "book"
    return installed if installed.is_dir() else PACKAGE.parents[1] / "data"


def root() -> Path:
    """Where data sets are looked for and downloaded to: ``OVERPARAM_DATA``, else the folder `cache()`."""
    return _named("OVERPARAM_DATA") or cache()


def cache() -> Path:
    """Where this package keeps what it can make again: ``OVERPARAM_CACHE``, else the first of these that can be had.

    ``data/cache`` of a checkout, ``~/.cache/overparam``, or, for a user without a home, a folder among the temporary ones.
    """
    if named := _named("OVERPARAM_CACHE"):
        return named
    repository, home = checkout(), _home()
    usual = [repository and repository / "data" / "cache", home and home / ".cache" / "overparam"]
    user = os.getuid() if hasattr(os, "getuid") else "user"
    there = (folder for folder in usual if folder and _can_be_had(folder))
    return next(there, Path(tempfile.gettempdir()) / f"overparam-cache-{user}")


def _named(variable: str) -> Path | None:
    """The folder that an environment variable names."""
    named = os.environ.get(variable)
    try:
        return Path(named).expanduser() if named else None
    except RuntimeError:
        raise ValueError(
            f"{variable} is {named!r}, but that home folder is not known; set it to a full path."
        ) from None


def _home() -> Path | None:
    """The user's home; None where there is none, as in a container whose user has no name."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _can_be_had(folder: Path) -> bool:
    """Whether the folder is there, or can be made in the nearest one above it that is there."""
    if os.path.isdir(folder):
        return os.access(folder, os.R_OK | os.X_OK)
    above = next(filter(os.path.lexists, folder.parents), folder)
    return os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK)
