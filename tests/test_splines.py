"""Splines: a basis, its least squares, and its penalised fit."""

import numpy as np
import pytest

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
