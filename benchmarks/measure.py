"""Run the variants of the works side by side, each measurement in a fresh process, and write down what was measured."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from benchmarks import peak
from benchmarks.works import N_TEST, VARIANTS, WORKS, Work
from overparam import machine

ROOT = Path(__file__).resolve().parents[1]
PEAKS = {variant: "bfloat16" if variant == "bf16" else "float32" for variant in VARIANTS}
JAX = ROOT / "build/bench"  # where the packages are that only the benchmark needs
REQUIREMENTS = ROOT / "benchmarks/requirements.txt"


def measure(works: Sequence[Work], rounds: int, seconds: float | None = None, variants: Sequence[str] = (*VARIANTS,)):
    """Yield the rows (one per variant) of each work when it is done; with `seconds`, from short runs (`child.short`).

    In every round all variants take their turn, so that a change of the machine's speed meets them all.
    """
    peaks: dict[str, float] = {}
    for work in works:
        print(f"{work.title}", flush=True)
        if not peaks or seconds is None:
            peaks = {dtype: peak.measure(dtype) for dtype in sorted({PEAKS[v] for v in variants})}
        runs: dict[str, list[dict]] = {variant: [] for variant in work.variants() if variant in variants}
        with tempfile.TemporaryDirectory() as folder:
            arrays = Path(folder, "data.npz")
            if "jax" in runs:
                write_arrays(work, arrays)
            for number in range(rounds):
                for variant, done in runs.items():
                    if any("missing" in run for run in done):
                        continue
                    done.append(run_child(work, variant, seconds, arrays))
                    tell(number, variant, done[-1])
        yield [describe(work, variant, seconds is not None, done, peaks) for variant, done in runs.items()]


def install_jax() -> None:
    """Install JAX for the benchmark alone, as it is pinned; where that fails, its measurements will be missing."""
    if not (JAX / "jax").is_dir():
        print(f"Installing JAX into {JAX.relative_to(ROOT)}, for the benchmark alone", flush=True)
        options = ["--quiet", "--no-deps", "--disable-pip-version-check", "--target", str(JAX)]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, "-r", str(REQUIREMENTS)])


def write_arrays(work: Work, path: Path) -> None:
    """Write the work's data where JAX finds them, by a process that may import PyTorch."""
    subprocess.run(
        [sys.executable, "-m", "benchmarks.datasets", json.dumps(asdict(work)), str(path)], cwd=ROOT, check=True
    )


def run_child(work: Work, variant: str, seconds: float | None, arrays: Path | None = None) -> dict:
    """One measurement: what the child says, its `wall` time from start to exit, and the cores that `others` kept busy.

    The latter is measured just before. Where the variant fails, only why it is `missing`.
    """
    request = json.dumps({"work": asdict(work), "variant": variant, "seconds": seconds, "arrays": str(arrays)})
    search = [os.environ.get("PYTHONPATH"), str(JAX)] if variant == "jax" else [os.environ.get("PYTHONPATH")]
    others = busy_cores()
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", request],
        cwd=ROOT,
        env=os.environ | {"TQDM_DISABLE": "1", "PYTHONPATH": os.pathsep.join(filter(None, search))},
        capture_output=True,
        encoding="utf-8",
    )
    wall = time.perf_counter() - started
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}
    return json.loads(done.stdout.splitlines()[-1]) | {"wall": wall, "others": others}


def busy_cores(seconds: float = 0.3) -> float | None:
    """How many cores other programs, or other machines on the same processor, keep busy right now; None if unknown."""

    def busy() -> int:
        user, nice, system, _idle, _waiting, *rest = (
            Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:9]
        )
        return sum(map(int, (user, nice, system, *rest)))

    try:
        before = busy()
        time.sleep(seconds)
        return (busy() - before) / os.sysconf("SC_CLK_TCK") / seconds
    except OSError:  # only Linux has this file
        return None


def tell(number: int, variant: str, run: dict) -> None:
    """One line of progress."""
    said = f"missing: {run['missing']}" if "missing" in run else f"{run['wall']:7.1f} s{disturbed(run)}"
    print(f"  {time.strftime('%H:%M:%S')}  round {number + 1}  {VARIANTS[variant]:32}{said}", flush=True)


def disturbed(run: dict) -> str:
    """A remark on other programs, where they kept more than a fifth of a core busy."""
    return f"  (other programs used {run['others']:.1f} cores)" if (run["others"] or 0) > 0.2 else ""


def describe(work: Work, variant: str, quick: bool, runs: list[dict], peaks: dict[str, float]) -> dict:
    """A row of the result file: what the work is, and the measurements as they are."""
    return {
        "work": work.name,
        "title": work.title,
        "variant": variant,
        "networks": len(work.networks()),
        "epochs": work.epochs,
        "steps_per_epoch": work.steps_per_epoch(),
        "flops_per_epoch": work.flops_per_epoch(N_TEST),
        "peak": peaks[PEAKS[variant]],
        "target": work.targets.get(variant),
        "quick": quick,
        "runs": runs,
    }


def provenance() -> dict:
    """On what machine, with what software and when it is measured."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "device": f"{machine.cores()} CPU cores ({platform.machine()})",
        "cpu": cpu(),
        "cores": machine.cores(),
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "jax": next((found.version for found in metadata.distributions(name="jax", path=[str(JAX)])), None),
        "commit": commit(),
    }


def commit() -> str:
    """The repository's commit, marked where the code that is measured differs from it."""
    git = lambda *arguments: subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8")  # noqa: E731
    name = git("rev-parse", "--short", "HEAD").stdout.strip() or "unknown"
    return name + "-dirty" * bool(git("status", "--porcelain", "--", "src", "benchmarks").stdout)


def cpu() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def write(path: Path, origin: dict, rows: list[dict]) -> None:
    """Write the result file; works that it has from the same machine and software, but that are not in `rows`, stay."""
    rows = [row | {"date": origin["date"], "commit": origin["commit"]} for row in rows]
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"rows": []}
    if old["rows"] and all(
        old["provenance"].get(key) == origin[key] for key in ("cpu", "cores", "python", "torch", "jax")
    ):
        new = {row["work"] for row in rows}
        rows = [row for row in old["rows"] if row["work"] not in new] + rows
        order = [work.name for work in WORKS]
        rows.sort(key=lambda row: order.index(row["work"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps({"provenance": origin, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    temporary.rename(path)
