"""What is recorded of a network while it trains, against a plain PyTorch loop and PyTorch's own gradients."""

import copy
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from test_ensemble import forward_with_dropout
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from overparam.architectures import alone, stacked
from overparam.architectures.alone import CNN, ResNet18, Transformer
from overparam.architectures.stacked import CNN1D, MLP
from overparam.data.dataset import Data, corrupt_labels, subset
from overparam.data.load import digits
from overparam.data.synthetic import linear_teacher
from overparam.engine import sweep
from overparam.engine.settings import Settings, Vector, log_schedule
from overparam.engine.train import train
from overparam.randomness import generator

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here"))]
EVERYTHING = (
    "curves", "predictions", "correct", "losses", "test_correct", "test_losses", "gradient_norms", "weights",
)  # fmt: skip
CLOSE = {"rtol": 1e-5, "atol": 2e-6}


@pytest.fixture(autouse=True)
def orders_of_a_cpu(monkeypatch):
    """On a GPU too the orders of the examples are those that the plain loop draws."""
    monkeypatch.setattr("overparam.engine.examples.is_hashed", lambda device: False)


@pytest.fixture(autouse=True, scope="module")
def plain_arithmetic():
    """One thread (two wait for each other at every small product), and on a GPU convolutions in full float32."""
    before = torch.get_num_threads(), torch.backends.cudnn.allow_tf32
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.set_num_threads(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))


@pytest.fixture(scope="module")
def images():
    return digits()


@pytest.fixture(scope="module")
def sums():
    """Pairs of numbers below 7 and an equals sign, as token ids; the class is their sum modulo 7."""
    pairs = torch.tensor(list(itertools.product(range(7), repeat=2)))
    x, y = torch.cat([pairs, torch.full((49, 1), 7)], 1).float(), pairs.sum(1) % 7
    order = torch.randperm(49, generator=generator(0, "split"))
    return Data("sums", x[order[:40]], y[order[:40]], x[order[40:]], y[order[40:]], "sums modulo 7", classes=7)


# --- the reference ----------------------------------------------------------------------------------------------------


def inputs(architecture, x):
    """Raw examples as the plain module takes them."""
    return architecture.examples(x)


def initial(settings, data):
    """The module that a network starts from."""
    shape, outputs = data.shape, data.outputs
    module = settings.architecture.build(shape, outputs, generator(settings.init_seed, "init"))
    if settings.start is not None:
        vector_to_parameters(torch.tensor(settings.start.values), module.parameters())
    return module


def taught(settings, data):
    """(rows of the pool, labels) of a network's training examples."""
    rows = subset(data, settings.n, settings.data_seed)
    y = data.y[rows]
    if settings.label_noise:
        y = corrupt_labels(y, settings.label_noise, data.classes, generator(settings.data_seed, "label noise"))
    return rows, y


def loss_of_each(logits, y, settings):
    if settings.loss == "cross_entropy":
        return F.cross_entropy(logits, y, reduction="none")
    target = y if y.dim() == 2 else torch.eye(logits.shape[1])[y]
    return ((logits - target) ** 2).mean(1)


def plain_steps(settings, data, stop=None):
    """Train as a textbook would; yield (steps made, module) before the first step and after every step.

    ``stop`` tells from a batch's loss, before the update, whether to end there.
    """
    rows, y = taught(settings, data)
    x = inputs(settings.architecture, data.x[rows])
    module = initial(settings, data)
    sizes = [p.numel() for p in module.parameters()]
    masks = torch.ones(sum(sizes))
    if settings.mask is not None:
        masks = torch.tensor(settings.mask.values)
    masks = [m.view_as(p) for m, p in zip(masks.split(sizes), module.parameters(), strict=True)]
    if settings.optimizer == "sgd":
        optimizer = torch.optim.SGD(
            module.parameters(), settings.lr, settings.momentum, weight_decay=settings.weight_decay
        )
    else:
        optimizer = torch.optim.Adam(module.parameters(), settings.lr, weight_decay=settings.weight_decay)

    def prune():
        with torch.no_grad():
            for p, mask in zip(module.parameters(), masks, strict=True):
                p.mul_(mask)

    prune()
    order, made = generator(settings.init_seed, "order"), 0
    yield made, module
    for _ in range(settings.epochs):
        whole = torch.arange(settings.n)
        shuffled = torch.randperm(settings.n, generator=order) if settings.steps > 1 else whole
        for batch in shuffled.split(settings.batch):
            made += 1
            with torch.enable_grad():
                dropping = settings.dropout > 0
                logits = forward_with_dropout(module, x[batch], settings, made) if dropping else module(x[batch])
                loss = loss_of_each(logits, y[batch], settings).mean()
                if stop is not None and stop(loss.item()):
                    return
                optimizer.zero_grad()
                loss.backward()
            optimizer.step()
            prune()
            yield made, module


def plain(settings, data):
    """The module at the end of ``plain_steps``."""
    *_, (_, module) = plain_steps(settings, data)
    return module


