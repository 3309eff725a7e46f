"""Whatever is given to the package, it trains or measures to the end, or says in one sentence of its own what is wrong."""

import linecache
import traceback
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import overparam
from overparam import data, measures, pruning, randomness
from overparam.architectures import alone, stacked
from overparam.architectures.stacked import CNN1D, MLP, LeNet
from overparam.data.dataset import Data
from overparam.data.load import digits
from overparam.engine import sweep, train
from overparam.engine.settings import Settings, Vector
from overparam.measures import connectivity, curvature, regions, sensitivity
from overparam.pruning import tickets
from overparam.randomness import generator
from overparam.report import claims
from overparam.theory import bounds, functions, kernels, linear, separability, splines, trees

PACKAGE = Path(overparam.__file__).parent
many = settings(
    max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def one_sentence(error: Exception) -> str:
    """What an error says; fails unless it is one sentence that the package raises itself."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    line = linecache.getline(frame.filename, frame.lineno).strip()
    whole = f"{type(error).__name__} in {frame.filename}:{frame.lineno}, {line}: {error}"
    assert Path(frame.filename).is_relative_to(PACKAGE), whole
    assert line.startswith("raise "), whole
    message = str(error)
    assert "\n" not in message, whole
    assert 15 < len(message) < 500, whole
    return message


def said_or_done(call):
    """What a call returns; None where it says in one sentence, before any training, why it does not."""
    with mock.patch.object(train, "_train", wraps=train._train) as training:
        try:
            return call()
        except Exception as error:
            said = one_sentence(error)
            begun = training.called
    assert not begun, f"said after training began: {said}"
    return None


# --- What is given by mistake ------------------------------------------------------------------------------------------

X, Y = np.random.default_rng(0).random((8, 4)), np.arange(8) % 3
TINY = Data("tiny", X, Y, X[:4], Y[:4], "made up", classes=3)
CURVE = Data("curve", X, X.sum(1), X[:4], X[:4].sum(1), "made up")

HUGE = 2**70  # which would be trained or drawn for ever where it counts something
NOTHING = [None, "", [], (), {}, set(), range(0), np.array([]), torch.tensor([])]
NUMBERS = [
    0,
    1,
    2,
    3,
    -1,
    0.5,
    1e-3,
    2.0,
    -0.5,
    1e300,
    HUGE,
    1j,
    True,
    False,
    float("nan"),
    float("inf"),
    -float("inf"),
]
LIBRARY_NUMBERS = [
    np.int64(2),
    np.uint8(1),
    np.float32(0.5),
    np.float64("nan"),
    np.bool_(True),
    np.array(2),
    torch.tensor(2),
]
TEXTS = ["3", "mlp", "sgd", "adam", "squared", "cosine", "cuda:7", "curves", b"3", "no\nsense"]
SEVERAL = [
    [1, 2],
    (0.1, 0.2),
    range(2),
    [0, "1"],
    [None],
    [[1], [2, 3]],
    {"curves": [0, 1]},
    {"weights": 3},
    {1: 2},
    {1, 2},
]
ARRAYS = [
    np.arange(2),
    np.ones((2, 2)),
    torch.ones(3),
    pd.Series([1, 2]),
    pd.DataFrame({"a": [1, 2]}),
    np.array(["a", "b"]),
]
OBJECTS = [
    object(),
    MLP,
    MLP(2),
    stacked.mlp(2),
    stacked.mlp,
    nn.Linear(2, 2),
    nn.Module(),
    TINY,
    Vector([1.0, 2.0]),
    len,
    torch.float64,
]
ANYTHING = NOTHING + NUMBERS + LIBRARY_NUMBERS + TEXTS + SEVERAL + ARRAYS + OBJECTS
anything = st.sampled_from(ANYTHING)


# What fits is as varied: half of the examples should be trained.
FITTING = {
    "architecture": [
        MLP(2),
        MLP(3, 2, batch_norm=True),
        MLP(1, 0),
        LeNet(1),
        CNN1D(2, 1, 2, 1),
        alone.CNN(1),
        alone.ResNet18(1),
        alone.Custom(nn.Linear, (("in_features", 4), ("out_features", 3))),
    ],
    "n": [6, 8, np.int64(4), 1],
    "epochs": [1, 2, np.uint8(3)],
    "lr": [0.1, 1, np.float32(0.5), torch.tensor(0.1), 1e6],
    "label_noise": [0, 0.5, 1],
    "batch_size": [None, 2, 3, 1, np.int32(4)],
    "momentum": [0, 0.9],
    "weight_decay": [0, 0.1],
    "dropout": [0, 0.5],
    "shift": [0, 1, 3],
    "flip": [False, True, np.bool_(False)],
    "input_noise": [0, 0.1],
    "adversarial": [0, 0.1],
    "median_of": [1, 3],
    "gradient_penalty": [0, 0.1],
    "norm_target": [0, 1.0],
    "sam": [0, 0.1],
    "output_scale": [0, 2],
    "schedule": ["constant", "cosine", "inverse_sqrt"],
    "layer_lr": [(), (1, 0.5)],
    "averaging": [0, 0.5],
    "optimizer": ["sgd", "adam", "adamw"],
    "loss": ["cross_entropy", "squared"],
    "stop_loss": [0, 10, 0.1],
    "stop_fitted": [0, 1],
    "dtype": ["float32"],
    "start": [None, Vector(np.zeros(19))],
    "mask": [None, Vector(np.ones(19))],
    "init_seed": [0, -1, 2**64, np.int64(3)],
    "data_seed": [0, 7],
    "rewind": [0, 1, np.int64(2)],
    "order_seed": [None, 3, np.int16(-1)],
    "seed": [0, range(2), np.arange(2), [-3]],
    "record": [
        (),
        "curves",
        ["weights", "predictions"],
        {"losses": [0, 0.5], "test_losses": None},
        ["correct", "gradient_norms"],
    ],
    "device": ["cpu", torch.device("cpu"), None],
    "cache": [False],
    "executor": [None],
    "explain": [False, True],
    "width": [4],
    "depth": [1, 2],
    "kernel": [2],
    "stride": [1, 2],
    "batch_norm": [False, True],
    "heads": [1, 2],
    "tokens": [5],
}


@st.composite
def arguments(draw, names):
    """A few of these arguments, most of them fitting: in half of the cases one is anything."""
    chosen = draw(st.lists(st.sampled_from(list(names)), max_size=4, unique=True))
    values = {name: draw(st.sampled_from(FITTING[name])) for name in chosen}
    if chosen and draw(st.booleans()):
        values[chosen[0]] = draw(anything)
    return values


# --- Data --------------------------------------------------------------------------------------------------------------

KINDS = ["f2", "f4", "f8", ">f8", "longdouble", "i1", ">i4", "i8", "u2", "u8"]
ODD_KINDS = ["u1", "?", "c8", "O", "U3", "M8[s]"]
LAYOUTS = ["plain", "Fortran", "backwards", "read-only", "tensor", "gradient"]
FAULTS = ["kind", "layout", "length", "shape", 0.25, 1, -1, np.nan, np.inf, 1e39, 2.0**60]


def array_of(n: int, labels: bool, fault) -> np.ndarray | torch.Tensor:
    """A strategy for inputs or labels of n examples, of any kind and layout; with this fault, if any."""
    shapes = {True: [(n,), (n, 1)], False: [(n, 4)]}[labels]
    if fault == "length":
        shapes = [(0, *shape[1:]) for shape in shapes] + [(n + 1, *shape[1:]) for shape in shapes]
    if fault == "shape":
        shapes = [(n, 3), (n, 2, 2), (n, 0), (), (1, n)]
    kinds, layouts = ODD_KINDS if fault == "kind" else KINDS, ["list", "table"] if fault == "layout" else LAYOUTS
    add = fault if isinstance(fault, int | float) else 0
    each = st.sampled_from(shapes), st.sampled_from(kinds), st.sampled_from(layouts)
    return st.tuples(*each).map(lambda drawn: laid_out(*drawn, add))


def laid_out(shape: tuple[int, ...], kind: str, layout: str, add: float):
    values = np.asarray(np.arange(int(np.prod(shape))).reshape(shape) % 3 + add)
    with np.errstate(all="ignore"):
        array = np.asarray(values.astype(kind))
    if layout == "Fortran":
        return np.asfortranarray(array)
    if layout == "backwards" and array.ndim:
        return array[::-1].copy()[::-1]
    if layout == "read-only":
        array.setflags(write=False)
    if layout == "list":
        return array.tolist()
    if layout == "table" and array.ndim in (1, 2):
        return pd.DataFrame(array)
    if layout in ("tensor", "gradient") and array.dtype.kind in "fiub" and array.dtype.isnative and array.itemsize <= 8:
        made = torch.from_numpy(array.copy())
        return made.requires_grad_() if layout == "gradient" and made.is_floating_point() else made
    return array


@st.composite
def data_parts(draw):
    """Arguments of Data of any kind; half of the times one part has a fault."""
    classes = draw(st.sampled_from([3, np.int32(4), None]))
    wrong = draw(st.sampled_from(["x", "y", "x_test", "y_test", "classes", None, None, None, None]))
    parts = {}
    for name, n in (("x", 8), ("y", 8), ("x_test", 4), ("y_test", 4)):
        fault = draw(st.sampled_from(FAULTS)) if name == wrong else None
        parts[name] = draw(array_of(n, name.startswith("y"), fault))
    if classes is None:
        floats = lambda y: y * 0.5 if isinstance(y, np.ndarray) and y.dtype.kind in "iuf" else y  # noqa: E731
        parts |= {name: floats(parts[name]) for name in ("y", "y_test")}
    return parts | {"classes": draw(st.sampled_from([1, "3", 2.5, 2, True])) if wrong == "classes" else classes}


@many
@given(parts=data_parts())
def test_data_of_any_kind_are_trained_on_or_refused(parts):
    check_data(parts)


@many
@given(
    part=st.sampled_from(["x", "y", "x_test", "y_test", "classes", "name", "source"]),
    value=anything,
    classes=st.sampled_from([3, None]),
)
def test_data_with_one_wrong_part_are_trained_on_or_refused(part, value, classes):
    y = Y if classes else X.sum(1)
    check_data({"x": X, "y": y, "x_test": X[:4], "y_test": y[:4], "classes": classes} | {part: value})


def check_data(parts: dict) -> None:
    data = said_or_done(lambda: Data(**({"name": "made", "source": "made up"} | parts)))
    if data is not None:
        loss = "squared" if data.classes is None else "cross_entropy"
        (record,) = train.train([Settings(MLP(2), len(data.x), 2, 0.1, loss=loss)], data, device="cpu")
        assert record["test_loss"] >= 0 or record["diverged"]
        assert data.fingerprint == replace(data, name="another").fingerprint


def test_data_that_were_spoilt_after_they_were_made_are_noticed():
    data = Data("tiny", X.copy(), Y.copy(), X[:4], Y[:4], "made up", classes=3)
    data.y[2] = 99
    with pytest.raises(ValueError, match="y of tiny has labels from 0 to 99 but those of 3 classes are 0 to 2"):
        sweep.sweep(MLP(2), data, epochs=1, lr=0.1, cache=False)
    data = replace(TINY, x=TINY.x.clone())
    data.x[5, 1] = torch.nan
    with pytest.raises(
        ValueError, match="x of tiny holds numbers that are NaN or infinite in 1 of 8 examples, first in number 5"
    ):
        sweep.run([Settings(MLP(2), 8, 1, 0.1)], data, cache=False)


# --- Training ----------------------------------------------------------------------------------------------------------

OPTIONS = [name for name in Settings.__dataclass_fields__ if name != "architecture"]
RUN = ["record", "device", "cache", "executor", "explain"]


@many
@given(changes=arguments(["architecture", *OPTIONS]), data=st.sampled_from([TINY, TINY, CURVE]))
def test_settings_of_any_kind_are_trained_or_refused(changes, data):
    base = {"architecture": MLP(2), "n": 6, "epochs": 2, "lr": 0.1, "loss": "squared"}
    made = said_or_done(lambda: Settings(**(base | changes)))
    if made is not None and made.epochs < 100:
        said_or_done(lambda: train.train([made], data, device="cpu"))


@many
@given(
    data=st.sampled_from([TINY, TINY, CURVE, {"a": TINY, "b": CURVE}]),
    grid=st.sampled_from([None, None, stacked.mlp([2, 3]), stacked.cnn1d([2], 1, 2, 1), stacked.lenet(1)]),
    changes=arguments(["architecture", *OPTIONS, *RUN, "seed"]),
)
def test_a_sweep_with_wrong_arguments_trains_or_says_why_not(data, grid, changes):
    base = {"architecture": grid or MLP(2), "n": 6, "epochs": 2, "lr": 0.1, "loss": "squared", "cache": False}
    runs = said_or_done(lambda: sweep.sweep(data=data, **(base | changes)))
    assert runs is None or len(runs) > 0


@many
@given(
    nets=st.sampled_from([[Settings(MLP(2), 6, 2, 0.1)], Settings(MLP(2), 6, 2, 0.1), [MLP(2)], [stacked.mlp(2)]]),
    odd=st.sampled_from(["networks", "data", None, None, None]),
    anything=anything,
    changes=arguments(RUN),
)
def test_a_run_with_wrong_arguments_trains_or_says_why_not(nets, odd, anything, changes):
    given = {"networks": nets, "data": TINY, "cache": False} | ({odd: anything} if odd else {}) | changes
    said_or_done(lambda: sweep.run(**given))
    said_or_done(
        lambda: train.train(**{name: v for name, v in given.items() if name in ("networks", "data", "record")})
    )


@settings(many, max_examples=60)
@given(
    kind=st.sampled_from([MLP, CNN1D, LeNet, alone.CNN, alone.Conv, alone.ResNet18, alone.Transformer]),
    changes=arguments(["width", "depth", "kernel", "stride", "batch_norm", "heads", "tokens"]),
)
def test_an_architecture_of_any_sizes_is_built_or_refused(kind, changes):
    fitting = {"width": 4, "tokens": 5} if kind is alone.Transformer else {"width": 2}
    changes = {name: value for name, value in changes.items() if name in kind.__dataclass_fields__}
    made = said_or_done(lambda: kind(**(fitting | changes)))
    if made is not None and made.width < 100:
        said_or_done(lambda: train.train([Settings(made, 8, 1, 0.1)], TINY, device="cpu"))


DENSE = Settings(MLP(2), 20, 2, 0.1)


def find(dense, d, recipe=None, **changes):
    options = {"validation": 10, "looks": [1]} | changes
    return tickets.find_tickets(dense, d, recipe or tickets.Recipe(), **options)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda d: sweep.run([], d), "There are no networks to train; pass a list of Settings"),
        (
            lambda d: sweep.sweep(nn.Linear(4, 3), d, epochs=1, lr=1),
            "Linear.* is no architecture; describe a network of your own by its class",
        ),
        (lambda d: sweep.sweep(MLP, d, epochs=1, lr=1), "the class MLP is no architecture"),
        (lambda d: sweep.sweep(stacked.mlp, d, epochs=1, lr=1), "the function mlp is no architecture"),
        (lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=1, seed="3"), "seed must be a whole number; got '3'"),
        (lambda d: sweep.sweep(MLP(4), d, epochs=10.0, lr=1), "epochs must be a whole number of at least 1; got 10.0"),
        (lambda d: sweep.sweep(MLP(4), d, epochs=1, lr="0.1"), "lr must be a finite number; got '0.1'"),
        (lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=float("nan")), "lr must be a finite number; got nan"),
        (lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=1, n=True), "n must be a whole number of at least 1; got True"),
        (lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=1, loss=["squared", 3]), "loss must be one of .*; got 3"),
        (lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=1, record=3), "What to record is a list of names, or .*; got 3"),
        (
            lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=1, record={"weights": ["a"]}),
            "a list of finite numbers; got .'a'.",
        ),
        (
            lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=1, device="gpu"),
            "device is 'gpu'; networks train on 'cpu', or on 'cuda'",
        ),
        (
            lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=1, device="cuda:99"),
            "device is 'cuda:99' but this machine has",
        ),
        (
            lambda d: sweep.sweep(MLP(2**40), d, epochs=1, lr=1),
            "width is 1,099,511,627,776, more than any computer holds",
        ),
        (lambda d: find([], d), "There are no networks to train"),
        (lambda d: find([DENSE], d, recipe=0.2), "recipe is 0.2; pass a tickets.Recipe"),
        (
            lambda d: find([DENSE], d, validation=0),
            "validation must be a whole number of at least 1, 796 at most; got 0",
        ),
        (lambda d: find([DENSE], d, rewind=2), "rewind must be a whole number of at least 0, 1 at most; got 2"),
        (lambda d: find([DENSE], d, controls=["fresh"]), "Controls are reinit and shuffled; got 'fresh'"),
        (lambda d: sweep.sweep({"width": 4}, d, epochs=1, lr=1), "is no description of architectures"),
        (
            lambda d: sweep.sweep(stacked.mlp(4) | {"wide": 3}, d, epochs=1, lr=1),
            "MLP is described by width, depth, batch_norm",
        ),
        (lambda d: sweep.sweep(MLP(4), d, epochs=1, lr=1, shift=64), "shift=64 moves examples of 64 out of sight"),
    ],
)
def test_a_common_mistake_is_named(call, said):
    with pytest.raises(ValueError, match=said) as error:
        call(digits())
    one_sentence(error.value)


def test_an_architecture_may_be_given_itself():
    options = {"n": 6, "epochs": 2, "lr": 0.1, "seed": range(2), "cache": False}
    itself = sweep.sweep(MLP(3, depth=2), TINY, **options)
    described = sweep.sweep(stacked.mlp(3, depth=2), TINY, **options)
    pd.testing.assert_frame_equal(itself.drop(columns="seconds"), described.drop(columns="seconds"))


def test_numbers_of_numpy_are_those_of_python():
    ours = Settings(MLP(np.int64(2)), n=np.int32(6), epochs=torch.tensor(2), lr=np.float64(0.5), flip=np.bool_(False))
    theirs = Settings(MLP(2), n=6, epochs=2, lr=0.5)
    assert ours == theirs
    assert {k: type(v) for k, v in ours.columns().items()} == {k: type(v) for k, v in theirs.columns().items()}
    grid = sweep.sweep(MLP(2), TINY, epochs=1, lr=np.array([0.1, 0.2]), seed=torch.arange(2), cache=False)
    assert grid.lr.tolist() == [0.1, 0.1, 0.2, 0.2]


# --- Tables of runs ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs():
    record = {"curves": None, "predictions": None, "weights": [0]}
    return sweep.sweep(MLP(2), TINY, epochs=2, lr=0.1, seed=range(3), record=record, cache=False, device="cpu")


@pytest.mark.parametrize("value", ANYTHING, ids=[str(k) for k in range(len(ANYTHING))])
def test_what_is_no_table_of_runs_is_refused(runs, value):
    for call in (
        lambda: sweep.curves(value),
        lambda: sweep.predictions(value, "init_seed"),
        lambda: sweep.predictions(runs, value),
        lambda: sweep.network(value, TINY),
        lambda: sweep.network(runs.iloc[0], value if value is not TINY else None),
    ):
        assert said_or_done(call) is None
    said_or_done(lambda: sweep.network(runs.iloc[0], TINY, time=value))


def test_what_was_not_recorded_is_not_read(runs):
    for call, said in (
        (lambda: sweep.network(runs, TINY), "takes one row of a table of runs, such as runs.iloc"),
        (lambda: sweep.network(runs.iloc[0], digits()), "The row has 19 weights but .* on digits has 160"),
        (lambda: sweep.network(runs.iloc[0], TINY, time=2), "Weights were recorded at 2 times"),
        (lambda: sweep.curves(runs[:0]), "The table of runs is empty"),
        (lambda: sweep.predictions(runs, "bias"), "The runs have no column 'bias'"),
        (lambda: sweep.predictions(runs), "Say by which columns"),
        (lambda: sweep.predictions(runs.drop(columns="predictions"), "init_seed"), "hold no predictions"),
    ):
        with pytest.raises(ValueError, match=said) as error:
            call()
        one_sentence(error.value)


# --- Measures ----------------------------------------------------------------------------------------------------------

NET = MLP(2).build((4,), 3, generator(0, "init"))
LAYERS = MLP(2).layers((4,), 3)
WEIGHTS, MASK = np.linspace(-1, 1, 19), Vector(np.arange(19) % 3)
SIGNS = np.array([1.0, -1, 1, 1, -1, -1, 1, -1])
E = {"module": NET, "x": TINY.x, "y": TINY.y}
FEATURES, TARGETS = torch.tensor(X), torch.tensor(X[:, :1])
DRAWS = {"x": torch.tensor(X)[None], "noise": torch.ones(1, 8, 1, dtype=torch.float64)}
DIGITS = functions.sample(3, 1.0, 1.0)
POINTS = np.linspace(-1, 1, 6)
CROSSED = measures.CrossedRuns(X.reshape(2, 4, 4), Y[:4], 2)
TEN = np.arange(10.0)

# Every public function that measures or solves something, with arguments that are right.
RIGHT = {
    measures.CrossedRuns: {"predictions": X.reshape(2, 4, 4), "target": X[0], "examples": 2},
    CROSSED.error_of_mean: {"training_sets": [0, 1], "initialisations": [0]},
    measures.bias_variance: {"predictions": X, "target": X[0]},
    measures.effective_parameters: {"smoother": X},
    measures.over_dispersion: {"correct": X > 0.5},
    measures.m_coherence: E | {"loss": "squared"},
    measures.layers: {"module": NET},
    measures.with_layers: {"module": NET, "source": NET, "numbers": [0]},
    measures.norms: {"module": NET, "start": NET, "shape": (4,)},
    measures.distance: {"module": NET, "start": NET},
    measures.frobenius: {"module": NET},
    measures.path_norm: {"module": NET, "shape": (4,)},
    measures.spectral_product: {"module": NET},
    curvature.top_eigenvalue: E | {"loss": "squared", "iterations": 50, "tolerance": 0.01},
    sensitivity.gini: {"values": X},
    sensitivity.unrolled: E | {"lr": 0.1, "batch_size": 4, "at": [1, 2], "seed": 0, "loss": "squared"},
    sensitivity.unrolled_by_class: E | {"classes": 3, "lr": 0.1, "batch_size": 4, "at": [1]},
    sensitivity.class_grid: {"by_class": np.ones((3, 8)), "y": TINY.y},
    sensitivity.critical_samples: {
        "module": NET,
        "x": TINY.x,
        "radius": 0.1,
        "step_size": 0.1,
        "steps": 2,
    },
    regions.planes: {"module": NET, "triplets": TINY.x[:6].view(2, 3, 4), "resolution": 3, "margin": 0.1},
    regions.components: {"classes": np.arange(8).reshape(2, 2, 2)},
    connectivity.other_order: {"settings": Settings(MLP(2), 6, 1, 0.1, start=Vector(WEIGHTS))},
    connectivity.path_errors: {
        "module": NET,
        "first": WEIGHTS,
        "second": WEIGHTS,
        "x": TINY.x,
        "y": TINY.y,
        "points": 3,
    },
    connectivity.barrier: {"errors": [0.1, 0.3, 0.2]},
    connectivity.errors_at: {"architecture": MLP(2), "data": TINY, "weights": [WEIGHTS], "first": 1},
    pruning.prune_smallest: {"weights": WEIGHTS, "mask": MASK, "layers": LAYERS, "shares": 0.5},
    pruning.prune_lowest: {"scores": WEIGHTS, "mask": None, "layers": LAYERS, "shares": [0.5, 0.1]},
    pruning.prune_units: {"weights": WEIGHTS, "layers": LAYERS, "share": 0.5},
    pruning.shuffled: {"mask": MASK, "layers": LAYERS, "seed": 0},
    pruning.kept: {"mask": MASK},
    pruning.share_left: {"mask": MASK, "layers": LAYERS},
    pruning.weights_of: {"layers": LAYERS},
    pruning.prunable_layers: {"architecture": MLP(2), "data": TINY},
    pruning.initial_weights: {"settings": Settings(MLP(2), 6, 1, 0.1), "data": TINY},
    pruning.frozen: {"start": WEIGHTS, "mask": MASK, "zeroed": WEIGHTS > 0},
    pruning.at_random: {"chosen": WEIGHTS > 0, "mask": MASK, "layers": LAYERS, "seed": 0},
    pruning.reinitialized: {"start": WEIGHTS, "mask": MASK, "layers": LAYERS, "seed": 0},
    functions.corners: {"inputs": 3, "low": -1.0},
    functions.sample: {
        "count": 2,
        "weight_sd": 1.0,
        "bias_sd": 1,
        "seed": 0,
        "activation": "tanh",
        "width": 3,
        "depth": 1,
    },
    functions.uniform: {"count": 3, "seed": 0, "inputs": 4},
    functions.frequencies: {"functions": DIGITS},
    functions.complexity: {"functions": DIGITS},
    bounds.hoeffding: {"n": 10, "log_size": 2.0, "failure": 0.1},
    bounds.bernstein: {"n": 10, "log_size": 2.0, "failure": 0.1, "variance": 0.25},
    bounds.luckiest: {"n": 10, "log_size": 2.0},
    bounds.kl_inverse: {"error": 0.1, "budget": 0.2},
    bounds.pac_bayes: {"error": 0.1, "divergence": 2.0, "n": 10, "failure": 0.1},
    kernels.interpolate: {"x": TINY.x, "y": TINY.y, "bandwidth": 0.3},
    kernels.gaussian_kernel: {"a": TINY.x, "b": TINY.x, "bandwidth": 0.3},
    kernels.median_distance: {"x": TINY.x, "most": 5},
    kernels.wavelet_features: {"signals": torch.ones(2, 20), "pool": 5},
    linear.parallel_map: {"function": str, "values": [1, -1]},
    linear.minimum_norm: {"features": FEATURES, "y": TARGETS},
    linear.ridge_predictions: {"features": FEATURES, "y": TARGETS, "at": FEATURES, "penalties": [0.1]},
    linear.descent_risks: DRAWS | {"beta": torch.ones(4, 1, dtype=torch.float64), "steps": [1, 10]},
    linear.gaussian: {"seeds": range(2), "n": 3, "p": 2},
    linear.minimum_norm_parts: DRAWS,
    linear.ridge_risk: {"x": DRAWS["x"], "penalty": 0.1, "signal": 1.0, "noise": 0.5},
    linear.expected_parts: {"n": 3, "p": 2},
    linear.asymptotic_risk: {"gamma": [0.5, 2], "signal": 1, "noise": 0.5},
    linear.Fourier: {"inputs": 4, "most": 8, "bandwidth": 0.5, "seed": 0, "device": "cpu"},
    linear.Fourier(4, 8, 0.5, 0, "cpu").ridge: {
        "x": TINY.x,
        "targets": TARGETS,
        "x_test": TINY.x_test,
        "width": 4,
        "penalties": [0.1],
    },
    linear.pseudo_fisher: {"n": 4, "d": 2, "distance": 1.0, "seeds": [0]},
    linear.vc_bound: {"training_error": 0.1, "dimension": 3, "n": 100, "failure": 0.05},
    kernels.relu_features: {"x": TINY.x, "width": 3, "generator": generator(0, "test")},
    kernels.relu_kernel: {"a": TINY.x, "b": TINY.x},
    kernels.ridge: {"features": FEATURES, "y": TARGETS, "penalty": 0.1},
    trees.forest_smoother: {"x": X, "targets": X, "at": X, "leaves": 2, "trees": 1, "seed": 0},
    splines.basis: {"x": POINTS, "functions": 5},
    splines.piecewise_linear: {"x": POINTS, "at": POINTS, "knots": POINTS},
    splines.smoother: {"x": POINTS, "at": POINTS, "functions": 5, "roughness": 0.1},
    trees.forest: {"x": X, "targets": X, "at": X, "leaves": None, "trees": 2, "seed": 0},
    trees.boosted: {"x": X, "targets": X, "at": X, "leaves": 3, "rounds": 2, "shrinkage": 0.5, "seed": 0},
    separability.separable: {"x": X, "y": SIGNS},
    separability.separating_dimension: {"x": X, "y": SIGNS},
    separability.chance_of_separation: {"n": 4, "p": 2},
    separability.threshold: {"strength": 1.0},
    separability.logistic_data: {"n": 3, "coefficients": [1.0, 2.0], "seed": 0},
    separability.logistic_fit: {"x": X, "y": SIGNS, "penalty": 0.1},
    separability.logistic_error: {"weights": [1.0], "coefficients": [1.0, 2.0]},
    separability.decaying_coefficients: {"p": 3, "scale": 2.0, "strength": 1.0, "power": 2.0},
    claims.mean: {"values": TEN, "level": 0.9},
    data.corrupt_labels: {"y": TINY.y, "share": 0.5, "classes": 3, "generator": generator(0, "test")},
    data.wrong_labels: {"probability": 0.5, "classes": 3},
    randomness.generator: {"seed": 0, "purpose": "test"},
    data.subset: {"data": TINY, "n": 3, "seed": 0},
    data.disjoint: {"data": TINY, "n": 3, "count": 2},
    data.with_validation: {"data": TINY, "n": 3},
    data.sine: {"n": 5, "noise": 0.1, "seed": 0, "n_test": 3},
    data.linear_teacher: {"n": 5, "d": 2, "noise": 0.1, "seed": 0, "n_test": 3, "teacher_seed": 0},
    data.shuffled_pixels: {"data": TINY, "seed": 0},
    data.random_pixels: {"data": TINY, "seed": 0},
    data.gaussian_pixels: {"data": TINY, "seed": 0},
    data.permuted_labels: {"data": TINY, "seed": 0},
    measures.at_level: {"level": 0.5, "x": TEN, "y": TEN},
    data.available: {"name": "digits"},
}
# One of each kind, and what a measure that looks at kinds alone lets through.
ODD = [
    *(v for v in [*NUMBERS, *ARRAYS, *OBJECTS] if v is not HUGE),
    None,
    "",
    [],
    np.array([]),
    torch.tensor([]),
    "no\nsense",
    [0, "1"],
    [[1], [2, 3]],
]
ODD += [
    np.full(8, np.nan),
    np.full((8, 4), np.inf),
    torch.full((8, 4), torch.nan),
    torch.zeros(8).long() - 1,
    torch.arange(8),
    torch.ones(0, 4),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy and SciPy, about numbers as large as 1e300
@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__qualname__)
def test_a_measure_of_anything_measures_or_says_why_not(function):
    right = RIGHT[function]
    function(**right)
    for name in right.keys() - {"function", "statistic"}:  # a function of the user's raises what it likes
        for value in ODD:
            said_or_done(lambda name=name, value=value: function(**(right | {name: value})))
