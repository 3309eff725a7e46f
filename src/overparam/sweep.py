"""A grid of settings → one pandas table of records; cached, resumable, spread over processes or machines."""

import ast
import functools
import hashlib
import inspect
import itertools
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm.auto import tqdm

from overparam import data as data_module
from overparam import store, workers
from overparam.data import Data
from overparam.ensemble import default_device, train
from overparam.examples import check
from overparam.models import CNN1D, MLP
from overparam.networks import CNN, ResNet18, Transformer
from overparam.plan import StackPlan, explain_plan, plan
from overparam.settings import Settings, recording

DECISIVE = ("stack", "ensemble", "examples", "modules", "networks", "models")  # modules that decide a network's numbers
START_UP = 3.0  # seconds that worker processes take to start, about; less work than that stays in the calling process


def sweep(
    architecture: dict,
    data: Data,
    *,
    seed=0,
    init_seed=None,
    data_seed=None,
    n=None,
    record: Sequence[str] | Mapping[str, Iterable[float] | None] = (),
    device=None,
    cache: bool = True,
    executor: Executor | None = None,
    explain: bool = False,
    **settings,
) -> pd.DataFrame:
    """Train a network for every combination of settings; one row per network.

    Any setting given as a list, tuple or range is a dimension of the grid, in ``architecture`` (see ``models.mlp``) as in
    the keywords, which are those of ``settings.Settings``. ``init_seed`` and ``data_seed`` equal ``seed`` unless given;
    ``n`` is the whole training pool unless given. The other keywords are those of ``run``, and so is the table.
    """
    if not isinstance(data, Data):
        raise ValueError(f"data is {data!r}; pass a data set such as data.load('digits').")
    grid = _expand(architecture, data, seed, init_seed, data_seed, n, settings)
    return run(grid, data, record=record, device=device, cache=cache, executor=executor, explain=explain)


def run(
    networks: Sequence[Settings],
    data: Data,
    *,
    record: Sequence[str] | Mapping[str, Iterable[float] | None] = (),
    device=None,
    cache: bool = True,
    executor: Executor | None = None,
    explain: bool = False,
) -> pd.DataFrame:
    """Train these networks; one row for each, with its settings, what ``ensemble.train`` records, and where it was trained.

    With ``cache`` a network trained before is read back instead (``overparam cache`` tells what is kept). ``executor``
    trains the stacks elsewhere: see ``workers.run``; otherwise a CPU's cores share them. With ``explain`` nothing is
    trained and the table is the plan: one row per stack, with the time and memory that are expected and the reason.
    """
    wanted = recording(record)
    networks = list(dict.fromkeys(networks))
    check(networks, data)
    device = torch.device(device) if device is not None else default_device()
    stacks = plan(networks, data, device, wanted)
    if explain:
        return explain_plan(networks, stacks, data, device)
    family = _family(data, wanted, device) if cache else ""
    keys = [_key(s) for s in networks]
    stored = store.read(family, keys) if cache else {}
    # The plan is that of the whole grid, whatever is stored, so that a sweep resumed after a kill trains the very stacks
    # that it would have trained, to the same bits.
    todo = [stack.without({i for i in stack.members if keys[i] in stored}) for stack in stacks]
    todo = [stack for stack in todo if stack.members]
    _count_cached(stored)

    quiet = not todo or bool(os.environ.get("TQDM_DISABLE"))  # tqdm's notebook bar does not look for itself
    trained = _train_stacks(todo, networks, data, wanted, device, executor)
    bar = tqdm(total=sum(len(s.members) for s in todo), unit="net", leave=False, disable=quiet)
    with bar, closing(trained) as finished:
        dtypes = ", ".join(sorted({networks[i].dtype for s in todo for i in s.members}))
        bar.set_description(f"{len(todo)} {'stack' if len(todo) == 1 else 'stacks'} on {device.type}, {dtypes}")
        for stack, records in finished:
            rows = {keys[i]: row for i, row in zip(stack.members, records, strict=True)}
            if cache:
                store.write(family, rows, _about(networks[stack.members[0]], data))
            stored |= rows
            bar.update(len(rows))
    provenance = {"data": data.name, "engine": engine_version()}
    return pd.DataFrame([s.columns() | provenance | stored[k] for s, k in zip(networks, keys, strict=True)])


