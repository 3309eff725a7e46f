"""The line between two networks: errors on it, and the barrier."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from overparam import pruning
from overparam.architectures.alone import CNN, Conv
from overparam.architectures.stacked import MLP, LeNet
from overparam.data.load import digits
from overparam.engine.settings import Settings
from overparam.engine.sweep import run
from overparam.measures import connectivity


def test_errors_on_the_line_are_those_of_the_networks_there():
    module = nn.Linear(1, 2, bias=False)
    before = module.weight.clone()
    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([0, 1])
    # At t the second class leads by 4t - 1 times x: from below 1/4 on, the first class is answered
    errors = connectivity.path_errors(module, np.array([1.0, 0]), np.array([0.0, 3]), x, y, points=5)
    assert errors.tolist() == [0.5] * 5
    one = connectivity.path_errors(module, np.array([1.0, 0]), np.array([0.0, 3]), x, torch.zeros(2).long(), points=3)
    assert one.tolist() == [0, 1, 1]
    assert torch.equal(module.weight, before)


def test_the_barrier_is_above_the_mean_of_the_ends():
    assert connectivity.barrier([0.1, 0.5, 0.3]) == pytest.approx(0.3)
    assert connectivity.barrier([0.1, 0.05, 0.1]) == pytest.approx(0)
    assert connectivity.barrier([0.1, 0.15, 0.3]) == pytest.approx(
        0.1
    )  # half the difference of the ends: no rise between


@pytest.mark.parametrize("architecture", [MLP(8), LeNet(4), Conv(2)])
def test_no_barrier_between_a_network_and_itself(architecture):
    data = digits()
    weights = pruning.initial_weights(Settings(architecture, n=10, epochs=1, lr=1.0), data)
    module = architecture.build(data.shape, data.outputs, torch.Generator().manual_seed(0))
    x, y = architecture.examples(data.x_test[500:]), data.y_test[500:]
    assert connectivity.barrier(connectivity.path_errors(module, weights, weights, x, y)) == 0


def test_networks_with_batch_norm_are_refused():
    module = CNN(2).build((8, 8), 10, torch.Generator())
    with pytest.raises(ValueError, match="Batch norm's running statistics do not interpolate"):
        connectivity.path_errors(module, np.zeros(1), np.zeros(1), torch.zeros(1), torch.zeros(1))


def test_another_order_is_of_the_same_network():
    settings = Settings(MLP(2), n=10, epochs=3, lr=0.1, init_seed=4, data_seed=4, rewind=1)
    other = connectivity.other_order(settings)
    assert replace(other, order_seed=None) == settings
    assert (other.seed_at(0), other.seed_at(1)) == (4, 4 + connectivity.OTHER_ORDER)
    assert connectivity.other_order(other).order_seed not in (4, other.order_seed)


def test_errors_of_weights_are_those_of_the_engine(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data, settings = digits(), Settings(LeNet(4), n=100, epochs=5, lr=0.1)
    (row,) = run([settings], data, record={"weights": [0], "test_correct": [0]}, device="cpu").to_dict("records")
    errors = connectivity.errors_at(settings.architecture, data, row["weights"], first=97)
    assert errors == pytest.approx(1 - row["test_correct"][:, 97:].mean(1))
