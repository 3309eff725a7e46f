"""Forests and boosting, step by step."""

import numpy as np
import pytest

from overparam import data
from overparam.theory import trees


@pytest.fixture(scope="module")
def digits():
    d = data.digits(200)
    return d.x.numpy(), np.eye(10)[d.y], d.x_test.numpy()[:50]


def test_forest_is_that_of_the_smoother(digits):
    x, y, new = digits
    d = data.digits(200)
    smoother = trees.forest_smoother(d.x, y, d.x_test[:50], 20, 3, seed=4)
    steps, leaves = trees.forest(x, y, new, 20, 3, seed=4)
    assert steps.shape == (3, 50, 10)
    assert leaves == 20
    np.testing.assert_allclose(steps[-1], smoother @ y, atol=1e-12)


def test_a_full_tree_fits_its_training_set_with_fewer_leaves_than_examples(digits):
    x, y, _ = digits
    steps, leaves = trees.forest(x, y, x, None, 1, seed=0)
    np.testing.assert_array_equal(steps[0], y)
    assert 10 < leaves < len(x)


def test_boosting_fits_what_is_left(digits):
    x, y, new = digits
    at_new, fitted = trees.boosted(x, y, new, 8, 30, 0.5, seed=0)
    assert at_new.shape == (30, 50, 10)
    losses = ((fitted - y) ** 2).mean((1, 2))
    assert (np.diff(losses) < 0).all()
    single, _ = trees.forest(x, y, new, 8, 1, seed=0)
    np.testing.assert_allclose(at_new[0], 0.5 * single[0])
    np.testing.assert_allclose(trees.boosted(x, y, x, 8, 5, 0.5, seed=0)[0], fitted[:5])
