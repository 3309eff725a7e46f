"""Which networks train together: a grid of settings → stacks that fit the cache and the memory, longest first."""

import collections
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from overparam import machine
from overparam.architectures.base import Sizes
from overparam.arithmetic import has_bfloat16
from overparam.data.dataset import Data
from overparam.engine import compiled
from overparam.engine.settings import Settings, epochs_of, log_schedule
from overparam.engine.single import Single
from overparam.engine.stack import Stack, is_compiled
from overparam.errors import require

# Seconds on one CPU core (measured on a Zen 4 at 3.7 GHz; where to cut depends on their ratios only).
PER_LAYER = {"float32": 3.5e-5, "bfloat16": 1e-4}  # of a step, whatever is in it: some eight calls of PyTorch
PER_EXAMPLE = 8e-8  # and network: gathering its input, its part of the loss
PER_ACTIVATION = 1e-9  # ReLU and its gradient, forth and back
PER_FLOP = {"float32": 1 / 85e9, "bfloat16": 1 / 200e9, "emulated bfloat16": 1 / 7e9}
COMPILED_STEP = 3e-5  # of a step with compiled functions, whatever is in it
PER_WEIGHT = {"float32": 0.0, "bfloat16": 5e-10}  # of a step: the update beside the products, conversions
MODULE_PER_FLOP = 1 / 30e9  # of a network that is trained alone
GPU_SPEED = 200  # times a CPU core in arithmetic, while the calls cost the same (not measured)

GPU_BYTES = 16 * 2**30  # of a GPU that only an executor's machines have: the least that is common
CACHE_BYTES = 3 * 2**20  # of weights: what a CPU core has near
MAX_STACK = {"cpu": 64, "cuda": 1024}  # networks: more gains nothing
OVERHEAD = 16 * 2**20  # bytes: what the libraries take for themselves to train anything
THREADS_FROM = 2e7  # flops in one product, from which several threads on it are worth their barrier


@dataclass(frozen=True)
class StackPlan:
    """Networks that train together, and what that is expected to take."""

    members: tuple[int, ...]  # positions in the list of networks
    seconds: float  # on one CPU core, or on the GPU
    bytes: int  # at most, beside the data set
    threads: int = 1  # of the process that trains it
    compiled: bool = False  # whether compiled functions do, if it has one thread

    def without(self, members: set[int]) -> "StackPlan":
        """The stack that remains to be trained when some of its networks are stored."""
        return replace(self, members=tuple(i for i in self.members if i not in members))


def plan(
    networks: Sequence[Settings], data: Data, device: torch.device, record: Mapping[str, Any] = {}
) -> list[StackPlan]:
    """Partition the grid into stacks, longest first. It depends on the whole grid only, never on what is stored.

    What is recorded (see ``settings.recording``) takes memory too, and so may make the stacks smaller.
    """
    groups: dict[tuple, list[int]] = {}
    for i, s in enumerate(networks):
        groups.setdefault(s.signature(), []).append(i)
    stacks = []
    for members in groups.values():
        alike = [networks[i] for i in members]
        costs = _Costs(alike, data, device, record)
        if costs.stacks:
            own = _balanced(list(_partition(range(len(alike)), costs)), costs, workers(device))
        else:
            own = [costs.plan_of([i]) for i in range(len(alike))]
        if len(groups) == len(own) == 1 and device.type == "cpu":
            pays = costs.flops_of_a_product(own[0].members) >= THREADS_FROM
            threads = min(torch.get_num_threads(), machine.cores()) if pays else 1
            own = [replace(own[0], threads=threads)]
        stacks += [replace(stack, members=tuple(members[i] for i in stack.members)) for stack in own]
    largest, limit = max(stacks, key=lambda stack: stack.bytes), memory_limit(device)
    require(
        largest.bytes <= limit,
        f"{networks[largest.members[0]].architecture} takes about {largest.bytes / 2**30:.1f} GiB to train but one process "
        f"may take {limit / 2**30:.1f} GiB here; choose a smaller width, n or batch size.",
    )
    return sorted(stacks, key=lambda stack: -stack.seconds)


def workers(device: torch.device) -> int:
    """How many stacks train at a time on this machine."""
    return machine.cores() if device.type == "cpu" else 1


def memory_limit(device: torch.device) -> int:
    """Bytes that one process may take for a stack: half of the machine's memory, shared among the processes.

    Of a GPU half of what is free, in sixteenths of all of it, so that a plan does not change with a little more or less.
    """
    if device.type != "cuda":
        return machine.memory() // 2 // workers(device)
    if not torch.cuda.is_available():
        return GPU_BYTES // 2
    free, total = torch.cuda.mem_get_info(device)
    # What this process has taken from the driver and does not use is free too.
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    half, part = free // 2, total // 16
    return half // part * part or half