def looked_at(module, settings, data):
    """What would be recorded of a module now, by name."""
    module = copy.deepcopy(module).eval()
    rows, y = taught(settings, data)
    x = inputs(settings.architecture, data.x[rows])
    parameters = {name: p.detach() for name, p in module.named_parameters()}

    def loss_of_one(parameters, x, y):
        return loss_of_each(torch.func.functional_call(module, parameters, (x[None],)), y[None], settings)[0]

    gradients = torch.func.vmap(torch.func.grad(loss_of_one), in_dims=(None, 0, 0))(parameters, x, y)
    with torch.no_grad():
        logits, test_logits = module(x), module(inputs(settings.architecture, data.x_test))
        test_losses = loss_of_each(test_logits, data.y_test, settings)
        found = {
            "losses": loss_of_each(logits, y, settings).numpy(),
            "gradient_norms": torch.cat([g.flatten(1) for g in gradients.values()], 1).norm(dim=1).numpy(),
            "predictions": (test_logits.softmax(1) if settings.loss == "cross_entropy" else test_logits).numpy(),
            "weights": parameters_to_vector(module.parameters()).numpy(),
            "test_losses": test_losses.numpy(),
            "test_loss": test_losses.mean().item(),
        }
        if data.classes:
            found["correct"] = (logits.argmax(1) == y).numpy()
            found["test_correct"] = (test_logits.argmax(1) == data.y_test).numpy()
            found["train_error"] = 1 - found["correct"].mean()
            found["test_error"] = (test_logits.argmax(1) != data.y_test).double().mean().item()
    return found | {"train_loss": found["losses"].mean()}


def agree(record, time, module, settings, data, tolerance=CLOSE):
    """Raise unless the record's entry at this position of its times is what the module gives."""
    expected = looked_at(module, settings, data)
    np.testing.assert_allclose(record["losses"][time], expected["losses"], **tolerance)
    if "test_losses" in record:
        np.testing.assert_allclose(record["test_losses"][time], expected["test_losses"], **tolerance)
    if "test_correct" in record:
        np.testing.assert_array_equal(record["test_correct"][time], expected["test_correct"])
    np.testing.assert_allclose(record["gradient_norms"][time], expected["gradient_norms"], rtol=1e-4, atol=1e-5)
    for name in ("train_loss", "test_loss"):
        np.testing.assert_allclose(record[f"curve_{name}"][time], expected[name], **tolerance)
    if data.classes:
        np.testing.assert_array_equal(record["correct"][time], expected["correct"])
        for name in ("train_error", "test_error"):
            np.testing.assert_allclose(record[f"curve_{name}"][time], expected[name], atol=1e-6)


def same(record, other):
    """Raise unless two records agree in all that training decides."""
    assert record.keys() == other.keys()
    for name in record.keys() - {"seconds", "stack_size", "device"}:
        np.testing.assert_allclose(record[name], other[name], err_msg=name, **CLOSE)


def at(record, epochs):
    """Record these at these epochs, the test predictions at the end."""
    return dict.fromkeys(set(record) - {"predictions"}, epochs) | {"predictions": None}


# --- weights, losses, correctness, gradients --------------------------------------------------------------------------

TIMES = [0, 0.25, 1.5, 4]  # in epochs of four steps: after 0, 1, 6 and 16
STACKS = {
    "unequal widths": [
        Settings(MLP(w), n=40, batch_size=10, epochs=6, lr=0.1, momentum=0.9, init_seed=w, data_seed=1)
        for w in (3, 30, 17)
    ],
    "unequal data, label noise, dropout": [
        Settings(
            MLP(w, 2), n=n, batch_size=b, epochs=6, lr=0.1, label_noise=p, dropout=0.3, init_seed=w, data_seed=n
        )
        for w, n, b, p in [(6, 40, 10, 0.0), (20, 79, 20, 0.5), (11, 16, 5, 1.0)]
    ],
    "squared loss, Adam, weight decay": [
        Settings(
            MLP(w, 2), n=n, batch_size=10, epochs=6, lr=3e-3, optimizer="adam", loss="squared", weight_decay=0.01,
            label_noise=0.2, init_seed=w,
        )
        for w, n in [(5, 40), (12, 37)]
    ],
    "1-D convolutions": [
        Settings(CNN1D(w, 2), n=n, batch_size=b, epochs=6, lr=0.1, momentum=0.9, label_noise=0.3, init_seed=w)
        for w, n, b in [(3, 40, 10), (8, 60, 15), (5, 33, 10)]
    ],
    "1-D convolutions with squared loss": [
        Settings(CNN1D(w, 1, 7, 3), n=n, batch_size=10, epochs=6, lr=0.2, loss="squared", init_seed=w)
        for w, n in [(4, 40), (9, 32)]
    ],
}  # fmt: skip
FULL_BATCH = [
    Settings(MLP(w), n=n, epochs=30, lr=0.1, momentum=0.9, label_noise=0.4, init_seed=w) for w, n in [(4, 20), (25, 90)]
]


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS.keys())
def test_records_at_a_step_are_those_of_a_plain_loop_stopped_there(images, stack):
    records = train(stack, images, at(EVERYTHING, TIMES), "cpu")
    for settings, record in zip(stack, records, strict=True):
        np.testing.assert_array_equal(record["weights_epoch"], [*TIMES, 6])
        module = initial(settings, images)
        assert record["weights"].shape == (5, record["parameters"])
        np.testing.assert_array_equal(record["weights"][0], parameters_to_vector(module.parameters()).detach())
        due = [round(4 * epoch) for epoch in (*TIMES, 6)]
        modules = {made: copy.deepcopy(m) for made, m in plain_steps(settings, images) if made in due}
        for time, made in enumerate(due):
            expected = parameters_to_vector(modules[made].parameters()).detach()
            np.testing.assert_allclose(record["weights"][time], expected, **CLOSE)
            agree(record, time, modules[made], settings, images)


