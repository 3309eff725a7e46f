"""What is promised of errors: bounds on finite sets of candidates and PAC-Bayes bounds, against known cases and simulation."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import binom

from overparam.architectures.stacked import MLP
from overparam.randomness import generator
from overparam.theory import bounds


def test_one_candidate_is_hoeffdings_inequality():
    assert bounds.hoeffding(200, 0, math.exp(-4)) == pytest.approx(0.1)
    assert bounds.hoeffding(200, math.log(7), 0.07) == pytest.approx(bounds.hoeffding(200, 0, 0.01))


def test_a_billion_candidates():
    """Kawaguchi et al. 2017 give 6.94 %."""
    assert round(100 * float(bounds.bernstein(10_000, math.log(1e9), 0.1)), 2) == 6.94
    assert bounds.bernstein(100, 1.0, 0.1, variance=0) == pytest.approx(2 * (1 + math.log(10)) / 300)


def test_bounds_cover_the_winner_of_a_search():
    """Every candidate guesses: the winner's error on n examples is the smallest of K binomials, its true error one half."""
    n, k, draws = 100, 50, 2000
    found = np.random.default_rng(0).binomial(n, 0.5, (draws, k)).min(1) / n
    for bound in (bounds.hoeffding(n, math.log(k), 0.1), bounds.bernstein(n, math.log(k), 0.1, 0.25)):
        assert np.mean(0.5 - found > bound) < 0.1


@pytest.mark.parametrize("k", [1, 2, 1000, 10**9])
def test_the_luckiest_of_many(k):
    n = 50
    none_below = [(1 - binom.cdf(j, n, 0.5)) ** k for j in range(n + 1)]
    expected = next(j for j, chance in enumerate(none_below) if chance <= 0.5 + 1e-12) / n
    assert bounds.luckiest(n, math.log(k)) == expected


def test_with_enough_candidates_one_is_right_everywhere():
    assert bounds.luckiest(1000, 1000 * math.log(2) + 1) == 0 < bounds.luckiest(1000, 900 * math.log(2))
    assert bounds.luckiest(1000, 1e6) == 0


def test_the_inverse_of_the_divergence():
    budget = np.array([0.01, 0.3, 2])
    np.testing.assert_allclose(bounds.kl_inverse(0, budget), 1 - np.exp(-budget), atol=1e-11)
    p = bounds.kl_inverse(0.2, 0.05)
    assert 0.2 * math.log(0.2 / p) + 0.8 * math.log(0.8 / (1 - p)) == pytest.approx(0.05)
    assert bounds.kl_inverse(0.3, 0) == pytest.approx(0.3)
    assert bounds.kl_inverse(1, 0.1) == 1


def test_the_inverse_is_never_above_pinskers():
    errors, budget = np.linspace(0, 1, 11), np.full(11, 0.08)
    assert (bounds.kl_inverse(errors, budget) <= errors + 0.2 + 1e-9).all()


def test_pac_bayes_without_a_divergence():
    assert bounds.pac_bayes(0, 0, 100, 0.05) == pytest.approx(1 - math.exp(-math.log(20 / 0.05) / 100))


def test_pac_bayes_covers_a_coin():
    """One predictor (KL = 0) with a known error: the bound is below that error in less than the failure's share of samples."""
    seen = np.random.default_rng(0).binomial(60, 0.3, 4000) / 60
    assert np.mean(bounds.pac_bayes(seen, np.zeros(4000), 60, 0.2) < 0.3) < 0.2


@pytest.fixture
def sorter():
    """A network that tells the sign of the first of two inputs, by a margin; its weights, and 300 examples."""
    module = MLP(2).build((2,), 2, generator(0, "init"))
    values = [[1.0, 0], [-1, 0]], [0.0, 0], [[-1.0, 1], [1, -1]], [0.0, 0]
    for parameter, value in zip(module.parameters(), values, strict=True):
        parameter.data = torch.tensor(value)
    x = torch.randn(300, 2, generator=generator(0, "x"))
    return module, torch.nn.utils.parameters_to_vector(module.parameters()).detach(), x, (x[:, 0] > 0).long()


def test_the_bound_on_gaussian_weights_is_made_of_its_parts(sorter):
    module, weights, x, y = sorter
    found = bounds.gaussian_bound(module, weights, weights + 0.01, x, y, steps=0, draws=400)
    j = 70  # exp(−70/20) is about 0.03, where all deviations begin
    assert found.prior_deviation == pytest.approx(math.exp(-j / 20))
    ratio = (0.03 / math.exp(-3.5)) ** 2
    assert found.divergence == pytest.approx(
        len(weights) * ((ratio - 1 - math.log(ratio)) + 1e-4 * math.exp(7)) / 2, rel=1e-3
    )
    error = bounds.kl_inverse(found.error, math.log(1 / 0.01) / 400)
    assert found.bound == pytest.approx(
        float(bounds.pac_bayes(error, found.divergence, 300, 0.04 * 6 / (math.pi * j) ** 2))
    )
    assert found.error < found.bound < 0.5


def test_steps_lower_the_bound(sorter):
    module, weights, x, y = sorter
    before, after = (bounds.gaussian_bound(module, weights, weights - 0.3, x, y, k, 200) for k in (0, 300))
    assert after.bound < before.bound - 0.1
    assert after.deviations.shape == after.weights.shape == weights.shape


def test_a_bound_on_random_labels_is_one_half_or_more(sorter):
    module, weights, x, _ = sorter
    y = torch.randint(2, (300,), generator=generator(0, "y"))
    assert bounds.gaussian_bound(module, weights, weights, x, y, steps=50, draws=100).bound > 0.5


def test_errors_around_weights(sorter):
    module, weights, x, y = sorter
    assert bounds.errors_around(module, weights, torch.zeros_like(weights), x, y, 3, 0).tolist() == [0, 0, 0]
    far = bounds.errors_around(module, weights, torch.full_like(weights, 100), x, y, 400, 0)
    assert far.mean() == pytest.approx(0.5, abs=0.06)
    with pytest.raises(ValueError, match="equally many"):
        bounds.errors_around(module, weights, weights[1:], x, y, 3, 0)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: bounds.hoeffding(10, 0, 1.5), "probability in"),
        (lambda: bounds.hoeffding(10, -1.0), "not negative"),
        (lambda: bounds.kl_inverse(1.2, 0.1), "lies in"),
        (lambda: bounds.kl_inverse(0.1, -0.1), "not negative"),
        (lambda: bounds.kl_inverse([0.1, 0.2], [0.1, 0.1, 0.1]), "equally many"),
        (lambda: bounds.luckiest(10, -1.0), "1 candidate or more"),
    ],
)
def test_what_makes_no_sense_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
