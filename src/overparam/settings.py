"""What determines a trained network, and what may be recorded of it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from overparam.models import Layered

OPTIMIZERS = ("sgd", "adam")
LOSSES = ("cross_entropy", "squared")
DTYPES = ("float32", "bfloat16")
RECORDABLE = {
    "curves": "the four losses and errors, on a logarithmic schedule unless epochs are given",
    "predictions": "outputs on the test examples",
    "correct": "whether each training example is classified as its label says",
    "losses": "the loss on each training example",
    "gradient_norms": "the norm of the gradient of each training example's loss in all weights",
    "weights": "all weights and biases",
}


@dataclass(frozen=True, eq=False)
class Vector:
    """One number per weight of a network, in the order of ``nn.Module.parameters()``: weights to start from, or a mask.

    Compared and hashed by its bytes, so that it can be part of a network's settings.
    """

    values: np.ndarray

    def __post_init__(self):
        values = np.asarray(self.values).astype(np.float32).ravel()  # a copy: settings do not change
        object.__setattr__(self, "values", values)
        self.values.setflags(write=False)

    @cached_property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the SHA-256 of the values."""
        return hashlib.sha256(self.values).hexdigest()[:16]

    def __eq__(self, other) -> bool:
        return isinstance(other, Vector) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Vector({len(self.values):,} values, {self.fingerprint})"


@dataclass(frozen=True)
class Settings:
    """Everything that determines one trained network, apart from the data set that it draws its examples from.

    ``n`` training examples are drawn without replacement with ``data_seed``, which also decides which labels are
    corrupted (``label_noise``: the share of labels replaced by a uniformly drawn class). ``init_seed`` decides the
    initial weights, the order of the examples and what ``dropout`` (the share of hidden units dropped) drops.
    ``batch_size=None`` is full-batch gradient descent, one step per epoch. ``start`` replaces the initial weights, and
    weights where ``mask`` is 0 are 0 throughout. Products of matrices are computed in ``dtype``; the weights themselves
    and all sums over them stay float32.

    A network trains for ``epochs``, or until its training loss is below ``stop_loss`` (of the whole training set before
    the step in full-batch training, averaged over the batches of the last epoch otherwise), or until it has classified
    every training example as labelled at the end of ``stop_fitted`` epochs in a row (0: never).
    """

    architecture: object
    n: int
    epochs: int
    lr: float
    label_noise: float = 0.0
    batch_size: int | None = None
    momentum: float = 0.0
    weight_decay: float = 0.0
    dropout: float = 0.0
    optimizer: str = "sgd"
    loss: str = "cross_entropy"
    stop_loss: float = 0.0
    stop_fitted: int = 0
    dtype: str = "float32"
    start: Vector | None = None
    mask: Vector | None = None
    init_seed: int = 0
    data_seed: int = 0

    def __post_init__(self):
        for name, values in (("optimizer", OPTIMIZERS), ("loss", LOSSES), ("dtype", DTYPES)):
            value = getattr(self, name)
            require(value in values, f"{name} must be one of {', '.join(values)}; got {value!r}.")
        for name, least in (("n", 1), ("epochs", 1), ("stop_fitted", 0)):
            value = getattr(self, name)
            require(
                isinstance(value, int) and value >= least,
                f"{name} must be a whole number of at least {least}; got {value!r}.",
            )
        require(self.lr > 0, f"lr (the learning rate) must be positive; got {self.lr}.")
        require(0 <= self.label_noise <= 1, f"label noise must lie in [0, 1]; got {self.label_noise}.")
        require(0 <= self.momentum < 1, f"momentum must lie in [0, 1); got {self.momentum}.")
        require(
            self.optimizer == "sgd" or self.momentum == 0,
            f"momentum is an option of sgd, and {self.optimizer} has its own; leave momentum at 0, got {self.momentum}.",
        )
        require(self.weight_decay >= 0, f"weight decay must not be negative; got {self.weight_decay}.")
        require(0 <= self.dropout < 1, f"dropout must lie in [0, 1); got {self.dropout}.")
        require(
            self.batch_size is None or isinstance(self.batch_size, int),
            f"batch_size must be a whole number, or None for all examples; got {self.batch_size!r}.",
        )
        require(
            self.batch_size is None or 1 <= self.batch_size <= self.n,
            f"batch_size must lie between 1 and the {self.n} training examples; got {self.batch_size}.",
        )
        require(
            not self.dropout or isinstance(self.architecture, Layered),
            f"dropout is an option of mlp and cnn1d; {self.architecture} has none, leave dropout at 0.",
        )
        for name in ("start", "mask"):
            value = getattr(self, name)
            require(
                value is None or isinstance(value, Vector),
                f"{name} must be a settings.Vector of one number per weight; got {type(value).__name__}.",
            )

    @property
    def batch(self) -> int:
        """Examples in one step."""
        return self.batch_size or self.n

    @property
    def steps(self) -> int:
        """Steps in one epoch; the last batch may be short."""
        return -(-self.n // self.batch)

    def signature(self) -> tuple:
        """What networks must share to train in one stack."""
        shape = tuple(
            (f.name, getattr(self.architecture, f.name)) for f in fields(self.architecture) if f.name != "width"
        )
        return (
            type(self.architecture),
            shape,
            self.steps,
            self.epochs,
            self.optimizer,
            self.momentum,
            self.loss,
            self.dtype,
            self.dropout > 0,
        )

    def columns(self) -> dict:
        """The settings as one flat row of a table; of ``start`` and ``mask`` their fingerprints."""
        row = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "architecture"}
        row |= {name: row[name] and row[name].fingerprint for name in ("start", "mask")}
        architecture = {f.name: getattr(self.architecture, f.name) for f in fields(self.architecture)}
        return {"architecture": type(self.architecture).__name__.lower(), **architecture, **row}


def recording(record: Sequence[str] | Mapping[str, Iterable[float] | None]) -> dict[str, tuple[float, ...] | None]:
    """What to record, and at which epochs: None where only names were given. Raises where it cannot be recorded."""
    if isinstance(record, str):
        record = [record]
    chosen = dict(record) if isinstance(record, Mapping) else dict.fromkeys(record)
    unknown = sorted(set(chosen) - set(RECORDABLE))
    require(not unknown, f"Cannot record {', '.join(unknown)}; choose from {', '.join(RECORDABLE)}.")
    require(chosen.get("predictions") is None, "Predictions are recorded at the end of training only; give no epochs.")
    for name, epochs in chosen.items():
        if epochs is not None:
            require(
                isinstance(epochs, Iterable) and not isinstance(epochs, str),
                f"Epochs at which {name} are recorded are a list or a range; got {epochs!r}.",
            )
            chosen[name] = tuple(sorted({float(e) for e in epochs}))
            require(
                all(e >= 0 for e in chosen[name]),
                f"Epochs at which {name} are recorded count from 0; got {chosen[name][:1]}.",
            )
    return {name: chosen[name] for name in sorted(chosen)}


def log_schedule(epochs: int, per_doubling: int = 3) -> list[int]:
    """Epochs 0, 1, 2, … spaced evenly in their logarithm, ``per_doubling`` to a factor of two, below ``epochs``."""
    steps = np.arange(0, per_doubling * np.log2(epochs) + 1e-9) / per_doubling
    return [0, *np.unique(np.round(2**steps).astype(int)).tolist()] if epochs > 1 else [0]


def require(condition: bool, message: str) -> None:
    """Raise ValueError with this message unless the condition holds."""
    if not condition:
        raise ValueError(message)
