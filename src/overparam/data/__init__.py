"""Data sets as tensors: images, MNIST-1D, regressions; subsets, label noise and randomized pixels."""

from overparam.data.dataset import (
    ARRAYS,
    Data,
    DataError,
    corrupt_labels,
    disjoint,
    require_data,
    subset,
    with_validation,
    wrong_labels,
)
from overparam.data.load import available, cifar10, digits, load, mnist
from overparam.data.randomized import (
    gaussian_pixels,
    noisy_copies,
    permuted_labels,
    poisoned,
    random_pixels,
    shuffled_pixels,
)
from overparam.data.synthetic import linear_teacher, mnist1d, modular_addition, sine, slabs, two_spirals

__all__ = [
    "ARRAYS",
    "Data",
    "DataError",
    "available",
    "cifar10",
    "corrupt_labels",
    "digits",
    "disjoint",
    "gaussian_pixels",
    "linear_teacher",
    "load",
    "mnist",
    "mnist1d",
    "modular_addition",
    "noisy_copies",
    "permuted_labels",
    "poisoned",
    "random_pixels",
    "require_data",
    "shuffled_pixels",
    "sine",
    "slabs",
    "subset",
    "two_spirals",
    "with_validation",
    "wrong_labels",
]
