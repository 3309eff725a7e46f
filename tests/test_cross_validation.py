"""Scores of ridge regression against fits that were made one by one."""

import numpy as np
import pytest
import torch

from overparam.theory import cross_validation


@pytest.fixture
def problem():
    draw = np.random.default_rng(0)
    features, y = (torch.from_numpy(draw.standard_normal(shape)) for shape in ((12, 40), 12))
    return features, y, torch.from_numpy(draw.standard_normal((5, 40))), torch.from_numpy(draw.standard_normal(5))


def predicted(features, y, at, penalty):
    gram = features @ features.T + penalty * torch.eye(len(y), dtype=torch.float64)
    return at @ features.T @ torch.linalg.solve(gram, y)


@pytest.mark.parametrize("penalty", [1e-6, 0.3, 20.0])
def test_every_score_is_that_of_fits_made_one_by_one(problem, penalty):
    x, y, at, y_new = problem
    found = cross_validation.scores(x @ x.T, y, [penalty, 1.0], at @ x.T, y_new)
    assert found.risk[0] == pytest.approx(float((predicted(x, y, at, penalty) - y_new).square().mean()), rel=1e-6)
    fitted = predicted(x, y, x, penalty)
    assert found.training[0] == pytest.approx(float((fitted - y).square().mean()), rel=1e-5)
    rest = [torch.arange(12) != i for i in range(12)]
    apart = [predicted(x[keep], y[keep], x[i], penalty) - y[i] for i, keep in enumerate(rest)]
    assert found.left_out[0] == pytest.approx(float(torch.stack(apart).square().mean()), rel=1e-6)
    smoother = torch.stack([predicted(x, unit, x, penalty) for unit in torch.eye(12, dtype=torch.float64)], 1)
    assert found.freedom[0] == pytest.approx(float(smoother.trace()), rel=1e-6)
    weights = x.T @ torch.linalg.solve(x @ x.T + penalty * torch.eye(12, dtype=torch.float64), y)
    assert found.norm[0] == pytest.approx(float(weights.square().sum()), rel=1e-6)


def test_gcv_is_leaving_one_out_where_all_examples_are_alike():
    """Points on a circle at equal distances: every diagonal entry of the smoother is the same."""
    turn = 2 * np.pi * np.arange(9) / 9
    gram = torch.from_numpy(np.exp(np.cos(turn[:, None] - turn)))
    found = cross_validation.scores(gram, torch.from_numpy(np.random.default_rng(1).standard_normal(9)), [0.1, 1.0])
    assert torch.allclose(found.gcv, found.left_out, rtol=1e-8)
    assert found.risk is None


def test_gcv_of_the_mean_is_its_leave_one_out_error():
    """A constant feature without much of a ridge predicts the mean of the targets, with one degree of freedom."""
    y = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)
    found = cross_validation.scores(torch.ones(3, 3, dtype=torch.float64), y, [1e-7])
    assert found.freedom[0] == pytest.approx(1, rel=1e-5)
    assert found.left_out[0] == pytest.approx(float(((y - y.mean()) * 1.5).square().mean()), rel=1e-5)


def test_what_does_not_fit_is_refused(problem):
    x, y, at, _ = problem
    with pytest.raises(ValueError, match="gram must be \\[12, 12\\]"):
        cross_validation.scores(x, y, [1.0])
    with pytest.raises(ValueError, match="positive numbers"):
        cross_validation.scores(x @ x.T, y, [0.0])
    with pytest.raises(ValueError, match="both cross and y_new"):
        cross_validation.scores(x @ x.T, y, [1.0], at @ x.T)
