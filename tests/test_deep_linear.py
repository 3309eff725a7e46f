"""Matrices learned as products, against closed forms and against autograd."""

import numpy as np
import pytest
import torch

from overparam.randomness import generator
from overparam.theory import deep_linear


def matrix(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed, "test"), dtype=torch.float64)


def test_a_mode_goes_from_its_start_to_its_strength_and_obeys_its_equation():
    times = np.linspace(0, 6, 2001)
    a = deep_linear.logistic_mode(1.5, 1e-3, times)
    assert a[0] == pytest.approx(1e-3)
    assert a[-1] == pytest.approx(1.5, rel=1e-4)
    np.testing.assert_allclose(np.gradient(a, times)[1:-1], (2 * a * (1.5 - a))[1:-1], atol=1e-4)


def test_descent_from_an_aligned_start_follows_the_logistic_curves():
    target = matrix(5, 4)
    s = torch.linalg.svdvals(target)
    lr, at = 1e-3, range(0, 3001, 300)
    products = deep_linear.descend(deep_linear.aligned_start(target, 1e-2, 1), target, lr, 3000, at)
    found = deep_linear.strengths(products, target)
    for k in range(4):
        expected = deep_linear.logistic_mode(float(s[k]), 1e-2, lr * np.array(at))
        np.testing.assert_allclose(found[:, k].numpy(), expected, atol=0.01 * float(s[0]))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_step_is_that_of_the_gradient(depth):
    target, observed = matrix(2, 3, 4, seed=1), (matrix(2, 3, 4, seed=2) > 0).double()
    sizes = [4, *[5] * (depth - 1), 3]
    starts = [deep_linear.random_start(sizes, 0.5, s) for s in (0, 1)]
    factors = [torch.stack(same).requires_grad_() for same in zip(*starts, strict=True)]

    def product(factors):
        total = factors[0]
        for factor in factors[1:]:
            total = factor @ total
        return total

    loss = (observed * (target - product(factors))).square().sum() / 2
    stepped = [f - 0.1 * g for f, g in zip(factors, torch.autograd.grad(loss, factors), strict=True)]
    found = deep_linear.descend([f.detach() for f in factors], target, 0.1, 1, observed=observed)
    torch.testing.assert_close(found[-1], product(stepped).detach())


def test_completion_fits_what_is_observed_and_two_factors_find_a_matrix_of_rank_one():
    target = (matrix(8, 1) @ matrix(1, 8, seed=1))[None]
    observed = (torch.rand(1, 8, 8, generator=generator(0, "mask")) < 0.7).double()
    start = [f[None] for f in deep_linear.random_start([8, 8, 8], 1e-3, 0)]
    found = deep_linear.descend(start, target, 3e-3, 3000, observed=observed, adaptive=True, tolerance=1e-8)[-1]
    assert (observed * (found - target)).square().sum() / observed.sum() < 1e-7
    assert deep_linear.effective_rank(found).item() < 1.1
    assert (found - target).norm() < 0.05 * target.norm()


def test_the_growing_part_of_an_aligned_start_is_all_of_it():
    target = matrix(5, 4)
    parts = deep_linear.growing_parts(deep_linear.aligned_start(target, 1e-3, 0), target)
    torch.testing.assert_close(parts, torch.full((4,), 1e-3, dtype=torch.float64))


def test_effective_rank_counts_equal_singular_values():
    assert deep_linear.effective_rank(torch.eye(5).double()).item() == pytest.approx(5)
    assert deep_linear.effective_rank(matrix(6, 1) @ matrix(1, 6)).item() == pytest.approx(1)


def test_a_start_needs_two_sizes():
    with pytest.raises(ValueError, match="sizes are those of the input"):
        deep_linear.random_start([4], 1e-3, 0)
