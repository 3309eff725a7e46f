"""Random features, ridge and forests against closed forms and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

from overparam.architectures import stacked
from overparam.randomness import generator
from overparam.theory import kernels, trees


@pytest.mark.parametrize(("n", "p"), [(40, 10), (10, 40)])
def test_ridge_equals_scikit_learn(n, p):
    g = generator(0, "test")
    features, y = (
        torch.randn(n, p, generator=g, dtype=torch.float64),
        torch.randn(n, 1, generator=g, dtype=torch.float64),
    )
    expected = Ridge(alpha=0.3, fit_intercept=False).fit(features.numpy(), y.numpy()).coef_
    assert kernels.ridge(features, y, 0.3).numpy().ravel() == pytest.approx(expected.ravel())


def test_a_vanishing_ridge_gives_the_minimum_norm_solution_for_a_whole_batch():
    g = generator(1, "test")
    features, y = torch.randn(3, 8, 20, generator=g, dtype=torch.float64), torch.randn(3, 8, 2, generator=g).double()
    np.testing.assert_allclose(kernels.ridge(features, y, 1e-10), torch.linalg.pinv(features) @ y, atol=1e-7)


def test_relu_features_keep_their_second_moment():
    x = torch.randn(4, 50, 30, generator=generator(2, "test"))
    features = kernels.relu_features(x, 20_000, generator(3, "features"))
    assert features.shape == (4, 50, 20_000)
    # E relu(w·x/√d)² = |x|²/(2d), and the 1/√width makes the sum over features its mean
    np.testing.assert_allclose(features.square().sum(-1), x.square().sum(-1) / 60, rtol=0.1)


def test_relu_kernel_is_the_limit_of_relu_features():
    x = torch.randn(6, 30, generator=generator(2, "test")).double()
    features = kernels.relu_features(x, 200_000, generator(3, "features"))
    np.testing.assert_allclose(kernels.relu_kernel(x[:4], x), features[:4] @ features.T, atol=0.01)
    zero = torch.zeros(1, 30, dtype=torch.float64)
    assert kernels.relu_kernel(zero, x).abs().max() == 0


def test_forest_smoother_predicts_what_the_trees_predict():
    rng = np.random.default_rng(0)
    x, labels, at = rng.normal(size=(60, 5)), rng.normal(size=(60, 2)), rng.normal(size=(7, 5))
    matrix = trees.forest_smoother(torch.tensor(x), labels, torch.tensor(at), leaves=10, trees=3, seed=4)
    fitted = [
        DecisionTreeRegressor(max_leaf_nodes=10, max_features="sqrt", random_state=4000 + k).fit(x, labels)
        for k in range(3)
    ]
    np.testing.assert_allclose(matrix @ labels, np.mean([t.predict(at) for t in fitted], axis=0))
    np.testing.assert_allclose(matrix.sum(1), 1)


def test_parameters_are_counted():
    arch = stacked.MLP(7, depth=2)
    built = arch.build((5,), 3, generator(0, "init"))
    assert arch.parameters((5,), 3) == sum(p.numel() for p in built.parameters())
    assert built(torch.zeros(4, 5)).shape == (4, 3)


def test_the_same_generator_gives_the_same_network():
    a, b = (stacked.MLP(6).build((5,), 3, generator(9, "init")) for _ in range(2))
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_lenet_has_the_sizes_of_its_name():
    layers = stacked.LeNet(100).layers((28, 28), 10)
    assert [(layer.fan_in, layer.outputs) for layer in layers] == [(784, 300), (300, 100), (100, 10)]
    assert stacked.LeNet(100).parameters((784,), 10) == 266_610  # "266K" weights in Frankle & Carbin (2019, figure 2)
    assert stacked.lenet() == {"architecture": stacked.LeNet, "width": 100, "batch_norm": False}
