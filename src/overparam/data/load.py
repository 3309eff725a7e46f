"""Data sets of images, and all data sets by name.

MNIST and CIFAR-10 are looked for under `paths.root()` and downloaded once, by torchvision, where they are missing.
"""

import inspect
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from overparam.data.dataset import Data, DataError
from overparam.data.download import data_root, download, one_line, torchvision_datasets
from overparam.data.synthetic import linear_teacher, mnist1d, sine
from overparam.errors import require, shown, whole
from overparam.randomness import generator


def digits(n_train: int = 1000, seed: int = 0) -> Data:
    """1,797 handwritten digits, x [N, 64] in [0, 1], split at random; the test set is all the others."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    says = f"n_train of digits lies between 1 and {len(images) - 1}; got {shown(n_train)}"
    n_train = whole("n_train", n_train, 1, len(images) - 1, says)
    x = torch.from_numpy(images).float() / 16
    y = torch.from_numpy(labels).long()
    order = torch.randperm(len(x), generator=generator(seed, "split"))
    train, test = order[:n_train], order[n_train:]
    source = "handwritten digits, 8×8 (UCI, via scikit-learn)"
    return Data("digits", x[train], y[train], x[test], y[test], source, classes=10)


_MNIST = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_FILES = {"mnist": [f"MNIST/raw/{name}" for name in _MNIST], "cifar10": ["cifar10.npz"]}


def mnist(root: str | Path | None = None) -> Data:
    """MNIST, x [60000, 784] in [0, 1], 10,000 for testing; about 220 MB. DataError where it cannot be had."""
    folder = data_root(root)
    datasets = torchvision_datasets()
    if not available("mnist", folder):
        with download("MNIST", folder, "MNIST/raw") as temporary:
            datasets.MNIST(temporary, download=True)
            (folder / "MNIST/raw").mkdir(parents=True, exist_ok=True)
            for file in _FILES["mnist"]:
                os.replace(temporary / file, folder / file)
    try:
        train, test = (datasets.MNIST(folder, train=train) for train in (True, False))
        images = [part.data.numpy() for part in (train, test)]
        labels = [part.targets.numpy() for part in (train, test)]
        _check_images(images, labels, (28, 28))
    except Exception as error:  # torchvision parses unchecked: a damaged file can raise almost anything
        raise DataError(
            f"the files in {folder / 'MNIST/raw'} cannot be read as MNIST ({one_line(error)}); "
            "delete that folder, and they are downloaded anew"
        ) from error
    x, x_test = (part.data.flatten(1).float().div_(255) for part in (train, test))
    return Data("mnist", x, train.targets, x_test, test.targets, "MNIST", classes=10)


def cifar10(root: str | Path | None = None) -> Data:
    """CIFAR-10, x [50000, 3, 32, 32] in [0, 1], 10,000 for testing; about 740 MB. DataError where it cannot be had.

    Kept as one file, `cifar10.npz`, to be copied to machines that have no network: {train,test}_images
    [N, 32, 32, 3] uint8, {train,test}_labels [N] uint8, and source, the line for captions.
    """
    path = data_root(root) / "cifar10.npz"
    if not path.is_file():
        _download_cifar10(path)
    try:
        with np.load(path) as file:
            images = [file["train_images"], file["test_images"]]
            labels = [file["train_labels"], file["test_labels"]]
            source = str(file["source"])
        _check_images(images, labels, (32, 32, 3))
    except Exception as error:  # a damaged zip or array header can raise almost anything
        raise DataError(
            f"{path} cannot be read as CIFAR-10 ({one_line(error)}); "
            "delete it, and it is downloaded anew, or write it again"
        ) from error
    x, x_test = (_channels_first(torch.from_numpy(part)) for part in images)
    y, y_test = (torch.from_numpy(part).long() for part in labels)
    return Data("cifar10", x, y, x_test, y_test, source, classes=10)


def _download_cifar10(path: Path) -> None:
    datasets = torchvision_datasets()
    with download("CIFAR-10", path.parent, path.name) as temporary:
        train = datasets.CIFAR10(temporary, train=True, download=True)
        test = datasets.CIFAR10(temporary, train=False)
        np.savez(
            temporary / path.name,
            train_images=train.data,
            train_labels=np.array(train.targets, dtype=np.uint8),
            test_images=test.data,
            test_labels=np.array(test.targets, dtype=np.uint8),
            source="CIFAR-10",
        )
        os.replace(temporary / path.name, path)


def _channels_first(images: Tensor) -> Tensor:
    """Bytes [N, H, W, C] as float32 [N, C, H, W] in [0, 1]."""
    x = torch.empty(len(images), images.shape[3], *images.shape[1:3])
    # Swapping axes while a pixel is one byte, and in parts that stay in cache, is two to four times as fast.
    for floats, pixels in zip(x.split(1000), images.split(1000), strict=True):
        floats.copy_(pixels.permute(0, 3, 1, 2).contiguous()).div_(255)
    return x


def _check_images(images: list[np.ndarray], labels: list[np.ndarray], shape: tuple[int, ...]) -> None:
    """ValueError unless, for training and testing, images are uint8 [N, *shape], N > 0, with N labels from 0 to 9."""
    for x, y in zip(images, labels, strict=True):
        if x.dtype != np.uint8 or x.shape[1:] != shape or len(x) == 0:
            raise ValueError(f"expected images of {shape} bytes, got an array of {x.shape} {x.dtype}")
        if y.shape != x.shape[:1] or y.dtype.kind not in "iu":
            raise ValueError(f"expected {len(x)} labels, got an array of {y.shape} {y.dtype}")
        if y.min() < 0 or y.max() > 9:
            raise ValueError(f"expected labels from 0 to 9, got {y.min()} to {y.max()}")


def load(name: str, **settings: object) -> Data:
    """The data set of that name, e.g. `load("mnist1d", n=1000)`."""
    loader = _loader(name)
    options = inspect.signature(loader).parameters
    unknown = sorted(set(settings) - set(options))
    require(not unknown, f"{name} has no option {', '.join(unknown)}; it takes {', '.join(options)}.")
    missing = [option for option, p in options.items() if p.default is p.empty and option not in settings]
    require(not missing, f"{name} needs {' and '.join(missing)}; it takes {', '.join(options)}.")
    return loader(**settings)


def available(name: str, root: str | Path | None = None) -> bool:
    """Whether the data set can be loaded without a download. Says nothing of whether its files are sound."""
    _loader(name)
    return all((data_root(root) / file).is_file() for file in _FILES.get(name, []))


def _loader(name: str) -> Callable[..., Data]:
    loaders = {f.__name__: f for f in (digits, mnist1d, mnist, cifar10, sine, linear_teacher)}
    known = isinstance(name, str) and name in loaders
    require(known, f"there is no data set {shown(name)}; there are {', '.join(loaders)}")
    return loaders[name]