def curves(runs: pd.DataFrame) -> pd.DataFrame:
    """The learning curves of a sweep with ``record=["curves"]`` in long form: one row per network and epoch."""
    if "curve_epoch" not in runs:
        raise ValueError('These runs hold no learning curves; ask for them with record=["curves"].')
    names = [c for c in runs.columns if c.startswith("curve_")]
    final = ("curve_", "train_", "test_")  # at the end of training, or what the curves are made of
    settings = [c for c in runs if not c.startswith(final) and not isinstance(runs[c].iloc[0], np.ndarray)]
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


def network(row: pd.Series, data: Data, time: int = -1) -> nn.Module:
    """One row's network as a plain module, with its recorded weights: those at the end, or at another recorded time.

    The module maps what its architecture makes of raw examples (for MLPs and 1-D CNNs the raw examples) to outputs.
    """
    if not isinstance(row.get("weights"), np.ndarray):
        raise ValueError('This row holds no weights; ask for them with record=["weights"].')
    kind = {k.__name__.lower(): k for k in (MLP, CNN1D, CNN, ResNet18, Transformer)}[row["architecture"]]
    architecture = kind(**{field.name: int(row[field.name]) for field in fields(kind)})
    outputs = data.classes or data.y.shape[1]
    module = architecture.build(tuple(data.x.shape[1:]), outputs, data_module.generator(0, "init"))
    if list(module.buffers()):
        raise ValueError(f"{architecture} has batch norm, whose running statistics are not among the recorded weights.")
    nn.utils.vector_to_parameters(torch.from_numpy(row["weights"][time].copy()), module.parameters())
    return module


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
    return networks


# --- training ---------------------------------------------------------------------------------------------------------


def _train_stacks(
    stacks: Sequence[StackPlan], networks: Sequence[Settings], data: Data, record, device, executor
) -> Iterator[tuple[StackPlan, list[dict]]]:
    """Yield (stack, records) as stacks finish: here on a GPU or for little work, else in workers."""
    alone = device.type != "cpu" or len(stacks) == 1
    start_up = 0.0 if workers.running() else START_UP
    if executor is None and (alone or sum(s.seconds for s in stacks) < start_up):
        for stack in stacks:
            with _threads(stack.threads):
                yield stack, _train_in_memory([networks[i] for i in stack.members], data, record, device)
        return
    tasks = [([networks[i] for i in stack.members],) for stack in stacks]
    with closing(workers.run(_train_in_memory, tasks, (data, record, device), executor)) as finished:
        for position, records in finished:
            yield stacks[position], records


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Compute with so many threads: one, as a worker does, unless the plan says that more pay."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train_in_memory(networks: list[Settings], data: Data, record, device) -> list[dict]:
    """Train one stack, in halves where memory does not suffice for the whole."""
    try:
        return train(networks, data, record, device)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
    if len(networks) == 1:
        raise MemoryError(
            f"Memory does not suffice to train {networks[0].architecture}; choose a smaller width, n or batch."
        )
    if device.type == "cuda":
        torch.cuda.empty_cache()
    middle = len(networks) // 2
    halves = networks[:middle], networks[middle:]
    return [row for half in halves for row in _train_in_memory(half, data, record, device)]


def _is_out_of_memory(error: Exception) -> bool:
    """Torch raises OutOfMemoryError on a GPU, but a RuntimeError on the CPU that only its text tells apart."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


# --- what a stored record is known by ---------------------------------------------------------------------------------


@functools.cache
def engine_version() -> str:
    """A hash of the code that decides a network's numbers (comments and docstrings aside) and of the torch version."""
    package = Path(__file__).parent
    code = [(package / f"{name}.py").read_text() for name in DECISIVE]
    code += [
        inspect.getsource(part) for part in (data_module.generator, data_module.subset, data_module.corrupt_labels)
    ]
    code = [code_without_docstrings(ast.parse(part)) for part in code]
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


def _family(data: Data, record: Mapping, device: torch.device) -> str:
    """Where records of this data set, these recordings, this device and this engine are stored."""
    identity = [store.FORMAT, data.fingerprint, record, device.type]
    return f"{engine_version()}/{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]}"


def _key(settings: Settings) -> str:
    return hashlib.sha256(json.dumps(settings.columns()).encode()).hexdigest()


def _about(settings: Settings, data: Data) -> dict[str, str]:
    return {
        "data": data.name,
        "architecture": settings.columns()["architecture"],
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }


_cached_seconds = 0.0


def cached_seconds() -> float:
    """Seconds of training that this process was spared by the cache: what a run from clean would add, on one core."""
    return _cached_seconds


def _count_cached(stored: dict[str, dict]) -> None:
    global _cached_seconds
    _cached_seconds += sum(row["seconds"] for row in stored.values())
