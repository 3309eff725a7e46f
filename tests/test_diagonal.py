"""Diagonal linear networks: gradient descent against the theorem, the theorem against its two ends."""

import pytest
import torch

from overparam import randomness
from overparam.theory import diagonal


@pytest.fixture
def equations():
    x = torch.randn(3, 10, 20, generator=randomness.generator(0, "x"), dtype=torch.float64)
    beta = torch.zeros(20, dtype=torch.float64)
    beta[:2] = torch.tensor([1.0, -0.5])
    return x, x @ beta, beta


@pytest.mark.parametrize("start", [0.3, 1.0])
def test_gradient_descent_ends_at_the_limit_up_to_its_step(equations, start):
    x, y, _ = equations
    limit, off = diagonal.limit(x, y, start), []
    for lr, steps in ((4e-3, 20_000), (2e-3, 40_000)):
        end = diagonal.descend(x, y, start, lr, steps)
        torch.testing.assert_close((x @ end[..., None])[..., 0], y, atol=1e-6, rtol=0)
        off.append((end - limit).norm().item())
    assert off[0] / off[1] == pytest.approx(2, abs=0.3)


def test_the_limit_fits_and_has_the_least_potential(equations):
    x, y, _ = equations
    limit = diagonal.limit(x, y, 0.1)
    torch.testing.assert_close((x @ limit[..., None])[..., 0], y, atol=1e-8, rtol=0)
    null = torch.linalg.svd(x[0]).Vh[10:]  # directions that leave Xβ as it is
    for direction in null[:5]:
        for size in (-0.01, 0.01):
            assert diagonal.potential(limit[0] + size * direction, 0.1) > diagonal.potential(limit[0], 0.1)


def test_the_ends_are_two_norms(equations):
    x, y, beta = equations
    least = torch.linalg.pinv(x) @ y[..., None]
    torch.testing.assert_close(diagonal.limit(x, y, 100.0), least[..., 0], atol=1e-6, rtol=0)
    torch.testing.assert_close(diagonal.limit(x, y, 1e-12), beta.expand(3, 20), atol=1e-6, rtol=0)


def test_what_has_no_solution_is_said(equations):
    x, y, _ = equations
    with pytest.raises(ValueError, match="positive"):
        diagonal.limit(x, y, 0.0)
    with pytest.raises(ValueError, match="float64"):
        diagonal.limit(x.float(), y.float(), 1.0)
    with pytest.raises((ValueError, RuntimeError), match=r"independent|singular"):
        diagonal.limit(torch.cat([x, x], 1), torch.cat([y, y + 1], 1), 1.0)
