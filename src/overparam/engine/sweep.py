"""A grid of settings → one pandas table of records; cached, resumable, spread over processes or machines."""

import copy
import itertools
import logging
import os
import time
import warnings
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm.auto import tqdm

from overparam.architectures.alone import CNN, Conv, ResNet18, Transformer
from overparam.architectures.base import Architecture
from overparam.architectures.stacked import CNN1D, MLP, LeNet
from overparam.data.dataset import Data, require_data
from overparam.engine import identity, store, workers
from overparam.engine.examples import check
from overparam.engine.identity import classes, engine_version, family, key, told
from overparam.engine.plan import StackPlan, explain_plan, plan
from overparam.engine.settings import (
    Measure,
    Record,
    Settings,
    recording,
    require_architecture,
    require_free,
    require_settings,
)
from overparam.engine.train import check_device, check_record, chosen_device, train, try_measures
from overparam.engine.workers import LocalWorkers
from overparam.errors import numbers, require, shown, truth, whole
from overparam.randomness import generator

_log = logging.getLogger(__name__)


def sweep(
    architecture: Architecture | dict[str, object],
    data: Data | Mapping[Any, Data],
    *,
    seed: int | Sequence[int] | Mapping[Any, int] | None = None,
    init_seed: int | Sequence[int] | None = None,
    data_seed: int | Sequence[int] | None = None,
    n: int | Sequence[int] | None = None,
    record: Record = (),
    device: torch.device | str | None = None,
    cache: bool = True,
    executor: Executor | LocalWorkers | None = None,
    explain: bool = False,
    **settings: object,
) -> pd.DataFrame:
    """Train a network for every combination of settings; returns a table with one row per network.

    ``architecture`` is one, such as ``MLP(32)``, or a grid of them, such as ``mlp([16, 32])``. Any setting given as a list,
    tuple or range is a dimension of the grid, in the architecture as in the keywords, which are those of ``Settings``.
    ``init_seed`` and ``data_seed`` equal ``seed`` (0) unless given; ``n`` is the whole training pool unless given. Several
    data sets, as a mapping from names, are one more dimension: the column ``data`` holds the name; a ``seed`` that is a mapping
    from these names gives each its own, and the replicates of an experiment train side by side. The other keywords are those
    of ``run``, and so is the table.
    """
    sets = _named(data)
    seeds = seed if isinstance(seed, Mapping) else dict.fromkeys(sets, seed)
    require(
        seeds.keys() == sets.keys(),
        f"seed has the keys {shown(list(seeds))} and data the names {shown(list(sets))}; give every data set its seed.",
    )
    works = [
        _Work(name, each, _expand(architecture, each, seeds[name], init_seed, data_seed, n, settings))
        for name, each in sets.items()
    ]
    return _run(works, record, device, cache, executor, explain)


def run(
    networks: Sequence[Settings] | Mapping[Any, Sequence[Settings]],
    data: Data | Mapping[Any, Data],
    *,
    record: Record = (),
    device: torch.device | str | None = None,
    cache: bool = True,
    executor: Executor | LocalWorkers | None = None,
    explain: bool = False,
) -> pd.DataFrame:
    """Train these networks; returns a table with a row for each: its settings, what ``train.train`` records, where it was trained.

    Rows stand in the order of the networks, and a network that is given twice has two. Of several data sets, as a mapping
    from names, all networks are trained on each; or each has its own, where ``networks`` maps the same names to them.

    With ``cache`` a network trained before is read back instead (``overparam cache`` tells what is kept). ``executor``
    trains the stacks elsewhere: see ``workers.run``; otherwise the cluster that ``OVERPARAM_DASK`` names does, or else a
    CPU's cores share them where there is enough work (``workers.LocalWorkers`` says how much is). With ``explain`` nothing
    is trained and the table is the plan: one row per stack, with the time and memory that are expected and the reason.
    """
    sets = _named(data)
    own = networks if isinstance(networks, Mapping) else dict.fromkeys(sets, networks)
    require(
        own.keys() == sets.keys(),
        f"networks has the keys {shown(list(own))} and data the names {shown(list(sets))}; give every data set its networks.",
    )
    works = [_Work(name, each, require_settings(own[name])) for name, each in sets.items()]
    return _run(works, record, device, cache, executor, explain)


