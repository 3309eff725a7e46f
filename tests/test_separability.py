"""Separability against Cover's count and known limits; logistic regression's exact error against a test set."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from overparam.theory import separability


def test_separable():
    x = np.array([[1.0, 2.0], [2.0, 1.0], [-1.0, -1.5]])
    assert separability.separable(x, np.array([1.0, 1.0, -1.0]))
    assert not separability.separable(x, np.array([1.0, 1.0, 1.0]))  # from the origin, not from each other
    assert not separability.separable(np.ones((2, 1)), np.array([1.0, -1.0]))


def test_covers_count_is_that_of_all_labellings():
    x = np.random.default_rng(0).standard_normal((7, 3))
    found = [separability.separable(x, np.array(y)) for y in itertools.product((-1.0, 1.0), repeat=7)]
    assert np.mean(found) == separability.chance_of_separation(7, 3)
    assert separability.chance_of_separation(100, 50) == pytest.approx(0.5)
    assert separability.chance_of_separation(10, 10) == separability.chance_of_separation(10, 20) == 1


def test_bisection_finds_the_first_separating_dimension():
    x, y = separability.logistic_data(30, np.zeros(25), seed=0)
    p = separability.separating_dimension(x, y)
    assert separability.separable(x[:, :p], y)
    assert not separability.separable(x[:, : p - 1], y)
    assert separability.separating_dimension(x[:, : p - 1], y) == p


def test_threshold():
    assert separability.threshold(0) == pytest.approx(0.5, abs=1e-6)
    values = [separability.threshold(s) for s in (0, 1, 3, 10, 100)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.02
    rng = np.random.default_rng(0)
    u, z = rng.standard_normal((2, 400_000))
    v = u * np.where(rng.random(u.shape) < 1 / (1 + np.exp(-3 * u)), 1, -1)
    sampled = min((np.maximum(0, z - t * v) ** 2).mean() for t in np.linspace(0, 3, 61))
    assert separability.threshold(3) == pytest.approx(sampled, abs=5e-3)


def test_logistic_error_is_that_on_a_test_set():
    coefficients = np.array([2.0, -1.0, 0.5, 3.0])
    weights = np.array([1.0, 0.2, 0.0])
    x, y = separability.logistic_data(400_000, coefficients, seed=0)
    wrong = (np.sign(x[:, :3] @ weights) != y).mean()
    assert separability.logistic_error(weights, coefficients) == pytest.approx(wrong, abs=3e-3)
    assert separability.logistic_error(-weights, coefficients) == pytest.approx(1 - wrong, abs=3e-3)


def test_logistic_fit():
    coefficients = np.r_[1.5, np.zeros(4)]
    x, y = separability.logistic_data(20_000, coefficients, seed=0)
    np.testing.assert_allclose(separability.logistic_fit(x, y), coefficients, atol=0.1)
    x, y = separability.logistic_data(20, np.zeros(40), seed=1)
    w = separability.logistic_fit(x, y)
    # The largest margin: the shortest w with all margins at least 1
    best = minimize(
        lambda v: v @ v, w / (y * (x @ w)).min(), constraints={"type": "ineq", "fun": lambda v: y * (x @ v) - 1}
    )
    assert (y * (x @ w)).min() / np.linalg.norm(w) > 0.9 / np.linalg.norm(best.x)


def test_decaying_coefficients():
    c = separability.decaying_coefficients(600, scale=100, strength=10)
    assert (c[:100] ** 2).sum() == pytest.approx(100 * (1 - 1 / 4))
    assert (np.diff(c) < 0).all()
