"""Kernel interpolation against direct solves and closed forms."""

import math

import pytest
import torch

from overparam import data, randomness
from overparam.theory import kernels


@pytest.fixture
def points():
    g = randomness.generator(0, "points")
    return torch.randn(40, 3, generator=g), torch.randn(40, 2, generator=g)


def test_the_kernel_is_that_of_its_formula(points):
    x, _ = points
    k = kernels.gaussian_kernel(x, x[:5], 0.7)
    assert k.shape == (40, 5)
    assert k.dtype == torch.float64
    expected = math.exp(-((x[3].double() - x[1].double()) ** 2).sum().item() / (2 * 0.49))
    assert k[3, 1].item() == pytest.approx(expected)
    assert k.diagonal().tolist() == pytest.approx([1] * 5)


def test_the_interpolant_meets_its_points_and_solves_the_system(points):
    x, y = points
    f = kernels.interpolate(x, y, 1.0)
    torch.testing.assert_close(f(x), y.double(), atol=1e-9, rtol=0)
    solved = torch.linalg.solve(kernels.gaussian_kernel(x, x, 1.0), y.double())
    torch.testing.assert_close(f.coefficients, solved, atol=1e-7, rtol=1e-7)
    assert f.norm == pytest.approx(math.sqrt(torch.trace(y.double().T @ solved).item()))


def test_no_interpolant_of_the_same_kernel_has_a_smaller_norm(points):
    x, y = points
    f = kernels.interpolate(x[:20], y[:20], 1.0)
    through_more = kernels.interpolate(x, torch.cat([y[:20].double(), f(x[20:]) + 0.1]), 1.0)
    assert through_more.norm > f.norm
    through_itself = kernels.interpolate(x, torch.cat([y[:20].double(), f(x[20:])]), 1.0)
    assert through_itself.norm == pytest.approx(f.norm)


def test_one_point():
    f = kernels.interpolate(torch.zeros(1, 2), torch.tensor([[3.0]]), 2.0)
    assert f.norm == pytest.approx(3)
    assert f(torch.tensor([[2.0, 0.0]])).item() == pytest.approx(3 * math.exp(-0.5))


def test_labels_are_taken_as_vectors():
    d = data.digits(300)
    f = kernels.interpolate(d.x, d.y, 0.4 * kernels.median_distance(d.x))
    assert f(d.x).argmax(1).tolist() == d.y.tolist()
    assert (f(d.x_test).argmax(1) == d.y_test).float().mean() > 0.9


def test_median_distance():
    x = torch.tensor([[0.0], [1.0], [10.0]])
    assert kernels.median_distance(x) == pytest.approx(9)
    assert kernels.median_distance(x, most=2) == pytest.approx(1)


def test_points_that_coincide_are_said():
    x = torch.tensor([[0.0], [1.0], [1.0]])
    with pytest.raises(
        ValueError, match=r"kernel matrix of 3 examples has no Cholesky decomposition .* at bandwidth 1:"
    ):
        kernels.interpolate(x, torch.arange(3), 1.0)


@pytest.mark.parametrize("bandwidth", [0, -1, float("nan")])
def test_bandwidth_is_positive(points, bandwidth):
    with pytest.raises(ValueError, match="the bandwidth must be positive"):
        kernels.interpolate(*points, bandwidth)


def test_wavelets_respond_to_their_frequency_and_not_to_constants():
    place = torch.arange(40.0)
    slow, fast = (torch.cos(2 * torch.pi * place / period) for period in (16, 4))
    pooled = kernels.wavelet_features(5 * torch.stack([slow, fast]))
    assert pooled.shape == (2, 200)
    by_width = pooled.view(2, 5, 8 * 5).sum(2)
    assert by_width.argmax(1).tolist() == [4, 0]  # the widest wavelets answer the slow wave, the narrowest the fast one
    assert kernels.wavelet_features(torch.full((1, 40), 7.0)).abs().max() == 0


def test_wavelets_move_along_with_a_signal():
    signal = torch.randn(1, 40, generator=torch.Generator().manual_seed(0))
    here, moved = (kernels.wavelet_features(x, largest=True).view(40, 5) for x in (signal, signal.roll(8, 1)))
    torch.testing.assert_close(moved, here.roll(1, 1))
    assert (here >= kernels.wavelet_features(signal).view(40, 5)).all()


@pytest.mark.parametrize(("samples", "pool"), [(40, 7), (16, 8)])
def test_wavelets_need_fitting_signals(samples, pool):
    with pytest.raises(ValueError, match=f"whose number pool={pool} divides; got {samples}"):
        kernels.wavelet_features(torch.zeros(2, samples), pool)
