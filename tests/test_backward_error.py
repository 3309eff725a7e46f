"""Flows against solutions in closed form, derivatives against finite differences, orders against the theorems."""

import itertools

import numpy as np
import pytest
import torch

from overparam.theory import backward_error


@pytest.fixture
def valley():
    """½ (1 − a b)² with its minima along the hyperbola a b = 1."""
    return backward_error.landscape(lambda theta: (1 - theta[0] * theta[1]) ** 2 / 2)


@pytest.fixture
def batches():
    """Four minibatches of a linear regression in three dimensions."""
    rng = np.random.default_rng(1)
    return [backward_error.least_squares(rng.standard_normal((4, 3)), rng.standard_normal(4)) for _ in range(4)]


def numerical_gradient(function, theta, eps=1e-6):
    return np.array([(function(theta + e) - function(theta - e)) / (2 * eps) for e in eps * np.eye(len(theta))])


def test_derivatives_by_autograd(valley):
    theta, v = np.array([0.4, 1.7]), np.array([-0.3, 0.8])
    assert valley.loss(theta) == pytest.approx((1 - 0.68) ** 2 / 2)
    assert valley.gradient(theta) == pytest.approx(numerical_gradient(valley.loss, theta), rel=1e-7)
    along = numerical_gradient(lambda t: valley.gradient(t) @ v, theta)
    assert valley.hessian_product(theta, v) == pytest.approx(along, rel=1e-7)


def test_a_linear_function_has_no_curvature():
    plane = backward_error.landscape(lambda theta: theta.sum())
    assert plane.hessian_product(np.ones(2), np.ones(2)).tolist() == [0, 0]


def test_least_squares_and_autograd_agree():
    rng = np.random.default_rng(0)
    x, y, w, v = rng.standard_normal((7, 3)), rng.standard_normal(7), rng.standard_normal(3), rng.standard_normal(3)
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    automatic = backward_error.landscape(lambda t: (tensors[0] @ t - tensors[1]).square().mean() / 2)
    written = backward_error.least_squares(x, y)
    assert written.loss(w) == pytest.approx(automatic.loss(w))
    assert written.gradient(w) == pytest.approx(automatic.gradient(w))
    assert written.hessian_product(w, v) == pytest.approx(automatic.hessian_product(w, v))


def test_mean_of_minibatches_is_the_whole():
    rng = np.random.default_rng(2)
    x, y, w = rng.standard_normal((8, 3)), rng.standard_normal(8), rng.standard_normal(3)
    whole = backward_error.least_squares(x, y)
    parts = backward_error.mean_of([backward_error.least_squares(x[r], y[r]) for r in (slice(0, 4), slice(4, 8))])
    assert parts.loss(w) == pytest.approx(whole.loss(w))
    assert parts.gradient(w) == pytest.approx(whole.gradient(w))
    assert parts.hessian_product(w, w) == pytest.approx(whole.hessian_product(w, w))


def test_flow_of_a_quadratic_is_exponential():
    curvature, start = np.array([3.0, 0.5]), np.array([1.0, -2.0])
    times = [0.0, 0.3, 2.0]
    path = backward_error.flow(lambda t: curvature * t, start, times)
    assert path == pytest.approx(start * np.exp(-np.outer(times, curvature)), abs=1e-11)
    assert backward_error.flow(lambda t: curvature * t, start, [0]).tolist() == [start.tolist()]


@pytest.mark.parametrize("times", [[], [-1.0], [1.0, 1.0], [2.0, 1.0]])
def test_times_of_a_flow_ascend(times):
    with pytest.raises(ValueError, match="times must be at least one, ascending, from 0 on; got"):
        backward_error.flow(lambda t: t, np.ones(1), times)


def test_a_flow_that_explodes_is_an_error():
    with pytest.raises(RuntimeError, match="could not be followed to time 2"):
        backward_error.flow(lambda t: -(t**2), np.ones(1), [2.0])


