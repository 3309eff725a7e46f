"""Linear models against plain solvers, limits and exact expectations."""

import math

import numpy as np
import pytest
import torch

from overparam import randomness
from overparam.theory import kernels, linear

f64 = {"dtype": torch.float64}


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=randomness.generator(seed, "test"), **f64)


@pytest.mark.parametrize("shape", [(30, 10), (10, 30), (12, 12)])
def test_minimum_norm_is_the_pseudo_inverse(shape):
    features, y = normal(3, *shape), normal(3, shape[0], 2, seed=1)
    torch.testing.assert_close(linear.minimum_norm(features, y), torch.linalg.pinv(features) @ y)


def test_minimum_norm_keeps_its_accuracy_where_the_gram_matrix_loses_it():
    scales = torch.logspace(0, -7, 8, **f64)
    features = torch.linalg.qr(normal(8, 8)).Q * scales
    exact = normal(8, 1, seed=1)
    assert (linear.minimum_norm(features, features @ exact) - exact).abs().max() < 1e-7


@pytest.mark.parametrize("shape", [(30, 10), (10, 30)])
def test_ridge_predictions_are_those_of_ridge(shape):
    features, y, at = normal(*shape), normal(shape[0], 3, seed=1), normal(5, shape[1], seed=2)
    found = linear.ridge_predictions(features, y, at, [0.1, 10.0])
    for predictions, penalty in zip(found, (0.1, 10.0), strict=True):
        torch.testing.assert_close(predictions, at @ kernels.ridge(features, y, penalty))


@pytest.mark.parametrize("d", [5, 40])
def test_descent_is_gradient_descent(d):
    x, noise = linear.gaussian([0, 1], 20, d)
    beta = torch.full((d, 1), d**-0.5, **f64)
    risks, smallest = linear.descent_risks(x, noise, beta, [0, 7, math.inf])
    y = x @ beta + noise
    estimate, rate = torch.zeros(2, d, 1, **f64), 1 / torch.linalg.matrix_norm(x, 2)[:, None, None] ** 2
    for _ in range(7):
        estimate = estimate - rate * x.mT @ (x @ estimate - y)
    torch.testing.assert_close(risks[0], torch.ones(2, **f64))
    torch.testing.assert_close(risks[1], ((estimate - beta) ** 2).sum((1, 2)))
    torch.testing.assert_close(risks[2], ((torch.linalg.pinv(x) @ y - beta) ** 2).sum((1, 2)))
    eigenvalues = torch.linalg.eigvalsh(x @ x.mT / 20 if d > 20 else x.mT @ x / 20)
    torch.testing.assert_close(smallest, eigenvalues[:, 0])


@pytest.mark.parametrize("p", [8, 30])
def test_parts_add_up_to_the_excess_risk(p):
    x, noise = linear.gaussian(range(4), 15, p)
    missed, amplified = linear.minimum_norm_parts(x, noise)
    beta = torch.zeros(p, 1, **f64)
    beta[0] = 2.0
    estimate = torch.linalg.pinv(x) @ (x @ beta + 3 * noise)
    torch.testing.assert_close(4 * missed + 9 * amplified, ((estimate - beta) ** 2).sum((1, 2)))


@pytest.mark.parametrize("p", [4, 60])
def test_expected_parts_are_the_means(p):
    draws = linear.minimum_norm_parts(*linear.gaussian(range(3000), 20, p))
    for part, expected in zip(draws, linear.expected_parts(20, p), strict=True):
        assert part.mean().item() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("p", [19, 20, 21])
def test_the_risk_is_infinite_at_the_threshold(p):
    assert linear.expected_parts(20, p)[1] == math.inf


@pytest.mark.parametrize("gamma", [0.3, 0.9, 1.1, 4])
def test_the_limit_is_that_of_the_exact_formula(gamma):
    n = 10**7
    exact = np.dot(linear.expected_parts(n, gamma * n), [5, 2])
    assert linear.asymptotic_risk(gamma, 5, 2) == pytest.approx(exact, rel=1e-4)


def test_the_second_minimum():
    grid = np.linspace(1.01, 10, 10_000)
    risk = linear.asymptotic_risk(grid, 9, 1)
    assert grid[risk.argmin()] == pytest.approx(3 / 2, abs=1e-2)
    assert risk.min() == pytest.approx(5, abs=1e-3)
    assert (np.diff(linear.asymptotic_risk(grid, 0.9, 1)) < 0).all()


