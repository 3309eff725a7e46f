"""Data sets that are made on the spot: MNIST-1D, regressions, slabs, spirals and tables of modular arithmetic."""

import contextlib
import functools
import hashlib
import importlib
import math
import random
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overparam import paths
from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.errors import between, require, shown, whole
from overparam.randomness import generator, random_state


def mnist1d(n: int = 4000, n_test: int = 1000, seed: int = 42, max_translation: int = 48) -> Data:
    """MNIST-1D, x [n, 40] with mean 0 and variance 1 over all of it (Greydanus and Kobak 2024).

    The paper's own are 4,000 + 1,000 with seed 42. Generated in a third of a second and kept for the life of the process; these,
    or another cut of the same 5,000, on disk as well, in `paths.cache()`.
    Another n + n_test is another draw: for a part of this one, use `subset`. A signal of 72 points is moved by fewer than
    ``max_translation`` of them before it is sampled at 40: by up to 47 in the paper, and not at all with 1.
    """
    return _mnist1d(
        *_check_sizes(n=n, n_test=n_test), random_state(seed), whole("max_translation", max_translation, 1, 48)
    )


_PAPERS = 5000, 42, 48  # signals, seed, and what they are moved by less than


@functools.cache
def _mnist1d(n: int, n_test: int, seed: int, max_translation: int = 48) -> Data:
    if (n + n_test, seed, max_translation) == _PAPERS:
        x, y = _kept_papers()
    else:
        x, y = _make_mnist1d(n + n_test, seed, max_translation)
    test = slice(n, n + n_test)
    moved = "" if max_translation == 48 else f", moved by less than {max_translation}"
    return Data("mnist1d", x[:n], y[:n], x[test], y[test], f"MNIST-1D (Greydanus and Kobak 2024){moved}", classes=10)


def _kept_papers() -> tuple[Tensor, Tensor]:
    """The paper's own signals, kept on disk: making them takes a third of a second, and importing what makes them another."""
    path = paths.cache() / f"mnist1d-{metadata.version('mnist1d')}.npz"
    with contextlib.suppress(Exception):  # where there is none, or a damaged one, which can raise almost anything
        with np.load(path) as file:
            x, y, told = file["x"], file["y"], str(file["sum"])
        if told == _sum(x, y):
            return torch.from_numpy(x), torch.from_numpy(y)
    x, y = _make_mnist1d(*_PAPERS)
    with contextlib.suppress(OSError):  # no room, or no right to write: it is made again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as beside:
            np.savez(Path(beside, path.name), x=x.numpy(), y=y.numpy(), sum=_sum(x.numpy(), y.numpy()))
            Path(beside, path.name).replace(path)
    return x, y


def _sum(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str((array.dtype, array.shape)).encode() + array.tobytes())
    return digest.hexdigest()


def _make_mnist1d(total: int, seed: int, max_translation: int) -> tuple[Tensor, Tensor]:
    """So many signals or a few more, x [total, 40] and y [total]."""
    from mnist1d.data import ObjectView, get_dataset_args, make_dataset

    transform: Any = importlib.import_module("mnist1d.transform")  # the package has a function of this name, too
    settings = get_dataset_args(as_dict=True)
    per_class = -(-total // 10)
    settings |= {"num_samples": 10 * per_class, "seed": seed, "max_translation": max_translation}
    before = random.getstate(), np.random.get_state()  # noqa: NPY002 (make_dataset seeds both of these globals)
    theirs = transform.interpolate, transform.gaussian_filter
    transform.interpolate, transform.gaussian_filter = _interpolate, _smooth
    try:
        made = make_dataset(ObjectView(settings))
    finally:
        transform.interpolate, transform.gaussian_filter = theirs
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
    x, y = (np.concatenate([made[name], made[f"{name}_test"]]) for name in ("x", "y"))
    return torch.from_numpy(x).float(), torch.from_numpy(y).long()


# To the bit what the MNIST-1D package has from SciPy, whose preparations for each signal take most of the time:


def _interpolate(x: np.ndarray, n: int) -> np.ndarray:
    """x [m] at n equally spaced places."""
    return np.interp(_places(n), _places(len(x)), x)


def _smooth(x: np.ndarray, sigma: float) -> np.ndarray:
    """x [m] convolved with a Gaussian of this deviation, mirrored at its ends."""
    from scipy.ndimage import (
        correlate1d,
    )  # here, as the package above: a process that makes no signals starts without it

    return correlate1d(x, _gaussian(sigma))


@functools.cache
def _gaussian(sigma: float) -> np.ndarray:
    places = np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * places**2)
    return weights / weights.sum()


