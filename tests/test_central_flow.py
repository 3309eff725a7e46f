"""Central flows on valleys whose oscillations are known in closed form, and against the gradient descent that they predict."""

import numpy as np
import pytest
import torch

from overparam.theory import backward_error
from overparam.theory.central_flow import (
    _covariance,
    _derivatives,
    central_flow,
    compare,
    compare_all,
    random_weights,
    tanh_network,
    top_eigenpairs,
)


def bent(theta):
    """A valley along (a, b) of curvature 1 + a − b/2 across, and downhill along a and b to where that is 3."""
    a, b, across = theta
    return (1 + a - b / 2) * across**2 / 2 + (a - 2.5) ** 2 / 100 + (b - 1) ** 2 / 100


def pair(theta):
    """Two independent valleys of curvatures 1 + a and 0.9 + b across; with steps of size 1 the variances there are 0.1 and 0.08."""
    a, b, one, other = theta
    return (1 + a) * one**2 / 2 + (0.9 + b) * other**2 / 2 + ((a - 2) ** 2 + 0.8 * (b - 2.1) ** 2) / 40


def rotated(function, size):
    """The function of a rotated θ, and the rotation."""
    turn = np.linalg.qr(np.random.default_rng(3).standard_normal((size, size)))[0]
    return backward_error.landscape(lambda theta: function(torch.as_tensor(turn) @ theta)), turn


def test_below_the_edge_it_is_gradient_flow():
    loss = backward_error.landscape(bent)
    central = central_flow(loss, np.array([0, 0, 0.1]), 0.2, 10, substeps=50, directions=1)
    expected = backward_error.flow(loss.gradient, [0, 0, 0.1], 0.2 * np.arange(11))
    assert central.weights == pytest.approx(expected, abs=2e-4)
    assert np.linalg.norm(central.weights[-1] - central.weights[0]) > 0.1
    assert not central.variance.any()
    assert (central.predicted_loss == central.loss).all()
    assert central.sharpness[0] < central.sharpness[-1] < 2 / 0.2


def test_it_predicts_gradient_descent_at_the_edge():
    loss, turn = rotated(bent, 3)
    central = central_flow(loss, turn.T @ [0.9, 0, 0], 1.0, 200, substeps=2, directions=1)
    reached = np.argmax(central.sharpness > 1.9999)
    assert 0 < reached < 20
    assert central.sharpness[reached:] == pytest.approx(2, abs=1e-4)

    # Descent starts at this point with the oscillation that the flow has there, and is averaged over pairs of steps.
    at_edge = central.weights[reached] + turn.T @ [0, 0, central.variance[reached + 1] ** 0.5]
    path = backward_error.descend(loss.gradient, at_edge, 1.0, 200 - reached)
    pairs = np.stack([path[:-1], path[1:]])
    losses = np.array([loss.loss(theta) for theta in path])
    observed = (losses[:-1] + losses[1:]) / 2
    predicted = (central.predicted_loss[reached:-1] + central.predicted_loss[reached + 1 :]) / 2
    assert observed[5:] == pytest.approx(predicted[5:], rel=0.02)
    assert central.predicted_loss[-1] < 0.8 * central.predicted_loss[reached + 5]  # there is a curve to predict
    assert np.abs(pairs.mean(0)[5:] - central.weights[reached + 5 : -1]).max() < 0.02
    straight = backward_error.flow(loss.gradient, central.weights[reached], [200.0 - reached])[0]
    assert np.linalg.norm(straight - central.weights[-1]) > 0.5
    across = (pairs @ turn.T)[..., 2]
    assert np.square(across).mean(0)[5:] == pytest.approx(central.variance[reached + 5 : -1], rel=0.05)


def test_two_directions_at_the_edge_at_once():
    loss, turn = rotated(pair, 4)
    central = central_flow(loss, turn.T @ [0.8, 0.7, 0, 0], 1.0, 60, substeps=2)
    assert central.eigenvalues[-1] == pytest.approx([2, 2], abs=1e-5)
    assert central.variance[-1] == pytest.approx(0.1 + 0.08, rel=1e-4)


@pytest.fixture
def network():
    """The squared loss of a network 2-3-1 with 9 weights."""
    rng = np.random.default_rng(0)
    x, y = torch.as_tensor(rng.standard_normal((10, 2))), torch.as_tensor(rng.standard_normal(10))
    return backward_error.landscape(lambda w: (torch.tanh(x @ w[:6].view(2, 3)) @ w[6:] - y).square().mean())


def test_it_follows_the_eigenvectors_where_they_turn(network):
    central = central_flow(network, np.random.default_rng(1).standard_normal(9), 0.1, 60, substeps=2)
    (_, before), (values, after) = (top_eigenpairs(network, central.weights[t], 2) for t in (0, -1))
    assert abs(before[:, 0] @ after[:, 0]) < 0.9
    assert central.eigenvalues[-1] == pytest.approx(values, rel=0.01)


