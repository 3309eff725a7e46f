"""Modular addition by waves: a network of squares that is exact, and how much of such waves a network's weights and outputs hold.

A cell of the table is a pair a, b with the answer a + b mod p, as `data.modular_addition` makes them: input [2p], a 1 at a and at
p + b. A frequency k stands for the angle w = 2πk/p, k = 1, …, (p − 1)/2.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from overparam.data.dataset import Data
from overparam.errors import numbers, require, shown, whole


class SquareNetwork(nn.Module):
    """Outputs V (W x)², the squares taken unit by unit: inputs [n, 2p] to outputs [n, p], no biases (Gromov 2023, arXiv 2301.02679).

    Initial weights are uniform on ±1/√fan-in, as PyTorch's layers draw them.
    """

    def __init__(self, p: int, width: int) -> None:
        super().__init__()
        p, width = whole("p", p, 2), whole("width", width, 1)
        self.first = nn.Linear(2 * p, width, bias=False)
        self.second = nn.Linear(width, p, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs [n, p]."""
        return self.second(self.first(x).square())


def exact_network(p: int, frequencies: Sequence[int]) -> SquareNetwork:
    """A network of squares with outputs Σ_k cos(w_k (a + b − c)) for every cell, from nine units for each frequency (float64).

    The units of a frequency are cos(wa + α) + cos(wb + β) with α and β among the three thirds of a turn, and each answers c with
    (2/9) cos(wc + α + β). What is not wanted of the squares cancels in the sums over α and β.
    """
    _require_frequencies(p, frequencies)
    thirds = [2 * math.pi * j / 3 for j in range(3)]
    place = torch.arange(p, dtype=torch.float64)
    rows, columns = [], []
    for k, one, other in itertools.product(frequencies, thirds, thirds):
        turn = 2 * math.pi * k / p * place
        rows.append(torch.cat([(turn + one).cos(), (turn + other).cos()]))
        columns.append(2 / 9 * (turn + one + other).cos())
    net = SquareNetwork(p, len(rows)).double()
    with torch.no_grad():
        net.first.weight.copy_(torch.stack(rows))
        net.second.weight.copy_(torch.stack(columns, 1))
    return net


def power(weights: Tensor | np.ndarray) -> np.ndarray:
    """Share of each frequency 1, …, ⌊p/2⌋ in what the first layer's weights [units, 2p] are besides constant; sums to 1.

    The squares of the discrete Fourier transform over a, and over b, summed over the units.
    """
    table = _first_layer(weights)
    waves = np.abs(np.fft.rfft(table, axis=-1)[..., 1:]) ** 2
    if table.shape[-1] % 2 == 0:
        waves[..., -1] /= 2  # the others stand for themselves and for p − k
    total = waves.sum((0, 1))
    require(bool(total.sum() > 0), "These weights are the same for all numbers: they hold no frequency.")
    return total / total.sum()


def strongest(weights: Tensor | np.ndarray, count: int = 1) -> list[int]:
    """The frequencies (from 1) with the largest shares of `power`, the strongest first."""
    shares = power(weights)
    count = whole("count", count, 1, len(shares))
    return (1 + np.argsort(-shares, kind="stable")[:count]).tolist()


def plane(weights: Tensor | np.ndarray, frequency: int) -> np.ndarray:
    """Two orthonormal directions [units, 2] in which the weights of a run through a circle with this frequency, as far as they do.

    The cosine and the sine part of the first operand's weights. Weights [units, 2p] at any time have coordinates
    ``weights[:, :p].T @ plane`` [p, 2] there.
    """
    table = _first_layer(weights)[:, 0]
    wave = np.fft.fft(table, axis=-1)
    _require_frequencies(table.shape[-1], [frequency])
    return np.linalg.qr(np.stack([wave[:, frequency].real, wave[:, frequency].imag], 1))[0]


def by_distance(outputs: Tensor | np.ndarray, answers: Tensor | np.ndarray) -> np.ndarray:
    """Mean output [p] by how far a class lies from the right one: at d that of class (answer + d) mod p, over cells.

    ``outputs`` are [cells, p]. It is what the outputs hold of functions of c − a − b alone; on held-out cells memory has no part in it.
    """
    outputs = numbers("outputs", outputs, 2).astype(float)
    answers = answers.cpu().numpy() if isinstance(answers, Tensor) else np.asarray(answers)
    p = outputs.shape[1]
    require(
        answers.shape == (len(outputs),),
        f"answers holds one class for each of {len(outputs)} cells; got {shown(answers.shape)}.",
    )
    return np.take_along_axis(outputs, (answers[:, None] + np.arange(p)) % p, 1).mean(0)


def amplitudes(profile: np.ndarray) -> np.ndarray:
    """Coefficients of cos(w_k d) [⌊p/2⌋], from frequency 1 on, in a function [p] of the distance d (as of `by_distance`)."""
    profile = numbers("The profile", profile, 1).astype(float)
    found = 2 * np.fft.rfft(profile).real[1:] / len(profile)
    if len(profile) % 2 == 0:
        found[-1] /= 2
    return found


def circuit_strength(network: nn.Module, data: Data) -> float:
    """Sum of the `amplitudes` of all waves of c − a − b in the outputs for the held-out cells, as a measure for ``record``.

    It is the mean output for the right class less the mean over all classes, written as waves: for odd p the same number.
    """
    with torch.no_grad():
        return float(amplitudes(by_distance(network(data.x_test), data.y_test)).sum())


def _first_layer(weights: Tensor | np.ndarray) -> np.ndarray:
    """Weights [units, 2p] as [units, operand, p]."""
    given = weights.detach().cpu().numpy() if isinstance(weights, Tensor) else weights
    table = numbers("The first layer's weights", given, 2).astype(float)
    says = (
        f"The first layer's weights are [units, 2p], one column for each number as a and as b; got {list(table.shape)}."
    )
    require(table.shape[1] % 2 == 0 and table.shape[1] >= 4, says)
    return table.reshape(len(table), 2, -1)


def _require_frequencies(p: int, frequencies: Sequence[int]) -> None:
    most = (whole("p", p, 3) - 1) // 2
    fine = len(frequencies) > 0 and all(isinstance(k, int | np.integer) and 1 <= k <= most for k in frequencies)
    require(fine, f"Frequencies modulo {p} are whole numbers from 1 to {most}; got {shown(list(frequencies))}.")