@functools.cache
def _places(n: int) -> np.ndarray:
    return np.linspace(0, 1, n)


@full_precision()
def sine(n: int, noise: float, seed: int, n_test: int = 400) -> Data:
    """y = sin 5x + noise · N(0, 1) at `n` equally spaced x from -1 to 1; x and y are [n, 1].

    The seed draws the noise only. (With random x the mean risk of a polynomial with almost n coefficients is not
    finite.) The test set is the true function, without noise, at `n_test` equally spaced points.
    """
    n, n_test = _check_sizes(n=n, n_test=n_test)
    noise = between("noise", noise, 0)
    x = torch.linspace(-1, 1, n)[:, None]
    y = torch.sin(5 * x) + noise * torch.randn(n, 1, generator=generator(seed, "noise"))
    x_test = torch.linspace(-1, 1, n_test)[:, None]
    return Data("sine", x, y, x_test, torch.sin(5 * x_test), f"y = sin 5x + {noise:g} · N(0, 1), synthetic")


@full_precision()
def linear_teacher(n: int, d: int, noise: float, seed: int, n_test: int = 1000, teacher_seed: int = 0) -> Data:
    """y = x·β + noise · N(0, 1) with x ~ N(0, I_d) and |β| = 1; x is [n, d], y [n, 1].

    β depends on `teacher_seed` and d only. The test set is drawn as the training set is, noise included.
    """
    n, d, n_test = _check_sizes(n=n, d=d, n_test=n_test)
    noise = between("noise", noise, 0)
    beta = torch.randn(d, 1, generator=generator(teacher_seed, "teacher"))
    beta /= beta.norm()

    def draw(size: int, part: str) -> tuple[Tensor, Tensor]:
        x = torch.randn(size, d, generator=generator(seed, f"{part}inputs"))
        return x, x @ beta + noise * torch.randn(size, 1, generator=generator(seed, f"{part}noise"))

    source = f"y = x·β + {noise:g} · N(0, 1) with |β| = 1 in {d} dimensions, synthetic"
    return Data("linear_teacher", *draw(n, ""), *draw(n_test, "test "), source)


@full_precision()
def slabs(
    n: int, n_test: int, seed: int, inputs: int = 20, count: int = 5, blurred: float = 0.0, linear: bool = True
) -> Data:
    """Two classes that each of ``inputs`` coordinates tells apart: the first by its sign, the others by ``count`` slabs (Shah et al. 2020).

    Slabs, 5 or 7 along [−1, 1] and 0.2 apart, belong to the classes in turn, with probabilities for which no linear rule does
    better than chance. The first coordinate has a margin of 0.1, within which a share ``blurred`` of the examples lies, whatever
    their class; without ``linear`` it has slabs, too. All is rotated at random. The test set comes three times: as it is, with the
    first coordinate shuffled over the examples, and with all others shuffled (together).
    """
    n, n_test, inputs = _check_sizes(n=n, n_test=n_test, inputs=inputs)
    require(count in (5, 7), f"count is the number of slabs along a coordinate, 5 or 7; got {shown(count)}.")
    blurred, g = between("blurred", blurred, 0, 1), generator(seed, "slabs")
    total = n + n_test
    y = torch.randint(2, (total,), generator=g)
    outer = {5: [[1, 0, 6, 0, 1], [0, 4, 0, 4, 0]], 7: [[0, 4, 0, 8, 0, 4, 0], [1, 0, 7, 0, 7, 0, 1]]}
    chances = torch.tensor(outer[count], dtype=torch.float32)[y]
    slab = torch.multinomial(chances, inputs, replacement=True, generator=g)
    width = (2 - 0.2 * (count - 1)) / count
    place = torch.rand(total, inputs, generator=g)
    x = (slab - (count - 1) / 2) * (width + 0.2) + (place - 0.5) * width
    if linear:
        sign, inside = 2 * y - 1, torch.rand(total, generator=g) < blurred
        x[:, 0] = torch.where(inside, 0.1 * (2 * place[:, 0] - 1), sign * (0.1 + 0.9 * place[:, 0]))
    tested, others = x[n:], torch.randperm(n_test, generator=g)
    first, rest = tested.clone(), tested.clone()
    first[:, 0], rest[:, 1:] = tested[others, 0], tested[others, 1:]
    rotation = torch.linalg.qr(torch.randn(inputs, inputs, generator=g))[0]
    source = f"slabs in {inputs} dimensions (after Shah et al. 2020), synthetic"
    x_test = torch.cat([tested, first, rest])
    return Data("slabs", x[:n] @ rotation, y[:n], x_test @ rotation, y[n:].repeat(3), source, classes=2)


