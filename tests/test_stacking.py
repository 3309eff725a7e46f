"""What may differ within a stack: every setting is either shared, or differs and leaves each network as it is alone."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from overparam.architectures.alone import CNN
from overparam.architectures.stacked import CNN1D, MLP
from overparam.data.load import digits
from overparam.engine.settings import FREE, PRESENT, Settings, Vector
from overparam.engine.train import train

BASE = Settings(
    MLP(5), n=24, batch_size=8, epochs=4, lr=0.1, momentum=0.5, weight_decay=0.01, norm_target=2.0, dropout=0.1,
    input_noise=0.1, averaging=0.5, layer_lr=(1.0, 0.5), stop_loss=0.01, rewind=1,
)  # fmt: skip
WEIGHTS = MLP(5).parameters((64,), 10)
RNG = np.random.default_rng(0)
# One other value of each setting; for a strength also none at all. (A setting that is missing here fails the first test.)
OTHER = {
    "architecture": [MLP(9), MLP(5, depth=2)],
    "n": [23],
    "epochs": [5],
    "lr": [0.05],
    "label_noise": [0.5],
    "batch_size": [9, 12],
    "momentum": [0.0],
    "weight_decay": [0.1],
    "dropout": [0.3, 0.0],
    "shift": [2],
    "flip": [True],
    "input_noise": [0.3, 0.0],
    "adversarial": [0.1],
    "median_of": [3],
    "gradient_penalty": [0.1],
    "norm_target": [1.0, 0.0],
    "sam": [0.1, 0.0],
    "output_scale": [3.0, 0.0],
    "schedule": ["cosine"],
    "layer_lr": [(1.0, 0.1), ()],
    "averaging": [0.8, 0.0],
    "optimizer": ["adam", "adamw"],
    "loss": ["squared"],
    "stop_loss": [1.9, 0.0],
    "stop_fitted": [1],
    "dtype": ["bfloat16"],
    "start": [Vector(RNG.normal(size=WEIGHTS) / 8)],
    "mask": [Vector(RNG.random(WEIGHTS) < 0.5)],
    "rewind": [0, 2],
    "init_seed": [1],
    "data_seed": [1],
    "order_seed": [1],
}
NEEDS = {
    "architecture": {"layer_lr": ()},  # one factor for each layer, of which there may be another number
    "median_of": {"batch_size": 6},
    "gradient_penalty": {"dropout": 0.0},
    "optimizer": {"momentum": 0.0, "norm_target": 0.0},
    "output_scale": {"loss": "squared", "output_scale": 0.5},
    "sam": {"sam": 0.05},
    "flip": None,  # of images, which do not stack
}


@pytest.fixture(scope="module")
def images():
    return digits()


def test_every_setting_is_tried():
    assert set(OTHER) == {f.name for f in fields(Settings)}
    assert set(OTHER) >= FREE | set(PRESENT)


@pytest.mark.parametrize("name", [name for name in OTHER if NEEDS.get(name, {}) is not None])
def test_two_networks_that_differ_in_one_setting(images, name):
    base = replace(BASE, **NEEDS.get(name, {}))
    for value in OTHER[name]:
        other = replace(base, **{name: value})
        if base.signature() != other.signature():
            with pytest.raises(ValueError, match="the networks of one stack may differ in width"):
                train([base, other], images, device="cpu")
            continue
        together = train([base, other], images, ["weights"], "cpu")
        for settings, record in zip((base, other), together, strict=True):
            (alone,) = train([settings], images, ["weights"], "cpu")
            np.testing.assert_allclose(
                record["weights"], alone["weights"], rtol=1e-4, atol=1e-5, err_msg=f"{name}={value}"
            )
            assert record["epochs_run"] == alone["epochs_run"]


def test_what_a_stack_shares_is_seen_in_what_it_computes(images):
    """The other way round: two values of a shared setting give two networks, so that sharing it is no accident."""
    for name in ("momentum", "schedule", "loss", "optimizer", "median_of"):
        base = replace(BASE, **NEEDS.get(name, {}))
        (a,), (b,) = (train([s], images, ["weights"], "cpu") for s in (base, replace(base, **{name: OTHER[name][0]})))
        assert np.abs(a["weights"] - b["weights"]).max() > 1e-3, name


def test_equal_networks_on_signals_of_unequal_width_share_a_stack(images):
    networks = [Settings(CNN1D(w, 2), n=20, batch_size=10, epochs=3, lr=0.1, shift=s) for w, s in ((2, 0), (3, 1))]
    together = train(networks, images, ["weights"], "cpu")
    for settings, record in zip(networks, together, strict=True):
        (alone,) = train([settings], images, ["weights"], "cpu")
        np.testing.assert_allclose(record["weights"], alone["weights"], rtol=1e-4, atol=1e-5)


def test_a_penalty_is_one_of_the_whole_batch_whatever_the_sizes_of_the_neighbours(images):
    networks = [
        Settings(MLP(64), n=50 if i == 0 else 1000, epochs=2, lr=0.1, gradient_penalty=0.5, init_seed=i)
        for i in range(12)
    ]
    together = train(networks, images, ["weights"], "cpu")
    for settings, record in list(zip(networks, together, strict=True))[:3]:
        (alone,) = train([settings], images, ["weights"], "cpu")
        np.testing.assert_allclose(record["weights"], alone["weights"], rtol=1e-4, atol=1e-5)


def test_a_mask_that_scales_is_for_networks_that_stack(images):
    half = Vector(np.full(CNN(2).parameters((64,), 10), 0.5))
    with pytest.raises(ValueError, match=r"A mask of CNN.* holds 0 and 1 only"):
        train([Settings(CNN(2), n=10, epochs=1, lr=0.1, mask=half)], images)


def test_a_subclass_that_builds_something_else_is_refused():
    @dataclass(frozen=True)
    class Smooth(MLP):
        def build(self, shape, outputs, generator):
            return super().build(shape, outputs, generator)

    with pytest.raises(ValueError, match="Smooth has its own build, which networks that train in stacks do not follow"):
        Settings(Smooth(4), n=10, epochs=1, lr=0.1)