class _Work:
    """The networks that are trained on one data set, and how far they are."""

    def __init__(self, name: str, data: Data, networks: Sequence[Settings]) -> None:
        self.name, self.data, self.asked = name, data, list(networks)
        self.networks = list(dict.fromkeys(self.asked))  # each is trained once

    def prepare(self, wanted: Mapping, device: torch.device, elsewhere: bool) -> None:
        """Check the networks and plan their stacks."""
        check(self.networks, self.data)
        check_record(wanted, self.networks, self.data)
        if not elsewhere:  # or else the machine where they are trained says what it lacks
            check_device(self.networks, device)
        self.stacks = plan(self.networks, self.data, device, wanted)

    def look_up(self, wanted: Mapping, device: torch.device, cache: bool) -> list[StackPlan]:
        """Read what is stored; the stacks that are left to train.

        The plan is that of the whole grid, whatever is stored, so that a sweep resumed after a kill trains the very stacks
        that it would have trained, to the same bits.
        """
        if cache and told(wanted) is None:
            warnings.warn(
                "It cannot be told what a measure of your own depends on, so it is taken anew each time.", stacklevel=5
            )
            cache = False
        self.family = family(self.data, wanted, device, store.FORMAT) if cache else ""
        self.keys = [key(s) for s in self.networks]
        if cache and None in self.keys:
            unknown = self.networks[self.keys.index(None)].architecture
            warnings.warn(
                f"It cannot be told what {unknown} depends on, so it is trained anew each time.", stacklevel=5
            )
        self.cache = cache
        stored = store.read(self.family, [k for k in self.keys if k]) if cache else {}
        spared = sum(row["seconds"] for row in stored.values())
        _log.info("%d networks read from the cache", len(stored), extra={"training_seconds": spared})
        self.records: dict[Settings, dict] = {
            s: stored[k] for s, k in zip(self.networks, self.keys, strict=True) if k in stored
        }
        todo = [stack.without({i for i in stack.members if self.keys[i] in stored}) for stack in self.stacks]
        return [stack for stack in todo if stack.members]

    def take(self, stack: StackPlan, records: Sequence[dict]) -> None:
        """Keep the records of a stack that was trained."""
        trained = list(zip(stack.members, records, strict=True))
        self.records |= {self.networks[i]: record for i, record in trained}
        known = {self.keys[i]: record for i, record in trained if self.keys[i] and self.cache}
        if known:
            _try_to_keep(store.write, self.family, known, _about(self.networks[stack.members[0]], self.data))

    def rows(self) -> list[dict]:
        """The table of records, one row per network that was asked for."""
        provenance, given, rows = {"data": self.name, "engine": engine_version()}, set(), []
        for s in self.asked:
            record = copy.deepcopy(self.records[s]) if s in given else self.records[s]  # nobody shares an array
            rows.append(s.columns() | provenance | record)
            given.add(s)
        return rows


def _named(data: Data | Mapping[Any, Data]) -> Mapping[Any, Data]:
    """The data sets by name."""
    named = data if isinstance(data, Mapping) else {getattr(data, "name", ""): data}
    wrong = [each for each in named.values() if not isinstance(each, Data)]
    if wrong or not named:
        given = shown(wrong[0]) if wrong else "an empty mapping"
        raise ValueError(f"data is {given}; pass a data set such as data.load('digits'), or several by name.")
    return named


