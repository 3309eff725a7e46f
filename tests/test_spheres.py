"""The two spheres and what fits them: against the definition, and against a network of very many units."""

import numpy as np
import pytest
import torch

from overparam.theory import spheres


@pytest.fixture(scope="module")
def points():
    return spheres.draw(3, 200, new=120, dimensions=30)


def test_points_lie_on_their_spheres_and_are_moved_to_the_other(points):
    there, moved = points.data(1.2), points.data(1.2, moved=True)
    for part in ("x", "x_test"):
        one, other = getattr(there, part), getattr(moved, part)
        y = getattr(there, part.replace("x", "y"))
        torch.testing.assert_close(one.norm(dim=1), 1 + 0.2 * y)
        torch.testing.assert_close(other.norm(dim=1), 1.2 - 0.2 * y)
        torch.testing.assert_close(torch.nn.functional.normalize(one), torch.nn.functional.normalize(other))
    assert torch.equal(moved.y, 1 - there.y)
    assert torch.equal(moved.y_test, 1 - there.y_test)
    assert there.y.double().mean() == 0.5
    assert (len(there.x), len(there.x_test)) == (200, 120)
    assert not torch.equal(spheres.draw(4, 200, 120, 30).unit, points.unit)


def test_the_fit_goes_through_the_training_points_with_the_smallest_weights(points):
    fit = points.fit(1.3, free=10.0)
    own = points.data(1.3)
    x = own.x.double()
    torch.testing.assert_close(fit(x), 2.0 * own.y.double() - 1, atol=1e-4, rtol=0)
    # Of all values Σ k(x, x_i) c_i + b the smallest cᵀKc + b²/free that fits: there K c + b = y and b = free Σ c.
    torch.testing.assert_close(fit.offset, 10 * fit.weights.sum())


def test_the_kernel_is_that_of_very_many_units(points):
    """With 400,000 random ReLU units in place of infinitely many: the mean of products of their values, times 2π."""
    units = torch.randn(30, 400_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    some = points.unit[:4]
    features = (some @ units).relu()
    expected = 2 * np.pi * features @ features.T / units.shape[1]
    torch.testing.assert_close(points.kernel[:4, :4], expected, rtol=0.02, atol=0.02)


def wrong(fit, x, y):
    """Per cent of inputs x whose class by the sign of the fit is not y."""
    return 100 * ((fit(x.double()) > 0).long() != y).double().mean().item()


def test_what_is_misclassified_is_what_the_network_answers_at_the_places_moved_to(points):
    for outer in (1.05, 1.3, 2.0):
        fit, found = points.fit(outer), points.fit(outer).misclassified()
        there, moved = points.data(outer), points.data(outer, moved=True)
        assert found["new"] == pytest.approx(wrong(fit, there.x_test, there.y_test))
        assert found["moved"] == pytest.approx(wrong(fit, moved.x, moved.y))
        assert found["moved new"] == pytest.approx(wrong(fit, moved.x_test, moved.y_test))
        assert wrong(fit, there.x, there.y) == 0


def test_a_narrow_gap_traps_and_a_wide_one_does_not(points):
    assert points.fit(1.02).misclassified()["moved"] == 100
    assert points.fit(3.0).misclassified()["moved"] == 0


@pytest.mark.parametrize("outer", [1, 0.9, float("nan"), "wide"])
def test_a_radius_that_is_none_is_refused(points, outer):
    for asked in (points.fit, points.data):
        with pytest.raises(ValueError, match="outer"):
            asked(outer)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="train"):
        spheres.draw(0, 1)
