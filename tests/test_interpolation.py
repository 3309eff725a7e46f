"""What interpolation costs, against closed forms and direct computation."""

import math
import re

import numpy as np
import pytest
import torch

from overparam.theory import interpolation, kernels


@pytest.fixture
def points():
    g = np.random.default_rng(0)
    return g.random((30, 2)), g.choice([-1.0, 1.0], 30), g.random((7, 2))


def test_an_average_by_inverse_distance_is_that_of_its_formula(points):
    x, y, at = points
    weights = 1 / np.linalg.norm(at[:, None] - x, axis=2) ** 3
    expected = weights @ y / weights.sum(1)
    np.testing.assert_allclose(interpolation.inverse_distance(x, y, at, 3), expected)
    matrix = interpolation.inverse_distance(x, np.eye(30), at, 3)
    np.testing.assert_allclose(matrix.sum(1), 1)
    np.testing.assert_allclose(matrix @ y, expected)


@pytest.mark.parametrize("power", [0.5, 2, 500])
def test_the_average_interpolates_whatever_the_power(points, power):
    x, y, _ = points
    np.testing.assert_allclose(interpolation.inverse_distance(x, y, x, power), y, atol=1e-6)


def test_with_a_large_power_it_is_the_nearest_neighbour(points):
    x, y, at = points
    nearest = np.linalg.norm(at[:, None] - x, axis=2).argmin(1)
    np.testing.assert_allclose(interpolation.inverse_distance(x, y, at, 5000), y[nearest], atol=1e-9)


def test_effective_ranks_of_a_spiked_spectrum():
    ranks = interpolation.effective_ranks([1.0] * 5 + [0.01] * 500, n=100)
    assert (ranks.k, ranks.r, ranks.R) == pytest.approx((5, 500, 500))
    assert ranks.bound(100) == pytest.approx(5 / 100 + 100 / 500)
    assert interpolation.effective_ranks([0.01] * 500 + [1.0] * 5, n=100) == pytest.approx(ranks)  # in any order
    assert interpolation.effective_ranks([1.0] * 5 + [0.01] * 500, n=100, multiple=6).k == 505


def test_effective_ranks_against_their_definition():
    spectrum, n = np.arange(1.0, 201) ** -1.5, 10
    ranks = interpolation.effective_ranks(spectrum, n)
    tails = [spectrum[k:] for k in range(200)]
    k = next(k for k, tail in enumerate(tails) if tail.sum() / tail[0] >= n)
    assert ranks.k == k
    assert pytest.approx(tails[k].sum() ** 2 / (tails[k] ** 2).sum()) == ranks.R


def test_where_no_rank_is_large_enough_nothing_is_promised():
    ranks = interpolation.effective_ranks(np.exp(-np.arange(50.0)), n=10)
    assert ranks.k == 50
    assert ranks.bound(10) == math.inf


def test_the_formula_knows_equal_variances_and_power_laws():
    assert interpolation.predicted_variance(np.full(300, 0.2), 100) == pytest.approx(100 / 200)
    power = np.arange(1.0, 200_001) ** -2.0
    assert interpolation.predicted_variance(power, 50) == pytest.approx(1, abs=0.03)
    exponential = np.exp(-np.arange(1, 301) / 5)
    assert interpolation.predicted_variance(exponential, 60) == pytest.approx(60 / 5 - 1, rel=1e-3)


def test_draws_agree_with_the_formula_and_with_fits_to_noise():
    spectrum = np.arange(1.0, 2001) ** -1.5
    drawn = interpolation.sampled_variance(spectrum, 100, range(10))
    assert drawn.mean() == pytest.approx(interpolation.predicted_variance(spectrum, 100), rel=0.05)
    x = interpolation.rng(3, 100).standard_normal((100, 2000)) * np.sqrt(spectrum)
    noise = np.random.default_rng(1).standard_normal((100, 4000))
    fitted = np.linalg.pinv(x) @ noise
    assert drawn[3] == pytest.approx((spectrum[:, None] * fitted**2).sum(0).mean(), rel=0.05)


def test_points_lie_on_the_sphere_and_favour_no_direction():
    points = interpolation.sphere(4000, 2, seed=1)
    np.testing.assert_allclose((points**2).sum(1), 1)
    np.testing.assert_allclose(points.T @ points / 4000, np.eye(3) / 3, atol=0.03)


def test_the_variance_of_a_kernel_is_that_of_its_fits_to_noise():
    x, at = (torch.from_numpy(interpolation.sphere(n, 2, s)) for n, s in ((40, 0), (30, 1)))
    gram, cross = kernels.laplace_kernel(x, x, 1.0), kernels.laplace_kernel(at, x, 1.0)
    assert gram[3, 5].item() == pytest.approx(math.exp(-(x[3] - x[5]).norm().item()))
    exact = interpolation.kernel_variance(gram, cross)
    weights = cross @ torch.linalg.inv(gram)
    assert exact == pytest.approx((weights**2).sum(1).mean().item())
    assert interpolation.kernel_variance(gram, gram) == pytest.approx(
        1
    )  # at its own points an interpolant has all the noise


def test_laplace_kernels_interpolate_linearly_between_close_points():
    x = torch.linspace(0, 1, 200)[:, None]
    middles = (x[1:] + x[:-1])[50:150] / 2
    gram, cross = kernels.laplace_kernel(x, x, 1.0), kernels.laplace_kernel(middles, x, 1.0)
    assert interpolation.kernel_variance(gram, cross) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: interpolation.inverse_distance(np.ones((3, 2)), np.ones(2), np.ones((1, 2)), 1), "one label for each"),
        (lambda: interpolation.inverse_distance(np.ones((3, 2)), np.ones(3), np.ones((1, 3)), 1), "equally many inputs"),
        (lambda: interpolation.inverse_distance(np.ones((3, 2)), np.ones(3), np.ones((1, 2)), 0), "power must be positive"),
        (lambda: interpolation.predicted_variance(np.ones(10), 10), "needs more features"),
        (lambda: interpolation.sampled_variance(np.ones(10), 10, [0]), "needs more features"),
        (lambda: interpolation.effective_ranks([1.0, 0.0], 1), "must be positive"),
        (lambda: interpolation.kernel_variance(torch.eye(3), torch.ones(2, 4)), "is [n, n]"),
        (lambda: interpolation.kernel_variance(torch.ones(3, 3), torch.ones(2, 3)), "no Cholesky decomposition"),
        (lambda: kernels.laplace_kernel(torch.ones(3, 2), torch.ones(3, 2), 0.0), "bandwidth must be positive"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(call, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        call()