def explain_plan(
    networks: Sequence[Settings], stacks: Sequence[StackPlan], data: Data, device: torch.device
) -> pd.DataFrame:
    """One row per stack: its networks, why they are together, and the time and the memory that are expected."""
    rows = []
    for stack in stacks:
        members = [networks[i] for i in stack.members]
        first, widths = members[0], sorted({s.architecture.width for s in members})
        if not first.architecture.stacks:
            why = "does not gain from stacking: trained alone, channels last"
        elif len(members) == 1:
            why = "alone: with others it would waste padding, leave the cache, or keep a core waiting"
        elif stack.compiled and stack.threads == 1:
            why = f"compiled steps for {len(members)} networks, each as wide as it is"
        else:
            padded = "equal widths" if len(widths) == 1 else f"padded to width {widths[-1]}"
            why = f"one matrix product per layer for {len(members)} networks, {padded}"
        if first.dtype == "bfloat16" and not has_bfloat16(device):
            why += "; bfloat16 is emulated here, and slower than float32"
        rows.append(
            {
                "architecture": type(first.architecture).__name__.lower(),
                "networks": len(members),
                "width": f"{widths[0]}–{widths[-1]}" if len(widths) > 1 else str(widths[0]),
                "n": max(s.n for s in members),
                "batch_size": max(s.batch for s in members),
                "dtype": first.dtype,
                "device": device.type,
                "threads": stack.threads,
                "seconds": stack.seconds,
                "megabytes": stack.bytes / 2**20,
                "why": why,
            }
        )
    return pd.DataFrame(rows)


class _Costs:
    """Expected seconds and bytes of stacks, as arrays, so that a grid of ten thousand networks plans in a second."""

    def __init__(self, networks: Sequence[Settings], data: Data, device: torch.device, record: Mapping) -> None:
        self.first, self.data, self.device = networks[0], data, device
        measure = functools.cache(lambda architecture: architecture.sizes(data.shape, data.outputs))
        self.sizes: Any = Sizes(*np.array([measure(s.architecture) for s in networks], float).T)
        self.width = np.array([s.architecture.width for s in networks])
        self.n, self.batch = np.array([[s.n, s.batch] for s in networks]).T
        self.steps = np.array([s.steps * s.epochs for s in networks])
        self.stacks = self.first.architecture.stacks
        self.normalised = self.stacks and self.first.architecture.normalises(data.shape, data.outputs)
        low = self.first.dtype == "bfloat16"
        self.per_flop = PER_FLOP[self.first.dtype if not low or has_bfloat16(device) else "emulated bfloat16"]
        # Which take compiled functions, that spare padding, and the work that each has then. Where norms of gradients are
        # recorded, padding counts all the same.
        self.times = {name: _times(name, epochs_of(wanted), self.first.epochs) for name, wanted in record.items()}
        fit = device.type == "cpu" and self.stacks and "gradient_norms" not in self.times and compiled.library()
        own = functools.cache(lambda each: is_compiled(networks[0], each.layers(data.shape, data.outputs)))
        self.compiled = np.array([bool(fit) and own(s.architecture) for s in networks])
        self.own = self._work(np.arange(len(networks)), self.batch) if self.stacks else np.zeros(len(networks))
        self.augmented_copies = max(s.augmented_copies for s in networks)  # kept side by side in memory

    def plan_of(self, members: Sequence[int]) -> StackPlan:
        """The plan of one stack."""
        members = tuple(sorted(members))
        rows = np.array(members)
        widest = rows[self.width[rows].argmax()]
        batch, n, count = self.batch[rows].max(), self.n[rows].max(), len(rows)
        seconds = self.seconds(widest, batch, count, self.own[rows].sum())
        needed = int(self.bytes(widest, batch, n, count))
        return StackPlan(members, float(seconds), needed, compiled=bool(self.compiled[widest]))

    def seconds(self, widest: np.ndarray, batch: np.ndarray, count: np.ndarray | int, own: np.ndarray) -> np.ndarray:
        """Expected time of ``count`` networks padded to the widest (its position) and to the largest batch.

        ``own`` is the sum of their own work, which compiled functions do without padding.
        """
        first, sizes = self.first, self._sizes_of(widest)
        penalty = 4 if first.gradient_penalty else 1  # double backward
        passes = 2 if first.sam else 1
        passes = passes * 4 / 3 if first.output_scale else passes  # one more way forth, beside one forth and two back
        if not self.stacks:
            return passes * penalty * self.steps[widest] * 3 * sizes.flops * batch * MODULE_PER_FLOP
        work = np.where(self.compiled[widest], own, count * self._work(widest, batch))
        work = work if self.device.type == "cpu" else work / GPU_SPEED
        attacked = first.adversarial > 0
        work = work * (2 if attacked else 1) * penalty
        calls = (
            (1 + self.normalised + attacked + 2 * (first.gradient_penalty > 0)) * sizes.layers * PER_LAYER[first.dtype]
        )
        return self.steps[widest] * passes * (np.where(self.compiled[widest], COMPILED_STEP, calls) + work)

    def _work(self, networks: np.ndarray, batch: np.ndarray) -> np.ndarray:
        """Seconds that a step of one of these networks takes on a CPU core, beside the calls."""
        sizes = self._sizes_of(networks)
        each = batch * (PER_EXAMPLE + sizes.units * PER_ACTIVATION + 3 * sizes.flops * self.per_flop)
        return each + sizes.weights * PER_WEIGHT[self.first.dtype]

    def bytes(self, widest: np.ndarray, batch: np.ndarray, n: np.ndarray, count: np.ndarray | int) -> np.ndarray:
        """Most memory beside the data set: what the networks say that they need, and what is recorded of them."""
        asked = self.first, self.data, self.device, self._sizes_of(widest), n, batch, "gradient_norms" in self.times
        own = count, self.augmented_copies, self.compiled[widest]
        needed = Stack.memory(*asked, *own) if self.stacks else Single.memory(*asked)
        return OVERHEAD + needed + 4 * count * self._recorded(widest, n)

    def _sizes_of(self, networks: np.ndarray) -> Sizes:
        return Sizes(*(each[networks] for each in self.sizes))

    def _recorded(self, widest: np.ndarray, n: np.ndarray) -> np.ndarray:
        """Numbers of 4 bytes recorded of one network, in six copies: recorded, put together, packed, encoded, compressed, written."""
        times, tests = collections.Counter(self.times), len(self.data.x_test)
        each = (
            n * (times["correct"] / 4 + times["losses"] + times["gradient_norms"])
            + tests * (times["test_correct"] / 4 + times["test_losses"])
            + times["weights"] * self.sizes.weights[widest]
        )
        return 6 * (each + 24 * times["curves"] + 2 * times["predictions"] * tests * self.data.outputs)

    def flops_of_a_product(self, members: Sequence[int]) -> float:
        """Flops of the average matrix product, of all networks together, in a step."""
        rows = np.array(members)
        return len(rows) * (self.sizes.flops[rows] * self.batch[rows] / self.sizes.layers[rows]).max()