def test_steps_on_a_quadratic_multiply():
    path = backward_error.descend(lambda t: 3 * t, np.ones(1), 0.1, 4)
    assert path[:, 0] == pytest.approx(0.7 ** np.arange(5))


def test_modified_gradients_are_gradients(valley, batches):
    theta, h = np.array([0.4, 1.7]), 0.3
    penalised = numerical_gradient(lambda t: valley.loss(t) + h / 4 * np.sum(valley.gradient(t) ** 2), theta)
    assert backward_error.modified_gradient(valley, h)(theta) == pytest.approx(penalised, rel=1e-6)
    w = np.array([0.2, -1.0, 0.5])
    noisy = numerical_gradient(lambda t: np.mean([b.loss(t) + h / 4 * np.sum(b.gradient(t) ** 2) for b in batches]), w)
    assert backward_error.sgd_modified_gradient(batches, h)(w) == pytest.approx(noisy, rel=1e-6)


def test_orders_of_one_step_and_of_a_fixed_time(valley):
    start, steps = np.array([2.0, 0.3]), (0.04, 0.02, 0.01)
    one = np.array([backward_error.distances(valley, start, h) for h in steps]).T
    assert [backward_error.order(steps, e) for e in one] == pytest.approx([2, 3], abs=0.05)
    fixed = np.array([backward_error.distances(valley, start, h, round(0.4 / h)) for h in steps]).T
    assert [backward_error.order(steps, e) for e in fixed] == pytest.approx([1, 2], abs=0.05)


def test_orders_of_an_epoch_of_sgd(batches):
    start, steps = np.array([1.0, -1.0, 0.5]), (0.004, 0.002, 0.001)
    whole = backward_error.mean_of(batches)
    laws = {
        2: lambda h: backward_error.modified_gradient(whole, h),
        3: lambda h: backward_error.sgd_modified_gradient(batches, h),
    }
    for expected, law in laws.items():
        errors = [
            np.linalg.norm(
                backward_error.mean_epoch(batches, start, h) - backward_error.flow(law(h), start, [4 * h])[-1]
            )
            for h in steps
        ]
        assert backward_error.order(steps, errors) == pytest.approx(expected, abs=0.05)


def test_mean_epoch_takes_every_order_once(batches):
    start, ends = np.zeros(3), []
    for one in itertools.permutations(batches[:3]):
        theta = start
        for b in one:
            theta = theta - 0.3 * b.gradient(theta)
        ends.append(theta)
    assert len(ends) == 6
    assert backward_error.mean_epoch(batches[:3], start, 0.3) == pytest.approx(np.mean(ends, axis=0))
    with pytest.raises(ValueError, match="9 minibatches have 9! orders; take at most 8"):
        backward_error.mean_epoch(batches[:1] * 9, start, 0.3)


def test_errors_of_a_step_are_in_units_of_curvature():
    sharp = backward_error.least_squares(np.diag([2.0, 1.0]), np.zeros(2))  # curvatures 2 and 1/2
    gradient, modified = backward_error.step_errors(sharp, np.array([1.0, 0.0]), (0.1, 0.05))
    # Along the first axis a step of 0.1/2 multiplies by 0.9, the flow by exp(−0.1), the modified flow by exp(−0.1 · 1.05).
    assert gradient == pytest.approx([np.exp(-0.1) - 0.9, np.exp(-0.05) - 0.95], rel=1e-6)
    assert modified == pytest.approx(np.abs([np.exp(-0.105) - 0.9, np.exp(-0.05 * 1.025) - 0.95]), rel=1e-6)


def test_errors_of_an_epoch_have_the_orders_of_the_theorem(batches):
    steps = (0.01, 0.005, 0.0025)
    errors = backward_error.epoch_errors(batches, np.array([1.0, -0.5, 0.3]), steps)
    assert [backward_error.order(steps, e) for e in errors] == pytest.approx([2, 2, 3], abs=0.1)
