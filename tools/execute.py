"""Execute the chapters: notebooks/NN_slug.py → build/<scale>/notebooks/NN_slug.ipynb and build/<scale>/claims/slug.json.

The pages about the package, notebooks/library_topic.py, are executed alike; they have no claims.

A chapter runs again only when its code, its claims, what is recorded, the package, the pinned requirements, the scale, the seed or
the data sets at hand have changed. Where only its prose has, the new prose is put around the outputs that are there. Chapters run side by
side, each on its share of the cores, as a page says; at gpu scale one after another, since there is one GPU.
"""

import ast
import asyncio
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from traitlets.config import Config

import ledger
from overparam import data, machine, paths
from overparam.engine import store, workers
from overparam.engine.identity import code_without_docstrings
from overparam.report import evidence, protocols, results, scale
from overparam.report.cards import METADATA

ROOT = Path(__file__).resolve().parents[1]
MEMORY = 2 * 2**30  # bytes that a chapter may need: the largest took 1.9 GB, most 0.6 to 0.8


class BuildError(Exception):
    """One sentence that names the notebook and what is wrong with it."""


def main(root: Path = ROOT) -> int:
    """Bring every chapter up to date; 1 if one of them fails."""
    try:
        build = root / "build" / scale.current()
        check_settings()
        ledger.read_facts(root / "data" / "claims.yaml")
        if scale.current() not in scale.SCALES:
            raise ValueError("OVERPARAM_SCALE is 'confirm', which make confirm sets itself: run that, or unset it.")
    except (ValueError, OSError, ImportError) as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    sources = [path for kind in ("[0-9]*.py", "library_*.py") for path in sorted((root / "notebooks").glob(kind))]
    try:
        asyncio.run(bring_all_up_to_date(sources, build, root))
    except BuildError as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    wanted = {source.stem for source in sources} | {ledger.slug(source.stem) for source in sources}
    for path in [*build.glob("notebooks/*.ipynb"), *build.glob("claims/*.json")]:
        if path.stem not in wanted:
            path.unlink()
    return 0


def check_settings() -> None:
    """Raise, in one sentence, for what is wrong with a variable of the environment; an unknown scale is one, too."""
    for setting in (scale.seed_offset, machine.cores, paths.cache, paths.root, results.recording, workers.cluster):
        setting()


async def bring_all_up_to_date(sources: list[Path], build: Path, root: Path) -> None:
    """Bring the chapters up to date; the first that fails ends the others."""
    room = machine.memory() // MEMORY
    at_once = 1 if scale.current() == "gpu" else max(1, min(machine.cores(), len(sources), room))
    turn, package = asyncio.Semaphore(at_once), package_code(root)

    async def bring(source: Path) -> None:
        async with turn:
            await bring_up_to_date(source, build, root, package, machine.cores() // at_once)

    try:
        async with asyncio.TaskGroup() as group:
            for source in sources:
                group.create_task(bring(source))
    except ExceptionGroup as failed:  # those that were ended fail in turn, and that tells nothing
        raise failed.exceptions[0] from None


async def bring_up_to_date(source: Path, build: Path, root: Path, package: list[str], cores: int) -> None:
    """Execute one chapter, or only renew its prose, or leave it."""
    target = build / "notebooks" / f"{source.stem}.ipynb"
    notebook = jupytext.read(source)
    key = run_key(source, notebook, root, package)
    done = nbformat.read(target, as_version=4) if target.is_file() else None
    if done and done.metadata.get("overparam", {}).get("key") == key:
        outputs = [cell for cell in done.cells if cell.cell_type == "code"]
        fresh = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for new, old in zip(fresh, outputs, strict=True):
            new.outputs, new.execution_count = old.outputs, old.execution_count
        stamp, state = done.metadata["overparam"], done.metadata.get("widgets")
    else:
        stamp = await execute_on(cores, source, notebook, root) | {"key": key}
        if warned := warnings_of(source, notebook):
            raise BuildError(f"{warned[0][0]}: a page shows no warnings, mend what causes this one:\n{warned[0][1]}")
        state = notebook.metadata.get("widgets")
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "overparam": stamp}
        | ({"widgets": state} if state else {})
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    write_claims(source, notebook, build, root)
    _replace(target, nbformat.writes(notebook) + "\n")


