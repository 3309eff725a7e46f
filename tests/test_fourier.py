"""Waves in weights, on matrices and tables whose answers are known by hand."""

import math

import numpy as np
import pytest
import torch

from overparam import data
from overparam.theory import fourier


def wave(p, frequency, phase=0.0):
    return np.cos(2 * np.pi * frequency / p * np.arange(p) + phase)


@pytest.mark.parametrize("p", [7, 12])
def test_a_pure_cosine_has_one_frequency(p):
    weights = np.stack([np.r_[wave(p, 2), wave(p, 2, 1.0)], np.r_[wave(p, 2, 2.0), 3 * wave(p, 2)]]) + 5
    shares = fourier.power(weights)
    assert shares.shape == (p // 2,)
    assert shares == pytest.approx(np.eye(p // 2)[1])
    assert fourier.strongest(torch.from_numpy(weights)) == [2]


def test_power_is_shared_by_squares():
    weights = np.r_[2 * wave(9, 1), wave(9, 4, 0.3)][None]
    assert fourier.power(weights) == pytest.approx([0.8, 0, 0, 0.2])
    assert fourier.strongest(weights, 2) == [1, 4]


def test_of_an_even_table_the_fastest_wave_stands_for_itself():
    alternating = np.r_[wave(8, 4), wave(8, 1)][None]  # squares of 8 and 4 in all
    assert fourier.power(alternating) == pytest.approx([1 / 3, 0, 0, 2 / 3])


def test_the_plane_of_a_circle_shows_a_circle():
    p, turns = 11, np.linalg.qr(np.random.default_rng(0).normal(size=(20, 20)))[0][:, :2]
    circle = turns @ np.stack([wave(p, 3), wave(p, 3, -math.pi / 2)])
    weights = np.hstack([circle, np.ones((20, p))])
    places = weights[:, :p].T @ fourier.plane(weights, 3)
    assert np.linalg.norm(places, axis=1) == pytest.approx(np.ones(p))
    steps = places * np.roll(places, -1, 0)
    assert steps.sum(1) == pytest.approx(np.full(p, math.cos(2 * np.pi * 3 / p)))


@pytest.mark.parametrize(("p", "frequencies"), [(7, [1, 2, 3]), (11, [4]), (12, [1, 5])])
def test_the_exact_network_answers_with_waves_of_the_distance(p, frequencies):
    net, table = fourier.exact_network(p, frequencies), data.modular_addition(p, 0.5, 0)
    outputs = net(table.x.double())
    distance = ((torch.arange(p) - table.y[:, None]) % p).double()
    expected = sum((2 * math.pi * k / p * distance).cos() for k in frequencies)
    torch.testing.assert_close(outputs, expected)
    assert (outputs.argmax(1) == table.y).all()
    assert net.first.weight.shape == (9 * len(frequencies), 2 * p)


def test_outputs_by_distance_are_read_from_the_right_answer_on():
    outputs = np.array([[1.0, 2, 3], [4, 5, 6]])
    assert fourier.by_distance(outputs, np.array([0, 2])) == pytest.approx([3.5, 3, 4])
    profile = 0.5 + 2 * wave(9, 1) - wave(9, 3)
    assert fourier.amplitudes(profile) == pytest.approx([2, 0, -1, 0])
    assert fourier.amplitudes(wave(6, 3)) == pytest.approx([0, 0, 1])


def test_the_strength_of_a_circuit_is_the_number_of_its_waves():
    table = data.modular_addition(11, 0.5, 0)
    net = fourier.exact_network(11, [1, 4]).float()
    assert fourier.circuit_strength(net, table) == pytest.approx(2, abs=1e-5)


def test_a_network_of_squares_is_what_it_says():
    net, x = fourier.SquareNetwork(5, 3), torch.eye(10)[:4]
    by_hand = (x @ net.first.weight.T) ** 2 @ net.second.weight.T
    torch.testing.assert_close(net(x), by_hand)
    assert sum(p.numel() for p in net.parameters()) == 3 * 15


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: fourier.exact_network(7, [4]), "Frequencies modulo 7 are whole numbers from 1 to 3; got"),
        (lambda: fourier.exact_network(7, []), "Frequencies modulo 7 are"),
        (lambda: fourier.power(np.ones((3, 5))), "one column for each number as a and as b"),
        (lambda: fourier.power(np.ones((3, 6))), "they hold no frequency"),
        (lambda: fourier.by_distance(np.ones((3, 6)), np.zeros(2, int)), "one class for each of 3 cells"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert "\n" not in str(error.value)