def test_fourier_features_are_nested_and_tend_to_the_kernel():
    x = normal(20, 3)
    features = linear.Fourier(3, 40_000, 1.5, seed=0, device="cpu")
    few, many = features(x, 10), features(x, 40_000)
    torch.testing.assert_close(few * math.sqrt(10), many[:, :10] * math.sqrt(40_000))
    assert (many @ many.T - kernels.gaussian_kernel(x, x, 1.5)).abs().max() < 0.03
    with pytest.raises(ValueError, match="40000 features were drawn; 40001 were asked for"):
        features(x, 40_001)


def test_fourier_fits():
    x, y, new = normal(20, 3), normal(20, 2, seed=1), normal(6, 3, seed=2)
    features = linear.Fourier(3, 50, 1.0, seed=0, device="cpu")
    narrow, wide = features.fits(x, y, new, (10, 50))
    assert (narrow.width, wide.width) == (10, 50)
    coefficients = torch.linalg.pinv(features(x, 50)) @ y
    torch.testing.assert_close(wide.train, y, atol=1e-8, rtol=0)
    torch.testing.assert_close(wide.test, features(new, 50) @ coefficients, atol=1e-7, rtol=1e-5)
    torch.testing.assert_close(wide.squared_norms, (coefficients**2).sum(0), rtol=1e-5, atol=0)
    assert wide.radius == pytest.approx(features(x, 50).norm(dim=1).max().item())
    torch.testing.assert_close(
        features.ridge(x, y, new, 50, [0.1])[0], features(new, 50) @ kernels.ridge(features(x, 50), y, 0.1)
    )


def test_pseudo_fisher_tends_to_the_best_classifier():
    errors = linear.pseudo_fisher(20_000, 5, distance=3, seeds=[0])
    assert errors == pytest.approx(0.0668, abs=1e-3)
    at_n, below, above = (linear.pseudo_fisher(n, 30, 3, range(30)).mean() for n in (30, 16, 120))
    assert at_n > max(below, above) + 0.1
    with pytest.raises(ValueError, match="equally many examples; got n = 7"):
        linear.pseudo_fisher(7, 5, 3, [0])


def test_pseudo_fisher_error_is_that_on_a_test_set():
    n, d = 40, 10
    error = linear.pseudo_fisher(n, d, 2, seeds=[3]).item()
    labels = np.repeat([1.0, -1.0], n // 2)
    x = torch.randn(n, d, generator=randomness.generator(3, f"classes {n}"), **f64).numpy()
    x[:, 0] += labels
    centred = x - x.mean(0)
    weights = np.linalg.lstsq(centred, labels, rcond=None)[0]
    new = np.random.default_rng(0).standard_normal((200_000, d))
    y = np.repeat([1.0, -1.0], 100_000)
    new[:, 0] += y
    assert ((new - x.mean(0)) @ weights * y < 0).mean() == pytest.approx(error, abs=4e-3)


def test_vc_bound():
    bounds = linear.vc_bound(np.array([0.0, 0.1, 0.1]), np.array([10, 10, 50]), 1000)
    e = 4 * (10 * (math.log(200) + 1) - math.log(0.05 / 4)) / 1000
    assert bounds[0] == pytest.approx(e)
    assert bounds[0] < bounds[1] < bounds[2]
    assert linear.vc_bound(0.0, 5000, 1000) == linear.vc_bound(0.0, 1000, 1000) > 1


def test_a_parallel_map_keeps_the_order_and_the_threads():
    before = torch.get_num_threads()
    assert linear.parallel_map(lambda k: (k**2, torch.get_num_threads()), range(5)) == [(k**2, 1) for k in range(5)]
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("n", "penalty"), [(8, 0.0), (8, 3.0), (30, 0.0), (30, 3.0)])
def test_ridge_risk_is_the_mean_over_directions_and_noise(n, penalty):
    x, _ = linear.gaussian([0], n, 15)
    beta = normal(15, 20_000)
    beta = 2**0.5 * beta / beta.norm(dim=0)
    y = x[0] @ beta + 0.7 * normal(n, 20_000, seed=1)
    fitted = kernels.ridge(x[0], y, penalty) if penalty else linear.minimum_norm(x[0], y)
    measured = (fitted - beta).square().sum(0).mean().item()
    assert linear.ridge_risk(x, penalty, 2, 0.49).item() == pytest.approx(measured, rel=0.02)