def _run(
    works: Sequence[_Work],
    record: Record,
    device: torch.device | str | None,
    cache: bool,
    executor: Executor | LocalWorkers | None,
    explain: bool,
) -> pd.DataFrame:
    """Train all stacks of all data sets, the longest first."""
    local = isinstance(executor, LocalWorkers)
    require(
        executor is None or local or hasattr(executor, "submit"),
        f"executor is {shown(executor)}; pass one of concurrent.futures, a Dask client, or None.",
    )
    sent = not local and (executor is not None or workers.cluster() is not None)
    wanted, device = recording(record), chosen_device(device, elsewhere=sent)
    elsewhere = sent and device.type == "cuda"
    cache, explain = truth("cache", cache), truth("explain", explain)
    for work in works:
        work.prepare(wanted, device, elsewhere)
    if explain:
        tables = [explain_plan(w.networks, w.stacks, w.data, device).assign(data=w.name) for w in works]
        return pd.concat(tables, ignore_index=True)
    todo = [(stack, work) for work in works for stack in work.look_up(wanted, device, cache)]
    todo.sort(key=lambda pair: -pair[0].seconds)
    for work in dict.fromkeys(work for _, work in todo):
        try_measures(wanted, work.networks, work.data, torch.device("cpu") if elsewhere else device)
    if cache and todo:
        _try_to_keep(store.check)

    quiet = not todo or bool(os.environ.get("TQDM_DISABLE"))  # tqdm's notebook bar does not look for itself
    trained = _train_stacks(todo, wanted, device, executor)
    bar = tqdm(total=sum(len(stack.members) for stack, _ in todo), unit="net", leave=False, disable=quiet)
    with bar, closing(trained) as finished:
        dtypes = ", ".join(sorted({work.networks[i].dtype for stack, work in todo for i in stack.members}))
        bar.set_description(f"{len(todo)} {'stack' if len(todo) == 1 else 'stacks'} on {device.type}, {dtypes}")
        for stack, work, records in finished:
            work.take(stack, records)
            bar.update(len(records))
    runs = pd.DataFrame([row for work in works for row in work.rows()])
    if lost := int(runs.diverged.sum()):
        warnings.warn(
            f"{lost} of {len(runs)} networks diverged, and their errors are NaN: means leave them out. "
            "A smaller learning rate may help.",
            stacklevel=3,
        )
    return runs


def _try_to_keep(action: Callable, *arguments: object) -> None:
    """Do this with the store. Where that fails a warning says so, and the table is returned all the same."""
    try:
        action(*arguments)
    except OSError as error:
        warnings.warn(f"{error.strerror} This sweep returns its table, but the next one trains anew.", stacklevel=2)


def require_runs(runs: pd.DataFrame, *columns: str) -> None:
    """Raise ValueError unless this is a table of runs, of at least one, with these columns."""
    advice = "pass the table that sweep or run gives"
    require(isinstance(runs, pd.DataFrame), f"The runs are {shown(runs)}; {advice}.")
    require(len(runs) > 0, f"The table of runs is empty; {advice}, with at least one row.")
    missing = [shown(name) for name in columns if not isinstance(name, Hashable) or name not in runs]
    require(not missing, f"The runs have no column {', '.join(missing)}; runs.columns lists those that they have.")


def curves(runs: pd.DataFrame, epochs: Iterable[float] | None = None) -> pd.DataFrame:
    """The learning curves of a sweep with ``record=["curves"]`` in long form: one row per network and epoch.

    With ``epochs`` all networks have these, for means over networks: each as it was last recorded, also after it has stopped.
    """
    require_runs(runs)
    if "curve_epoch" not in runs:
        raise ValueError('These runs hold no learning curves; ask for them with record=["curves"].')
    names = [c for c in runs.columns if c.startswith("curve_")]
    if epochs is not None:
        wanted = numbers("epochs", list(epochs), 1)
        require(len(wanted) > 0 and float(wanted.min()) >= 0, f"epochs are numbers from 0 on; got {shown(epochs)}.")
        last = [np.searchsorted(recorded, wanted, "right") - 1 for recorded in runs["curve_epoch"]]
        late = [recorded[0] for recorded, at in zip(runs["curve_epoch"], last, strict=True) if at.min() < 0]
        require(not late, f"Some curves begin at epoch {late[0] if late else 0:g}; ask for no earlier epochs.")
        at_them = {c: [values[at] for values, at in zip(runs[c], last, strict=True)] for c in names}
        runs = runs.assign(**at_them | {"curve_epoch": [wanted] * len(runs)})
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
    require_runs(runs, *by)
    require(bool(by), "Say by which columns the predictions are arranged, such as 'data_seed', 'init_seed'.")
    recorded = "predictions" in runs and all(isinstance(p, np.ndarray) for p in runs["predictions"])
    require(recorded, 'These runs hold no predictions; ask for them with record=["predictions"].')
    sizes = sorted({len(p) for p in runs["predictions"]})
    require(len(sizes) == 1, f"These runs predict {sizes} numbers each; select those on one test set.")
    ordered = runs.sort_values(list(by))
    shape = [ordered[name].nunique() for name in by]
    if len(ordered) != int(np.prod(shape)) or ordered.duplicated(list(by)).any():
        raise ValueError(
            f"These {len(runs)} runs are no full grid over {', '.join(by)}; select one network for each combination."
        )
    return np.stack(ordered["predictions"].to_list()).reshape(*shape, -1)


