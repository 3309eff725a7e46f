"""The parameter-function map: which Boolean functions random networks compute, how often, and how complex they are.

After Valle-Pérez, Camargo & Louis (2019, arXiv 1805.08522). A function of d inputs is its outputs on the 2^d corners of a
cube, as a string of bits packed into bytes: an array [functions, 2^d / 8] of uint8, whose bits ``np.unpackbits(functions,
axis=1)`` are in the order of ``corners``.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.engine import workers
from overparam.errors import real, require, shown, whole
from overparam.randomness import generator

ACTIVATIONS = {"relu": torch.relu_, "tanh": torch.tanh_}
_STREAM = 2048  # networks that are drawn from one stream of random numbers
_NETWORKS, _STRINGS = 128, 2048  # how many are handled together, so that their numbers stay in cache


def corners(inputs: int = 7, low: float = 0.0) -> Tensor:
    """The corners [2^inputs, inputs] of the cube {low, 1}^inputs, counted in binary: the last input changes fastest."""
    says = f"inputs lies between 3 (8 corners make a byte) and 12; got {shown(inputs)}."
    inputs = whole("inputs", inputs, 3, 12, says)
    says = f"low is the other value of an input than 1, below it; got {shown(low)}."
    low = real("low", low, says)
    require(low < 1, says)
    ones = (torch.arange(2**inputs)[:, None] >> torch.arange(inputs - 1, -1, -1)) & 1
    return low + (1 - low) * ones.float()


@full_precision()
def sample(
    count: int,
    weight_sd: float,
    bias_sd: float,
    seed: int = 0,
    activation: str = "relu",
    width: int = 40,
    depth: int = 2,
    inputs: int = 7,
    low: float = 0.0,
) -> np.ndarray:
    """The functions [count, 2^inputs / 8] of random fully connected networks: whether the output is positive on each corner.

    All weights of the ``depth`` hidden layers of ``width`` units and of the output are drawn from N(0, weight_sd² / fan-in),
    all biases from N(0, bias_sd²). ``activation`` is "relu" or "tanh". Fewer networks of the same seed are the first of more.
    """
    count = whole("count", count, 1, says=f"count must be 1 or more networks; got {shown(count)}.")
    says = f"width and depth must be 1 or more; got {shown(width)} and {shown(depth)}."
    width, depth = (whole("size", size, 1, says=says) for size in (width, depth))
    says = f"weight_sd must be positive and bias_sd not negative; got {shown(weight_sd)} and {shown(bias_sd)}."
    weight_sd, bias_sd = (real("sd", sd, says) for sd in (weight_sd, bias_sd))
    require(0 < weight_sd < 1e30 and 0 <= bias_sd < 1e30, says)  # what float32 holds
    known = isinstance(activation, str) and activation in ACTIVATIONS
    require(known, f"activation must be one of {', '.join(ACTIVATIONS)}; got {shown(activation)}.")
    seed = whole("seed", seed)
    points = corners(inputs, low).T.contiguous()
    tasks = [(number, min(_STREAM, count - start)) for number, start in enumerate(range(0, count, _STREAM))]
    functions = np.empty((count, 2**inputs // 8), dtype=np.uint8)
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        shared = seed, points, [inputs, *[width] * depth, 1], weight_sd, bias_sd, activation
        for number, packed in workers.run(_stream, tasks, shared, threads):
            functions[number * _STREAM :][: len(packed)] = packed
    return functions


def _stream(
    number: int,
    count: int,
    seed: int,
    points: Tensor,
    sizes: list[int],
    weight_sd: float,
    bias_sd: float,
    activation: str,
) -> np.ndarray:
    """The functions [count, bytes] of the networks drawn from one stream, on points [inputs, corners]."""
    randomness = generator(seed, f"functions {number}")
    parts = []
    for _ in range(0, count, _NETWORKS):
        h = points.expand(_NETWORKS, -1, -1)
        for layer, (fan_in, out) in enumerate(itertools.pairwise(sizes)):
            if layer:
                h = ACTIVATIONS[activation](h)
            weight = torch.randn(_NETWORKS, out, fan_in, generator=randomness)
            bias = torch.randn(_NETWORKS, out, 1, generator=randomness)
            h = torch.baddbmm(bias, weight, h, beta=bias_sd, alpha=weight_sd / fan_in**0.5)
        parts.append(np.packbits(h[:, 0].numpy() > 0, axis=1))
    return np.concatenate(parts)[:count]


def uniform(count: int, seed: int = 0, inputs: int = 7) -> np.ndarray:
    """Functions [count, 2^inputs / 8] drawn uniformly from all 2^(2^inputs): each output is a coin toss."""
    size = (whole("count", count, 1), len(corners(inputs)) // 8)
    return torch.randint(256, size, generator=generator(seed, "uniform functions"), dtype=torch.uint8).numpy()


def frequencies(functions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different functions [m, bytes] among those given, the most frequent first, and how often each occurs [m]."""
    _require_packed(functions)
    rows = np.ascontiguousarray(functions).view(f"V{functions.shape[1]}")[:, 0]  # each a single value to compare
    found, counts = np.unique(rows, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return found[order].view(np.uint8).reshape(len(found), -1), counts[order]


def repeated(functions: np.ndarray) -> pd.DataFrame:
    """Those among the functions given that occur at least twice, the most frequent first: ``probability``, their share, and ``complexity``."""
    found, counts = frequencies(functions)
    often = counts > 1
    values = complexity(found[often]) if often.any() else np.empty(0)
    return pd.DataFrame({"probability": counts[often] / len(functions), "complexity": values})


def complexity(functions: np.ndarray) -> np.ndarray:
    """Lempel-Ziv complexity [m] of functions [m, bytes], in bits, as Dingle, Camargo & Louis (2018, Nat. Commun. 9, 761) define it.

    log₂(n) · (words of the string + words of the reversed string) / 2 for a string of n bits, words as Lempel & Ziv (1976)
    count them: each is the shortest stretch that does not occur before, or does where it may overlap itself by all but
    its last bit; the last one may be cut off by the end. A constant string has log₂(n).
    """
    _require_packed(functions)
    n = 8 * functions.shape[1]
    found = np.full(len(functions), np.log2(n))
    for start in range(0, len(functions), _STRINGS):
        strings = np.unpackbits(functions[start : start + _STRINGS].T, axis=0)  # [n, m]
        ones = strings.sum(0, dtype=np.int64)
        words = np.where((ones == 0) | (ones == n), 2, _words(strings) + _words(strings[::-1]))
        found[start : start + _STRINGS] *= words / 2
    return found


def _words(strings: np.ndarray) -> np.ndarray:
    """Number of words [m] of the exhaustive history (Lempel & Ziv 1976) of strings [n, m] of bits."""
    n, count = strings.shape
    longest = np.zeros((n, count), dtype=np.min_scalar_type(n))
    # equal[d - 1]: over how many bits the string from `place` on equals itself d bits before
    equal = np.zeros((n, count), dtype=longest.dtype)
    for place in range(n - 1, 0, -1):
        lags = equal[:place]
        lags += 1
        lags *= strings[place - 1 :: -1] == strings[place]
        lags.max(0, out=longest[place])
    words, place, columns = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64), np.arange(count)
    while (inside := place < n).any():
        words += inside
        place += inside * (longest[np.minimum(place, n - 1), columns].astype(np.int64) + 1)
    return words


def _require_packed(functions: np.ndarray) -> None:
    require(
        isinstance(functions, np.ndarray),
        f"functions must be [functions, bytes] of uint8, as sample gives them; got {shown(functions)}.",
    )
    require(
        functions.ndim == 2 and functions.dtype == np.uint8 and functions.size > 0,
        f"functions must be [functions, bytes] of uint8, as sample gives them; got {list(functions.shape)} of {functions.dtype}.",
    )
