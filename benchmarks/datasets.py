"""The data of a work, the same for all variants. Called with a work and a path, it writes them for JAX."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.works import N_TEST, Work
from overparam import Data, data, randomness
from overparam.data import corrupt_labels


def load(name: str, n: int) -> Data:
    """MNIST-1D, or n training images of CIFAR-10: random pixels where CIFAR-10 is not at hand; 1,000 test examples."""
    if name == "mnist1d":
        return data.mnist1d(n=n, n_test=N_TEST)
    images = data.cifar10() if data.available("cifar10") else random_images(n)
    return replace(images, x=images.x[:n], y=images.y[:n], x_test=images.x_test[:N_TEST], y_test=images.y_test[:N_TEST])


def random_images(n: int) -> Data:
    """Images and labels of CIFAR-10's size without any meaning: time does not depend on what a pixel shows."""
    g = randomness.generator(0, "random images")
    x, x_test = (torch.rand(size, 3, 32, 32, generator=g) for size in (n, N_TEST))
    y, y_test = (torch.randint(10, (size,), generator=g) for size in (n, N_TEST))
    return Data("cifar10", x, y, x_test, y_test, "random pixels in place of CIFAR-10", classes=10)


def labels(work: Work, data: Data) -> list[torch.Tensor]:
    """What each network of the work is taught about the training examples."""
    return [
        corrupt_labels(data.y, noise, data.classes, randomness.generator(seed, "label noise"))
        for _, noise, seed in work.networks()
    ]


def write(work: Work, path: Path) -> None:
    """Write the data as NumPy arrays: x, the labels y of each network [network, example], x_test and y_test."""
    found = load(work.data, work.n)
    y = torch.stack(labels(work, found)).int()
    arrays = {"x": found.x, "y": y, "x_test": found.x_test, "y_test": found.y_test.int()}
    np.savez(path, source=found.source, **{name: tensor.numpy() for name, tensor in arrays.items()})


if __name__ == "__main__":
    write(Work(**json.loads(sys.argv[1])), Path(sys.argv[2]))
