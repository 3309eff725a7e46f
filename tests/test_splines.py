"""Splines: a basis, its least squares, and its penalised fit."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from overparam.theory import splines

x, grid = np.linspace(-1, 1, 20), np.linspace(-1, 1, 101)


@pytest.mark.parametrize("functions", [4, 7, 100])
def test_the_basis_is_a_partition_of_unity(functions):
    values = splines.basis(grid, functions)
    assert values.shape == (101, functions)
    np.testing.assert_allclose(values.sum(1), 1)
    assert (values >= 0).all()


def test_too_few_functions():
    with pytest.raises(ValueError, match="4 basis functions or more; got 3"):
        splines.basis(grid, 3)


def test_cubics_are_fitted_exactly():
    target, expected = (t**3 - 2 * t + 1 for t in (x, grid))
    np.testing.assert_allclose(splines.smoother(x, grid, 9) @ target, expected, atol=1e-10)


@pytest.mark.parametrize("functions", [20, 33, 100])
def test_from_n_functions_on_the_fit_interpolates(functions):
    np.testing.assert_allclose(splines.smoother(x, x, functions), np.eye(20), atol=1e-8)


def test_the_interpolant_has_the_smallest_coefficients():
    y = np.sin(5 * x)
    coefficients = np.linalg.lstsq(splines.basis(x, 50), y, rcond=None)[0]
    np.testing.assert_allclose(splines.smoother(x, grid, 50) @ y, splines.basis(grid, 50) @ coefficients, atol=1e-8)


def test_a_rough_penalty_leaves_a_line_and_a_small_one_interpolates():
    y = np.sin(5 * x) + 2 * x
    line = np.polyval(np.polyfit(x, y, 1), grid)
    stiff = splines.smoother(x, grid, 10, roughness=1e9) @ y
    np.testing.assert_allclose(stiff, line, atol=1e-4)
    np.testing.assert_allclose(splines.smoother(x, x, 60, roughness=1e-6) @ y, y, atol=1e-3)


def test_scattered_inputs_may_leave_a_function_without_a_point():
    few = np.linspace(-1, 0, 8)
    assert np.isfinite(splines.smoother(few, grid, 6)).all()


def test_without_knots_the_fit_is_a_line():
    y = np.sin(5 * x)
    expected = np.polyval(np.polyfit(x, y, 1), grid)
    np.testing.assert_allclose(splines.piecewise_linear(x, grid, np.array([])) @ y, expected, atol=1e-12)


def test_pieces_bend_at_the_knots_only():
    values = splines.piecewise_linear(x, grid, np.array([-0.3, 0.5])) @ np.sin(5 * x)
    bends = np.flatnonzero(np.abs(np.diff(values, 2)) > 1e-10)
    np.testing.assert_allclose(grid[bends + 1], [-0.3, 0.5])


@pytest.mark.parametrize("knots", [40, 300])
def test_with_many_knots_the_pieces_interpolate_with_the_smallest_bends(knots):
    y, places = np.sin(5 * x), np.linspace(-1, 1, knots)
    values = splines.piecewise_linear(x, places, places) @ y
    np.testing.assert_allclose(splines.piecewise_linear(x, x, places) @ y, y, atol=1e-6)
    if knots == 300:  # close to the natural cubic spline, the limit
        spline = CubicSpline(x, y, bc_type="natural")(places)
        assert np.abs(values - spline).max() < 5e-3
