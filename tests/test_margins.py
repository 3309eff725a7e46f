"""Margins against cases that can be solved by hand."""

import numpy as np
import pytest
import torch

from overparam.theory import margins


def test_the_largest_margin_of_two_points_and_of_a_third_that_does_not_matter():
    x, y = np.array([[1.0, 1.0], [-1.0, 0.0], [5.0, 5.0]]), np.array([1.0, -1.0, 1.0])
    w = margins.max_margin(x, y)
    np.testing.assert_allclose(w, [1, 0], atol=1e-9)  # both constraints bind: w = (1, 0)
    assert (y * (x @ w)).min() == pytest.approx(1)


def test_classes_that_no_line_through_the_origin_separates_are_refused():
    with pytest.raises(ValueError, match="No hyperplane"):
        margins.max_margin(np.array([[1.0], [1.0]]), np.array([1.0, -1.0]))


def test_the_flow_of_one_example_is_that_of_its_equation():
    log_times = np.log(10) * np.array([-4, 0, 3, 30])
    w = margins.logistic_flow(np.array([[1.0]]), np.array([1.0]), log_times)[:, 0]
    # w' = 1/(1 + e^w) from 0 is solved by w + e^w = t + 1
    np.testing.assert_allclose(np.logaddexp(np.log(w), w), np.logaddexp(log_times, 0), atol=1e-6)


def test_log_loss_is_the_logarithm_of_cross_entropy_and_does_not_underflow():
    logits, labels = torch.randn(2, 7, 3, dtype=torch.float64), torch.randint(3, (2, 7))
    each = [torch.nn.functional.cross_entropy(a, b).log() for a, b in zip(logits, labels, strict=True)]
    torch.testing.assert_close(margins.log_loss(logits, labels), torch.stack(each))
    far = torch.tensor([[[2000.0, 0.0]]], dtype=torch.float64)
    assert margins.log_loss(far, torch.tensor([[0]])).item() == pytest.approx(-2000)
    medium = torch.tensor([[[19.0, 0.0], [21.0, 0.0]]], dtype=torch.float64)
    expected = np.log(np.mean(np.log1p(np.exp([-19.0, -21.0]))))
    assert margins.log_loss(medium, torch.tensor([[0, 0]])).item() == pytest.approx(expected, abs=1e-9)


def test_outputs_are_homogeneous_in_all_weights():
    layers, bias = margins.homogeneous_start((4, 6, 6, 3), [0, 1])
    bias = bias + 0.3
    x = torch.randn(2, 5, 4, dtype=torch.float64)
    scaled = margins.outputs([2 * w for w in layers], 2 * bias, x)
    torch.testing.assert_close(scaled, 8 * margins.outputs(layers, bias, x))


def test_the_loss_never_rises_and_the_margin_grows_once_all_is_fitted():
    layers, bias = margins.homogeneous_start((2, 8, 2), [0, 1])
    x = torch.randn(2, 20, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    labels = (x[..., 0] > 0).long()
    path = margins.grow_margins(layers, bias, x, labels, x, labels, at=[0, 100, 200, 1000])
    assert (np.diff(path.log_loss, axis=0) < 0).all()
    assert path.test_error[-1] == pytest.approx([0, 0])
    assert (path.margin[-1] > path.margin[-2]).all()
    assert (path.margin_of_all > 0)[-1].all()
    assert path.steps.tolist() == [0, 100, 200, 1000]


def test_the_margin_is_that_of_the_nearest_rival():
    logits, labels = torch.tensor([[3.0, 1.0, 2.5], [0.0, 4.0, 1.0]]), torch.tensor([0, 2])
    assert margins.margins(logits, labels).tolist() == [0.5, -3.0]
