"""Tangent kernels against derivatives, and training against what theory says of it."""

import pytest
import torch

from overparam import randomness
from overparam.architectures.stacked import MLP
from overparam.theory import kernels, tangent


class Module(torch.nn.Module):
    """One of the two-layer networks as a module."""

    def __init__(self, network):
        super().__init__()
        self.first, self.second = torch.nn.Parameter(network.first[0]), torch.nn.Parameter(network.second[0])

    def forward(self, x):
        return tangent.TwoLayer(self.first, self.second)(x)[:, None]


@pytest.fixture
def problem():
    g = randomness.generator(0, "problem")
    x = torch.randn(2, 12, 5, generator=g, dtype=torch.float64)
    return tangent.two_layer(40, 5, [0, 1], torch.float64), x, x[..., :2].prod(-1)


def test_networks_start_at_zero_and_differ_by_seed(problem):
    network, x, _ = problem
    assert network(x).abs().max() < 1e-12
    assert not torch.equal(network.first[0], network.first[1])
    again = tangent.two_layer(40, 5, [1], torch.float64)
    torch.testing.assert_close(again.first[0], network.first[1])


def test_an_odd_width_has_no_pairs():
    with pytest.raises(ValueError, match="even"):
        tangent.two_layer(5, 3, [0])


def test_the_closed_form_is_the_kernel_of_the_gradients(problem):
    network, x, _ = problem
    expected = tangent.tangent_kernel(Module(network), x[0], x[0, :4])[..., 0, 0]
    torch.testing.assert_close(tangent.kernel(network, x, x[:, :4])[0], expected.detach())
    torch.testing.assert_close(tangent.kernel(network, x), tangent.kernel(network, x).mT)


def test_the_kernel_of_a_wide_network_is_near_its_limit(problem):
    _, x, _ = problem
    limit = tangent.limit_kernel(x[0], x[0])
    off = [
        (tangent.kernel(tangent.two_layer(H, 5, range(20), torch.float64), x[0]) - limit).square().mean()
        for H in (100, 10_000)
    ]
    assert off[1] < 0.05 * off[0]
    assert (limit - kernels.relu_kernel(x[0], x[0])).diagonal() == pytest.approx(x[0].square().sum(1) / 10)


def test_a_step_on_small_scales_and_large_ones_moves_the_outputs_alike(problem):
    network, x, y = problem
    K = tangent.kernel(network, x)
    expected = (K @ y[..., None])[..., 0] / torch.linalg.matrix_norm(K)[:, None]
    for scale in (1e3, 1e5):
        one = tangent.descend(network, x, y, scale, most=1)
        torch.testing.assert_close(scale * one.network(x), expected, atol=20 / scale, rtol=0)
        assert one.steps.tolist() == [1, 1]


def test_a_large_scale_ends_at_kernel_regression(problem):
    network, x, y = problem
    new = torch.randn(2, 7, 5, generator=randomness.generator(1, "new"), dtype=torch.float64)
    end = tangent.descend(network, x, y, 1e4, stop_loss=1e-16, most=20_000)
    assert end.loss.max() < 1e-15
    expected = tangent.kernel(network, new, x) @ torch.linalg.solve(tangent.kernel(network, x), y)[..., None]
    torch.testing.assert_close(1e4 * end.network(new), expected[..., 0], atol=1e-2, rtol=0)


def test_each_network_stops_by_itself(problem):
    network, x, y = problem
    both = tangent.descend(network, x, y, stop_loss=1e-4)
    alone = tangent.descend(tangent.TwoLayer(network.first[1:], network.second[1:]), x[1:], y[1:], stop_loss=1e-4)
    assert both.loss.max() < 1e-4
    assert both.steps[0] != both.steps[1] == alone.steps[0]
    torch.testing.assert_close(alone.network.first[0], both.network.first[1])


def test_small_scales_move_more(problem):
    network, x, y = problem
    moved = [tangent.moved(network, tangent.descend(network, x, y, a, 0.01).network, x) for a in (100, 1, 0.05)]
    for name in ("distance", "weights", "kernel"):
        values = [each[name].mean() for each in moved]
        assert values == sorted(values)
    still = tangent.moved(network, network, x)
    assert still["kernel"].tolist() == still["distance"].tolist() == [0, 0]


def test_what_cannot_be_trained_is_refused(problem):
    network, x, y = problem
    with pytest.raises(ValueError, match="positive"):
        tangent.descend(network, x, y, 0)
    with pytest.raises(ValueError, match="same rows"):
        tangent.descend(network, x, y[:, :3])


def test_the_kernel_of_a_module_with_several_outputs():
    net = MLP(6, depth=2).build((4,), 3, randomness.generator(0, "net")).double()
    x = torch.randn(3, 4, dtype=torch.float64, generator=randomness.generator(0, "x"))
    K = tangent.tangent_kernel(net, x)
    assert K.shape == (3, 3, 3, 3)
    gradients = [torch.autograd.grad(net(x)[i, p], list(net.parameters())) for i, p in ((0, 1), (2, 0))]
    expected = sum((a * b).sum() for a, b in zip(*gradients, strict=True))
    assert K[0, 2, 1, 0].item() == pytest.approx(expected.item())
    with pytest.raises(ValueError, match="parameters"):
        tangent.tangent_kernel(torch.nn.ReLU(), x)


def test_a_linearized_network_is_linear_and_touches_its_own(problem):
    net = MLP(8).build((5,), 1, randomness.generator(0, "net")).double()
    line, x = tangent.linearized(net), problem[1][0]
    torch.testing.assert_close(line(x), net(x))
    start = [w.detach().clone() for w in line.parameters()]
    values = []
    with torch.no_grad():
        for _ in range(3):
            values.append(line(x))
            for w, first in zip(line.parameters(), start, strict=True):
                w += torch.ones_like(first)
    torch.testing.assert_close(values[2] - values[1], values[1] - values[0])
    torch.testing.assert_close(line(x) - values[0], 3 * (values[1] - values[0]))
    for w, first in zip(net.parameters(), start, strict=True):
        torch.testing.assert_close(w.detach(), first)


def test_steps_of_a_linearized_network_are_those_of_the_formula(problem):
    _, x, y = problem
    net = MLP(16).build((5,), 1, randomness.generator(0, "net")).double()
    K = tangent.tangent_kernel(net, x[0])[..., 0, 0]
    h = 1 / torch.linalg.eigvalsh(K)[-1].item()
    line = tangent.fit(tangent.linearized(net), x[0], y[0, :, None], h, 30)
    rest = torch.linalg.matrix_power(torch.eye(12).double() - h * K, 30) @ (net(x[0]) - y[0, :, None])
    torch.testing.assert_close(line(x[0]) - y[0, :, None], rest, atol=1e-10, rtol=0)
    with pytest.raises(ValueError, match="shape"):
        tangent.fit(net, x[0], y[0], h, 1)