# Run in a chapter's kernel before its first cell: add up the seconds of training that the cache spares it.
LISTEN = """
import logging as _logging

class _Spared(_logging.Handler):
    seconds = 0.0

    def emit(self, record):
        self.seconds += record.training_seconds

_spared = _Spared()
_logging.getLogger("overparam.engine.sweep").addHandler(_spared)
_logging.getLogger("overparam.engine.sweep").setLevel("INFO")
"""
PROBE = "from overparam.engine import train as _t\n[_spared.seconds, _t.default_device().type]"


def package_code(root: Path) -> list[str]:
    """What the modules of the package do, as text."""
    modules = sorted((root / "src").rglob("*.py"))
    return [code_without_docstrings(ast.parse(path.read_text(encoding="utf-8"))) for path in modules]


def run_key(source: Path, notebook, root: Path, package: list[str]) -> str:
    """A hash of all that the outputs depend on."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    chapter, requirements = ledger.slug(source.stem), root / "requirements.txt"
    facts = [
        json.dumps(
            [fact for fact in ledger.read_facts(root / "data/claims.yaml") if fact["chapter"] == chapter], default=str
        )
    ]
    facts += [path.read_text(encoding="utf-8") for path in (requirements, _record(root, chapter)) if path.is_file()]
    recorded = sorted((root / "data" / "results").glob("[0-9]*"))  # the tables that chapters show
    facts += [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in recorded]
    at_hand = [name for name in ("mnist", "cifar10") if data.available(name)]
    setting = [scale.current(), scale.seed_offset(), at_hand]
    return hashlib.sha256(json.dumps([code, package, facts, setting]).encode()).hexdigest()


def execute(source: Path, notebook, root: Path) -> dict:
    """Run every cell, in place; how long it took and where."""
    return asyncio.run(execute_on(machine.cores(), source, notebook, root))


async def execute_on(cores: int, source: Path, notebook, root: Path) -> dict:
    """`execute` on so many cores, beside other chapters."""
    try:
        store.check()
    except OSError as error:
        raise BuildError(error.strerror or str(error)) from error
    code = sum(cell.cell_type == "code" for cell in notebook.cells)
    environment = {
        "TQDM_DISABLE": "1",  # a page has no use for progress bars
        "PYTHONHASHSEED": "0",
        "OVERPARAM_SCALE": scale.current(),
        "OVERPARAM_SEED": str(scale.seed_offset()),
        "OVERPARAM_CORES": str(cores),
    }
    if cores < (os.cpu_count() or 1):  # libraries look at the machine, not at the container or at OVERPARAM_CORES
        environment["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS") or str(cores)
    counted = iter(range(1, code + 1))
    current = 0

    def show(cell, cell_index) -> None:
        nonlocal current
        current = cell_index
        if cell_index < len(notebook.cells) - 1 and cell.cell_type == "code" and sys.stdout.isatty():
            print(f"\r{source.name}: cell {next(counted)} of {code}, {time.perf_counter() - started:.0f} s ", end="")

    # What the cache saved is asked for in a last cell that is then taken away.
    probe = nbformat.v4.new_code_cell(PROBE)
    notebook.cells.append(probe)
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(root / "notebooks")}},
        on_notebook_start=lambda notebook: client.kc.execute(LISTEN, silent=True, store_history=False),
        on_cell_start=show,
        extra_arguments=["--log-level=ERROR"],  # the kernel's notes on its transport are none of a reader's business
    )
    first = scale.seed_offset() + (evidence.FIRST_SEED if scale.current() == "confirm" else 0)
    print(f"{source.name}: running {code} cells at {scale.current()} scale, seeds from {first}", flush=True)
    started = time.perf_counter()
    try:
        with kernel_settings() as client.config:
            await client.async_execute(env=os.environ | environment)
    except (CellExecutionError, DeadKernelError) as error:
        raise _failed(source, notebook.cells, current) from error
    for number, cell in enumerate(notebook.cells):  # an error of what a cell shows does not stop the kernel
        if _errors(cell) and "raises-exception" not in cell.metadata.get("tags", []):
            raise _failed(source, notebook.cells, number)
    seconds = time.perf_counter() - started
    notebook.cells.pop()
    cached, device = ast.literal_eval(probe.outputs[-1]["data"]["text/plain"])
    print(
        f"\r{source.name}: done in {seconds:.0f} s"
        + (f" ({cached:.0f} s of training read from the cache)" if cached >= 1 else "")
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return {
        "scale": scale.current(),
        "seed_offset": scale.seed_offset(),
        "seconds": round(seconds + cached / cores, 1),
        "device": device,
        "cores": cores,
    }


@contextmanager
def kernel_settings() -> Iterator[Config]:
    """How a kernel is spoken to: where the system can, through files in a folder of its own.

    A network port is chosen before the kernel opens it, and now and then another program opens it in between.
    """
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        file = str(Path(folder) / "kernel.json")
        can = os.name == "posix" and len(file) < 90  # of the 104 bytes that the name of a socket may have
        yield Config(KernelManager={"transport": "ipc", "connection_file": file} if can else {})


def warnings_of(source: Path, notebook) -> list[tuple[str, str]]:
    """The cells of an executed chapter that warned, and what they said."""
    said = [
        "".join(output.text for output in cell.get("outputs", []) if output.get("name") == "stderr")
        for cell in notebook.cells
    ]
    return [(f"{source.name}, cell {number}", text) for number, text in enumerate(said, 1) if text]


def cards_of(notebook) -> list[dict]:
    """What the cards of an executed chapter hold."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["metadata"][METADATA] for output in outputs if METADATA in output.get("metadata", {})]


