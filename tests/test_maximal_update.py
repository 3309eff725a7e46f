"""μP: rates per layer and the start that it shares with the standard parametrization."""

import numpy as np
import pytest
import torch

from overparam import Settings, data, network, run
from overparam.architectures import maximal_update
from overparam.architectures.stacked import CNN1D, MLP
from overparam.engine.settings import Vector


def test_rates_are_those_of_the_base_at_its_width_and_fall_behind_the_first_layer():
    assert maximal_update.adam_rates(MLP(64, depth=2), 64) == (1, 1, 1)
    assert maximal_update.adam_rates(MLP(256, depth=3), 64) == (1, 0.25, 0.25, 0.25)
    for wrong in (CNN1D(8), MLP(8, depth=0), MLP(8, batch_norm=True)):
        with pytest.raises(ValueError, match="hidden layer"):
            maximal_update.adam_rates(wrong, 64)


def test_the_start_answers_zero_and_has_the_variance_of_he():
    weights, mask = maximal_update.zero_readout(MLP(400, depth=2), 40, 10, 0)
    first, second = weights[: 400 * 40], weights[400 * 41 : 400 * 441]
    assert first.var() == pytest.approx(2 / 40, rel=0.05)
    assert second.var() == pytest.approx(2 / 400, rel=0.05)
    assert np.count_nonzero(weights[-(400 * 10 + 10) :]) == 0
    assert (mask == 0).sum() == 400 + 400 + 10
    other, _ = maximal_update.zero_readout(MLP(400, depth=2), 40, 10, 1)
    assert not np.array_equal(other, weights)


def moved(width, layer_lr):
    """Root mean square by which five steps of Adam move the second layer's sums, for one width."""
    some, net = data.mnist1d(50, 50, 0), MLP(width, depth=2)
    start, mask = map(Vector, maximal_update.zero_readout(net, 40, 10, 0))
    own = {"start": start, "mask": mask, "optimizer": "adam", "layer_lr": layer_lr(net)}
    runs = run([Settings(net, n=50, epochs=5, lr=1e-3, **own)], some, record={"weights": [0, 5]}, cache=False)
    first, last = (network(runs.iloc[0], some, time) for time in (0, -1))
    with torch.no_grad():
        return (last[:-2](some.x) - first[:-2](some.x)).square().mean().sqrt().item()


def test_hidden_layers_move_alike_at_any_width_only_under_mup():
    standard = [moved(width, lambda net: (1, 1, 1)) for width in (64, 1024)]
    mup = [moved(width, lambda net: maximal_update.adam_rates(net, 64)) for width in (64, 1024)]
    assert standard[1] > 4 * standard[0]
    assert mup[1] < 2 * mup[0]
