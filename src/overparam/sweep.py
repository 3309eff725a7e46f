"""A grid of settings → a plan of stacks → one pandas table of records; cached, resumable, spread over processes."""

import ast
import functools
import hashlib
import inspect
import itertools
import json
import os
import signal
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from tqdm.auto import tqdm

from overparam import data as data_module
from overparam import ensemble
from overparam.data import Data
from overparam.ensemble import Settings, check_record, default_device, train
from overparam.models import MLP

MAX_STACK = 20  # networks: more gains nothing on a CPU core
MAX_STACK_BYTES = 8 * 2**20  # of weights: a stack should stay in the core's cache
MAX_RESTARTS = 3  # of the worker processes in one sweep, after one of them was killed
MAX_ACTIVATION_BYTES = 2 * 2**30  # of hidden layers and their gradients, in one stack
START_UP = 6.0  # seconds a worker process takes to import torch; less work than this stays in the calling process


def sweep(
    architecture: dict,
    data: Data,
    *,
    seed=0,
    init_seed=None,
    data_seed=None,
    n=None,
    record: Sequence[str] = (),
    device=None,
    cache: bool = True,
    **settings,
) -> pd.DataFrame:
    """Train a network for every combination of settings; one row per network.

    Any setting given as a list, tuple or range is a dimension of the grid, in ``architecture`` (see ``models.mlp``) as in
    the keywords, which are those of ``ensemble.Settings``. ``init_seed`` and ``data_seed`` equal ``seed`` unless given;
    ``n`` is the whole training pool unless given. The table has the settings, what ``ensemble.train`` records, and where
    each network was trained. With ``cache`` a network trained before is read back instead (from ``data.cache()/runs``).
    """
    if not isinstance(data, Data):
        raise ValueError(f"data is {data!r}; pass a data set such as data.load('digits').")
    check_record(record)
    networks = _expand(architecture, data, seed, init_seed, data_seed, n, settings)
    device = torch.device(device) if device is not None else default_device()
    keys = [_key(s, data, record, device) for s in networks]
    stored = _read(keys) if cache else {}
    # The plan is that of the whole grid, whatever is stored, so that a sweep resumed after a kill trains the very stacks
    # that it would have trained, to the same bits.
    plan = [stack.without({i for i in stack.members if keys[i] in stored}) for stack in _plan(networks, data, device)]
    plan = [stack for stack in plan if stack.members]
    _count_cached(stored)

    quiet = not plan or bool(os.environ.get("TQDM_DISABLE"))  # tqdm's notebook bar does not look for itself
    with tqdm(total=sum(len(s.members) for s in plan), unit="net", leave=False, disable=quiet) as bar:
        bar.set_description(f"{len(plan)} stacks on {device.type}, float32")
        for stack, records in _run(plan, networks, data, tuple(record), device):
            rows = {keys[i]: row for i, row in zip(stack.members, records, strict=True)}
            if cache:
                _write(rows)
            stored |= rows
            bar.update(len(rows))
    columns = [s.columns() | {"data": data.name} | stored[k] for s, k in zip(networks, keys, strict=True)]
    return pd.DataFrame(columns)


def curves(runs: pd.DataFrame) -> pd.DataFrame:
    """The learning curves of a sweep with ``record=["curves"]`` in long form: one row per network and epoch."""
    if "curve_epoch" not in runs:
        raise ValueError('These runs hold no learning curves; ask for them with record=["curves"].')
    names = [c for c in runs.columns if c.startswith("curve_")]
    settings = [c for c in runs.columns if not c.startswith(("curve_", "predictions", "train_", "test_"))]
    return (
        runs[settings + names]
        .explode(names)
        .rename(columns=lambda c: c.removeprefix("curve_"))
        .astype({n.removeprefix("curve_"): float for n in names})
    )


def predictions(runs: pd.DataFrame, *by: str) -> np.ndarray:
    """Recorded predictions as an array [by[0] values, by[1] values, …, test examples · outputs], each ``by`` ascending.

    Raises where the grid has a hole or holds several networks in one place.
    """
    ordered = runs.sort_values(list(by))
    shape = [ordered[name].nunique() for name in by]
    if len(ordered) != int(np.prod(shape)) or ordered.duplicated(list(by)).any():
        raise ValueError(
            f"These {len(runs)} runs are no full grid over {', '.join(by)}; select one network for each combination."
        )
    return np.stack(ordered["predictions"].to_list()).reshape(*shape, -1)


