"""Poisoned training sets, whose minima classify the training examples and little else (Huang et al. 2020, arXiv 1906.03291)."""

import math
from dataclasses import replace

import torch

from overparam.arithmetic import full_precision
from overparam.data.dataset import Data, require_data
from overparam.errors import between, require, truth, whole
from overparam.randomness import generator


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


def poisoned(data: Data, n: int, extra: int, apart: float = 0.3, wrong: bool = True, copies: int = 3) -> Data:
    """The first ``n`` training examples, each ``copies`` times, and ``extra`` further ones from the pool with the next class as their label.

    The mean loss over them is that on the n examples plus extra / (copies · n) times the loss with wrong labels, up to a factor. An
    extra example lies at least ``apart`` from each of the n: two labels in one place cannot be fitted. With ``wrong=False`` the extra
    examples keep their labels. The rows of the n examples are the first n.
    """
    require_data(data)
    if data.classes is None:
        raise ValueError(f"{data.name} has no classes, so that no label is wrong; take a classification.")
    n, extra, copies = whole("n", n, 1, len(data.x)), whole("extra", extra, 0), whole("copies", copies, 1)
    apart, wrong = between("apart", apart, 0), truth("wrong", wrong)
    x, y, rest = data.x[:n], data.y[:n], data.x[n:]
    far = torch.cdist(rest.flatten(1), x.flatten(1)).amin(1) >= apart if len(rest) else torch.zeros(0, dtype=torch.bool)
    chosen = n + far.nonzero()[:extra, 0]
    require(
        len(chosen) == extra,
        f"{extra:,} extra examples at a distance of {apart:g} are wanted, and the pool of {data.name} has {len(chosen):,}; enlarge it.",
    )
    labels = (data.y[chosen] + wrong) % data.classes
    return replace(data, x=torch.cat([*[x] * copies, data.x[chosen]]), y=torch.cat([*[y] * copies, labels]))