def network(row: pd.Series, data: Data, time: int = -1, architecture: Architecture | None = None) -> nn.Module:
    """One row's network as a plain module, with its recorded weights: those at the end, or at another recorded time.

    With an ``output_scale`` its outputs are f(w, x) alone, from which the recorded ones follow with the weights at epoch 0.
    The module maps what its architecture makes of raw examples (for MLPs and 1-D CNNs the raw examples) to outputs. For one
    of your own give its ``architecture``, a `Custom`.
    """
    require(
        isinstance(row, pd.Series), f"network takes one row of a table of runs, such as runs.iloc[0]; got {shown(row)}."
    )
    require_data(data)
    if not isinstance(row.get("weights"), np.ndarray):
        raise ValueError('This row holds no weights; ask for them with record=["weights"].')
    times = len(row["weights"])
    says = f"Weights were recorded at {times} times, numbered from 0, or from the end as -1, -2, …; got {shown(time)}."
    time = whole("time", time, -times, times - 1, says)
    architecture = _architecture_of(row) if architecture is None else architecture
    require_architecture(architecture)
    module = architecture.build(data.shape, data.outputs, generator(0, "init"))
    if list(module.buffers()):
        what = "buffers, which" if architecture.user_defined else "batch norm, whose running statistics"
        raise ValueError(f"{architecture} has {what} are not among the recorded weights.")
    weights, total = row["weights"][time], sum(p.numel() for p in module.parameters())
    require(
        len(weights) == total,
        f"The row has {len(weights):,} weights but {architecture} on {data.name} has {total:,}; pass the data set of the row.",
    )
    nn.utils.vector_to_parameters(torch.from_numpy(weights.copy()), module.parameters())
    return module


def _expand(
    architecture: Architecture | dict[str, object],
    data: Data,
    seed: object,
    init_seed: object,
    data_seed: object,
    n: object,
    settings: dict[str, object],
) -> list[Settings]:
    make, shape = _described(architecture)
    own = {name: s for name, s in (("init_seed", init_seed), ("data_seed", data_seed)) if s is not None}
    require(
        seed is None or len(own) < 2,
        "seed sets init_seed and data_seed where they are not given; give at most two of the three.",
    )
    grid = shape | settings | {"n": len(data.x) if n is None else n} | own
    grid |= {} if len(own) == 2 else {"seed": 0 if seed is None else seed}
    unknown = set(settings) - set(Settings.__dataclass_fields__)
    if unknown:
        raise ValueError(
            f"Unknown setting {sorted(unknown)[0]!r}; the settings are {', '.join(Settings.__dataclass_fields__)}."
        )
    for name, meaning in (("lr", "the learning rate"), ("epochs", "passes over the training set")):
        if name not in grid:
            raise ValueError(f"sweep needs {name} ({meaning}), for instance {name}={0.1 if name == 'lr' else 100}.")
    values = [_values(v) for v in grid.values()]
    if empty := [name for name, v in zip(grid, values, strict=True) if not v]:
        raise ValueError(f"{empty[0]} is an empty list; give it at least one value.")
    networks = []
    for combination in itertools.product(*values):
        chosen = dict(zip(grid, combination, strict=True))
        common = whole("seed", chosen.pop("seed", 0))
        built = make(**{name: chosen.pop(name) for name in shape})
        networks.append(Settings(built, **({"init_seed": common, "data_seed": common} | chosen)))
    return networks


def _architecture_of(row: pd.Series) -> Architecture:
    """The architecture of a row's network."""
    kinds: dict[str, Any] = {k.__name__.lower(): k for k in (MLP, LeNet, CNN1D, CNN, Conv, ResNet18, Transformer)}
    name = row.get("architecture")
    require(name != "custom", "This network is one of your own; give network its architecture, an overparam.Custom.")
    require(name in kinds, f"The row's architecture is {shown(name)}; a module can be made of {', '.join(kinds)}.")
    kind = kinds[name]
    missing = [field.name for field in fields(kind) if pd.isna(row.get(field.name))]
    require(not missing, f"This row says nothing of the network's {' and '.join(missing)}; take it as sweep gave it.")
    types: dict[str, Callable] = {field.name: type(getattr(kind, field.name, 0)) for field in fields(kind)}
    return kind(**{name: of(row[name]) for name, of in types.items()})


