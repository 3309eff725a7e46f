"""What several tests share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# Before NumPy and torch are imported, here and in the processes that tests start: two threads wait for each other at every
# small product, ten times as long on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))  # the tools import one another


@pytest.hookimpl(optionalhook=True)  # unknown where xdist is switched off
def pytest_xdist_auto_num_workers() -> int:
    """What `pytest -n auto` means: one process per core that is to be used."""
    from overparam import machine

    return machine.cores()


# Files whose tests run notebooks, or start and kill programs.
PROGRAMS = (
    "test_assignments",
    "test_bench",
    "test_colab",
    "test_execute",
    "test_grading",
    "test_installed",
    "test_record",
    "test_resume",
    "test_workers",
)
# What takes longest begins first: side by side, a file of a minute that began last would be waited for.
LONGEST = (
    "test_accessible",
    "test_book",
    "test_assignments",
    "test_resume",
    "test_execute",
    "test_grading",
    "test_record",
    "test_predictions",
    "test_weights",
    "test_pretend_gpu",
    "test_verdicts",
    "test_records",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `make test` leaves to `make test-slow`, and put the files that take longest first.

    Slow are also all chapters that are run again, and every file that reads the pages of the built book, which it takes from test_book.
    """
    for item in items:
        of_the_book = isinstance(getattr(getattr(item, "module", None), "HTML", None), Path)
        if of_the_book or item.path.stem in PROGRAMS or item.path.suffix == ".ipynb":
            item.add_marker("slow")
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.fixture(autouse=True, scope="module")
def _no_workers_of_another_file() -> Iterator[None]:
    """End the worker processes that a file has started: while they are up, little work is theirs as well, and a test that
    watches what is trained in its own process would see none."""
    yield
    if "overparam.engine.workers" in sys.modules:
        sys.modules["overparam.engine.workers"]._end_pool()


@pytest.fixture
def in_this_process(monkeypatch) -> None:
    """Keep all training of this test in its own process, where it can be watched."""
    from overparam.engine.workers import LocalWorkers

    monkeypatch.setattr(LocalWorkers, "take", lambda *_: False)


@pytest.fixture(scope="module")
def browser():
    """A Chromium in which pages are opened, closed after the tests of a file."""
    import chromium

    if chromium.find() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(chromium.MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def data_root() -> Path:
    """A data root with real MNIST: OVERPARAM_TEST_DATA, or `shared/data` beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    root = Path(os.environ.get("OVERPARAM_TEST_DATA") or beside)
    if not (root / "MNIST" / "raw").is_dir():
        pytest.skip(f"no real data in {root}; set OVERPARAM_TEST_DATA to a folder that holds MNIST/raw")
    return root


@pytest.fixture(scope="session")
def cifar10_root(data_root, tmp_path_factory) -> Path:
    """A data root with real CIFAR-10, decoded once if only its JPEG copy is there (about ten seconds)."""
    if (data_root / "cifar10.npz").is_file():
        return data_root
    if not (data_root / "decode_cifar10.py").is_file():
        pytest.skip(f"neither cifar10.npz nor decode_cifar10.py in {data_root}")
    root = tmp_path_factory.mktemp("cifar10")
    subprocess.run([sys.executable, data_root / "decode_cifar10.py", root / "cifar10.npz"], check=True)
    return root
