"""Measures against simulations and small cases whose values are known."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from overparam import measures
from overparam.architectures.evaluate import losses
from overparam.architectures.stacked import CNN1D, MLP
from overparam.randomness import generator
from overparam.report import claims


def crossed(rng, sets, inits, bias=0.5, sampling=0.7, initialisation=0.4, interaction=0.3, points=30):
    """Runs whose components are known exactly: prediction = target + bias + s + i + si, all independent Gaussians."""
    target = rng.normal(size=points)
    noise = [rng.normal(size=shape) for shape in ((sets, 1, points), (1, inits, points), (sets, inits, points))]
    parts = [scale * n for scale, n in zip((sampling, initialisation, interaction), noise, strict=True)]
    return target + bias + sum(parts), target


def test_components_are_unbiased():
    rng = np.random.default_rng(0)
    estimates = []
    for _ in range(600):
        predictions, target = crossed(rng, 4, 3)
        estimates.append(vars(measures.CrossedRuns(predictions, target, 30).components()))
    for name, truth in {"bias2": 0.25, "sampling": 0.49, "initialisation": 0.16, "interaction": 0.09}.items():
        interval = claims.mean([e[name] for e in estimates], level=0.999)
        assert interval.low < truth < interval.high, name


def test_components_add_up_to_the_risk_exactly():
    predictions, target = crossed(np.random.default_rng(1), 5, 4)
    c = measures.CrossedRuns(predictions, target, 30).components()
    assert c.risk == pytest.approx(((predictions - target) ** 2).mean())
    assert c.bias2 + c.variance == pytest.approx(c.risk)
    assert c.from_sampling + c.from_initialisation == pytest.approx(c.variance)


def test_within_training_set_variance_is_the_sample_variance():
    predictions, target = crossed(np.random.default_rng(2), 6, 5)
    c = measures.CrossedRuns(predictions, target, 30).components()
    assert c.from_initialisation == pytest.approx(predictions.var(1, ddof=1).mean())


def test_error_of_a_mean_is_that_of_the_averaged_prediction():
    predictions, target = crossed(np.random.default_rng(3), 4, 3)
    runs = measures.CrossedRuns(predictions, target, 30)
    expected = ((predictions[[0, 2]][:, [1]].mean((0, 1)) - target) ** 2).mean()
    assert runs.error_of_mean([0, 2], [1]) == pytest.approx(expected)


def test_outputs_are_summed_and_examples_averaged():
    predictions, target = crossed(np.random.default_rng(5), 3, 2, points=30)
    three_outputs = measures.CrossedRuns(predictions, target, examples=10).components()
    assert three_outputs.risk == pytest.approx(3 * ((predictions - target) ** 2).mean())


def test_bad_shapes_are_one_sentence():
    with pytest.raises(ValueError, match=r"predictions must be \[training sets, initialisations, m\]"):
        measures.CrossedRuns(np.zeros((3, 2, 5)), np.zeros(4), 4)
    runs = measures.CrossedRuns(np.zeros((3, 1, 5)), np.zeros(5), 5)
    with pytest.raises(ValueError, match="at least 2 training sets and 2 initialisations; got 3 and 1"):
        runs.components()


def test_bias_and_variance_at_every_point():
    rng = np.random.default_rng(6)
    predictions = 1.0 + np.array([0.5, 2.0]) * rng.normal(size=(20_000, 2))
    bias2, variance = measures.bias_variance(predictions, np.array([1.0, 0.0]))
    assert variance == pytest.approx([0.25, 4.0], rel=0.05)
    assert bias2 == pytest.approx([0.0, 1.0], abs=0.06)
    assert bias2 + variance == pytest.approx(((predictions - [1.0, 0.0]) ** 2).mean(0), rel=1e-3)


def test_effective_parameters_of_smoothers_we_know():
    n, X = 12, np.random.default_rng(7).normal(size=(12, 4))
    assert measures.effective_parameters(np.full((5, n), 1 / n)) == pytest.approx(1)
    assert measures.effective_parameters(np.eye(n)) == pytest.approx(n)
    projection = X @ np.linalg.pinv(X)  # least squares at its own inputs: the number of coefficients
    assert measures.effective_parameters(projection) == pytest.approx(4)


def test_over_dispersion_is_1_by_luck_and_the_number_of_runs_at_most():
    rng = np.random.default_rng(8)
    assert measures.over_dispersion(rng.random((100, 5000)) < 0.3) == pytest.approx(1, abs=0.1)
    same = np.tile(rng.random(5000) < 0.3, (100, 1))
    assert measures.over_dispersion(same) == pytest.approx(100 * 5000 / 4999)
    halves = np.concatenate([rng.random((400, 3000)) < p for p in (0.4, 0.6)], axis=1)
    assert measures.over_dispersion(halves) == pytest.approx(0.96 + 400 * 0.01 / 0.25, rel=0.02)


def test_over_dispersion_needs_something_to_vary():
    with pytest.raises(ValueError, match=r"\[runs, examples\], 2 of each or more; got \[5\]"):
        measures.over_dispersion(np.ones(5))
    with pytest.raises(ValueError, match="nothing varies; the mean accuracy is 1"):
        measures.over_dispersion(np.ones((3, 5)))


def test_m_coherence_of_equal_and_of_orthogonal_gradients():
    module = nn.Linear(6, 3, bias=False)
    x, y = torch.eye(6), torch.arange(6) % 3
    module.weight.data.zero_()  # the same length for all: orthogonal inputs make orthogonal gradients
    assert measures.m_coherence(module, x, y) == pytest.approx(1)
    assert measures.m_coherence(module, x[:1].expand(6, -1), y[:1].expand(6)) == pytest.approx(6, rel=1e-5)


@pytest.mark.parametrize("architecture", [MLP(8, depth=2), CNN1D(4, depth=2)])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_m_coherence_is_what_gradients_one_by_one_give(architecture, loss):
    module = architecture.build((20,), 4, generator(0, "init"))
    x, y = torch.randn(30, 20, generator=generator(0, "test")), torch.arange(30) % 4
    gradients = []
    for i in range(30):
        module.zero_grad()
        losses(module(x[i : i + 1]), y[i : i + 1], loss).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in module.parameters()]))
    gradients = torch.stack(gradients).double()
    expected = 30 * gradients.mean(0).square().sum() / gradients.square().sum(1).mean()
    assert measures.m_coherence(module, x, y, loss) == pytest.approx(float(expected), rel=1e-4)


def test_m_coherence_sees_through_a_relu_in_place_and_leaves_no_hooks():
    module = MLP(8, depth=2).build((20,), 4, generator(0, "init"))
    x, y = torch.randn(30, 20, generator=generator(0, "test")), torch.arange(30) % 4
    expected = measures.m_coherence(module, x, y)
    for part in module:
        if isinstance(part, nn.ReLU):
            part.inplace = True
    assert measures.m_coherence(module, x, y) == pytest.approx(expected)
    assert not any(part._forward_hooks for part in module.modules())


def network(seed, depth=2):
    return MLP(3, depth).build((2,), 2, generator(seed, "init"))


def test_layers_are_numbered_from_the_input():
    module = network(0)
    assert [tuple(part.weight.shape) for part in measures.layers(module)] == [(3, 2), (3, 3), (2, 3)]


def test_with_layers_takes_weights_and_biases_from_the_source():
    module, source = network(0), network(1)
    before = [p.detach().clone() for p in module.parameters()]
    changed = list(measures.with_layers(module, source, [0, 2]).parameters())
    expected = [*list(source.parameters())[:2], *before[2:4], *list(source.parameters())[4:]]
    assert all(torch.equal(p, q) for p, q in zip(changed, expected, strict=True))
    assert all(torch.equal(p, q) for p, q in zip(module.parameters(), before, strict=True))


def test_networks_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match=r"numbered from 0 to 2; got \[3\]"):
        measures.with_layers(network(0), network(1), [3])
    for compare in (measures.distance, lambda *networks: measures.with_layers(*networks, [0])):
        with pytest.raises(ValueError, match=r"must have the same architecture.*\[3, 2\]"):
            compare(network(0), network(1, depth=3))


def test_norms_of_a_network():
    module, start = network(0), network(1)
    v, w = (torch.cat([p.detach().flatten() for p in m.parameters()]).double() for m in (module, start))
    found = measures.norms(module, start, (2,))
    assert found["distance"] == pytest.approx(float((v - w).norm()))
    assert found["frobenius"] == pytest.approx(float(v.norm()))
    matrices = [part.weight.detach().double().numpy() for part in measures.layers(module)]
    assert found["spectral"] == pytest.approx(np.prod([np.linalg.svd(m)[1][0] for m in matrices]))


def test_path_norm_by_counting_paths():
    module = network(0)
    weights = [
        np.hstack([p.weight.detach().numpy(), p.bias.detach().numpy()[:, None]]) for p in measures.layers(module)
    ]
    total = 0.0
    first, second, third = weights
    for a, b, c, d in itertools.product(range(2), range(3), range(3), range(2)):  # from an input
        total += (first[b, a] * second[c, b] * third[d, c]) ** 2
    for b, c, d in itertools.product(range(3), range(3), range(2)):  # from the first layer's constant
        total += (first[b, 2] * second[c, b] * third[d, c]) ** 2
    for c, d in itertools.product(range(3), range(2)):
        total += (second[c, 3] * third[d, c]) ** 2
    total += (third[:, 3] ** 2).sum()
    assert measures.path_norm(module, (2,)) == pytest.approx(np.sqrt(total))


def test_path_norm_of_a_convolution_counts_every_window():
    conv, linear = nn.Conv1d(1, 1, 2, bias=False), nn.Linear(2, 1, bias=False)
    conv.weight.data, linear.weight.data = torch.tensor([[[2.0, -3.0]]]), torch.tensor([[5.0, 7.0]])
    module = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), linear)
    assert measures.path_norm(module, (1, 3)) == pytest.approx(np.sqrt((4 + 9) * (25 + 49)))


def test_path_norm_does_not_change_when_units_are_rescaled():
    module = network(0)
    expected = measures.path_norm(module, (2,))
    first, second, _ = measures.layers(module)
    first.weight.data *= 4
    first.bias.data *= 4
    second.weight.data /= 4
    assert measures.path_norm(module, (2,)) == pytest.approx(expected)


def test_norms_of_paths_and_spectra_refuse_other_parts():
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    for norm in (lambda: measures.path_norm(module, (2,)), lambda: measures.spectral_product(module)):
        with pytest.raises(ValueError, match="the network also has Tanh"):
            norm()


class Doubled(nn.Linear):
    """A layer of one's own that does more than its kind."""

    def forward(self, x):
        return super().forward(x) + 0.5 * super().forward(x.square())