def _times(name: str, epochs: Iterable[float] | None, last: int) -> int:
    """How many times this is recorded."""
    if epochs is None:
        epochs = log_schedule(last) if name == "curves" else ()
    return 1 + sum(epoch < last for epoch in epochs)


def _partition(members: Sequence[int], costs: _Costs) -> Iterable[StackPlan]:
    """Cut the networks, sorted by width and n, where the estimated total time is least (dynamic programming).

    Narrow networks are padded to the widest of their stack, and small batches to the largest, so a stack of unequal
    networks wastes work and a stack of few networks wastes the fixed cost of a step.
    """
    order = np.array(sorted(members, key=lambda i: (-costs.width[i], -costs.n[i], i)))
    limit = MAX_STACK.get(costs.device.type, MAX_STACK["cpu"])
    memory = memory_limit(costs.device)
    cache = np.where(costs.compiled | (costs.device.type != "cpu"), memory, CACHE_BYTES)
    own = np.append(0, np.cumsum(costs.own[order]))
    best, cuts = np.zeros(len(order) + 1), np.zeros(len(order) + 1, int)
    for end in range(1, len(order) + 1):
        starts = np.arange(max(0, end - limit), end)
        widest, count = order[starts], end - starts
        batch, n = (np.maximum.accumulate(sizes[widest][::-1])[::-1] for sizes in (costs.batch, costs.n))
        too_large = (4 * count * costs.sizes.weights[widest] > cache[widest]) | (
            costs.bytes(widest, batch, n, count) > memory
        )
        total = best[starts] + np.where(
            too_large & (count > 1), np.inf, costs.seconds(widest, batch, count, own[end] - own[starts])
        )
        best[end], cuts[end] = total.min(), starts[total.argmin()]
    end = len(order)
    while end:
        yield costs.plan_of(order[cuts[end] : end].tolist())
        end = cuts[end]


def _balanced(stacks: list[StackPlan], costs: _Costs, workers: int) -> list[StackPlan]:
    """Halve the longest stack, again and again, and take the plan that ends soonest on so many workers."""
    best = stacks
    for _ in range(4 * workers if workers > 1 else 0):
        longest = max(stacks, key=lambda stack: stack.seconds)
        if len(longest.members) == 1:
            break
        order = sorted(longest.members, key=lambda i: (-costs.width[i], -costs.n[i], i))
        alone = costs.own[order] if costs.compiled[order[0]] else [costs.plan_of([i]).seconds for i in order]
        work = np.cumsum(alone)
        middle = 1 + int(np.abs(2 * work[:-1] - work[-1]).argmin())
        halves = [costs.plan_of(half) for half in (order[:middle], order[middle:])]
        stacks = [*(stack for stack in stacks if stack is not longest), *halves]
        if _makespan(stacks, workers) < 0.98 * _makespan(best, workers):
            best = stacks
    return best


def _makespan(stacks: Iterable[StackPlan], workers: int) -> float:
    """When the last worker is done if the longest waiting stack always goes to the first that is free."""
    loads = [0.0] * workers
    for seconds in sorted((stack.seconds for stack in stacks), reverse=True):
        loads[loads.index(min(loads))] += seconds
    return max(loads)