@pytest.mark.parametrize("stack", [*STACKS.values(), FULL_BATCH], ids=[*STACKS.keys(), "full batch"])
def test_a_module_with_the_recorded_weights_gives_what_else_was_recorded(images, stack):
    for settings, record in zip(stack, train(stack, images, at(EVERYTHING, TIMES), "cpu"), strict=True):
        module = initial(settings, images)
        for time, weights in enumerate(record["weights"]):
            vector_to_parameters(torch.from_numpy(weights), module.parameters())
            agree(record, time, module, settings, images)
        final = looked_at(module, settings, images)
        np.testing.assert_allclose(record["predictions"], final["predictions"].flatten(), **CLOSE)
        for name in ("train_loss", "train_error", "test_loss", "test_error"):
            assert record[name] == record[f"curve_{name}"][-1] == pytest.approx(final[name], abs=1e-5)


def test_a_regression_is_recorded_too():
    data = linear_teacher(60, 5, 0.1, seed=0)
    stack = [Settings(MLP(w), n=n, epochs=8, lr=0.05, loss="squared", init_seed=w) for w, n in [(4, 50), (9, 30)]]
    names = set(EVERYTHING) - {"correct", "test_correct"}
    for settings, record in zip(stack, train(stack, data, at(names, [0, 3]), "cpu"), strict=True):
        module = initial(settings, data)
        for time, weights in enumerate(record["weights"]):
            vector_to_parameters(torch.from_numpy(weights), module.parameters())
            agree(record, time, module, settings, data)
        assert np.isnan(record["curve_train_error"]).all()
        np.testing.assert_array_equal(record["labels"], data.y[record["examples"]])


def test_examples_and_labels_say_what_a_network_was_taught(images):
    stack = [
        Settings(MLP(4), n=n, epochs=2, lr=0.1, label_noise=p, data_seed=3, init_seed=k)
        for k, (n, p) in enumerate([(50, 0.0), (80, 0.5), (80, 1.0)])
    ]
    clean, noisy, random = train(stack, images, ["losses"], "cpu")
    for settings, record in zip(stack, (clean, noisy, random), strict=True):
        rows, y = taught(settings, images)
        np.testing.assert_array_equal(record["examples"], rows)
        np.testing.assert_array_equal(record["labels"], y)
        assert len(set(record["examples"])) == len(record["losses"][-1]) == settings.n
    np.testing.assert_array_equal(clean["labels"], images.y[clean["examples"]])
    np.testing.assert_array_equal(clean["examples"], noisy["examples"][:50])  # of one data seed
    changed = [record["labels"] != images.y[record["examples"]].numpy() for record in (noisy, random)]
    assert changed[0].any()
    assert not changed[0][~changed[1]].any()  # more noise changes all that less does


def test_names_shapes_and_types_are_as_documented(images):
    settings = Settings(MLP(4), n=30, epochs=3, lr=0.1)
    (record,) = train([settings], images, at(EVERYTHING, [0, 1]), "cpu")
    arrays = [(name, *value.shape, str(value.dtype)) for name, value in record.items() if isinstance(value, np.ndarray)]
    assert arrays == [  # in the same order in every process, so that tables have the same columns
        ("correct_epoch", 3, "float64"),
        ("correct", 3, 30, "bool"),
        ("curve_epoch", 3, "float64"),
        ("curve_train_loss", 3, "float64"),
        ("curve_train_error", 3, "float64"),
        ("curve_test_loss", 3, "float64"),
        ("curve_test_error", 3, "float64"),
        ("gradient_norms_epoch", 3, "float64"),
        ("gradient_norms", 3, 30, "float32"),
        ("losses_epoch", 3, "float64"),
        ("losses", 3, 30, "float32"),
        ("test_correct_epoch", 3, "float64"),
        ("test_correct", 3, len(images.x_test), "bool"),
        ("test_losses_epoch", 3, "float64"),
        ("test_losses", 3, len(images.x_test), "float32"),
        ("weights_epoch", 3, "float64"),
        ("weights", 3, 310, "float32"),
        ("predictions", len(images.x_test) * 10, "float32"),
        ("examples", 30, "int64"),
        ("labels", 30, "int64"),
    ]
    only_losses = train([settings], images, "losses", "cpu")[0]
    assert {name for name, value in only_losses.items() if isinstance(value, np.ndarray)} == {
        *("losses", "losses_epoch", "examples", "labels")
    }
    assert only_losses["losses"].shape == (1, 30)


def test_a_sweep_keeps_every_record_as_it_was_in_its_cache(images, in_this_process, monkeypatch):
    def asked():
        return sweep.sweep(
            stacked.mlp([3, 8]), images, n=[20, 30], epochs=4, lr=0.1, seed=1, device="cpu",
            record=at(EVERYTHING, [0, 1, 2.5]),
        )  # fmt: skip

    first = asked()
    monkeypatch.setattr(sweep, "train", lambda *_: pytest.fail("trained again"))
    again = asked()
    pd.testing.assert_frame_equal(first, again)
    for row in (*first.itertuples(), *again.itertuples()):
        assert row.weights.shape == (4, row.parameters)
        assert row.losses.shape == row.gradient_norms.shape == row.correct.shape == (4, row.n)
        assert row.examples.shape == row.labels.shape == (row.n,)
        types = [row.weights, row.losses, row.correct, row.examples, row.predictions, row.weights_epoch]
        assert [str(a.dtype) for a in types] == ["float32", "float32", "bool", "int64", "float32", "float64"]
        np.testing.assert_array_equal(row.weights_epoch, [0, 1, 2, 4])  # one step an epoch: 2.5 is after 2 of them


