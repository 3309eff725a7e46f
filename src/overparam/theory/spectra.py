"""Signs of the eigenvalues of random symmetric matrices."""

import math

import numpy as np

from overparam.randomness import rng


def goe(size: int, count: int, seed: int) -> np.ndarray:
    """``count`` symmetric matrices [count, size, size] of the Gaussian orthogonal ensemble, (A + Aᵀ)/√2 with A_ij ~ N(0, 1)."""
    a = rng(seed, size).standard_normal((count, size, size))
    return (a + a.swapaxes(1, 2)) / math.sqrt(2)


def all_positive(size: int, count: int, seed: int, part: int = 50_000) -> int:
    """How many of ``count`` matrices of the Gaussian orthogonal ensemble have only positive eigenvalues."""
    total = 0
    for number, start in enumerate(range(0, count, part)):
        matrices = goe(size, min(part, count - start), 1000 * seed + number)
        positive = matrices.diagonal(axis1=1, axis2=2).min(1) > 0  # necessary, and cheap
        if positive.any():
            total += int((np.linalg.eigvalsh(matrices[positive]).min(1) > 0).sum())
    return total
