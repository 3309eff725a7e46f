"""The training examples of each network of a stack: its own subset, labels, order and batches, as indices on the device."""

import functools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from overparam.data.dataset import Data, corrupt_labels, require_data, subset
from overparam.engine.hashing import choices, hash_keys, permutations
from overparam.engine.settings import Settings, require_settings
from overparam.errors import require
from overparam.randomness import generator


class Examples:
    """Which examples each network trains on, and in which batches.

    ``batches[step]`` holds rows into the examples ``used`` and labels, ``shares[step]`` what each counts in the mean of
    its batch, all [network, slot, …] for one step of the present epoch.

    Networks may differ in the number n of their examples and in their batch size, as long as their epochs have equally
    many steps. What is shorter is filled up with one of its examples at no weight.

    Where networks see augmented copies of their examples, row r of copy c is row c · len(used) + r.

    On a CPU orders and copies come from a generator for each network. Elsewhere they are hashes, so that nothing of an
    epoch waits for the host; so they are others than on a CPU.
    """

    def __init__(self, networks: Sequence[Settings], data: Data, device: torch.device) -> None:
        self.device, self.hashed = device, is_hashed(device)
        self.n = [s.n for s in networks]
        self.steps = networks[0].steps
        self.batch_size = max(s.batch for s in networks)
        self.order = [generator(s.seed_at(0), "order") for s in networks]
        self.augmented_copies = [s.augmented_copies for s in networks]
        self.augmentation = [generator(s.seed_at(0), "version") for s in networks]

        longest = max(self.n)
        chosen = [subset(data, s.n, s.data_seed) for s in networks]
        labels = [targets(data, rows, s) for rows, s in zip(chosen, networks, strict=True)]
        # Only the examples that a network of the stack uses need to be on the device, once each.
        rows = torch.stack([_filled(rows, longest) for rows in chosen])
        if min(self.n) == len(data.x):  # all use all: nothing to sort
            self.used = torch.arange(len(data.x))
        else:
            self.used, rows = rows.unique(return_inverse=True)
        self.rows = rows.to(device)  # [network, n], into those used
        self.y = torch.stack([_filled(y, longest) for y in labels]).to(device)  # [network, n] or [network, n, outputs]
        self.valid = (torch.arange(longest) < torch.tensor(self.n)[:, None]).to(device)

        # A batch is a range of `batch_size` slots; network i fills the first of them with its own examples.
        sizes = torch.tensor([[min(s.batch, s.n - t * s.batch) for t in range(self.steps)] for s in networks])
        self.filled = (torch.arange(self.batch_size) < sizes[..., None]).flatten(1)  # [network, slot]
        if self.hashed:
            self.keys = self._hash_keys(networks, 0)
            self.epoch = torch.zeros((), dtype=torch.int32, device=device)
            self.ways = torch.tensor(self.augmented_copies, device=device)
            self.places = (self.filled.cumsum(1) - 1).clamp_min(0).to(device)  # in its network's order, of each slot
            self.taken = self.filled.to(device)
        self.slots = torch.zeros(self.filled.shape, dtype=torch.int64)  # which example is in which slot of this epoch
        share = (self.filled.unflatten(1, (self.steps, -1)) / sizes[..., None]).flatten(1)
        self.parts = (sizes / sizes.sum(1, keepdim=True)).to(device)  # [network, step]: of its examples, in this batch
        self.share = share.to(device)  # [network, slot]: the weight of its example in the batch's mean
        # On a GPU all batches are equally long, filled up with slots of no weight, since a recorded graph is.
        self.lengths = sizes.amax(0).tolist() if device.type == "cpu" else [self.batch_size] * self.steps
        self.shares = self._cut(self.share)
        self.batches = [(self.rows, self.y)]  # `shuffle` begins each epoch

    def branch(self, networks: Sequence[Settings], epoch: int) -> None:
        """Let the orders of those networks that have a seed of their own for it begin now (see ``Settings.rewind``)."""
        if self.hashed:
            self.keys = self._hash_keys(networks, epoch)
        for i, s in enumerate(networks):
            if s.order_seed is not None:
                self.order[i], self.augmentation[i] = (
                    generator(s.seed_at(epoch), what) for what in ("order", "version")
                )

    def shuffle(self) -> None:
        """Draw a fresh order of every network's examples, and copies of them; one batch of all as they are needs nothing."""
        rows = self.rows
        if max(self.augmented_copies) > 1:
            rows = rows + (self._hashed_copies() if self.hashed else self._drawn_copies()) * len(self.used)
        if self.steps == 1:
            self.batches = [(rows, self.y)]
        else:
            self.batches = self._by_step(rows, self._hashed_slots() if self.hashed else self._drawn_slots())
        if self.hashed:
            self.epoch += 1

    def _by_step(self, rows: Tensor, slots: Tensor) -> list[tuple[Tensor, Tensor]]:
        """For each step the rows and labels of the examples [network, n] that are in its slots [network, slot].

        Taken from flat tensors in the order of the steps: faster than `gather`, and nothing need be moved afterwards.
        """
        starts = torch.arange(len(rows), device=self.device)[:, None] * rows.shape[1]
        places = (slots + starts).unflatten(1, (self.steps, -1)).transpose(0, 1).flatten()
        taken = [values.flatten(0, 1).index_select(0, places) for values in (rows, self.y)]
        shape = self.steps, len(rows), -1
        by_step = [values.view(*shape, *values.shape[1:]) for values in taken]
        return [(r[:, :k], y[:, :k]) for r, y, k in zip(*by_step, self.lengths, strict=True)]

    def _drawn_slots(self) -> Tensor:
        """Which of its examples a network has in each slot of an epoch [network, slot], of a generator for each."""
        for row, filled, n, g in zip(self.slots, self.filled, self.n, self.order, strict=True):
            if n == len(row):
                torch.randperm(n, generator=g, out=row)
            else:
                row[filled] = torch.randperm(n, generator=g)
        return self.slots.to(self.device)

    def _hashed_slots(self) -> Tensor:
        """The same of hashes, on the device."""
        order = permutations(self.keys[:, 0], self.epoch, self.valid)
        return torch.where(self.taken, order.gather(1, self.places), 0)

    def _drawn_copies(self) -> Tensor:
        """Which copy is drawn of each example [network, n], of a generator for each network."""
        drawn = torch.zeros(self.rows.shape, dtype=torch.int64)
        for row, n, copies, g in zip(drawn, self.n, self.augmented_copies, self.augmentation, strict=True):
            row[:n] = torch.randint(copies, (n,), generator=g)
        return drawn.to(self.device)

    def _hashed_copies(self) -> Tensor:
        """The same of hashes, on the device."""
        return choices(self.keys[:, 1], self.epoch, self.rows.shape[1], self.ways)

    def _hash_keys(self, networks: Sequence[Settings], epoch: int) -> Tensor:
        """Keys [network, 2] of orders and of copies."""
        keys = [torch.cat([hash_keys(s.seed_at(epoch), what, 1) for what in ("order", "version")]) for s in networks]
        return torch.stack(keys).to(self.device)

    def _cut(self, values: Tensor) -> list[Tensor]:
        """Values [network, slot, …] as one tensor for each step, contiguous so that a step need not gather its own."""
        if self.steps == 1:
            return [values]
        steps = values.unflatten(1, (self.steps, -1)).transpose(0, 1).contiguous()
        return [batch[:, :length] for batch, length in zip(steps, self.lengths, strict=True)]

    def by_row(self) -> Tensor | None:
        """Labels [network, example, …] of all examples used, in their order, if most networks use most of them."""
        if len(self.used) > 1.25 * sum(self.n) / len(self.n):
            return None
        y = self.y.new_zeros(len(self.y), len(self.used), *self.y.shape[2:])
        rows = self.rows if self.y.dim() == 2 else self.rows[..., None].expand_as(self.y)
        return y.scatter_(1, rows, self.y)

    def weight(self, step: int) -> Tensor:
        """Share of each network's examples [network] that are in the batch of this step."""
        return self.parts[:, step]

    def mean(self, values: Tensor) -> Tensor:
        """Mean over each network's own examples [network] of values [network, n]; float64, so that 9 of 10 are 0.9."""
        return torch.where(self.valid, values.double(), 0).sum(1) / self.valid.sum(1)

    def keep(self, rows: Tensor) -> None:
        """Drop all networks but those in rows (on the CPU)."""
        for name in ("n", "order", "augmented_copies", "augmentation"):
            setattr(self, name, [getattr(self, name)[r] for r in rows.tolist()])
        self.filled, self.slots = self.filled[rows], self.slots[rows]
        on_device = rows.to(self.device)
        hashed = ("keys", "ways", "places", "taken") if self.hashed else ()
        for name in ("rows", "y", "valid", "share", "parts", *hashed):
            setattr(self, name, getattr(self, name)[on_device])
        self.shares = self._cut(self.share)
        self.batches = [(self.rows, self.y)]