def _record(root: Path, chapter: str) -> Path:
    """Where the record lies that a chapter's cards show."""
    return root / "data" / "results" / "evidence" / f"{chapter}.json"


def _errors(cell) -> list:
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def _failed(source: Path, cells: list, number: int) -> BuildError:
    """Print what Python said of a failed cell, in colour only where somebody looks; the error that names it."""
    what = "the kernel died (killed, or out of memory)"
    for error in _errors(cells[number]):
        what = f"{error.ename}: {error.evalue}"
        text = "\n".join(error.traceback)
        print(text if sys.stderr.isatty() else re.sub(r"\x1b\[[0-9;]*m", "", text), file=sys.stderr)
    first_line = cells[number].source.strip().splitlines()[0]
    return BuildError(f"{source.name}, cell {number + 1} ({first_line!r}): {what}")


def write_claims(source: Path, notebook, build: Path, root: Path) -> None:
    """Collect what the cards of a chapter carry; every claim of the chapter must have one, with the verdict that is due."""
    chapter = ledger.slug(source.stem)
    records = cards_of(notebook)
    wanted = {
        fact["id"]: fact for fact in ledger.read_facts(root / "data" / "claims.yaml") if fact["chapter"] == chapter
    }
    given = [record["id"] for record in records]
    if missing := wanted.keys() - set(given):
        raise BuildError(
            f"{source.name}: claim {sorted(missing)[0]} of data/claims.yaml has no card; show one with Ledger.card."
        )
    if twice := {name for name in given if given.count(name) > 1}:
        raise BuildError(f"{source.name}: claim {sorted(twice)[0]} has two cards; show it once.")
    try:
        claims = {name: protocols.read(fact) for name, fact in wanted.items()}
        confirmed = evidence.read(chapter, _record(root, chapter), claims=claims)
        ledger.measured_in(records, source, claims, confirmed)
    except (ledger.LedgerError, ValueError) as error:
        raise BuildError(f"{error} Delete the executed notebook and build again.") from error
    path = build / "claims" / f"{chapter}.json"
    if records:
        _replace(path, json.dumps(records, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    else:
        path.unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that says the same already keeps its date."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text, encoding="utf-8")
    temporary.rename(path)


if __name__ == "__main__":
    sys.exit(main())
