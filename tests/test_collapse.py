"""Neural collapse, on features whose measures are known."""

import pytest
import torch

from overparam import measures


def collapsed(classes=4, copies=3):
    """Features at the corners of a simplex, and the classifier that belongs to them."""
    corners = torch.eye(classes) - 1 / classes
    labels = torch.arange(classes).repeat(copies)
    return corners[labels], labels, 7 * corners, torch.zeros(classes)


def test_all_measures_vanish_at_collapse():
    found = measures.neural_collapse(*collapsed())
    assert found.keys() == {"variability", "norms", "angles", "duality", "disagreement"}
    for value in found.values():
        assert value.item() == pytest.approx(0, abs=1e-9)


def test_variability_is_that_of_its_definition():
    g = torch.Generator().manual_seed(0)
    features, labels = torch.randn(60, 9, generator=g).double(), torch.arange(60) % 3
    features[labels == 1] += 2
    found = measures.neural_collapse(features, labels, torch.randn(3, 9), torch.zeros(3))
    means = torch.stack([features[labels == k].mean(0) for k in range(3)])
    within = (features - means[labels]).T @ (features - means[labels]) / 60
    centred = means - means.mean(0)
    expected = torch.trace(within @ torch.linalg.pinv(centred.T @ centred / 3, rtol=1e-6)) / 3
    assert found["variability"].item() == pytest.approx(expected.item())


def test_each_measure_notices_what_it_is_about():
    features, labels, weight, bias = collapsed()
    longer = features.clone()
    longer[labels == 0] *= 2
    assert measures.neural_collapse(longer, labels, weight, bias)["norms"] > 0.1
    turned = measures.neural_collapse(features, labels, weight.roll(1, 0), bias)
    assert turned["duality"] > 1
    assert turned["disagreement"].item() == 1


def test_networks_are_measured_side_by_side():
    features, labels, weight, bias = collapsed()
    noisy = features + 0.1 * torch.randn(features.shape, generator=torch.Generator().manual_seed(1))
    both = measures.neural_collapse(
        torch.stack([features, noisy]), labels, torch.stack([weight, weight]), torch.stack([bias, bias])
    )
    alone = measures.neural_collapse(noisy, labels, weight, bias)
    for name, values in both.items():
        assert values[1].item() == pytest.approx(alone[name].item())
        assert values.shape == (2,)


def test_a_class_without_examples_is_refused():
    features, labels, weight, bias = collapsed()
    with pytest.raises(ValueError, match="Every one of the 4 classes"):
        measures.neural_collapse(features[labels > 0], labels[labels > 0], weight, bias)
