"""Deep networks at initialisation and smooth fits: formulas against sampling, and bounds that hold."""

import numpy as np
import pytest
import torch
from torch import nn

from overparam.randomness import generator
from overparam.theory import interpolation, smooth_fits, wide_and_deep


class Erf(nn.Module):
    """erf of each unit."""

    def forward(self, x):
        return torch.erf(x)


def test_erf_kernels_are_those_of_a_wide_network():
    torch.manual_seed(0)
    width, weight, bias = 3000, 1.5, 0.2
    x = torch.randn(3, 4, dtype=torch.float64)
    unit = x / x.norm(dim=1, keepdim=True) * 2
    kernels = wide_and_deep.erf_kernels(x, x, (0, 1), weight, bias)
    assert torch.allclose(kernels[0].outputs, weight * unit @ unit.T / 4 + bias)
    network = nn.Sequential(nn.Linear(4, width), Erf(), nn.Linear(width, 1)).double()
    for part, inputs in ((network[0], 4), (network[2], width)):
        part.weight.data.normal_(0, (weight / inputs) ** 0.5)
        part.bias.data.normal_(0, bias**0.5)
    # With standard weights the gradient of a layer's weights is √(inputs/weight) times that of the kernel's parametrization.
    first, second = network[0], network[2]
    hidden, before = torch.erf(first(unit)), first(unit)
    slope = 2 / np.pi**0.5 * torch.exp(-before.square())
    back = slope * second.weight[0]
    from_first = (back @ back.T) * (weight * unit @ unit.T / 4 + bias)
    from_second = weight * hidden @ hidden.T / width + bias
    assert torch.allclose(from_second, kernels[1].outputs, atol=0.06)
    assert torch.allclose(from_first + from_second, kernels[1].tangent, atol=0.15)


def test_condition_numbers_and_mean_predictions_by_hand():
    assert wide_and_deep.condition_number(torch.diag(torch.tensor([1.0, 4.0]))) == pytest.approx(4)
    assert wide_and_deep.condition_number(torch.ones(2, 2) - 2 * torch.eye(2)) == np.inf
    kernel = torch.tensor([[2.0, 0.0], [0.0, 4.0], [1.0, 1.0]], dtype=torch.float64)
    found = wide_and_deep.mean_prediction(kernel, torch.tensor([[2.0], [8.0]]))
    assert found.item() == pytest.approx(3)


@pytest.mark.parametrize("kind", ["linear", "relu"])
def test_drawing_layers_is_drawing_matrices(kind):
    for weights, networks in ((False, 60_000), (True, 30_000)):
        values = wide_and_deep.kernel_values(kind, 8, 3, networks, 0, weights)
        assert values.shape == (4, networks)
        assert values[-1].mean() == pytest.approx(1, abs=0.04)
        first = values[1].var() / values[1].mean() ** 2
        assert first == pytest.approx(wide_and_deep.relative_variance(kind, 8, 1), rel=0.05)
        second = values[2].var() / values[2].mean() ** 2
        assert second == pytest.approx(wide_and_deep.relative_variance(kind, 8, 2), rel=0.15)


def test_tanh_layers_are_those_of_a_wide_network_and_of_matrices():
    g = torch.from_numpy(np.linspace(-8, 8, 4001))
    density = (-(g**2) / 2).exp() / (2 * np.pi) ** 0.5
    first = torch.trapezoid(g.tanh() ** 2 * density, g)
    second = torch.trapezoid((g * first.sqrt()).tanh() ** 2 * density, g)
    values = wide_and_deep.kernel_values("tanh", 2000, 2, 50, 0).mean(1)
    assert values == pytest.approx([1, first.item(), second.item()], rel=0.01)
    drawn, multiplied = (wide_and_deep.kernel_values("tanh", 8, 3, 30_000, 0, weights)[-1] for weights in (False, True))
    assert drawn.mean() == pytest.approx(multiplied.mean(), rel=0.02)
    assert drawn.var() == pytest.approx(multiplied.var(), rel=0.06)


