"""Thresholds and peaks of curves drawn by hand, reuse of weights, and the two-speed regression against plain loops."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from overparam import data, measures, randomness
from overparam.architectures.stacked import MLP
from overparam.engine import growing
from overparam.engine.settings import Settings
from overparam.theory import two_speeds

MODEL = two_speeds.TwoSpeedRegression(n=60, fast=12, slow=5, scale=0.2, energy=1.5, noise=0.5)


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))


def test_effective_complexity_is_read_between_sizes():
    n = (100, 200, 400, 800)
    assert measures.effective_complexity(n, (0.0, 0.0, 0.2, 0.5), 0.1) == pytest.approx(200 * 2**0.5)
    assert measures.effective_complexity(n, (0.0, 0.1, 0.2, 0.5), 0.1) == pytest.approx(200)
    assert measures.effective_complexity(n, (0.2, 0.3, 0.4, 0.5), 0.1) == 100
    assert measures.effective_complexity(n, (0.0, 0.0, 0.0, 0.1), 0.1) == 800
    # The largest n that is fitted, also where a smaller one is not.
    assert measures.effective_complexity(n, (0.0, 0.2, 0.05, 0.15), 0.1) == pytest.approx(400 * 2**0.5)
    with pytest.raises(ValueError, match="ascending sizes"):
        measures.effective_complexity((2, 1), (0, 0), 0.1)


def test_threshold_is_read_between_sizes():
    assert measures.threshold((4, 16), (0.3, 0.1), 0.2) == pytest.approx(8)
    assert measures.threshold((4, 16), (0.1, 0.0), 0.2) == 4
    assert measures.threshold((4, 16), (0.5, 0.4), 0.2) == 16


def test_the_first_descent_is_no_peak():
    errors = pd.Series([9, 5, 2, 4, 1], index=[1, 2, 3, 4, 5])
    assert measures.peak_and_dip(errors) == (4, 3)
    with pytest.raises(ValueError, match="three sizes"):
        measures.peak_and_dip(errors.iloc[:2])


def test_rise_and_fall_judge_no_seed_by_its_own_choice():
    # The first half has its peak at width 3, the second at width 4; each is judged at the other's.
    first, second = [3, 1, 9, 2, 0], [3, 1, 2, 7, 0]
    table = pd.DataFrame([first, first, second, second], index=[10, 11, 12, 13], columns=[1, 2, 3, 4, 5])
    found = measures.rise_and_fall(table)
    assert found.index.tolist() == [10, 11, 12, 13]
    assert found.peak.tolist() == [4, 4, 3, 3]
    assert found.dip.tolist() == [2] * 4
    assert found.rise.tolist() == [1, 1, 1, 1]
    assert found.fall.tolist() == [2, 2, 2, 2]
    with pytest.raises(ValueError, match="2 or more"):
        measures.rise_and_fall(table.iloc[:1])


def test_stopping_is_chosen_on_the_other_half():
    # Even examples are best at epoch 1, odd ones at epoch 2; at the end both are wrong half of the time.
    correct = np.array([[1, 0, 1, 0], [0, 1, 1, 1], [1, 0, 0, 1]], bool)
    runs = pd.DataFrame({"test_correct": [correct], "test_correct_epoch": [np.array([1.0, 2.0, 3.0])]})
    row = measures.stopped_errors(runs).iloc[0]
    assert row.stopped == pytest.approx((1 + 0.5) / 2)
    assert row.final == 0.5
    assert row.epoch == 1.5


def test_plurality_counts_votes_before_it_looks_at_sizes():
    outputs = np.zeros((3, 2, 3))
    outputs[:, 0] = [[0.9, 0.1, 0], [0.4, 0.6, 0], [0.45, 0.55, 0]]  # two members for 1, though 0 has the larger sum
    outputs[:, 1] = [[0.8, 0.1, 0.1], [0.1, 0.2, 0.7], [0, 0.6, 0.4]]  # one vote each: the sums are .9, .9, 1.2
    assert measures.plurality(outputs).tolist() == [1, 2]


def test_noisy_copies_differ_in_their_labels_only():
    digits = data.digits(500)
    copies = data.noisy_copies(digits, 0.4, 3)
    wrong = [(c.y != digits.y).float().mean().item() for c in copies.values()]
    assert wrong == pytest.approx([0.36] * 3, abs=0.06)
    assert len({c.fingerprint for c in copies.values()}) == 3
    assert all(c.x is digits.x and c.y_test is digits.y_test for c in copies.values())
    with pytest.raises(ValueError, match="copies must be a whole number of at least 1; got 0"):
        data.noisy_copies(digits, 0.4, 0)


def test_grown_networks_hand_on_their_weights():
    old, new = MLP(3), MLP(5)
    small = old.build((4,), 2, randomness.generator(0, "init"))
    weights = torch.nn.utils.parameters_to_vector(small.parameters()).detach().numpy()
    wide = new.build((4,), 2, randomness.generator(1, "init"))
    start = growing.grown(weights, old, new, 4, 2, seed=7)
    torch.nn.utils.vector_to_parameters(torch.from_numpy(start.values.copy()), wide.parameters())  # noqa: PD011
    first, *_ = (p for p in wide.parameters() if p.dim() == 2)
    assert torch.equal(first[:3], next(p for p in small.parameters() if p.dim() == 2))
    x = torch.randn(6, 4, generator=randomness.generator(0, "x"))
    with torch.no_grad():
        list(wide.parameters())[2][:, 3:] = 0  # without the new units it is the old network
        assert torch.allclose(wide(x), small(x), atol=1e-6)
    many = growing.grown(np.zeros(15 + 8, np.float32), old, MLP(2000), 4, 2, seed=7).values  # noqa: PD011
    assert many.std() == pytest.approx(0.1, rel=0.05)
    with pytest.raises(ValueError, match="at least as wide"):
        growing.grown(weights, old, MLP(2), 4, 2, seed=7)


def test_reuse_goes_on_from_the_narrower_network(no_cache):
    digits = data.digits(200)
    networks = [
        Settings(MLP(1), n=100, epochs=60, lr=0.01, optimizer="adam", batch_size=50, init_seed=s) for s in (0, 1)
    ]
    table = growing.reuse(networks, (2, 4), digits)
    assert table.width.tolist() == [2, 2, 4, 4]
    assert table.start.isna().tolist() == [True, True, False, False]
    assert (table.train_loss.to_numpy()[2:] < table.train_loss.to_numpy()[:2]).all()


def test_two_speed_classes_differ_where_they_should():
    made = two_speeds.two_speed_classes(4000, 1000, seed=3, scale=0.1, fast=4, nuisance=10, slow=6)
    assert made.x.shape == (4000, 20)
    assert made.x_test.shape == (1000, 20)
    means = torch.stack([made.x[made.y == k].mean(0) for k in range(10)])
    within = torch.stack([made.x[made.y == k].std(0) for k in range(10)]).mean(0)
    assert torch.allclose(within[:14], torch.ones(14), atol=0.05)
    assert torch.allclose(within[14:], torch.full((6,), 0.1), atol=0.005)
    assert means[:, :4].std() == pytest.approx(1.2, rel=0.3)
    assert means[:, 4:14].std() < 0.1
    assert means[:, 14:].std() == pytest.approx(0.07, rel=0.3)
    # Another scale is the same draw with other slow inputs; another seed is another draw.
    other = two_speeds.two_speed_classes(4000, 1000, seed=3, scale=0.2, fast=4, nuisance=10, slow=6)
    assert torch.equal(made.x[:, :14], other.x[:, :14])
    assert torch.allclose(2 * made.x[:, 14:], other.x[:, 14:])
    assert not torch.equal(made.x, two_speeds.two_speed_classes(4000, 1000, 4, 0.1, 4, 10, 6).x)
    with pytest.raises(ValueError, match="scale"):
        two_speeds.two_speed_classes(10, 10, seed=0, scale="small")


@pytest.mark.parametrize("design", ["orthonormal", "gaussian"])
@pytest.mark.parametrize("factors", [(1, 1), (1, 25)])
def test_two_speed_regression_is_gradient_descent(design, factors):
    model, steps = replace(MODEL, design=design), np.array([0, 1, 3, 40])
    # The same draw, and gradient descent step by step with a step size for each group.
    rng, s = np.random.default_rng([5, 4]), model.scales
    x = rng.standard_normal((60, 17))
    if design == "orthonormal":
        x = np.linalg.qr(x)[0] * np.sqrt(60)
    b = np.concatenate(
        [np.sqrt(1.5) * g / np.linalg.norm(g) for g in (rng.standard_normal(12), rng.standard_normal(5))]
    )
    y = x @ b + np.sqrt(0.5) * rng.standard_normal(60)
    scaled, rates = x * s, np.repeat(factors, (12, 5)).astype(float)
    largest = np.linalg.eigvals(np.diag(rates) @ scaled.T @ scaled / 60).real.max()
    beta, found = np.zeros(17), []
    for t in range(41):
        if t in steps:
            errors = (s * beta - b) ** 2
            found.append((errors[:12].sum(), errors[12:].sum()))
        beta = beta - 0.5 / largest * rates * (scaled.T @ (scaled @ beta - y)) / 60
    assert np.allclose(model.risks(5, steps, factors=factors).T, found)


@pytest.mark.parametrize("factors", [(1, 1), (1, 25)])
def test_expected_risk_of_the_orthonormal_design(factors):
    steps = np.array([0, 1, 5, 30, 1000])
    drawn = MODEL.draws(range(300), steps, factors=factors)
    error = drawn.std(0) / 300**0.5
    assert (np.abs(drawn.mean(0) - MODEL.expected(steps, factors=factors)) <= 4 * error + 1e-9).all()
    assert np.allclose(drawn[:, :, 0], 1.5)


def test_minima():
    curves = [[3, 2, 3, 3, 1, 2], [3, 2, 1, 1, 1, 1], [1, 2, 3, 2, 1, 0], [0, 1, 2, 3, 3, 3]]
    assert two_speeds.minima(curves).tolist() == [2, 1, 1, 0]