@full_precision()
def two_spirals(n: int, n_test: int, seed: int, turns: float = 1.0, noise: float = 0.3) -> Data:
    """Two spirals in the plane, one per class: x [n, 2] within about 4 of the origin, with Gaussian noise of this standard deviation.

    Each arm makes ``turns`` turns, from a radius of 0.6 to one of 4; classes alternate. A toy problem like the swiss roll of the paper.
    """
    n, n_test = whole("n", n, 2), whole("n_test", n_test, 2)
    turns, noise = between("turns", turns, 0), between("noise", noise, 0)
    draw, total = generator(seed, "two spirals"), n + n_test
    y = torch.arange(total) % 2
    way = torch.rand(total, generator=draw).sqrt()  # so that the density along the arm does not fall with the radius
    angle, radius = 2 * math.pi * turns * way + math.pi * y, 0.6 + 3.4 * way
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], 1) + noise * torch.randn(total, 2, generator=draw)
    return Data("two_spirals", x[:n], y[:n], x[n:], y[n:], "two spirals, synthetic", classes=2)


@full_precision()
def modular_addition(p: int, share: float, seed: int, rule: str = "sum") -> Data:
    """A table of modular arithmetic, a ``share`` of its cells to train on and all others to test: the task of Power et al. (2022).

    A cell is a pair a, b; its input [2p] has a 1 at a and one at p + b, its class is (a + b) mod p. Which cells are trained on is
    drawn with the seed. With the ``rule`` "quotient" the class is a/b mod p, the c with c·b = a, for a prime p and b ≠ 0.
    """
    p, share = whole("p", p, 2), between("share", share, 0, 1)
    require(rule in ("sum", "quotient"), f"rule is sum or quotient; got {shown(rule)}.")
    a, b = (cells.flatten() for cells in torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij"))
    if rule == "quotient":
        require(
            all(p % d for d in range(2, math.isqrt(p) + 1)),
            f"Only modulo a prime has every quotient an answer; got p={p}.",
        )
        a, b = a[b > 0], b[b > 0]
        answers = a * torch.tensor([pow(k, -1, p) for k in b.tolist()]) % p
    else:
        answers = (a + b) % p
    x = torch.cat([torch.eye(p)[a], torch.eye(p)[b]], 1)
    n = round(share * len(x))
    says = f"A share of {share:g} of {len(x)} cells leaves none to train on, or none to test; take another."
    require(0 < n < len(x), says)
    order = torch.randperm(len(x), generator=generator(seed, "cells"))
    train, test = order[:n], order[n:]
    source = f"{'a + b' if rule == 'sum' else 'a/b'} mod {p}, {share:.0%} of the table"
    return Data("modular_addition", x[train], answers[train], x[test], answers[test], source, classes=p)


def _check_sizes(**sizes: int) -> list[int]:
    """The sizes as ints; ValueError unless they are 1 or more."""
    return [whole(name, size, 1) for name, size in sizes.items()]
