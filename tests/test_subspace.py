"""Training in random subspaces: it stays in them, and what fits them all fits the whole space."""

import pytest
import torch

from overparam import MLP, data
from overparam.randomness import generator
from overparam.theory import subspace

SEEDS = [3, 4]


@pytest.fixture(scope="module")
def signals():
    sets = [data.mnist1d(60, 40, seed, max_translation=1) for seed in SEEDS]
    return torch.stack([s.x for s in sets]), torch.stack([s.y for s in sets])


def start_of(architecture, x, seed):
    module = architecture.build(x.shape[2:], 10, generator(seed, "init"))
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_outputs_are_those_of_the_module(signals):
    x, y = signals
    nets = subspace.train(MLP(5, 2), x, y, SEEDS, 7, steps=3)
    module = MLP(5, 2).build((40,), 10, generator(0, "init"))
    torch.nn.utils.vector_to_parameters(nets.weights[1], module.parameters())
    assert torch.allclose(nets(x)[1], module(x[1]), atol=1e-5)
    assert float(nets.error(x, y)[1]) == pytest.approx(float((module(x[1]).argmax(1) != y[1]).double().mean()))


def test_weights_move_in_a_space_of_this_dimension(signals):
    x, y = signals
    ends = []
    for steps in range(1, 9):
        nets = subspace.train(MLP(4), x, y, SEEDS, 3, steps=steps)
        ends.append(nets.weights[0] - start_of(MLP(4), x, SEEDS[0]))
    values = torch.linalg.svdvals(torch.stack(ends).double())
    assert float(values[2]) > 1e-4
    assert float(values[3]) < 1e-5


def test_each_network_is_what_it_is_alone(signals):
    x, y = signals
    both = subspace.train(MLP(4), x, y, SEEDS, 20, steps=5)
    alone = subspace.train(MLP(4), x[1:], y[1:], SEEDS[1:], 20, steps=5)
    assert torch.allclose(both.weights[1:], alone.weights, atol=1e-6)


def test_more_dimensions_fit_more(signals):
    x, y = signals
    few, many, full = (subspace.train(MLP(20), x, y, SEEDS, d, steps=150).error(x, y) for d in (2, 200, None))
    assert float(few.min()) > 0.3
    assert float(many.max()) < 0.1
    assert float(full.max()) == 0


def test_what_does_not_fit_is_refused(signals):
    x, y = signals
    with pytest.raises(ValueError, match="for 1 seeds"):
        subspace.train(MLP(4), x, y, [0], 3)
    with pytest.raises(ValueError, match="dimension must be a whole number"):
        subspace.train(MLP(4), x, y, SEEDS, 0)
    with pytest.raises(ValueError, match="Subspaces are those of an MLP"):
        subspace.train("mlp", x, y, SEEDS, 3)
