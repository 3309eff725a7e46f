"""What determines a trained network, and what may be recorded of it."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from torch import nn

from overparam.architectures.base import Architecture
from overparam.errors import listed, numbers, real, require, shown, truth, whole

OPTIMIZERS = ("sgd", "adam", "adamw")
LOSSES = ("cross_entropy", "squared")
DTYPES = ("float32", "bfloat16")
SCHEDULES = ("constant", "cosine", "inverse_sqrt")
RECORDABLE = {
    "curves": "the four losses and errors, on a logarithmic schedule unless epochs are given",
    "predictions": "outputs on the test examples",
    "correct": "whether each training example is classified as its label says",
    "losses": "the loss on each training example",
    "test_correct": "whether each test example is classified correctly",
    "test_losses": "the loss on each test example",
    "gradient_norms": "the norm of the gradient of each training example's loss in all weights",
    "weights": "all weights and biases",
}
# Settings that are real numbers.
_REAL = (
    "lr", "label_noise", "momentum", "weight_decay", "dropout", "input_noise", "adversarial", "gradient_penalty",
    "norm_target", "sam", "output_scale", "averaging", "stop_loss",
)  # fmt: skip
# What else the columns of a table of runs, or of what is made of it, are called.
RESULTS = {
    "architecture", "data", "engine", "device", "stack_size", "seconds", "train_loss", "train_error", "test_loss",
    "test_error", "epochs_run", "parameters", "diverged", "seed", "epoch", "examples", "labels",
}  # fmt: skip
# Settings in which the networks of one stack may differ (n and batch size at equally many steps an epoch), and those that
# all or none of them must have, at any strength. They must share what is named in neither.
FREE = {
    "n", "batch_size", "lr", "label_noise", "weight_decay", "shift", "stop_loss", "stop_fitted", "start", "mask",
    "init_seed", "data_seed", "order_seed",
}  # fmt: skip
PRESENT = (
    "dropout", "input_noise", "adversarial", "gradient_penalty", "norm_target", "sam", "output_scale", "averaging",
    "layer_lr",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Vector:
    """One number per weight of a network, in the order of ``nn.Module.parameters()``: weights to start from, or a mask.

    Compared and hashed by its bytes, so that it can be part of a network's settings.
    """

    values: np.ndarray

    def __post_init__(self) -> None:
        values = (
            numbers("A vector of weights", self.values).astype(np.float32).ravel()
        )  # a copy: settings do not change
        require(bool(np.isfinite(values).all()), "A vector of weights holds numbers too large for float32; scale them.")
        object.__setattr__(self, "values", values)
        self.values.setflags(write=False)

    @cached_property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the SHA-256 of the values."""
        return hashlib.sha256(self.values.data).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
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
    initial weights and, unless ``order_seed`` is given, the order of the examples and what ``dropout`` (the share of hidden
    units dropped) drops.
    Whenever an example is drawn, it is moved by a uniform ``shift`` of up to so many positions either way, and mirrored
    with probability ½ if ``flip``: see ``augmented_copies``. Each step adds Gaussian noise of standard deviation
    ``input_noise`` to its inputs x, or trains on x + ``adversarial`` · sign(∂ loss/∂x) in their place (Goodfellow et al.
    2015). It follows the mean gradient of the batch or, with ``median_of=3``, the median in each coordinate of the mean
    gradients of three equal parts of it (M3 of Zielinski et al. 2020, arXiv 2003.07422).

    ``schedule`` multiplies the learning rate in step t = 0, 1, … by ½(1 + cos(πt/T)), T steps in all ("cosine"), or by
    1/√(1 + ⌊t/512⌋) ("inverse_sqrt", of Nakkiran et al. 2020); ``layer_lr`` multiplies it by one factor for each layer, from
    the input to the output (in a network of one's own: in the order in which it registers them). ``weight_decay`` c adds c·w
    to the gradient, the gradient of ½c‖w‖², or with a ``norm_target`` μ that of ½c·|‖w‖² − μ²| (w: all weights and biases;
    norm bias of Goldblum et al. 2020). With "adamw" the gradient stays what it is, and each step takes lr·c·w off the weights besides
    (decoupled, Loshchilov & Hutter 2019, arXiv 1711.05101). ``gradient_penalty`` μ trains on E + μ‖∇E‖² where E is the mean loss of the batch
    (Barrett & Dherin 2021). ``sam`` ρ takes the gradient at w + ρ·g/‖g‖ in the place of that at w, where g is the gradient of
    the batch at w in all weights and biases together, without weight decay; noise and dropout are the same in both, and losses
    stay those at w (sharpness-aware minimization, Foret et al. 2021, arXiv 2010.01412). With ``averaging`` β all that is
    recorded is that of the average a ← βa + (1 − β)w of the weights over the steps, which begins at the initial weights;
    training itself goes on unaveraged.

    With ``output_scale`` α (0: none) the network answers α·(f(w, x) − f(w₀, x)), where f are its outputs and w₀ its initial
    weights, and trains on the squared loss divided by α² (Chizat, Oyallon & Bach 2019, arXiv 1812.07956). Losses, errors,
    predictions and norms of gradients are those of that answer, before the division; so is the loss that ``stop_loss`` asks for.

    ``batch_size=None`` is full-batch gradient descent, one step per epoch. ``start`` replaces the initial weights, and
    weights where ``mask`` is 0 are 0 throughout. ``order_seed`` decides in the place of ``init_seed`` all that is random in
    a step: the order of the examples, how they are moved, what is dropped, the noise of inputs. With ``rewind`` k both the
    mask and the order's seed hold from the end of epoch k on, and until then the network trains as it would without them:
    the pruned network is rewound to epoch k of the dense one (Frankle et al. 2019, arXiv 1903.01611), and so are the state of
    the optimizer, the order and the schedule. Products of matrices are computed in ``dtype``; the weights themselves and all
    sums over them stay float32.

    A network trains for ``epochs``, or until its training loss is below ``stop_loss`` (of the whole training set before
    the step in full-batch training, averaged over the batches of the last epoch otherwise), or until it has classified
    every training example as labelled at the end of ``stop_fitted`` epochs in a row (0: never).
    """

    architecture: Architecture
    n: int
    epochs: int
    lr: float
    label_noise: float = 0.0
    batch_size: int | None = None
    momentum: float = 0.0
    weight_decay: float = 0.0
    dropout: float = 0.0
    shift: int = 0
    flip: bool = False
    input_noise: float = 0.0
    adversarial: float = 0.0
    median_of: int = 1
    gradient_penalty: float = 0.0
    norm_target: float = 0.0
    sam: float = 0.0
    output_scale: float = 0.0
    schedule: str = "constant"
    layer_lr: tuple[float, ...] = ()
    averaging: float = 0.0
    optimizer: str = "sgd"
    loss: str = "cross_entropy"
    stop_loss: float = 0.0
    stop_fitted: int = 0
    dtype: str = "float32"
    start: Vector | None = None
    mask: Vector | None = None
    rewind: int = 0
    init_seed: int = 0
    data_seed: int = 0
    order_seed: int | None = None

    def __post_init__(self) -> None:
        require_architecture(self.architecture)
        for name, choices in (("optimizer", OPTIMIZERS), ("loss", LOSSES), ("dtype", DTYPES), ("schedule", SCHEDULES)):
            value = getattr(self, name)
            known = isinstance(value, str) and value in choices
            require(known, f"{name} must be one of {', '.join(choices)}; got {shown(value)}.")
        self._convert_numbers()
        require(
            self.rewind < self.epochs,
            f"rewind is the epoch from which mask and order_seed hold, below epochs={self.epochs}; got {self.rewind}.",
        )
        require(self.lr > 0, f"lr (the learning rate) must be positive; got {self.lr}.")
        require(0 <= self.label_noise <= 1, f"label noise must lie in [0, 1]; got {self.label_noise}.")
        for name in ("momentum", "dropout", "averaging"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} must lie in [0, 1); got {value}.")
        require(
            self.optimizer == "sgd" or self.momentum == 0,
            f"momentum is an option of sgd, and {self.optimizer} has its own; leave momentum at 0, got {self.momentum}.",
        )
        require(
            self.batch_size is None or 1 <= self.batch_size <= self.n,
            f"batch_size must lie between 1 and the {self.n} training examples; got {self.batch_size}.",
        )
        strengths = (
            "weight_decay", "input_noise", "adversarial", "gradient_penalty", "norm_target", "sam", "output_scale",
        )  # fmt: skip
        for name in (*strengths, "stop_loss"):
            value = getattr(self, name)
            require(value >= 0, f"{name.replace('_', ' ')} must not be negative; got {value}.")
        require(
            not self.norm_target or self.weight_decay > 0,
            "norm_target is where weight decay pulls to; set weight_decay to its strength.",
        )
        require(
            not self.norm_target or self.optimizer != "adamw",
            "norm_target changes the gradient, and the weight decay of adamw is apart from it; take adam or sgd.",
        )
        require(self.median_of in (1, 3), f"median_of must be 1 (the mean) or 3; got {self.median_of!r}.")
        self._require_fitting_options()
        require_free(tuple(self.architecture.columns()))
        for name in ("start", "mask"):
            value = getattr(self, name)
            require(
                value is None or isinstance(value, Vector),
                f"{name} must be a Vector of one number per weight; got {shown(value)}.",
            )

    def _convert_numbers(self) -> None:
        """Take NumPy's and other libraries' numbers for Python's, so that equal settings are equal in every respect."""
        converted: dict[str, Any] = {name: real(name.replace("_", " "), getattr(self, name)) for name in _REAL}
        for name, least in (("n", 1), ("epochs", 1), ("stop_fitted", 0), ("shift", 0), ("median_of", 1), ("rewind", 0)):
            says = f"{name} must be a whole number of at least {least}; got {shown(getattr(self, name))}."
            converted[name] = whole(name, getattr(self, name), least, 2**53, says)
        converted |= {name: whole(name, getattr(self, name)) for name in ("init_seed", "data_seed")}
        if self.order_seed is not None:
            converted["order_seed"] = whole("order_seed", self.order_seed)
        if self.batch_size is not None:
            says = f"batch_size must be a whole number, or None for all examples; got {shown(self.batch_size)}."
            converted["batch_size"] = whole("batch_size", self.batch_size, says=says)
        says = f"layer_lr must be a tuple of factors of at least 0, in a sweep a list of tuples; got {shown(self.layer_lr)}."
        require(isinstance(self.layer_lr, tuple), says)
        converted["layer_lr"] = tuple(real("layer_lr", factor, says) for factor in self.layer_lr)
        require(all(factor >= 0 for factor in converted["layer_lr"]), says)
        converted["flip"] = truth("flip", self.flip)
        for name, value in converted.items():
            object.__setattr__(self, name, value)

    def _require_fitting_options(self) -> None:
        stacks, shifted_axes = self.architecture.stacks, self.architecture.shifted_axes
        for name, none in (("dropout", 0), ("input_noise", 0), ("adversarial", 0), ("median_of", 1), ("averaging", 0)):
            require(
                stacks or getattr(self, name) == none,
                f"{name.replace('_', ' ')} is an option of mlp and cnn1d; {self.architecture} has none, leave it at {none}.",
            )
        require(
            not self.shift or shifted_axes > 0,
            f"shift is an option of networks that take signals or images; {self.architecture} does not, leave it at 0.",
        )
        require(
            not self.flip or shifted_axes == 2,
            f"flip mirrors images, so it is an option of cnn and resnet18; {self.architecture} takes none, set flip=False.",
        )
        normalises = stacks and getattr(self.architecture, "batch_norm", False)
        require(
            not (normalises and (self.adversarial or self.sam or self.median_of > 1)),
            "batch norm takes its statistics from whole batches, once a step; do without adversarial, sam and median_of, or "
            "without batch_norm.",
        )
        require(
            not (normalises and self.averaging),
            "averaging averages weights and not the statistics of batch norm; set averaging=0 or batch_norm=False.",
        )
        odd = [
            name for name, none in (("dropout", 0), ("adversarial", 0), ("median_of", 1)) if getattr(self, name) != none
        ]
        odd += ["batch_norm"] if normalises else []
        odd += [self.dtype] if self.dtype != "float32" else []
        require(
            not (stacks and self.gradient_penalty and odd),
            f"gradient_penalty of mlp and cnn1d does not go with {' and '.join(odd)}; leave out one or the other.",
        )
        require(
            not self.output_scale or self.loss == "squared",
            f"output_scale divides the squared loss by its square, and no other loss scales so; set loss='squared', got "
            f"loss={self.loss!r}.",
        )
        odd = [name for name in ("adversarial", "gradient_penalty") if getattr(self, name)]
        odd += [self.dtype] if self.dtype != "float32" else []
        require(
            not (self.output_scale and odd),
            f"output_scale does not go with {' and '.join(odd)}; leave out one or the other.",
        )
        equal, parts = normalises or self.median_of > 1, self.median_of
        require(
            not equal or (self.n % self.batch == 0 and self.batch % parts == 0 and self.batch > parts),
            f"{'batch norm' if normalises else 'median_of=3'} needs equal batches{' of three equal parts' if parts > 1 else ''} "
            f"of more than one example each; n={self.n} with a batch size of {self.batch} gives others.",
        )

    @property
    def augmented_copies(self) -> int:
        """How many augmented copies of a training example there are, all equally likely to be drawn; itself is one of them.

        Signals move in a circle, along the last axis, by 0, ±1, …, ±shift. Images move in both directions, zeros move in from
        outside, and with ``flip`` each copy exists twice.
        """
        return (2 * self.shift + 1) ** self.architecture.shifted_axes * (1 + self.flip)

    @property
    def batch(self) -> int:
        """Examples in one step."""
        return self.batch_size or self.n

    @property
    def steps(self) -> int:
        """Steps in one epoch; the last batch may be short."""
        return -(-self.n // self.batch)

    def seed_at(self, epoch: int) -> int:
        """The seed of what is random in the steps of this epoch."""
        return self.init_seed if self.order_seed is None or epoch < self.rewind else self.order_seed

    def mask_at(self, epoch: int) -> Vector | None:
        """The mask that holds in this epoch."""
        return self.mask if epoch >= self.rewind else None

    def signature(self) -> tuple:
        """What networks must share to train in one stack: everything but what `FREE` and `PRESENT` name."""
        shared = [getattr(self, f.name) for f in fields(self) if f.name not in {"architecture", *FREE, *PRESENT}]
        present = [bool(getattr(self, name)) for name in PRESENT]
        shape = [getattr(self.architecture, f.name) for f in fields(self.architecture) if f.name != "width"]
        # Statistics and medians are taken of whole batches, which then cannot be filled up to a common size.
        in_whole = self.median_of > 1 or getattr(self.architecture, "batch_norm", False)
        return type(self.architecture), self.steps, self.batch if in_whole else None, *shape, *shared, *present

    def columns(self) -> dict[str, object]:
        """The settings as one flat row of a table; of ``start`` and ``mask`` their fingerprints."""
        row = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "architecture"}
        row |= {name: row[name] and row[name].fingerprint for name in ("start", "mask")}
        return {"architecture": type(self.architecture).__name__.lower(), **self.architecture.columns(), **row}


@cache
def require_free(names: tuple[str, ...]) -> None:
    """Raise ValueError where a table of runs has a column for something else than these arguments of an architecture."""
    others = RESULTS | RECORDABLE.keys() | Settings.__dataclass_fields__.keys()
    taken = [n for n in names if n in others or n.startswith("curve_") or n.endswith("_epoch")]
    require(
        not taken,
        f"{', '.join(sorted(taken))} is the name of a setting or of a result; rename this argument of the architecture.",
    )


def require_settings(networks: Sequence[Settings]) -> list[Settings]:
    """The networks as a list; ValueError unless they are one or more ``Settings``."""
    if isinstance(networks, Settings):
        networks = [networks]
    advice = "pass a list of Settings, or describe a grid of networks to sweep"
    networks = listed(networks, f"The networks to train are {shown(networks)}; {advice}.")
    require(bool(networks), f"There are no networks to train; {advice}.")
    wrong = [each for each in networks if not isinstance(each, Settings)]
    require(not wrong, f"One of the networks to train is {shown(wrong[0]) if wrong else ''}; {advice}.")
    return networks


class Measure(NamedTuple):
    """A measure of the user's own: a function of (network, its data) that gives a number, and when it is taken."""

    function: Callable[[Any, Any], Any]
    epochs: tuple[float, ...] | None  # besides the end of training


Record: TypeAlias = Sequence[str] | Mapping[str, Any]  # what a user gives, see `recording`


def recording(record: Record) -> dict[str, tuple[float, ...] | Measure | None]:
    """What to record, and at which epochs: None where only names were given. Raises where it cannot be recorded.

    ``record`` is a list of names in `RECORDABLE`, or a mapping from these to epochs (or None) and from any other name to a
    function of (network, its data) that gives a number, or to a pair of that and epochs.
    """
    if isinstance(record, str):
        record = [record]
    says = f"What to record is a list of names, or a mapping from names to epochs; got {shown(record)}."
    chosen = list(record.items()) if isinstance(record, Mapping) else [(name, None) for name in listed(record, says)]
    measures = {name: _measure(name, given) for name, given in chosen if _has_function(given)}
    unknown = [name for name, _ in chosen if not (isinstance(name, str) and (name in RECORDABLE or name in measures))]
    named = ", ".join(name if isinstance(name, str) and name.isidentifier() else shown(name) for name in unknown)
    require(not unknown, f"Cannot record {named}; choose from {', '.join(RECORDABLE)}, or give a function of your own.")
    wanted = {name: _recorded_epochs(name, epochs) for name, epochs in chosen if name not in measures} | measures
    require(wanted.get("predictions") is None, "Predictions are recorded at the end of training only; give no epochs.")
    return {name: wanted[name] for name in sorted(wanted)}


def epochs_of(wanted: tuple[float, ...] | Measure | None) -> tuple[float, ...] | None:
    """The epochs in what `recording` gives for one name."""
    return wanted.epochs if isinstance(wanted, Measure) else wanted


def _has_function(given: object) -> bool:
    """Whether this asks for a measure of the user's own: a function, or a pair of one and epochs."""
    return callable(given) or (isinstance(given, list | tuple) and len(given) == 2 and callable(given[0]))


def _measure(name: object, given: Any) -> Measure:
    function, epochs = (given, None) if callable(given) else given
    taken = RESULTS | RECORDABLE.keys() | Settings.__dataclass_fields__.keys()
    free = isinstance(name, str) and name.isidentifier() and name not in {*taken, "curve"}
    require(
        isinstance(name, str) and free and not name.startswith("curve_") and not name.endswith("_epoch"),
        f"A measure of your own has a column of its own, and {shown(name)} is no free name for one; choose another.",
    )
    require(
        hasattr(function, "__qualname__"),
        f"{name} is measured by a function of (network, data); got {shown(function)}, write it as one.",
    )
    return Measure(function, _recorded_epochs(str(name), epochs))


def _recorded_epochs(name: str, epochs: Iterable[float] | None) -> tuple[float, ...] | None:
    if epochs is None:
        return None
    given = listed(epochs, f"Epochs at which {name} are recorded are a list or a range; got {shown(epochs)}.")
    says = f"Epochs at which {name} are recorded are a list of finite numbers; got {shown(given)}."
    chosen = tuple(sorted({real(name, epoch, says) for epoch in given}))
    require(
        all(0 <= epoch <= 2**53 for epoch in chosen),
        f"Epochs at which {name} are recorded count from 0; got {chosen[:1]}.",
    )
    return chosen


def log_schedule(epochs: int, per_doubling: int = 3) -> list[int]:
    """Epochs 0, 1, 2, … spaced evenly in their logarithm, ``per_doubling`` to a factor of two, below ``epochs``."""
    steps = np.arange(0, per_doubling * np.log2(epochs) + 1e-9) / per_doubling
    return [0, *np.unique(np.round(2**steps).astype(int)).tolist()] if epochs > 1 else [0]


def require_architecture(architecture: object) -> None:
    """Raise ValueError unless this describes a network."""
    if not (isinstance(architecture, Architecture) and is_dataclass(architecture)):
        advice = "describe one, as MLP(32) does; networks of several widths are a sweep over mlp([16, 32])"
        if isinstance(architecture, nn.Module):
            advice = "describe a network of your own by its class, as custom(MyNetwork, width=8) does"
        if isinstance(architecture, Mapping):
            advice = "one network is wanted here and not a description of some: take Custom(MyNetwork, (('width', 8),))"
        raise ValueError(f"{shown(architecture)} is no architecture; {advice}.")
    own = architecture.replaced()
    require(
        not own,
        f"{type(architecture).__name__} has its own {' and '.join(own)}, which networks that train in stacks do not follow; take "
        "overparam.custom.",
    )