def test_derivatives_by_differences(network):
    rng = np.random.default_rng(2)
    theta, along = rng.standard_normal(9), rng.standard_normal(9)
    basis = np.linalg.qr(rng.standard_normal((9, 2)))[0]

    def hessian(at):
        return np.stack([network.hessian_product(at, u) for u in basis.T], axis=1)

    gradient, products, slopes = _derivatives(network, theta, basis)
    assert gradient == pytest.approx(network.gradient(theta))
    assert products == pytest.approx(hessian(theta), abs=1e-4)
    change = basis.T @ (hessian(theta + 1e-4 * along) - hessian(theta - 1e-4 * along)) / 2e-4
    assert slopes @ along == pytest.approx(change, abs=1e-4)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_covariance_is_complementary_to_what_remains_of_the_growth(k):
    rng = np.random.default_rng(k)
    for _ in range(20):
        slopes = rng.standard_normal((k, k, 30))
        slopes = slopes + slopes.swapaxes(0, 1)
        growth = rng.standard_normal((k, k)) + 0.5 * np.eye(k)
        growth = growth + growth.T
        x = _covariance(slopes, growth)
        remains = np.einsum("ijp,klp,kl->ij", slopes, slopes, x) / 2 - growth
        assert np.linalg.eigvalsh(x)[0] > -1e-12
        assert np.linalg.eigvalsh(remains)[0] > -1e-6
        assert abs(np.sum(x * remains)) < 1e-6
        if k == 1:
            assert x == pytest.approx((2 * growth / np.sum(slopes**2)).clip(0), rel=1e-6)


def test_top_eigenpairs():
    matrix = np.random.default_rng(0).standard_normal((12, 12))
    matrix = matrix + matrix.T
    loss = backward_error.landscape(lambda theta: theta @ torch.as_tensor(matrix) @ theta / 2)
    values, vectors = top_eigenpairs(loss, np.ones(12), 3)
    expected = np.linalg.eigvalsh(matrix)[::-1][:3]
    assert values == pytest.approx(expected, rel=1e-6)
    assert matrix @ vectors == pytest.approx(vectors * values, abs=1e-4)


def test_what_it_refuses():
    loss = backward_error.landscape(bent)
    with pytest.raises(ValueError, match=r"below 2/step = 1\.6; it is 1\.9"):
        central_flow(loss, np.array([0.9, 0, 0]), 1.25, 10)
    with pytest.raises(ValueError, match="directions must be a whole number of at least 1, 2 at most"):
        central_flow(loss, np.array([0.9, 0, 0]), 0.5, 10, directions=3)
    with pytest.raises(ValueError, match="step must be above 0"):
        central_flow(loss, np.array([0.9, 0, 0]), 0, 10)


def test_the_comparison_is_of_three_paths_from_one_start():
    loss, start = backward_error.landscape(bent), np.array([0.9, 0, 0.05])
    table = compare(loss, start, 1.0, 60)
    descent = backward_error.descend(loss.gradient, start, 1.0, 60)
    straight = backward_error.flow(loss.gradient, start, np.arange(61.0), tolerance=1e-7)
    central = central_flow(loss, start, 1.0, 60, substeps=2, directions=2)
    assert table.descent.tolist() == [loss.loss(theta) for theta in descent]
    assert table.gradient_flow.tolist() == [loss.loss(theta) for theta in straight]
    assert table.prediction.tolist() == central.predicted_loss.tolist()
    assert table.sharpness.tolist() == central.sharpness.tolist()
    assert table.to_central_flow.iloc[-1] == pytest.approx(np.linalg.norm(descent[-1] - central.weights[-1]), rel=1e-12)
    assert table.to_gradient_flow.iloc[-1] == pytest.approx(np.linalg.norm(descent[-1] - straight[-1]), rel=1e-12)


@pytest.fixture
def signals():
    """Inputs and targets of ten examples, and weights with biases for a network 4-3-5-2."""
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((10, 4)), rng.standard_normal((10, 2))
    return x, y, random_weights([4, 3, 5, 2], rng) + 0.1 * rng.standard_normal(47)


def test_a_tanh_network_and_its_derivatives_are_those_of_autograd(signals):
    x, y, theta = signals

    def loss(weights):
        w1, b1, w2, b2, w3, b3 = weights.split([12, 3, 15, 5, 10, 2])
        hidden = torch.tanh(torch.as_tensor(x) @ w1.view(4, 3) + b1)
        outputs = torch.tanh(hidden @ w2.view(3, 5) + b2) @ w3.view(5, 2) + b3
        return (outputs - torch.as_tensor(y)).square().sum(1).mean() / 2

    expected, network = backward_error.landscape(loss), tanh_network(x, y, [3, 5])
    along = np.random.default_rng(5).standard_normal(47)
    assert network.loss(theta) == pytest.approx(expected.loss(theta), rel=1e-12)
    assert network.gradient(theta) == pytest.approx(expected.gradient(theta), rel=1e-10, abs=1e-13)
    product = expected.hessian_product(theta, along)
    assert network.hessian_product(theta, along) == pytest.approx(product, rel=1e-10, abs=1e-13)


def test_a_tanh_network_needs_a_target_for_each_input(signals):
    x, y, _ = signals
    with pytest.raises(ValueError, match="Each input needs a target; got 10 and 9"):
        tanh_network(x, y[1:], [3])


def test_random_weights_have_the_variance_of_their_fan_in_and_biases_are_zero():
    theta = random_weights([400, 100, 2], np.random.default_rng(0))
    assert len(theta) == 400 * 100 + 100 + 100 * 2 + 2
    assert theta[:40_000].std() == pytest.approx(1 / 20, rel=0.02)
    assert theta[40_100:40_300].std() == pytest.approx(1 / 10, rel=0.2)
    assert not theta[40_000:40_100].any()
    assert not theta[-2:].any()


def test_several_networks_side_by_side_are_compared_as_each_alone(signals):
    x, y, theta = signals
    networks = [(tanh_network(x, y, [3, 5]), theta), (tanh_network(2 * x, y, [3, 5]), 0.9 * theta)]
    found = compare_all(networks, 0.1, 20)
    assert [len(table) for table in found] == [21, 21]
    for table, network in zip(found, networks, strict=True):
        alone = compare(*network, 0.1, 20)
        assert table.to_numpy() == pytest.approx(alone.to_numpy(), rel=1e-9, abs=1e-12)
    assert found[0].descent[0] != found[1].descent[0]
