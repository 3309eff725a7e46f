"""Cubic splines on [−1, 1] with any number of basis functions, fitted by least squares, with or without a penalty on roughness."""

import numpy as np
from scipy.interpolate import BSpline

from overparam.errors import between, numbers, require, shown, whole

DEGREE = 3


def basis(x: np.ndarray, functions: int) -> np.ndarray:
    """Values [len(x), functions] at x of cubic B-splines on [−1, 1]: bumps of one shape, evenly spaced, of which 4 overlap everywhere.

    ``functions`` is 4 or more. The knots go on beyond the ends of the interval, and none is repeated.
    """
    says = f"Cubic splines have {DEGREE + 1} basis functions or more; got {shown(functions)}."
    functions = whole("functions", functions, DEGREE + 1, says=says)
    x = numbers("x", x, 1)
    require(bool((np.abs(x) <= 1).all()), f"x must lie in [−1, 1]; got {x.min():g} to {x.max():g}.")
    knots = -1 + 2 * np.arange(-DEGREE, functions + 1) / (functions - DEGREE)
    return BSpline.design_matrix(np.asarray(x, dtype=float), knots, DEGREE).toarray()


def smoother(x: np.ndarray, at: np.ndarray, functions: int, roughness: float = 0.0) -> np.ndarray:
    """The matrix [len(at), len(x)] that takes labels at x to the fitted spline at other points.

    Without roughness: least squares, and where several splines fit equally well the one with the smallest coefficients. With it
    the squared second differences of the coefficients are penalised (P-splines, Eilers & Marx 1996).
    """
    design = basis(x, functions)
    roughness = between("roughness", roughness, 0)
    if roughness:
        second = np.diff(np.eye(functions), 2, axis=0)
        return basis(at, functions) @ np.linalg.solve(design.T @ design + roughness * second.T @ second, design.T)
    return basis(at, functions) @ np.linalg.pinv(design, rcond=1e-10)


def piecewise_linear(x: np.ndarray, at: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """The matrix [len(at), len(x)] that takes labels at x to the least-squares fit α + βx + Σ γ_i |x − knot_i| at other points.

    Where several fits are equally good it is the one with the smallest Σ γ_i², which leaves α and β free (Werness & Wilber 2021).
    """
    x, at, knots = numbers("x", x, 1), numbers("at", at, 1), numbers("knots", knots, 1, least=0)
    line, line_at = (np.stack([np.ones(len(each)), each], 1) for each in (x, at))
    bends, bends_at = (np.abs(each[:, None] - knots) for each in (x, at))
    line_part = np.linalg.pinv(line)
    beside = np.eye(len(x)) - line @ line_part  # takes away what a line can fit
    gamma = np.linalg.pinv(beside @ bends, rcond=1e-10) @ beside
    return bends_at @ gamma + line_at @ line_part @ (np.eye(len(x)) - bends @ gamma)
