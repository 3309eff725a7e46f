"""Decompositions of the risk against simulations whose parts are known."""

import numpy as np
import pytest

from overparam import claims, measures


def crossed(rng, sets, inits, bias=0.5, sampling=0.7, initialisation=0.4, interaction=0.3, points=30):
    """Runs whose components are known exactly: prediction = target + bias + s + i + si, all independent Gaussians."""
    target = rng.normal(size=points)
    noise = [rng.normal(size=shape) for shape in ((sets, 1, points), (1, inits, points), (sets, inits, points))]
    parts = [scale * n for scale, n in zip((sampling, initialisation, interaction), noise, strict=True)]
    return target + bias + sum(parts), target


def test_components_are_unbiased():
    rng = np.random.default_rng(0)
    estimates = []
    for _ in range(600):
        predictions, target = crossed(rng, 4, 3)
        estimates.append(vars(measures.CrossedRuns(predictions, target, 30).components()))
    for name, truth in {"bias2": 0.25, "sampling": 0.49, "initialisation": 0.16, "interaction": 0.09}.items():
        interval = claims.mean([e[name] for e in estimates], level=0.999)
        assert interval.low < truth < interval.high, name


def test_components_add_up_to_the_risk_exactly():
    predictions, target = crossed(np.random.default_rng(1), 5, 4)
    c = measures.CrossedRuns(predictions, target, 30).components()
    assert c.risk == pytest.approx(((predictions - target) ** 2).mean())
    assert c.bias2 + c.variance == pytest.approx(c.risk)
    assert c.from_sampling + c.from_initialisation == pytest.approx(c.variance)


def test_within_training_set_variance_is_the_sample_variance():
    predictions, target = crossed(np.random.default_rng(2), 6, 5)
    c = measures.CrossedRuns(predictions, target, 30).components()
    assert c.from_initialisation == pytest.approx(predictions.var(1, ddof=1).mean())


def test_error_of_a_mean_is_that_of_the_averaged_prediction():
    predictions, target = crossed(np.random.default_rng(3), 4, 3)
    runs = measures.CrossedRuns(predictions, target, 30)
    expected = ((predictions[[0, 2]][:, [1]].mean((0, 1)) - target) ** 2).mean()
    assert runs.error_of_mean([0, 2], [1]) == pytest.approx(expected)


def test_leaving_one_out_equals_never_having_it():
    predictions, target = crossed(np.random.default_rng(4), 5, 3)
    for axis, left_out in enumerate(measures.CrossedRuns(predictions, target, 30).leave_one_out()):
        without = measures.CrossedRuns(np.delete(predictions, 2, axis=axis), target, 30).components()
        assert vars(left_out[2]) == pytest.approx(vars(without))


def test_outputs_are_summed_and_examples_averaged():
    predictions, target = crossed(np.random.default_rng(5), 3, 2, points=30)
    three_outputs = measures.CrossedRuns(predictions, target, examples=10).components()
    assert three_outputs.risk == pytest.approx(3 * ((predictions - target) ** 2).mean())


def test_bad_shapes_are_one_sentence():
    with pytest.raises(ValueError, match=r"predictions must be \[training sets, initialisations, m\]"):
        measures.CrossedRuns(np.zeros((3, 2, 5)), np.zeros(4), 4)
    runs = measures.CrossedRuns(np.zeros((3, 1, 5)), np.zeros(5), 5)
    with pytest.raises(ValueError, match="at least 2 training sets and 2 initialisations; got 3 and 1"):
        runs.components()


def test_bias_and_variance_at_every_point():
    rng = np.random.default_rng(6)
    predictions = 1.0 + np.array([0.5, 2.0]) * rng.normal(size=(20_000, 2))
    bias2, variance = measures.bias_variance(predictions, np.array([1.0, 0.0]))
    assert variance == pytest.approx([0.25, 4.0], rel=0.05)
    assert bias2 == pytest.approx([0.0, 1.0], abs=0.06)
    assert bias2 + variance == pytest.approx(((predictions - [1.0, 0.0]) ** 2).mean(0), rel=1e-3)


def test_effective_parameters_of_smoothers_we_know():
    n, X = 12, np.random.default_rng(7).normal(size=(12, 4))
    assert measures.effective_parameters(np.full((5, n), 1 / n)) == pytest.approx(1)
    assert measures.effective_parameters(np.eye(n)) == pytest.approx(n)
    projection = X @ np.linalg.pinv(X)  # least squares at its own inputs: the number of coefficients
    assert measures.effective_parameters(projection) == pytest.approx(4)
