"""Small pictures of the loss landscape, each against what is known without them."""

import math

import numpy as np
import pytest
import torch

from overparam.randomness import generator
from overparam.theory import planes, spectra, students
from overparam.theory.critical_points import TanhNet


def test_a_bump_that_starts_near_finds_its_target_and_one_that_starts_far_does_not():
    error, places = planes.fit_bumps(1, 256, seed=0, reach=10.0)
    g = generator(0, "1 bumps")
    starts = 10 * (2 * torch.rand(256, 1, 1, generator=g) - 1).flatten()
    near, far = (starts - 3).abs() < 0.75, (starts - 3).abs() > 5
    assert min(near.sum(), far.sum()) > 3
    assert (error[near] < 0.01).all()
    assert (places[near, 0] - 3).abs().max() < 0.1
    assert (error[far] > 0.5).all()


def test_a_maximum_of_planes_fits_convex_targets_only():
    error, dead = planes.fit_planes(16, 8, seed=0, targets=torch.square, steps=600, points=41)
    assert error.median() < 0.03
    assert 0 < dead.mean() < 0.9
    concave, _ = planes.fit_planes(16, 8, seed=0, targets=lambda x: -(x**2), steps=600, points=41)
    assert concave.min() > 0.9  # the best convex fit to a concave, even function is a constant


def test_the_best_convex_fit_is_the_target_or_the_line_that_it_leaves():
    x = np.linspace(-1, 1, 41)
    assert planes.best_convex_fit(x**2) < 1e-12
    assert planes.best_convex_fit(3 - 2 * x) < 1e-12
    assert planes.best_convex_fit(-(x**2)) == pytest.approx(40 / 41)  # a constant; the variance divides by n - 1
    sine = planes.best_convex_fit(np.sin(np.pi * x))
    left = np.sin(np.pi * x) - np.polyval(np.polyfit(x, np.sin(np.pi * x), 1), x)
    assert 0 < sine < left.var() / np.sin(np.pi * x).var()  # better than the best straight line
    error, _ = planes.fit_planes(8, 8, seed=0, targets=lambda x: torch.sin(torch.pi * x), steps=300, points=41)
    assert error.min() > sine - 1e-4