def _expand(architecture, data, seed, init_seed, data_seed, n, settings) -> list[Settings]:
    kind = architecture["architecture"]
    shape = {name: value for name, value in architecture.items() if name != "architecture"}
    grid = shape | settings | {"n": len(data.x) if n is None else n, "seed": seed}
    grid |= {name: s for name, s in (("init_seed", init_seed), ("data_seed", data_seed)) if s is not None}
    unknown = set(settings) - set(Settings.__dataclass_fields__)
    if unknown:
        raise ValueError(
            f"Unknown setting {sorted(unknown)[0]!r}; the settings are {', '.join(Settings.__dataclass_fields__)}."
        )
    for name, meaning in (("lr", "the learning rate"), ("epochs", "passes over the training set")):
        if name not in grid:
            raise ValueError(f"sweep needs {name} ({meaning}), for instance {name}={0.1 if name == 'lr' else 100}.")
    values = [list(v) if isinstance(v, list | tuple | range | np.ndarray) else [v] for v in grid.values()]
    if empty := [name for name, v in zip(grid, values, strict=True) if not v]:
        raise ValueError(f"{empty[0]} is an empty list; give it at least one value.")
    networks = []
    for combination in itertools.product(*values):
        chosen = {name: v.item() if isinstance(v, np.generic) else v for name, v in zip(grid, combination, strict=True)}
        common = chosen.pop("seed")
        built = kind(**{name: chosen.pop(name) for name in shape})
        networks.append(Settings(built, **({"init_seed": common, "data_seed": common} | chosen)))
    too_large = next((s.n for s in networks if s.n > len(data.x)), None)
    if too_large:
        raise ValueError(
            f"{data.name} has {len(data.x):,} training examples; n={too_large:,} asks for more, choose n up to that."
        )
    return list(dict.fromkeys(networks))


# --- planning ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _StackPlan:
    members: tuple[int, ...]  # positions in the sweep's list of networks
    seconds: float  # expected, on one core: decides the order and whether worker processes pay

    def without(self, members: set[int]) -> "_StackPlan":
        """The stack that remains to be trained when some of its networks are stored."""
        return _StackPlan(tuple(i for i in self.members if i not in members), self.seconds)


def _plan(networks: Sequence[Settings], data: Data, device: torch.device) -> list[_StackPlan]:
    """Partition the grid into stacks, longest first. It depends on the whole grid only, never on what is cached."""
    groups: dict[tuple, list[int]] = {}
    for i, s in enumerate(networks):
        groups.setdefault(s.signature(), []).append(i)
    outputs = data.classes or data.y.shape[1]
    inputs = data.x[0].numel()
    stacks = [stack for members in groups.values() for stack in _partition(members, networks, inputs, outputs, device)]
    return sorted(stacks, key=lambda stack: -stack.seconds)


def _partition(members, networks, inputs, outputs, device) -> Iterable[_StackPlan]:
    """Cut the networks, sorted by width, where the estimated total time is least (dynamic programming).

    Narrow networks are padded to the widest of their stack, so a stack of unequal widths wastes work and a stack of
    few networks wastes the fixed cost of a step.
    """
    order = sorted(members, key=lambda i: (-networks[i].architecture.width, i))
    limit = MAX_STACK if device.type == "cpu" else 512
    weights_limit = MAX_STACK_BYTES if device.type == "cpu" else 2**31
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(order) + 1):
        options = []
        for start in range(end - 1, max(-1, end - 1 - limit), -1):
            widest = networks[order[start]]
            weights = 4 * widest.architecture.parameters(inputs, outputs) * (end - start)
            batch = widest.batch_size or widest.n
            activations = 12 * widest.architecture.width * widest.architecture.depth * batch * (end - start)
            if (weights > weights_limit or activations > MAX_ACTIVATION_BYTES) and end - start > 1:
                break
            options.append((best[start][0] + _seconds(widest, end - start, inputs, outputs), start))
        best.append(min(options))
    end = len(order)
    while end:
        start = best[end][1]
        yield _StackPlan(tuple(sorted(order[start:end])), best[end][0] - best[start][0])
        end = start


