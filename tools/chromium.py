"""Start this machine's Chromium, with which pages are printed, measured and tested."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--no-first-run",
)
MISSING = (
    "Neither Chromium nor Chrome was found: install one, on Debian and Ubuntu with `sudo apt-get install chromium`."
)


class NoBrowserError(Exception):
    """There is no Chromium; one sentence says how to get it."""


def find() -> str | None:
    """Return where the program is, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright, *flags: str):
    """Return a browser of Playwright's, started with `flags` beside the usual ones."""
    program = find()
    if program is None:
        raise NoBrowserError(MISSING)
    return playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