def test_recorded_weights_are_what_a_network_starts_from_later(images):
    whole = Settings(MLP(8), n=50, epochs=20, lr=0.1, weight_decay=1e-3)
    (record,) = train([whole], images, at(EVERYTHING, [8]), "cpu")
    rest = replace(whole, epochs=12, start=Vector(record["weights"][0]))
    (resumed,) = train([rest], images, at(EVERYTHING, [0]), "cpu")
    np.testing.assert_array_equal(resumed["weights"][0], record["weights"][0])
    np.testing.assert_allclose(resumed["weights"][-1], record["weights"][-1], **CLOSE)


def test_masked_weights_are_zero_in_every_record(images):
    mask = (torch.rand(MLP(8).parameters((64,), 10), generator=generator(0, "test")) < 0.5).float()
    stack = [Settings(MLP(8), n=50, batch_size=10, epochs=3, lr=0.1, momentum=0.9, mask=Vector(mask))]
    stack += [Settings(MLP(12), n=50, batch_size=10, epochs=3, lr=0.1, momentum=0.9)]
    masked, dense = train(stack, images, {"weights": [0, 0.2, 1]}, "cpu")
    assert not masked["weights"][:, mask.numpy() == 0].any()
    assert (masked["weights"][:, mask.numpy() == 1] != 0).all()
    assert (dense["weights"] != 0).all()


# --- curves -----------------------------------------------------------------------------------------------------------


def test_curves_follow_a_logarithmic_schedule_and_end_at_the_end(images):
    settings = Settings(MLP(4), n=50, epochs=100, lr=0.1)
    (record,) = train([settings], images, ["curves"], "cpu")
    np.testing.assert_array_equal(record["curve_epoch"], [*log_schedule(100), 100])
    for name in ("train_loss", "train_error", "test_loss", "test_error"):
        assert record[f"curve_{name}"][-1] == record[name]


@pytest.mark.parametrize("epochs", [range(1, 11), range(11), [0.5, 3, 3, 2], np.arange(0, 4, 0.25), [99], []])
def test_curves_are_taken_at_the_epochs_asked_for(images, epochs):
    settings = Settings(MLP(4), n=40, batch_size=10, epochs=10, lr=0.1)
    (record,) = train([settings], images, {"curves": epochs}, "cpu")
    np.testing.assert_array_equal(record["curve_epoch"], sorted({e for e in epochs if e < 10} | {10}))
    assert len(record["curve_test_loss"]) == len(record["curve_epoch"])
    assert record["curve_test_loss"][-1] == record["test_loss"]


def test_each_record_keeps_times_of_its_own(images):
    settings = Settings(MLP(4), n=40, batch_size=10, epochs=4, lr=0.1)
    wanted = {"curves": [1], "weights": [0, 2.75], "losses": range(4), "correct": None}
    (record,) = train([settings], images, wanted, "cpu")
    times = {"curve": [1, 4], "weights": [0, 2.75, 4], "losses": [0, 1, 2, 3, 4], "correct": [4]}
    for name, expected in times.items():
        np.testing.assert_array_equal(record[f"{name}_epoch"], expected)


def test_looking_does_not_change_the_training(images):
    for stack in (
        [*STACKS["unequal data, label noise, dropout"]],
        [Settings(CNN(2), n=30, batch_size=8, epochs=2, lr=0.1)],
    ):
        blind = train(stack, images, ["predictions"], "cpu")
        watched = train(stack, images, at(EVERYTHING, np.arange(0, 2, 0.25)), "cpu")
        for a, b in zip(blind, watched, strict=True):
            np.testing.assert_array_equal(a["predictions"], b["predictions"])


# --- stop rules -------------------------------------------------------------------------------------------------------


def plain_until_fitted(settings, data):
    """(epochs, module) of a plain loop that ends when no training error was made at the end of so many epochs in a row."""
    rows, y = taught(settings, data)
    x, in_a_row = inputs(settings.architecture, data.x[rows]), 0
    for made, module in plain_steps(settings, data):
        if made and made % settings.steps == 0:
            module.eval()
            with torch.no_grad():
                in_a_row = in_a_row + 1 if (module(x).argmax(1) == y).all() else 0
            module.train()
            if in_a_row == settings.stop_fitted:
                break
    return made // settings.steps, module


FITTED = {
    "full batch": [
        Settings(MLP(w), n=n, epochs=300, lr=0.2, momentum=0.9, stop_fitted=m, init_seed=w)
        for w, n, m in [(16, 40, 1), (30, 60, 3), (20, 20, 7), (8, 60, 0)]
    ],
    "batches": [
        Settings(MLP(w), n=n, batch_size=b, epochs=60, lr=0.2, stop_fitted=m, init_seed=w)
        for w, n, b, m in [(16, 40, 10, 1), (30, 40, 10, 3), (20, 37, 10, 5), (8, 40, 10, 0)]
    ],
    "dropout": [
        Settings(MLP(w), n=30, batch_size=10, epochs=120, lr=0.2, dropout=0.2, stop_fitted=m, init_seed=w)
        for w, m in [(16, 1), (30, 3), (20, 5), (12, 0)]
    ],
    "1-D convolutions": [
        Settings(CNN1D(w, 2), n=20, batch_size=5, epochs=120, lr=0.05, momentum=0.5, stop_fitted=m, init_seed=w)
        for w, m in [(6, 1), (8, 2), (7, 0)]
    ],
}