class Twice(nn.Module):
    """A network that uses one layer's weights a second time."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.last(torch.nn.functional.linear(self.first(x).relu(), self.first.weight))


def test_coherence_of_networks_that_do_more_than_their_layers_say():
    torch.manual_seed(0)
    x, y = torch.randn(12, 6), torch.arange(12) % 3
    tied = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))
    tied[2].weight = tied[0].weight
    frozen = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))
    frozen[0].requires_grad_(False)
    for module in (nn.Sequential(Doubled(6, 6), nn.ReLU(), nn.Linear(6, 3)), Twice(), tied):
        gradients = []
        for one, label in zip(x, y, strict=True):
            loss = torch.nn.functional.cross_entropy(module(one[None]), label[None])
            own = torch.autograd.grad(loss, list(module.parameters()))
            gradients.append(torch.cat([g.flatten() for g in own]))
        g = torch.stack(gradients)
        expected = len(x) * g.mean(0).square().sum() / g.square().sum(1).mean()
        assert measures.m_coherence(module, x, y) == pytest.approx(float(expected), rel=1e-4)


def test_a_measure_leaves_each_part_of_a_network_in_its_own_mode():
    module = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 3))
    module[1].eval()
    measures.m_coherence(module, torch.randn(8, 6), torch.arange(8) % 3)
    assert [part.training for part in module] == [True, False, True, True]