def _described(architecture: Architecture | dict[str, object]) -> tuple[Callable[..., Architecture], dict[str, object]]:
    """What makes an architecture, and from which arguments or lists of arguments."""
    if not isinstance(architecture, dict):
        return lambda: architecture, {}  # Settings say what is none
    kind: Any = architecture.get("architecture")
    known = isinstance(kind, type) and issubclass(kind, Architecture) and is_dataclass(kind)
    require(known, f"{shown(architecture)} is no description of architectures; take that of overparam.mlp or its kin.")
    make, arguments = kind.described({name: value for name, value in architecture.items() if name != "architecture"})
    require_free(tuple(arguments))
    return make, arguments


def _values(given: object) -> list:
    """The values of one dimension of a grid; what is not several values is one."""
    if isinstance(given, np.ndarray | torch.Tensor | pd.Series | pd.Index) and given.ndim:
        return given.tolist()
    return list(given) if isinstance(given, list | tuple | range) else [given]


# --- training ---------------------------------------------------------------------------------------------------------


def _train_stacks(
    todo: Sequence[tuple[StackPlan, _Work]],
    record: Mapping,
    device: torch.device,
    executor: Executor | LocalWorkers | None,
) -> Generator[tuple[StackPlan, _Work, list[dict]], None, None]:
    """Yield (stack, its work, records) as stacks finish: here on a GPU or for little work, else in workers or on a cluster."""
    travels = all(_can_travel(work, record) for _, work in todo)
    if executor is None:
        executor = (workers.cluster() if travels and todo else None) or LocalWorkers()
    alone = device.type != "cpu" or len(todo) == 1 or not travels
    if isinstance(executor, LocalWorkers) and (alone or not executor.take(sum(stack.seconds for stack, _ in todo))):
        for stack, work in todo:
            with _threads(stack.threads):
                yield (
                    stack,
                    work,
                    _train_in_memory([work.networks[i] for i in stack.members], work.data, record, device),
                )
        return
    works = list(dict.fromkeys(work for _, work in todo))
    recorded = record, told(record)
    tasks = [
        ([work.networks[i] for i in stack.members], [work.keys[i] for i in stack.members], works.index(work), *recorded)
        for stack, work in todo
    ]
    shared = identity.running(), [work.data for work in works], device
    with closing(workers.run(_train_one_of, tasks, shared, executor)) as finished:
        for position, records in finished:
            stack, work = todo[position]
            if records is None and not isinstance(executor, LocalWorkers):
                raise RuntimeError(
                    "A worker of the executor has another version of overparam or of your network; restart its workers."
                )
            if records is None:  # a module that was loaded again here, and not there
                records = _train_in_memory([work.networks[i] for i in stack.members], work.data, record, device)
            yield stack, work, records


def _can_travel(work: _Work, record: Mapping) -> bool:
    """Whether other processes can import architectures and measures, and it can be told that theirs are the same."""
    kinds: set = {kind for s in work.networks for kind in classes(s.architecture)}
    kinds |= {wanted.function for wanted in record.values() if isinstance(wanted, Measure)}
    return (
        told(record) is not None
        and None not in work.keys
        and not any(k.__module__ == "__main__" or "<" in k.__qualname__ for k in kinds)
    )


def _train_one_of(
    networks: list[Settings],
    keys: list[str],
    which: int,
    record: Mapping,
    recorded: dict | None,
    engine: dict,
    data: Sequence[Data],
    device: torch.device,
) -> list[dict] | None:
    """A task of a worker: train one stack on one of the data sets; None where its code is not that of the caller."""
    if not identity.is_running(engine) or [key(s) for s in networks] != keys or told(record) != recorded:
        return None
    return _train_in_memory(networks, data[which], record, device)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Compute with so many threads: one, as a worker does, unless the plan says that more pay."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train_in_memory(networks: list[Settings], data: Data, record: Mapping, device: torch.device) -> list[dict]:
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


def _about(settings: Settings, data: Data) -> dict[str, str]:
    return {
        "data": data.name,
        "architecture": str(settings.columns()["architecture"]),
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }
