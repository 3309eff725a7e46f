"""Information in layers: counts that are known by hand, and training that equals plain PyTorch."""

import numpy as np
import pandas as pd
import pytest
import torch

from overparam.measures import information
from overparam.theory import phases


def test_the_identity_tells_three_bits_of_eight_patterns_and_a_constant_none():
    patterns = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    labels = np.arange(8) % 2  # the last bit
    edges = information.bin_edges(patterns, 30)
    assert information.binned(patterns, labels, edges) == pytest.approx((3, 1))
    assert information.binned(patterns[:, :2], labels, edges) == pytest.approx((2, 0))
    assert information.binned(patterns[:, 2:], labels, edges) == pytest.approx((1, 1))
    assert information.binned(np.zeros((8, 3)), labels, edges) == pytest.approx((0, 0))


def test_bins_lump_together_what_lies_in_one():
    units = np.linspace(-1, 1, 64, endpoint=False)[:, None]
    labels = np.repeat([0, 1], 32)
    assert information.binned(units, labels, information.bin_edges(units, 4)) == pytest.approx((2, 1))
    assert information.binned(units, labels, information.bin_edges(units, 64)) == pytest.approx((6, 1))
    squeezed = units**9  # what saturates or shrinks falls into few equal bins, and into as many equally full ones
    assert information.binned(squeezed, labels, information.bin_edges(squeezed, 4))[0] < 1.5
    quantiles = information.bin_edges(squeezed, 4, "quantile")
    assert information.binned(squeezed, labels, quantiles) == pytest.approx((2, 1))


def test_without_bins_only_equal_rows_fall_together():
    units = np.random.default_rng(0).standard_normal((64, 5)) * 1e-9
    labels = np.arange(64) % 2
    assert information.binned(units, labels, None) == pytest.approx((6, 1))
    units[:32] = 0.0  # as where all units of a ReLU layer are silent
    assert information.binned(units, labels, None)[0] == pytest.approx(
        0.5 * 6 + 0.5 * 1
    )  # 32 rows alone, 32 in one place


def test_many_units_of_many_bins_are_counted_as_rows():
    units = np.random.default_rng(0).integers(0, 3, (500, 40))
    units[250:] = units[:250]
    expected = np.log2(len(np.unique(units, axis=0)))
    found = information.binned(units, np.zeros(500), np.linspace(-0.5, 2.5, 2000))
    assert found == pytest.approx((expected, 0))


def test_the_noisy_bound_of_points_far_apart_and_of_equal_ones():
    far = 100.0 * torch.eye(16)
    assert information.noisy(far, 0.1) == pytest.approx(4, abs=1e-6)
    assert information.noisy(torch.ones(16, 3), 0.1) == 0
    pairs = torch.tensor([[0.0], [0.0], [50.0], [50.0]])
    assert information.noisy(pairs, 1.0) == pytest.approx(1, abs=1e-6)
    two = information.noisy(torch.tensor([[0.0], [1.0]]), 0.5)  # 1 - log2(1 + e^-1)
    assert two == pytest.approx(1 - np.log2(1 + np.exp(-1)), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: information.bin_edges(np.ones((3, 1)), 1), "bins"),
        (lambda: information.bin_edges(np.ones((3, 1)), 3, "wide"), "'fixed' or 'quantile'"),
        (lambda: information.bin_edges(np.ones((3, 1)), 3, "fixed", 1, 0), "from low to high"),
        (lambda: information.binned(np.ones((3, 1)), np.ones(4), [0]), "3 examples and 4 labels"),
        (lambda: information.noisy(torch.ones(3, 1), 0), "must be positive"),
        (lambda: phases.Stacked("sigmoid", [0]), "it is one of tanh, relu"),
    ],
)
def test_what_cannot_be_is_said(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_the_rule_is_nearly_deterministic_balanced_and_its_own_for_each_seed():
    first, second = phases.labels(0), phases.labels(1)
    assert 0.45 < first.mean() < 0.55
    assert 0.2 < (first != second).mean() < 0.8
    sharp = phases.labels(0, gain=1e9)
    assert 0 < (first != sharp).mean() < 0.1
    assert sharp.mean() == 0.5
    assert len(np.unique(phases.patterns(), axis=0)) == 4096


class Sign(torch.autograd.Function):
    """A sign that is the identity between −1 and 1 backwards."""

    @staticmethod
    def forward(ctx, values):
        ctx.save_for_backward(values)
        return torch.where(values < 0, -1.0, 1.0)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * (ctx.saved_tensors[0].abs() <= 1)


@pytest.mark.parametrize("batch_size", [None, 500])
@pytest.mark.parametrize("kind", phases.KINDS)
def test_a_stack_trains_as_each_network_would_alone(kind, batch_size):
    epochs, seeds, hidden = 2, (3, 8), (10, 7, 5)
    history = phases.trained(kind, seeds, epochs, (0, epochs), batch_size=batch_size, hidden=hidden)
    assert history.epochs == (0, epochs)
    start, table = phases.Stacked(kind, seeds, hidden=hidden), torch.from_numpy(phases.patterns()).float()
    activation = {"tanh": torch.tanh, "relu": torch.relu, "linear": lambda x: x, "binary": Sign.apply}[kind]
    for who, seed in enumerate(seeds):
        weights = [w[who].clone().requires_grad_() for w in start.weights]
        biases = [torch.zeros(len(w), requires_grad=True) for w in weights]

        def layers(x, weights=weights, biases=biases):
            found = [x]
            for weight, bias in zip(weights, biases, strict=True):
                used = Sign.apply(weight) if kind == "binary" else weight
                sums = found[-1] @ used.T * (weight.shape[1] ** -0.5 if kind == "binary" else 1) + bias
                found.append(sums if len(found) == len(weights) else activation(sums))
            return found[1:]

        y, draw = torch.from_numpy(phases.labels(seed)), phases.generator(seed, "order of twelve bits")
        old = torch.randperm(4096, generator=draw)[: round(0.8 * 4096)]
        optimizer = torch.optim.SGD([*weights, *biases], lr=0.1, momentum=0.9)
        for _ in range(epochs):
            shuffled = old[torch.randperm(len(old), generator=draw)] if batch_size else old
            size = batch_size or len(old)
            for first in range(0, len(old) - size + 1, size):
                batch = shuffled[first : first + size]
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(layers(table[batch])[-1], y[batch]).backward()
                optimizer.step()
                if kind == "binary":
                    [weight.data.clamp_(-1, 1) for weight in weights]
        with torch.no_grad():
            *inside, logits = layers(table)
        wrong = (logits.argmax(1) != y).double()
        for found, expected in zip(history.layers[-1], inside, strict=True):
            if kind == "binary":  # rounding can turn a sign
                assert np.mean(expected.numpy() != found[who].T) < 0.01
            else:
                np.testing.assert_allclose(found[who].T, expected, atol=2e-4)
        assert abs(history.train_error[-1][who] - 100 * wrong[old].mean()) < 0.5


def test_no_relu_begins_silent():
    history = phases.trained("relu", range(30), 1, (0,))
    assert all((layer > 0).mean(2).min() > 0.3 for layer in history.layers[0])


def test_binary_layers_are_signs():
    history = phases.trained("binary", [0, 1], 1, (0, 1), hidden=(8, 5))
    assert history.hidden == (8, 5)
    assert all(set(np.unique(layer)) <= {-1, 1} for layer in history.layers[-1])
    table = phases.plane(history)
    assert set(table.layer) == {8, 5}
    assert (table.inputs <= table.layer + 1e-9).all(), "n signs hold n bits at most"


def test_the_plane_obeys_the_data_processing_inequality():
    history = phases.trained("binary", [0], 1, (0, 1))
    for _, rows in phases.plane(history).groupby("epoch"):
        assert (np.diff(rows.inputs) <= 1e-9).all()
        assert (np.diff(rows.labels) <= 1e-9).all()
        assert (rows.labels <= rows.inputs + 1e-9).all()


def test_eleven_seeds_go_through_in_two_parts_and_are_what_they_are_alone():
    many = phases.followed("tanh", range(11), 1, (0, 1), (*phases.SCHEMES, 30))
    alone = phases.followed("tanh", [10], 1, (0, 1), ("fixed",))
    assert len(many) == 6 * 11 * 2 * 5
    exact = many[many.scheme == "exact"].inputs.to_numpy()
    for scheme in ("fixed", "moving", "quantile"):
        assert (many[many.scheme == scheme].inputs.to_numpy() <= exact + 1e-9).all(), "bins tell less than values"
    assert exact == pytest.approx(12, abs=0.01)
    assert many.inputs[many.scheme == 30].tolist() == many.inputs[many.scheme == "fixed"].tolist()
    own = many[(many.seed == 10) & (many.scheme == "fixed") & (many.epoch == 0)].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone[alone.epoch == 0].reset_index(drop=True), check_dtype=False)
    assert many[many.scheme == "noise"].inputs.max() <= 8
    assert many[many.scheme == "noise"].labels.isna().all()


def test_turns_of_a_course_by_hand():
    rows = [("tanh", "fixed", 7, e, 3, i, y) for e, i, y in ((0, 1, 0), (10, 4, 0.6), (40, 2.5, 0.8))]
    table = pd.DataFrame(rows, columns=["kind", "scheme", "seed", "epoch", "layer", "inputs", "labels"])
    found = phases.turns(table, (3,)).loc[7]
    assert found.to_dict() == pytest.approx({"rises": 3, "falls": 1.5, "during": 3, "first": 75, "later": 75})