def test_the_variance_after_one_and_two_layers_by_hand():
    assert wide_and_deep.relative_variance("linear", 10, 1) == pytest.approx(0.2)
    assert wide_and_deep.relative_variance("relu", 10, 2) == pytest.approx(1.25)
    assert wide_and_deep.relative_variance("relu", 10, 0) == 0


@pytest.fixture(scope="module")
def world():
    d, n, p = 6, 40, 90
    x = torch.from_numpy(interpolation.sphere(n, d - 1, 0))
    y = torch.randint(0, 2, (n,), generator=generator(0, "signs")) * 2.0 - 1
    return x, y, torch.from_numpy(interpolation.sphere(p, d - 1, 1))


def test_means_over_the_sphere_are_those_of_many_points(world):
    x, _, directions = world
    d = x.shape[1]
    at = torch.from_numpy(interpolation.sphere(100_000, d - 1, 2))
    covariance, gradients, mean = smooth_fits.moments(directions)
    features = (d**0.5 * at @ directions.T).relu()
    assert features.mean().item() == pytest.approx(mean, abs=2e-3)
    assert torch.allclose(torch.cov(features.T), covariance, atol=6e-3)
    active = (features > 0).double()
    sampled = d * (active.T @ active / len(at)) * (directions @ directions.T) - features.T @ features / len(at)
    assert torch.allclose(sampled, gradients, atol=0.03)


def test_fits_pass_through_the_labels_and_no_other_is_smoother_or_shorter(world):
    x, y, directions = world
    found = smooth_fits.fits(x, y, directions)
    features = (6**0.5 * x @ directions.T).relu()
    for theta in found.weights:
        residual = y.double() - features @ theta
        assert torch.allclose(residual, residual.mean(), atol=1e-8)  # the intercept
    assert found.bound < found.smoothest < found.shortest
    assert found.weights[1].norm() < found.weights[0].norm()
    at = torch.from_numpy(interpolation.sphere(50_000, x.shape[1] - 1, 3))
    for theta, root in zip(found.weights, (found.smoothest, found.shortest), strict=True):
        assert smooth_fits.slopes(at, directions, theta).square().mean().sqrt().item() == pytest.approx(root, rel=0.02)
    _, gradients, _ = smooth_fits.moments(directions)
    centred = features - features.mean(0)
    null = torch.linalg.svd(centred)[2][len(x) :]  # directions that change no residual
    for step in null[:5]:
        other = found.weights[0] + 0.1 * step
        assert (other @ gradients @ other).sqrt() >= found.smoothest - 1e-9


def test_the_steps_of_the_bound_are_inequalities_and_nearly_sharp(world):
    x, _, directions = world
    gram, rough = smooth_fits.steps(x, directions)
    assert gram == pytest.approx(1, abs=1e-9)
    assert 1 <= rough < 1.15
    covariance, gradients, _ = smooth_fits.moments(directions)
    theta = torch.randn(100, len(directions), dtype=torch.float64, generator=generator(0, "combinations"))
    ratios = ((theta @ gradients) * theta).sum(1) / ((theta @ covariance) * theta).sum(1) / (x.shape[1] - 1)
    assert ratios.min() >= rough


def test_slopes_are_gradients(world):
    x, _, directions = world
    theta, at = torch.linspace(-1, 1, len(directions), dtype=torch.float64), x[:5].clone().requires_grad_()
    ((6**0.5 * at @ directions.T).relu() @ theta).sum().backward()
    expected = (at.grad - (at.grad * at).sum(1, keepdim=True) * at).norm(dim=1)
    assert torch.allclose(smooth_fits.slopes(x[:5], directions, theta), expected.detach())


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x, y, w: smooth_fits.fits(x, y, w[:20]), "20 features cannot fit 40 labels"),
        (lambda x, y, w: smooth_fits.fits(x, y[:3], w), "one label for each of 40"),
        (lambda x, y, w: wide_and_deep.erf_kernels(x, x, (1,), -1, 0), "weight is positive"),
        (lambda x, y, w: wide_and_deep.kernel_values("erf", 8, 1, 5, 0), "'tanh' or 'relu'"),
    ],
)
def test_what_cannot_be_is_said(world, call, says):
    with pytest.raises(ValueError, match=says):
        call(*world)