def _seconds(widest: Settings, count: int, inputs: int, outputs: int) -> float:
    """Rough time of a stack on one CPU core: a fixed cost per layer and step, and 6 flops per weight and example."""
    batch = widest.batch_size or widest.n
    steps = widest.epochs * -(-widest.n // batch)
    fixed = 5e-5 * (widest.architecture.depth + 1)
    flops = 6 * count * widest.architecture.parameters(inputs, outputs) * batch
    memory = 20 * count * widest.architecture.parameters(inputs, outputs)
    return steps * (fixed + flops / 4e10 + memory / 1e10)


# --- running ----------------------------------------------------------------------------------------------------------


def _run(plan, networks, data, record, device):
    """Yield (stack, records) as stacks finish: in this process on a GPU or for little work, else in worker processes."""
    if device.type != "cpu" or min(os.cpu_count() or 1, len(plan)) < 2 or sum(s.seconds for s in plan) < START_UP:
        for stack in plan:
            yield stack, _train_alone([networks[i] for i in stack.members], data, record, device)
        return
    todo, waiting, restarts = list(plan), {}, 0
    try:
        while todo or waiting:
            finished, broken = (), False
            try:
                while todo:
                    work = [networks[i] for i in todo[0].members]
                    waiting[_pool().submit(train, work, data, record, device)] = todo[0]
                    todo.pop(0)
                finished = wait(waiting, return_when=FIRST_COMPLETED).done
            except BrokenProcessPool:  # a worker was killed since the last sweep
                broken = True
            for future in finished:
                stack = waiting.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    todo, broken = [*todo, stack], True
                else:
                    yield stack, future.result()
            if broken:  # every stack that had not finished went down with the pool
                todo, waiting, restarts = todo + list(waiting.values()), {}, restarts + 1
                _pool.cache_clear()
            if restarts > MAX_RESTARTS:
                raise RuntimeError(
                    f"Worker processes died {restarts} times while training (out of memory?); run again with fewer or "
                    "smaller networks, finished stacks are kept."
                )
    finally:
        for future in waiting:
            future.cancel()


def _train_alone(networks, data, record, device):
    """Train on one thread, as a worker does, so that where a stack runs does not change its numbers."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return train(networks, data, record, device)
    finally:
        torch.set_num_threads(threads)


@functools.cache
def _pool() -> ProcessPoolExecutor:
    """Worker processes with one thread each, kept for the life of this process."""
    return ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), initializer=_start_worker)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits; it ends its workers
    torch.set_num_threads(1)


# --- cache ------------------------------------------------------------------------------------------------------------
# One parquet file per finished stack, runs/<name>-<checksum>.parquet, written under another name and then renamed. A file
# whose bytes do not give its checksum is damaged: it is said, and its networks are trained again.


@functools.cache
def engine_version() -> str:
    """A hash of the code that decides a network's numbers (comments and docstrings aside) and of the torch version."""
    decisive = (ensemble, MLP, data_module.generator, data_module.subset, data_module.corrupt_labels)
    code = [code_without_docstrings(ast.parse(inspect.getsource(part))) for part in decisive]
    return hashlib.sha256("\n".join([torch.__version__, *code]).encode()).hexdigest()[:12]


def code_without_docstrings(tree: ast.Module) -> str:
    """What a module does, as text that comments, docstrings and layout do not change."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            node.body = body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _key(settings: Settings, data: Data, record: Sequence[str], device: torch.device) -> str:
    identity = settings.columns() | {
        "data": data.fingerprint,
        "record": sorted(record),
        "device": device.type,
    }
    return hashlib.sha256(json.dumps(identity | {"engine": engine_version()}, sort_keys=True).encode()).hexdigest()


def _folder() -> Path:
    return data_module.cache() / "runs"


def _read(keys: Sequence[str]) -> dict[str, dict]:
    """The stored records of these networks, by key."""
    wanted, found = set(keys), {}
    for path in sorted(_folder().glob("*.parquet")):
        if not wanted - found.keys():
            break
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest()[:16] != path.stem.rpartition("-")[2]:
            print(f"{path} is damaged; its networks are trained again.")
            path.unlink(missing_ok=True)
            continue
        source = pa.BufferReader(content)
        if wanted & set(pq.read_table(source, columns=["key"])["key"].to_pylist()):
            rows = pq.read_table(pa.BufferReader(content)).to_pylist()
            found |= {row.pop("key"): _arrays(row) for row in rows if row["key"] in wanted}
    return found


def _arrays(row: dict) -> dict:
    return {
        name: np.array(value, dtype=np.float32 if name == "predictions" else float)
        if isinstance(value, list)
        else value
        for name, value in row.items()
    }


def _write(rows: dict[str, dict]) -> None:
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{uuid.uuid4().hex}"
    try:
        pq.write_table(
            pa.Table.from_pylist([{"key": key} | row for key, row in rows.items()]),
            temporary,
            compression="zstd",
        )
        checksum = hashlib.sha256(temporary.read_bytes()).hexdigest()[:16]
        name = hashlib.sha256("".join(sorted(rows)).encode()).hexdigest()[:16]
        temporary.rename(folder / f"{name}-{checksum}.parquet")
    finally:
        temporary.unlink(missing_ok=True)


_cached_seconds = 0.0


def cached_seconds() -> float:
    """Seconds of training that this process was spared by the cache: what a run from clean would add, on one core."""
    return _cached_seconds


def _count_cached(stored: dict[str, dict]) -> None:
    global _cached_seconds
    _cached_seconds += sum(row["seconds"] for row in stored.values())
