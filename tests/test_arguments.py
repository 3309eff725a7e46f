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
from overparam import ensemble, models, networks, sweep
from overparam.data import Data, digits
from overparam.models import CNN1D, MLP
from overparam.settings import Settings, Vector

PACKAGE = Path(overparam.__file__).parent
many = settings(
    max_examples=150, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
pytestmark = pytest.mark.usefixtures("one_thread")


def one_sentence(error: Exception) -> str:
    """What an error says; fails unless it is one sentence that the package raises itself."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    line = linecache.getline(frame.filename, frame.lineno).strip()
    whole = f"{type(error).__name__} in {frame.filename}:{frame.lineno}, {line}: {error}"
    assert Path(frame.filename).parent == PACKAGE, whole
    assert line.startswith("raise "), whole
    message = str(error)
    assert "\n" not in message, whole
    assert 15 < len(message) < 500, whole
    return message


def said_or_done(call):
    """What a call returns; None where it says in one sentence, before any training, why it does not."""
    with mock.patch.object(ensemble, "_train", wraps=ensemble._train) as training:
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
    10**30,
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
    models.mlp(2),
    models.mlp,
    nn.Linear(2, 2),
    nn.Module(),
    TINY,
    Vector([1.0, 2.0]),
    len,
    torch.float64,
]
ANYTHING = NOTHING + NUMBERS + LIBRARY_NUMBERS + TEXTS + SEVERAL + ARRAYS + OBJECTS
anything = st.sampled_from(ANYTHING)


def mostly(*right):
    """One of these, or anything once in four times."""
    return st.one_of(*[st.sampled_from(right)] * 3, anything)


def mistakes(names, at_most: int = 2):
    """Up to so many arguments that are given as anything."""
    return st.dictionaries(st.sampled_from(list(names)), anything, max_size=at_most)


# --- Data --------------------------------------------------------------------------------------------------------------

KINDS = ["f2", "f4", ">f8", "longdouble", "i1", ">i4", "i8", "u1", "u8", "?", "c8", "O", "U3", "M8[s]"]


@st.composite
def arrays(draw, n: int, labels: bool):
    """Inputs or labels of about n examples, of any kind and layout, often right."""
    n = draw(st.sampled_from([n, n, n, n, 0, n + 1]))
    shapes = [(n,), (n,), (n, 1), (n, 3), ()] if labels else [(n, 4), (n, 4), (n, 4), (n,), (n, 2, 2), (n, 0), ()]
    shape = draw(st.sampled_from(shapes))
    values = np.arange(int(np.prod(shape))).reshape(shape) % draw(st.sampled_from([2, 3, 3, 4]))
    values = values + draw(st.sampled_from([0, 0, 0, 0.25, 1, -1, np.nan, np.inf, 1e39, 2.0**60]))
    with np.errstate(all="ignore"):
        array = values.astype(draw(st.sampled_from(["f4", "f8", "i8", *KINDS])))
    layout = draw(
        st.sampled_from(["plain", "plain", "Fortran", "backwards", "read-only", "list", "table", "tensor", "gradient"])
    )
    if layout == "Fortran":
        return np.asfortranarray(array)
    if layout == "backwards":
        return array[::-1].copy()[::-1] if array.ndim else array
    if layout == "read-only":
        array.setflags(write=False)
    if layout == "list":
        return array.tolist()
    if layout == "table" and array.ndim in (1, 2):
        return pd.DataFrame(array)
    if layout in ("tensor", "gradient") and array.dtype.kind in "fiu?" and array.dtype.isnative and array.itemsize <= 8:
        made = torch.tensor(array)
        return made.requires_grad_() if layout == "gradient" and made.is_floating_point() else made
    return array


@many
@given(
    x=arrays(8, labels=False),
    y=arrays(8, labels=True),
    x_test=arrays(4, labels=False),
    y_test=arrays(4, labels=True),
    classes=st.sampled_from([3, 3, 3, None, None, 4, 2, 1, "3", np.int32(3), 2.5]),
)
def test_data_of_any_kind_are_trained_on_or_refused(x, y, x_test, y_test, classes):
    check_data({"x": x, "y": y, "x_test": x_test, "y_test": y_test, "classes": classes})


@many
@given(
    part=st.sampled_from(["x", "y", "x_test", "y_test", "classes", "name", "source"]),
    value=st.one_of(anything, arrays(8, labels=False), arrays(8, labels=True)),
    classes=st.sampled_from([3, None]),
)
def test_data_with_one_wrong_part_are_trained_on_or_refused(part, value, classes):
    y = Y if classes else X.sum(1)
    check_data({"x": X, "y": y, "x_test": X[:4], "y_test": y[:4], "classes": classes} | {part: value})


def check_data(parts: dict) -> None:
    data = said_or_done(lambda: Data(**({"name": "made", "source": "made up"} | parts)))
    if data is not None:
        loss = "squared" if data.classes is None else "cross_entropy"
        (record,) = ensemble.train([Settings(MLP(2), len(data.x), 2, 0.1, loss=loss)], data, device="cpu")
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
@given(changes=mistakes(["architecture", *OPTIONS], 3))
def test_settings_of_any_kind_are_trained_or_refused(changes):
    made = said_or_done(lambda: Settings(**({"architecture": MLP(2), "n": 6, "epochs": 2, "lr": 0.1} | changes)))
    if made is not None and made.epochs <= 1000:
        for data in (TINY, CURVE):
            said_or_done(lambda data=data: ensemble.train([made], data, device="cpu"))


@many
@given(
    architecture=st.sampled_from(
        [MLP(2), models.mlp([2, 3]), models.cnn1d(2, 1, 2, 1), networks.cnn(1), models.lenet(1), *ANYTHING]
    ),
    data=st.sampled_from([TINY, TINY, CURVE, {"a": TINY, "b": CURVE}, *ANYTHING]),
    changes=mistakes([*OPTIONS, *RUN, "seed", "width", "learning_rate"]),
)
def test_a_sweep_with_wrong_arguments_trains_or_says_why_not(architecture, data, changes):
    arguments = {"n": 6, "epochs": 2, "lr": 0.1, "device": "cpu", "cache": False} | changes
    assert_small(arguments)
    runs = said_or_done(lambda: sweep.sweep(architecture, data, **arguments))
    assert runs is None or len(runs) > 0


def assert_small(arguments: dict) -> None:
    if arguments["epochs"] == 10**30:
        arguments["epochs"] = 3


@many
@given(
    nets=st.sampled_from(
        [[Settings(MLP(2), 6, 2, 0.1)], Settings(MLP(2), 6, 2, 0.1), [MLP(2)], [models.mlp(2)], *ANYTHING]
    ),
    data=st.sampled_from([TINY, TINY, TINY, CURVE, *ANYTHING]),
    changes=mistakes(RUN),
)
def test_a_run_with_wrong_arguments_trains_or_says_why_not(nets, data, changes):
    said_or_done(lambda: sweep.run(nets, data, **({"device": "cpu", "cache": False} | changes)))
    changes = {name: value for name, value in changes.items() if name in ("record", "device")}
    said_or_done(lambda: ensemble.train(nets, data, **changes))


@many
@given(
    kind=st.sampled_from(
        [MLP, CNN1D, models.LeNet, networks.CNN, networks.Conv, networks.ResNet18, networks.Transformer]
    ),
    changes=mistakes(["width", "depth", "kernel", "stride", "batch_norm", "heads", "tokens"]),
)
def test_an_architecture_of_any_sizes_is_built_or_refused(kind, changes):
    fitting = {"width": 4, "tokens": 5} if kind is networks.Transformer else {"width": 2}
    changes = {name: value for name, value in changes.items() if name in kind.__dataclass_fields__}
    made = said_or_done(lambda: kind(**(fitting | changes)))
    if made is not None and made.width < 100:
        said_or_done(lambda: ensemble.train([Settings(made, 8, 1, 0.1)], TINY, device="cpu"))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda d: sweep.run([], d), "There are no networks to train; pass a list of settings.Settings"),
        (
            lambda d: sweep.sweep(nn.Linear(4, 3), d, epochs=1, lr=1),
            "Linear.* is no architecture; describe one, as models.MLP",
        ),
        (lambda d: sweep.sweep(MLP, d, epochs=1, lr=1), "the class MLP is no architecture"),
        (lambda d: sweep.sweep(models.mlp, d, epochs=1, lr=1), "the function mlp is no architecture"),
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
        (lambda d: sweep.sweep({"width": 4}, d, epochs=1, lr=1), "is no description of architectures"),
        (
            lambda d: sweep.sweep(models.mlp(4) | {"wide": 3}, d, epochs=1, lr=1),
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
    described = sweep.sweep(models.mlp(3, depth=2), TINY, **options)
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