def is_hashed(device: torch.device) -> bool:
    """Whether orders of examples are made on the device, of hashes."""
    return device.type != "cpu"


def targets(data: Data, rows: Tensor, settings: Settings) -> Tensor:
    """The labels that a network trains on: those of its examples, corrupted as its settings say."""
    y = data.y[rows]
    if settings.label_noise == 0:
        return y
    return corrupt_labels(y, settings.label_noise, data.classes, generator(settings.data_seed, "label noise"))


def check(networks: Sequence[Settings], data: Data) -> None:
    """Raise ValueError unless these networks can be trained on this data set."""
    require_settings(networks)
    require_data(data)
    data.check()
    taken = {}  # the shape of what each architecture makes of an example
    for architecture in dict.fromkeys(s.architecture for s in networks):
        for x in (data.x, data.x_test):
            taken[architecture] = architecture.examples(x).shape[1:]  # raises where it cannot take such examples
    shape, outputs = data.shape, data.outputs
    parameters = functools.cache(lambda architecture: architecture.parameters(shape, outputs))
    for s in networks:
        require(
            s.n <= len(data.x),
            f"{data.name} has {len(data.x):,} training examples; n={s.n:,} asks for more, choose n up to that.",
        )
        sizes = taken[s.architecture][-max(1, s.architecture.shifted_axes) :]
        require(
            s.shift < min(sizes),
            f"shift={s.shift:,} moves examples of {' × '.join(map(str, sizes))} out of sight; choose a shift below {min(sizes)}.",
        )
        require(
            s.label_noise == 0 or data.classes is not None,
            f"label noise needs class labels; {data.name} has none, set label_noise=0.",
        )
        require(
            s.loss == "squared" or data.classes is not None,
            f"{s.loss} needs class labels; {data.name} has none, set loss='squared'.",
        )
        require(
            s.stop_fitted == 0 or data.classes is not None,
            f"stop_fitted counts misclassified examples; {data.name} has no classes, set stop_loss instead.",
        )
        _require_several(s, shape, outputs)
        require(
            not (s.output_scale and s.architecture.normalises(shape, outputs)),
            f"output_scale takes the outputs of single examples, and batch norm in {s.architecture} mixes those of a batch; set "
            "output_scale=0 or do without batch norm.",
        )
        factors, layers = len(s.layer_lr), s.layer_lr and s.architecture.layer_count(shape, outputs)
        require(
            not factors or factors == layers,
            f"layer_lr has {factors} factors but {s.architecture} has {layers} layers; give one factor each.",
        )
        require(
            s.mask is None or s.architecture.stacks or bool(np.isin(s.mask.values, (0, 1)).all()),
            f"A mask of {s.architecture} holds 0 and 1 only, since such a network's weights are multiplied by it in each step.",
        )
        total = parameters(s.architecture)
        for name, vector in (("start", s.start), ("mask", s.mask)):
            require(
                vector is None or len(vector.values) == total,
                f"{name} has {0 if vector is None else len(vector.values):,} values but the network has {total:,} weights "
                "and biases; give one each.",
            )


def _require_several(settings: Settings, shape: tuple[int, ...], outputs: int) -> None:
    """Raise ValueError where a network with batch norm, whose statistics are those of several examples, meets one alone."""
    smallest = settings.n - (settings.steps - 1) * settings.batch
    if smallest > 1 or settings.architecture.stacks:  # whose batches are equal: see Settings
        return
    require(
        not settings.architecture.normalises(shape, outputs),
        f"Batch norm cannot be trained on a batch of one example, which n={settings.n} and a batch size of "
        f"{settings.batch} leave at the end of an epoch; choose another batch size.",
    )


def _filled(values: Tensor, length: int) -> Tensor:
    """Values [n, …] made longer by repeating the first."""
    return torch.cat([values, values[:1].expand(length - len(values), *values.shape[1:])])