@pytest.mark.parametrize("stack", FITTED.values(), ids=FITTED.keys())
def test_a_network_stops_once_it_has_fitted_its_examples_for_so_many_epochs(images, stack):
    records = train(stack, images, {"weights": [], "curves": range(400)}, "cpu")
    for settings, record in zip(stack, records, strict=True):
        if not settings.stop_fitted:
            assert record["epochs_run"] == settings.epochs
            continue
        epochs, module = plain_until_fitted(settings, images)
        assert record["epochs_run"] == epochs < settings.epochs
        assert record["train_error"] == 0
        np.testing.assert_array_equal(record["curve_epoch"], range(epochs + 1))
        tail = record["curve_train_error"][-settings.stop_fitted - 1 :]
        assert tail[0] > 0 or settings.stop_fitted == epochs
        assert not tail[1:].any()
        expected = parameters_to_vector(module.parameters()).detach()
        np.testing.assert_allclose(record["weights"][-1], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rule", [{"stop_fitted": 2}, {"stop_loss": 0.3}])
@pytest.mark.parametrize("batches", [1, 4])
def test_networks_that_stop_do_not_disturb_those_that_go_on(images, rule, batches):
    common = {"epochs": 40 if batches == 1 else 25, "lr": 0.2 / batches, "momentum": 0.9}
    size = lambda n: {"n": n, "batch_size": n // batches}  # noqa: E731
    going = [Settings(MLP(w), init_seed=w, data_seed=w, **common, **size(n)) for w, n in [(5, 40), (21, 8)]]
    leaving = [Settings(MLP(w), init_seed=w, **common, **rule, **size(n)) for w, n in [(40, 12), (16, 8), (28, 12)]]
    stack = [leaving[0], going[0], *leaving[1:], going[1]]
    records = train(stack, images, at(EVERYTHING, [0, 7, 15, 22]), "cpu")
    assert [record["epochs_run"] <= 20 for record in records] == [True, False, True, True, False]
    for settings, record in zip(stack, records, strict=True):
        same(record, *train([settings], images, at(EVERYTHING, [0, 7, 15, 22]), "cpu"))


def test_a_stopped_network_is_recorded_up_to_where_it_stopped(images):
    settings = Settings(MLP(40), n=40, epochs=200, lr=0.2, momentum=0.9, stop_fitted=1)
    (record,) = train([settings], images, at(EVERYTHING, [0, 2, 150, 10_000]), "cpu")
    stop = record["epochs_run"]
    assert 2 < stop < 150
    for name in ("curve", "weights", "losses", "correct", "gradient_norms"):
        np.testing.assert_array_equal(record[f"{name}_epoch"], [0, 2, stop])
    module = initial(settings, images)
    vector_to_parameters(torch.from_numpy(record["weights"][-1]), module.parameters())
    agree(record, -1, module, settings, images)
    assert record["correct"][-1].all()


def test_networks_that_stop_at_different_times_share_a_table(images):
    def asked():
        return sweep.sweep(
            stacked.mlp([8, 30]), images, n=20, epochs=100, lr=0.2, momentum=0.9, seed=range(3), stop_fitted=3,
            record=at(EVERYTHING, range(0, 100, 5)), device="cpu",
        )  # fmt: skip

    runs = asked()
    assert runs.epochs_run.nunique() > 2
    pd.testing.assert_frame_equal(runs, asked())
    history = sweep.curves(runs)
    last = history.groupby(["width", "init_seed"]).epoch.max()
    pd.testing.assert_series_equal(
        last, runs.set_index(["width", "init_seed"]).epochs_run.astype(float), check_names=False
    )
    for row in runs.itertuples():
        times = [*range(0, row.epochs_run, 5), row.epochs_run]
        np.testing.assert_array_equal(row.correct_epoch, times)
        assert row.correct.shape == row.losses.shape == (len(times), 20)
        assert row.correct[-1].all()


def test_a_network_that_needs_no_training_stops_before_its_first_step(images):
    settings = Settings(MLP(4), n=40, epochs=20, lr=0.1, stop_loss=100.0)
    (record,) = train([settings], images, {"weights": [0, 1], "curves": None}, "cpu")
    assert record["epochs_run"] == 0
    np.testing.assert_array_equal(record["weights_epoch"], [0])
    np.testing.assert_array_equal(record["curve_epoch"], [0])
    np.testing.assert_array_equal(
        record["weights"][0], parameters_to_vector(initial(settings, images).parameters()).detach()
    )


def test_a_network_that_diverges_is_recorded_and_says_so(images):
    common = {"n": 50, "epochs": 30}
    stack = [Settings(MLP(8), lr=1e6, weight_decay=1.0, **common), Settings(MLP(8), lr=0.1, **common)]
    broken, fine = train(stack, images, at(EVERYTHING, [0, 5]), "cpu")
    assert broken["diverged"]
    assert np.isfinite(broken["curve_train_loss"][0])
    assert not np.isfinite(broken["losses"][-1]).all()
    same(fine, train(stack[1:], images, at(EVERYTHING, [0, 5]), "cpu")[0])


# --- networks that train alone ----------------------------------------------------------------------------------------

CNN_2, TRANSFORMER = CNN(2), Transformer(8, depth=1, heads=2, tokens=8)


def drawn(architecture, kind):
    """Weights to start from, or a mask, for a network of the digits."""
    size, g = architecture.parameters((64,), 10), generator(5, "test")
    return Vector(
        torch.randn(size, generator=g) / 10 if kind == "start" else (torch.rand(size, generator=g) < 0.7).float()
    )


ALONE = {
    "CNN, batches, momentum": Settings(CNN_2, n=41, batch_size=16, epochs=4, lr=0.05, momentum=0.9, label_noise=0.3),
    "CNN, full batch": Settings(CNN(3), n=30, epochs=10, lr=0.05, weight_decay=0.01, init_seed=4),
    "CNN, squared loss": Settings(CNN_2, n=40, batch_size=20, epochs=5, lr=0.1, loss="squared", weight_decay=1e-3),
    "CNN, mask": Settings(CNN_2, n=32, batch_size=8, epochs=2, lr=0.05, momentum=0.9, mask=drawn(CNN_2, "mask")),
    "CNN, start": Settings(CNN_2, n=32, batch_size=8, epochs=2, lr=0.01, start=drawn(CNN_2, "start")),
    "ResNet18": Settings(ResNet18(2), n=40, batch_size=10, epochs=2, lr=0.05, momentum=0.9, weight_decay=5e-4),
    "ResNet18, full batch, Adam": Settings(ResNet18(1), n=30, epochs=5, lr=1e-3, optimizer="adam", init_seed=2),
    "transformer, batches": Settings(TRANSFORMER, n=39, batch_size=10, epochs=3, lr=0.05, momentum=0.9, label_noise=0.2),
    "transformer, full batch, Adam": Settings(TRANSFORMER, n=40, epochs=10, lr=1e-3, optimizer="adam", weight_decay=0.1),
}  # fmt: skip


def of(settings, images, sums):
    """The data set that a network can read."""
    return sums if isinstance(settings.architecture, Transformer) else images


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("settings", ALONE.values(), ids=ALONE.keys())
def test_a_network_alone_equals_a_plain_loop(images, sums, settings, device):
    data = of(settings, images, sums)
    times = [0, 1 / settings.steps, 1]
    (record,) = train([settings], data, at(EVERYTHING, times), device)
    np.testing.assert_allclose(record["weights_epoch"], [*sorted(set(times)), settings.epochs])
    due = [round(epoch * settings.steps) for epoch in record["weights_epoch"]]
    modules = {made: copy.deepcopy(m) for made, m in plain_steps(settings, data) if made in due}
    loose = {"rtol": 1e-4, "atol": 2e-5}
    for time, made in enumerate(due):
        expected = parameters_to_vector(modules[made].parameters()).detach()
        np.testing.assert_allclose(record["weights"][time], expected, rtol=1e-5, atol=1e-5)
        agree(record, time, modules[made], settings, data, loose)
    final = looked_at(modules[due[-1]], settings, data)
    np.testing.assert_allclose(record["predictions"], final["predictions"].flatten(), **loose)
    assert record["parameters"] == len(expected)
    np.testing.assert_array_equal(record["labels"], taught(settings, data)[1])


def test_a_transformer_with_the_recorded_weights_gives_what_else_was_recorded(sums):
    settings = ALONE["transformer, batches"]
    (record,) = train([settings], sums, at(EVERYTHING, [0, 0.5, 2]), "cpu")
    module = initial(settings, sums)
    for time, weights in enumerate(record["weights"]):
        vector_to_parameters(torch.from_numpy(weights), module.parameters())
        agree(record, time, module, settings, sums)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("settings", [
    Settings(CNN(4), n=12, epochs=60, lr=0.1, stop_fitted=2, init_seed=1),
    Settings(CNN(4), n=20, batch_size=5, epochs=60, lr=0.05, stop_fitted=3, init_seed=1),
    Settings(TRANSFORMER, n=10, epochs=120, lr=3e-3, optimizer="adam", stop_fitted=1),
    Settings(TRANSFORMER, n=10, batch_size=5, epochs=120, lr=3e-3, optimizer="adam", stop_fitted=5),
])  # fmt: skip
def test_a_network_alone_stops_once_fitted(images, sums, settings, device):
    data = of(settings, images, sums)
    (record,) = train([settings], data, {"weights": [], "curves": range(120)}, device)
    epochs, module = plain_until_fitted(settings, data)
    assert record["epochs_run"] == epochs < settings.epochs
    assert not record["curve_train_error"][-settings.stop_fitted :].any()
    assert record["curve_train_error"][-settings.stop_fitted - 1] > 0
    np.testing.assert_allclose(record["weights"][-1], parameters_to_vector(module.parameters()).detach(), atol=1e-3)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("batch_size", [None, 10])
def test_a_network_alone_stops_at_the_weights_whose_loss_is_low_enough(sums, batch_size, device):
    settings = Settings(
        TRANSFORMER, n=30, batch_size=batch_size, epochs=60, lr=0.01, optimizer="adam", stop_loss=1.5, init_seed=1
    )
    (record,) = train([settings], sums, {"weights": []}, device)
    losses = []  # of each batch before its update
    low_enough = lambda loss: losses.append(loss) or (batch_size is None and loss < 1.5)  # noqa: E731
    for made, module in plain_steps(settings, sums, low_enough):  # noqa: B007 (it is used after the loop)
        if batch_size and made and made % 3 == 0 and np.mean(losses[-3:]) < 1.5:
            break
    assert record["epochs_run"] == made // settings.steps < 60
    np.testing.assert_allclose(record["weights"][-1], parameters_to_vector(module.parameters()).detach(), atol=1e-4)
    assert record["train_loss"] < 1.5


def test_a_network_alone_that_diverges_says_so_and_ends(images):
    settings = Settings(CNN(2), n=20, batch_size=10, epochs=40, lr=1e30, weight_decay=1.0)
    (record,) = train([settings], images, at(EVERYTHING, [0]), "cpu")
    assert record["diverged"]
    assert record["epochs_run"] == 10
    assert np.isfinite(record["losses"][0]).all()


@pytest.mark.parametrize(
    ("architecture", "n", "batch_size"), [(CNN(2), 21, 10), (CNN(2), 20, 1), (ResNet18(2), 1, None)]
)
def test_batch_norm_on_one_example_is_one_sentence(images, architecture, n, batch_size):
    with pytest.raises(
        ValueError, match=r"^Batch norm cannot be trained on a batch of one example, which n=.* another batch size\.$"
    ):
        train([Settings(architecture, n=n, batch_size=batch_size, epochs=1, lr=0.1)], images)


@pytest.mark.parametrize("shape", [(64,), (8, 8), (1, 8, 8)])
def test_the_shape_of_the_examples_does_not_matter(images, shape):
    data = Data("digits", images.x.view(-1, *shape), images.y, images.x_test.view(-1, *shape), images.y_test, "", 10)
    for architecture in (MLP(5), CNN(2), ResNet18(1), *([] if shape == (8, 8) else [CNN1D(3, 2)])):
        settings = Settings(architecture, n=20, batch_size=10, epochs=2, lr=0.05)
        same(*[train([settings], d, EVERYTHING, "cpu")[0] for d in (images, data)])


def test_channels_of_sequences_are_read_as_such(images):
    data = Data("rows", images.x.view(-1, 8, 8), images.y, images.x_test.view(-1, 8, 8), images.y_test, "", 10)
    settings = Settings(CNN1D(4, 2, 3, 1), n=20, batch_size=10, epochs=2, lr=0.1)
    (record,) = train([settings], data, EVERYTHING, "cpu")
    agree(record, -1, plain(settings, data), settings, data)


def test_a_sweep_of_convolutional_networks(images, in_this_process, monkeypatch):
    def asked():
        return sweep.sweep(
            alone.cnn([2, 4]), images, n=40, batch_size=20, epochs=3, lr=0.05, seed=range(2), device="cpu",
            record=at(EVERYTHING, [0, 1.5]), stop_fitted=2,
        )  # fmt: skip

    runs = asked()
    assert list(zip(runs.architecture, runs.width, runs.init_seed, strict=True)) == [
        ("cnn", width, seed) for width in (2, 4) for seed in (0, 1)
    ]
    assert runs.weights.map(len).tolist() == [3] * 4
    for row in runs.itertuples():
        settings = Settings(CNN(row.width), n=40, batch_size=20, epochs=3, lr=0.05, init_seed=row.init_seed, data_seed=row.data_seed)  # fmt: skip
        expected = looked_at(plain(settings, images), settings, images)
        np.testing.assert_allclose(row.weights[-1], expected["weights"], atol=1e-5)
        assert row.test_error == pytest.approx(expected["test_error"])
        assert row.parameters == row.weights.shape[1]
    monkeypatch.setattr(sweep, "train", lambda *_: pytest.fail("trained again"))
    pd.testing.assert_frame_equal(runs, asked())


# --- bfloat16 ---------------------------------------------------------------------------------------------------------


def test_bfloat16_changes_no_test_error_systematically(images):
    runs = sweep.sweep(
        stacked.mlp([10, 40]), images, dtype=["float32", "bfloat16"], n=200, batch_size=50, epochs=40, lr=0.1,
        momentum=0.9, label_noise=0.2, seed=range(20), record=["weights"], device="cpu",
    )  # fmt: skip
    assert set(runs.dtype) == {"float32", "bfloat16"}
    assert {str(weights.dtype) for weights in runs.weights} == {"float32"}
    assert not runs.diverged.any()
    paired = runs.pivot_table(index=["width", "init_seed"], columns="dtype", values=["test_error", "train_loss"])
    difference = paired.test_error.bfloat16 - paired.test_error.float32
    assert len(difference) == 40
    assert difference.abs().max() > 0  # it is another arithmetic
    assert no_systematic(difference)
    assert (paired.train_loss.bfloat16 - paired.train_loss.float32).abs().max() < 0.2


def no_systematic(difference):
    """Whether the mean difference of paired test errors is within a point or its 99.9 % interval contains 0."""
    half = stats.t.ppf(0.9995, len(difference) - 1) * np.std(difference, ddof=1) / np.sqrt(len(difference))
    return abs(np.mean(difference)) <= max(half, 0.01)


@pytest.mark.parametrize("architecture", [MLP(20), CNN1D(6, 2), CNN(4), TRANSFORMER])
def test_records_in_bfloat16_are_close_to_those_in_float32(images, sums, architecture):
    settings = Settings(architecture, n=40, batch_size=10, epochs=2, lr=0.05, dtype="bfloat16")
    data = of(settings, images, sums)
    (low,), (full,) = (
        train([s], data, at(EVERYTHING, [0]), "cpu") for s in (settings, replace(settings, dtype="float32"))
    )
    np.testing.assert_array_equal(low["weights"][0], full["weights"][0])
    assert (
        low["weights"].dtype
        == low["losses"].dtype
        == low["gradient_norms"].dtype
        == low["predictions"].dtype
        == np.float32
    )
    assert not np.array_equal(low["weights"][1], full["weights"][1])
    for name, tolerance in (("weights", 0.03), ("losses", 0.15), ("predictions", 0.1)):
        np.testing.assert_allclose(low[name][-1], full[name][-1], atol=tolerance, rtol=0.03)
    np.testing.assert_allclose(low["gradient_norms"][0], full["gradient_norms"][0], rtol=0.05)


# --- after long training, and again -----------------------------------------------------------------------------------


def test_after_long_training_stacked_networks_err_as_often_as_those_of_a_plain_loop(images):
    stack = [
        Settings(
            MLP(w), n=80, batch_size=40, epochs=300, lr=0.3, momentum=0.9, label_noise=0.2, init_seed=k, data_seed=k
        )
        for k in range(8)
        for w in (6, 20)
    ]
    records = train(stack, images, device="cpu")
    errors = [looked_at(plain(settings, images), settings, images)["test_error"] for settings in stack]
    assert no_systematic(np.array([record["test_error"] for record in records]) - errors)


@pytest.mark.parametrize(
    "stack", [*STACKS.values(), *([s] for s in ALONE.values())], ids=[*STACKS.keys(), *ALONE.keys()]
)
def test_the_same_call_twice_gives_the_same_bits(images, sums, stack):
    first, second = (train(stack, of(stack[0], images, sums), at(EVERYTHING, [0, 1]), "cpu") for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert list(a) == list(b)
        for name in a.keys() - {"seconds"}:
            np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.parametrize("stack", [*STACKS.values(), FULL_BATCH], ids=[*STACKS.keys(), "full batch"])
def test_the_order_of_a_stack_and_its_members_do_not_change_a_record(images, stack):
    together = train(stack, images, at(EVERYTHING, TIMES), "cpu")
    reversed_order = train(stack[::-1], images, at(EVERYTHING, TIMES), "cpu")[::-1]
    for settings, a, b in zip(stack, together, reversed_order, strict=True):
        same(a, b)
        same(a, *train([settings], images, at(EVERYTHING, TIMES), "cpu"))


# --- what cannot be recorded ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"weights": [-1, 2]}, r"Epochs at which weights are recorded count from 0; got \(-1.0,\)"),
        ({"curves": 5}, "Epochs at which curves are recorded are a list or a range; got 5"),
        ({"predictions": [1, 2]}, "Predictions are recorded at the end of training only; give no epochs"),
        (
            ["loss"],
            "Cannot record loss; choose from curves, predictions, correct, losses, test_correct, test_losses, gradient_norms, weights",
        ),
    ],
)
def test_a_record_that_cannot_be_is_one_sentence(images, record, said):
    with pytest.raises(ValueError, match=said):
        train([Settings(MLP(4), n=50, epochs=5, lr=0.1)], images, record, "cpu")


@pytest.mark.parametrize(
    ("settings", "record", "said"),
    [
        ({}, [], "cross_entropy needs class labels; linear_teacher has none, set loss='squared'"),
        (
            {"loss": "squared", "stop_fitted": 1},
            [],
            "stop_fitted counts misclassified examples; linear_teacher has no classes",
        ),
        (
            {"loss": "squared"},
            ["correct"],
            "linear_teacher has no classes, so that no answer is correct or wrong; record losses",
        ),
    ],
)
def test_a_regression_has_nothing_to_classify(settings, record, said):
    with pytest.raises(ValueError, match=said):
        train([Settings(MLP(4), n=20, epochs=5, lr=0.1, **settings)], linear_teacher(20, 3, 0.1, seed=0), record, "cpu")


def test_a_row_becomes_a_plain_module(images):
    runs = sweep.sweep(
        stacked.cnn1d([3, 5]),
        images,
        n=60,
        epochs=4,
        lr=0.1,
        batch_size=20,
        record={"weights": [0, 2], "predictions": None},
        cache=False,
    )
    for _, row in runs.iterrows():
        module = sweep.network(row, images)
        with torch.no_grad():
            outputs = module(images.x_test).softmax(1)
        np.testing.assert_allclose(outputs.flatten(), row.predictions, atol=1e-6)
        start = sweep.network(row, images, time=0)
        expected = stacked.CNN1D(row.width).build((64,), 10, generator(row.init_seed, "init"))
        assert all(torch.equal(p, q) for p, q in zip(start.parameters(), expected.parameters(), strict=True))


def test_a_row_without_all_that_a_module_needs_is_one_sentence(images):
    settings = {"n": 60, "epochs": 1, "lr": 0.1, "batch_size": 20, "cache": False}
    bare = sweep.sweep(stacked.mlp(3), images, **settings).iloc[0]
    with pytest.raises(ValueError, match="This row holds no weights; ask for them with record"):
        sweep.network(bare, images)
    normed = sweep.sweep(alone.cnn(2), images, record=["weights"], **settings).iloc[0]
    with pytest.raises(ValueError, match="has batch norm, whose running statistics are not among the recorded weights"):
        sweep.network(normed, images)
