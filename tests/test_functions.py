"""Random networks as functions of bits against networks drawn one by one, and Lempel-Ziv complexity against its definition."""

import itertools
from collections import Counter

import numpy as np
import pytest
import torch

from overparam.theory import functions


def strings(packed):
    return ["".join(map(str, bits)) for bits in np.unpackbits(packed, axis=1)]


def packed(*strings):
    return np.packbits(np.array([[int(bit) for bit in s] for s in strings], dtype=np.uint8), axis=1)


# --- Networks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_corners_are_counted_in_binary(low):
    assert functions.corners(7, low).tolist() == [list(c) for c in itertools.product([low, 1.0], repeat=7)]


@pytest.mark.parametrize(("activation", "low", "depth"), [("relu", 0.0, 2), ("tanh", -1.0, 1)])
def test_functions_are_as_frequent_as_those_of_networks_drawn_one_by_one(activation, low, depth):
    count, width, weight_sd, bias_sd = 20_000, 2, 2.0, 0.5
    rng = np.random.default_rng(0)
    apply = {"relu": lambda h: np.maximum(h, 0), "tanh": np.tanh}[activation]
    plain = Counter()
    for _ in range(count // 4):
        h = np.array(list(itertools.product([low, 1.0], repeat=3)))
        for out in [width] * depth:
            h = apply(
                h @ rng.normal(0, weight_sd / np.sqrt(h.shape[1]), (h.shape[1], out)) + rng.normal(0, bias_sd, out)
            )
        output = h @ rng.normal(0, weight_sd / np.sqrt(width), width) + rng.normal(0, bias_sd)
        plain["".join(str(int(z > 0)) for z in output)] += 1
    settings = {"activation": activation, "width": width, "depth": depth, "inputs": 3, "low": low}
    found = Counter(strings(functions.sample(count, weight_sd, bias_sd, **settings)))
    for function in {f for f, _ in plain.most_common(20)} | {f for f, _ in found.most_common(20)}:
        p, q = plain[function] / (count // 4), found[function] / count
        spread = np.sqrt(max(p, q) * (1 / count + 4 / count))
        assert abs(p - q) < 4.5 * spread


def test_a_sample_has_one_byte_for_eight_corners_and_begins_as_a_larger_one(monkeypatch):
    small, large = (functions.sample(count, 1.4, 0.1, seed=5) for count in (2500, 5000))
    assert small.shape == (2500, 16)
    assert small.dtype == np.uint8
    assert np.array_equal(small, large[:2500])
    assert not np.array_equal(small, functions.sample(2500, 1.4, 0.1, seed=6))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert np.array_equal(small, functions.sample(2500, 1.4, 0.1, seed=5))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_signs_do_not_depend_on_the_scale_of_relu_networks_without_biases():
    first, second = (functions.sample(1000, sd, 0.0) for sd in (1.0, 4.0))
    assert np.array_equal(first, second)
    assert (np.unpackbits(first, axis=1)[:, 0] == 0).all()  # the output at 0 is 0, which is not positive


def test_networks_with_large_biases_are_constant():
    bits = np.unpackbits(functions.sample(1000, 0.001, 1.0, depth=1), axis=1)
    assert (bits == bits[:, :1]).mean() > 0.99
    assert 0.4 < bits.mean() < 0.6


def test_uniform_functions_toss_a_coin_for_every_corner():
    drawn = functions.uniform(4000, seed=1)
    assert drawn.shape == (4000, 16)
    assert drawn.dtype == np.uint8
    assert np.abs(np.unpackbits(drawn, axis=1).mean(0) - 0.5).max() < 4.5 * 0.5 / np.sqrt(4000)
    assert len(functions.frequencies(drawn)[1]) == 4000
    assert not np.array_equal(drawn, functions.uniform(4000, seed=2))


def test_frequencies_count_what_there_is_most_frequent_first():
    drawn = functions.sample(3000, 2.0, 0.5, width=2, depth=1, inputs=3)
    found, counts = functions.frequencies(drawn[::2])  # not contiguous
    assert Counter(strings(drawn[::2])) == dict(zip(strings(found), counts.tolist(), strict=True))
    assert (np.diff(counts) <= 0).all()
    assert len(found) < len(drawn) / 10


# --- Complexity -------------------------------------------------------------------------------------------------------


def words(string):
    """The parts of a string, each the shortest that the text before its own last symbol does not contain."""
    parts, start = [], 0
    while start < len(string):
        length = 1
        while start + length <= len(string) and string[start : start + length] in string[: start + length - 1]:
            length += 1
        parts.append(string[start : start + length])
        start += length
    return parts


def plain_complexity(string):
    if len(set(string)) == 1:
        return np.log2(len(string))
    return np.log2(len(string)) * (len(words(string)) + len(words(string[::-1]))) / 2


def test_words_of_the_example_of_lempel_and_ziv():
    assert words("0001101001000101") == ["0", "001", "10", "100", "1000", "101"]
    assert functions.complexity(packed("0001101001000101")) == pytest.approx([plain_complexity("0001101001000101")])


def test_complexity_of_strings_that_one_can_parse_by_hand():
    constant, alternating = ("0" * 128, "1" * 128), ("01" * 64, "10" * 64)
    assert functions.complexity(packed(*constant)).tolist() == [7, 7]
    assert functions.complexity(packed(*alternating)).tolist() == [21, 21]  # 0, 1, the rest; the same backwards
    assert functions.complexity(packed("0" * 127 + "1")).tolist() == [7 * (2 + 3) / 2]  # 0, 0…01 and 1, 0, 0…0


@pytest.mark.parametrize("inputs", [3, 4, 7, 9])
def test_complexity_is_its_definition(inputs):
    n = 2**inputs
    blocks = np.random.default_rng(0).integers(0, 2, (100, n // 4), dtype=np.uint8)
    drawn = np.concatenate(
        [
            functions.uniform(100, inputs=inputs),
            functions.sample(100, 1.4, 0.1, inputs=inputs),
            np.packbits(np.tile(blocks, 4), axis=1),
            np.packbits(np.repeat(blocks, 4, axis=1), axis=1),
            packed("0" * n, "1" * n),
        ]
    )
    assert functions.complexity(drawn).tolist() == pytest.approx([plain_complexity(s) for s in strings(drawn)])


def test_many_strings_are_parsed_in_parts(monkeypatch):
    drawn = functions.uniform(50)
    whole = functions.complexity(drawn)
    monkeypatch.setattr(functions, "_STRINGS", 7)
    assert np.array_equal(functions.complexity(drawn), whole)


def test_random_networks_prefer_simple_functions():
    """7-40-40-1 with ReLU: the paper's own; the constant functions are met in thousands of draws of 2^128 functions."""
    drawn = functions.sample(4000, 2**0.5, 0.1)
    found, counts = functions.frequencies(drawn)
    assert set(strings(found[:2])) == {"0" * 128, "1" * 128}
    assert counts[0] > 100
    complexities = functions.complexity(found)
    assert complexities[counts > 1].mean() < complexities[counts == 1].mean() - 20
    assert functions.complexity(functions.uniform(1000)).min() > 120


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"count": 0}, "count must be 1 or more networks; got 0"),
        ({"weight_sd": 0}, "weight_sd must be positive and bias_sd not negative; got 0 and 1"),
        ({"bias_sd": -1}, "bias_sd not negative; got 1 and -1"),
        ({"activation": "sine"}, "activation must be one of relu, tanh; got 'sine'"),
        ({"width": 0}, "width and depth must be 1 or more; got 0 and 2"),
        ({"inputs": 2}, "inputs lies between 3 .* and 12; got 2"),
        ({"low": 1}, "low is the other value of an input than 1, below it; got 1"),
    ],
)
def test_bad_settings_are_one_sentence(settings, said):
    with pytest.raises(ValueError, match=said):
        functions.sample(**{"count": 1, "weight_sd": 1, "bias_sd": 1} | settings)


def test_functions_are_packed():
    with pytest.raises(ValueError, match=r"must be \[functions, bytes\] of uint8.*got \[2, 16\] of bool"):
        functions.complexity(np.zeros((2, 16), dtype=bool))
    with pytest.raises(ValueError, match=r"got \[16\] of uint8"):
        functions.frequencies(np.zeros(16, dtype=np.uint8))


def test_repeated_are_those_met_twice_or_more():
    simple, other, once = "00000000", "01100101", "11110000"
    found = functions.repeated(packed(simple, other, once, simple, other, simple))
    assert found.probability.tolist() == [3 / 6, 2 / 6]
    assert found.complexity.tolist() == functions.complexity(packed(simple, other)).tolist()
    assert functions.repeated(packed(simple, other)).empty
