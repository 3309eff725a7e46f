"""Execute the chapters: notebooks/NN_slug.py → build/<scale>/notebooks/NN_slug.ipynb and build/<scale>/claims/NN-slug.json.

A chapter runs again only when its code, the package, the pinned requirements, the scale, the seed or the data sets at
hand have changed. Where only its prose has, the new prose is put around the outputs that are there.
"""

import ast
import hashlib
import json
import os
import re
import sys
import time
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from overparam import data, machine, paths
from overparam.engine import store
from overparam.engine.identity import code_without_docstrings
from overparam.report import claims, results, scale

ROOT = Path(__file__).resolve().parents[1]


class BuildError(Exception):
    """One sentence that names the notebook and what is wrong with it."""


def main(root: Path = ROOT) -> int:
    """Bring every chapter up to date; 1 if one of them fails."""
    try:
        build = root / "build" / scale.current()
        for setting in (scale.seed_offset, machine.cores, paths.cache, paths.root, results.recording):
            setting()
    except ValueError as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    sources = sorted((root / "notebooks").glob("[0-9]*.py"))
    try:
        for source in sources:
            bring_up_to_date(source, build, root)
    except BuildError as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    wanted = {source.stem for source in sources}
    for path in [*build.glob("notebooks/*.ipynb"), *build.glob("claims/*.json")]:
        if path.stem.replace("-", "_") not in wanted:
            path.unlink()
    return 0


def bring_up_to_date(source: Path, build: Path, root: Path) -> None:
    """Execute one chapter, or only renew its prose, or leave it."""
    target = build / "notebooks" / f"{source.stem}.ipynb"
    notebook = jupytext.read(source)
    key = run_key(notebook, root)
    done = nbformat.read(target, as_version=4) if target.is_file() else None
    if done and done.metadata.get("overparam", {}).get("key") == key:
        outputs = [cell for cell in done.cells if cell.cell_type == "code"]
        fresh = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for new, old in zip(fresh, outputs, strict=True):
            new.outputs, new.execution_count = old.outputs, old.execution_count
        stamp, state = done.metadata["overparam"], done.metadata.get("widgets")
    else:
        stamp = execute(source, notebook, root) | {"key": key}
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


def run_key(notebook, root: Path) -> str:
    """A hash of all that the outputs depend on."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    package = [
        code_without_docstrings(ast.parse(p.read_text(encoding="utf-8"))) for p in sorted((root / "src").rglob("*.py"))
    ]
    facts = [
        (root / name).read_text(encoding="utf-8")
        for name in ("data/claims.yaml", "requirements.txt")
        if (root / name).is_file()
    ]
    recorded = sorted((root / "data" / "results").glob("[0-9]*"))  # the tables that chapters show
    facts += [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in recorded]
    at_hand = [name for name in ("mnist", "cifar10") if data.available(name)]
    setting = [scale.current(), scale.seed_offset(), at_hand]
    return hashlib.sha256(json.dumps([code, package, facts, setting]).encode()).hexdigest()


def execute(source: Path, notebook, root: Path) -> dict:
    """Run every cell, in place; how long it took and where."""
    try:
        store.check()
    except OSError as error:
        raise BuildError(error.strerror or str(error)) from error
    cores = machine.cores()
    code = sum(cell.cell_type == "code" for cell in notebook.cells)
    environment = {
        "TQDM_DISABLE": "1",  # a page has no use for progress bars
        "PYTHONHASHSEED": "0",
        "OVERPARAM_SCALE": scale.current(),
        "OVERPARAM_SEED": str(scale.seed_offset()),
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
    print(
        f"{source.name}: running {code} cells at {scale.current()} scale, seeds from {scale.seed_offset()}", flush=True
    )
    started = time.perf_counter()
    try:
        client.execute(env=os.environ | environment)
    except (CellExecutionError, DeadKernelError) as error:
        first_line = notebook.cells[current].source.strip().splitlines()[0]
        what = "the kernel died (killed, or out of memory)"
        if isinstance(error, CellExecutionError):
            what = f"{error.ename}: {error.evalue}"
            print(_traceback(notebook.cells[current]), file=sys.stderr)
        raise BuildError(f"{source.name}, cell {current + 1} ({first_line!r}): {what}") from error
    seconds = time.perf_counter() - started
    for number, cell in enumerate(notebook.cells, 1):
        if said := "".join(output.text for output in cell.get("outputs", []) if output.get("name") == "stderr"):
            raise BuildError(
                f"{source.name}, cell {number}: a page shows no warnings, mend what causes this one:\n{said}"
            )
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


def _traceback(cell) -> str:
    """What Python said of a failed cell; in colour only where somebody looks."""
    lines = [line for output in cell.outputs if output.output_type == "error" for line in output.traceback]
    text = "\n".join(lines)
    return text if sys.stderr.isatty() else re.sub(r"\x1b\[[0-9;]*m", "", text)


def write_claims(source: Path, notebook, build: Path, root: Path) -> None:
    """Collect the verdicts that the cards of a chapter carry; every claim of the chapter must have one."""
    chapter = source.stem.replace("_", "-")
    records = [
        output["metadata"][claims.METADATA]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if claims.METADATA in output.get("metadata", {})
    ]
    facts = yaml.safe_load((root / "data" / "claims.yaml").read_text(encoding="utf-8"))
    wanted = {fact["id"] for fact in facts if fact["chapter"] == chapter}
    given = [record["id"] for record in records]
    if missing := wanted - set(given):
        raise BuildError(
            f"{source.name}: claim {sorted(missing)[0]} of data/claims.yaml has no card; show one with Ledger.card."
        )
    if twice := {name for name in given if given.count(name) > 1}:
        raise BuildError(f"{source.name}: claim {sorted(twice)[0]} has two cards; show it once.")
    for record in records:
        implied = claims.recompute(record)
        if implied != record["verdict"]:
            raise BuildError(
                f"{source.name}: claim {record['id']} says {record['verdict']}, but its intervals give {implied}; "
                "delete the executed notebook and build again."
            )
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