def test_a_tanh_teacher_is_standardised_and_repeats_and_needs_all_its_units():
    x = torch.randn(100, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = students.tanh_teacher(x, 4, seed=0)
    assert y.shape == (100, 1)
    assert float(y.mean()) == pytest.approx(0, abs=1e-12)
    assert float(y.std()) == pytest.approx(1)
    assert torch.equal(y, students.tanh_teacher(x, 4, seed=0))
    assert not torch.equal(y, students.tanh_teacher(x, 4, seed=1))


def test_the_expected_loss_of_students_is_that_of_many_inputs():
    weights = students.first_weights(2, 4, 3, seed=0).double()
    x = torch.randn(400_000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def drawn(w):
        return ((x @ w.mT).relu().sum(2) - x.relu().sum(1)).square().mean(1).sum() / 2

    loss, gradient = students.expected_loss(weights)
    assert float(loss.sum()) == pytest.approx(float(drawn(weights)), rel=0.01)
    torch.testing.assert_close(gradient, torch.func.grad(drawn)(weights), atol=0.02, rtol=0)
    step = 1e-5 * torch.randn(weights.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    slope = (students.expected_loss(weights + step)[0] - students.expected_loss(weights - step)[0]) / 2
    torch.testing.assert_close(slope, (gradient * step).sum((1, 2)), rtol=1e-6, atol=0)


def test_students_end_at_the_teacher_or_in_a_bad_minimum():
    teacher = torch.eye(4)[None]
    still, loss = students.descend(teacher, steps=10)
    torch.testing.assert_close(still, teacher)
    assert abs(float(loss)) < 1e-6
    drawn = students.first_weights(200, 16, 16, seed=0)
    assert float(drawn.var()) == pytest.approx(1 / 16, rel=0.02)
    assert not torch.equal(drawn, students.first_weights(200, 16, 16, seed=1))
    loss = students.descend(students.first_weights(20, 10, 10, seed=0), steps=1500)[1]
    assert (loss < 1e-4).any()
    assert (loss > 0.01).any()
    assert ((loss < 1e-4) | (loss > 0.01)).all()  # nothing in between: a bad minimum is told from the teacher


def test_winners_are_one_neuron_for_each_of_the_teachers():
    weights = torch.tensor([[0.1, 0.0], [0.0, 0.9], [1.0, 0.1], [0.6, 0.0]])
    assert students.winners(torch.stack([weights, weights.flip(0)])).tolist() == [[1, 2], [1, 2]]


def test_signs_of_eigenvalues_of_random_symmetric_matrices():
    exact = {1: 1 / 2, 2: (2 - math.sqrt(2)) / 4}
    for size, probability in exact.items():
        count = spectra.all_positive(size, 40_000, seed=0)
        assert abs(count / 40_000 - probability) < 4 * math.sqrt(probability / 40_000)
    a = spectra.goe(3, 20_000, seed=0)
    np.testing.assert_array_equal(a, a.swapaxes(1, 2))
    np.testing.assert_allclose(a.var(0), 1 + np.eye(3), rtol=0.06)
    assert spectra.all_positive(3, 1_000, 0, part=300) != spectra.all_positive(3, 1_000, 1, part=300)


@pytest.fixture
def net():
    g = torch.Generator().manual_seed(0)
    x, y = torch.randn(30, 3, generator=g, dtype=torch.float64), torch.randn(30, 2, generator=g, dtype=torch.float64)
    return TanhNet(x, y, hidden=2)


def test_derivatives_are_those_of_autograd(net):
    weights = torch.randn(4, net.parameters, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    loss, gradient, gauss_newton, curved = net.derivatives(weights)
    torch.testing.assert_close(loss, torch.stack([net.loss(w) for w in weights]))
    torch.testing.assert_close(gradient, torch.stack([torch.func.grad(net.loss)(w) for w in weights]))
    torch.testing.assert_close(net.gradient(weights), gradient)
    torch.testing.assert_close(gauss_newton + curved, torch.stack([torch.func.hessian(net.loss)(w) for w in weights]))
    assert torch.linalg.eigvalsh(gauss_newton).min() > -1e-12


def test_critical_points_of_several_kinds_are_found(net):
    start = torch.randn(12, net.parameters, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    start = torch.cat([torch.zeros_like(start[:1]), start])
    start[0, -2:] = net.y.mean(0)
    found = net.critical_points(start, iterations=150)
    # All weights 0 and the outputs at the mean of the targets: a critical point, and no minimum.
    assert found["norm"][0] < 1e-12
    assert found["loss"][0] == pytest.approx(float((net.y - net.y.mean(0)).square().sum(1).mean() / 2))
    assert found["eigenvalues"][0].min() < -0.01
    assert (found["norm"] < 1e-6).sum() >= 3
    torch.testing.assert_close(net.loss(found["weights"]), found["loss"])


def test_a_minimum_is_found_and_is_one(net):
    start = net.descend(
        torch.randn(6, net.parameters, generator=torch.Generator().manual_seed(6), dtype=torch.float64), 200
    )
    found = net.minimise(start)
    _, gradient, *parts = net.derivatives(found)
    best = gradient.norm(dim=1).argmin()
    assert gradient[best].norm() < 1e-9
    assert torch.linalg.eigvalsh(sum(parts)[best]).min() > -1e-9
    assert (net.loss(found) <= net.loss(start)).all()


def test_gradient_descent_descends(net):
    start = torch.randn(3, net.parameters, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert (net.loss(net.descend(start, 50)) < net.loss(start)).all()


def test_a_copied_unit_leaves_function_and_gradient_and_adds_the_direction_that_is_computed(net):
    start = torch.randn(1, net.parameters, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    weights = net.descend(start, 9)[0]
    share, unit = 0.3, 1
    wider, twins = net.split(weights, unit, share)
    torch.testing.assert_close(wider.loss(twins), net.loss(weights))
    (gradient,), (wide,) = net.derivatives(weights[None])[1], wider.derivatives(twins[None])[1]
    torch.testing.assert_close(wide[:4], gradient[:4])  # of the unit that was not copied
    torch.testing.assert_close(wide[4:8], share * gradient[4:8])
    u = torch.randn(4, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    apart = torch.zeros_like(twins)
    apart[4:8], apart[8:12] = (1 - share) * u, -share * u
    _, _, gauss_newton, curved = wider.derivatives(twins[None])
    assert float(apart @ gauss_newton[0] @ apart) == pytest.approx(0, abs=1e-12)
    expected = share * (1 - share) * u @ net.splitting_matrix(weights, unit) @ u
    torch.testing.assert_close(apart @ curved[0] @ apart, expected)
