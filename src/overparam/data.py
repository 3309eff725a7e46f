"""Data sets as tensors: images, MNIST-1D, synthetic regressions, subsets, label noise and randomized pixels.

A data set is one `Data`: everything in memory, so that a batch is an index and no `DataLoader` is needed.
MNIST and CIFAR-10 are looked for under `root()` and downloaded once, by torchvision, where they are missing.
"""

import functools
import hashlib
import os
import random
import re
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPException
from operator import index
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from overparam.paths import root
from overparam.scale import random_state


class DataError(RuntimeError):
    """A data set that cannot be had: not there and not downloadable, or there but damaged."""


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """A training pool and a test set, as tensors. They are shared, so do not write into them."""

    name: str
    x: Tensor  # [N, ...] float32
    y: Tensor  # [N] int64 class labels, or [N, K] float32 regression targets
    x_test: Tensor
    y_test: Tensor
    source: str  # what it is and where it came from, for captions
    classes: int | None = None  # number of classes; None for a regression

    def __repr__(self) -> str:
        size = f"{len(self.x):,} training and {len(self.x_test):,} test examples of {self.x[0].numel():,} inputs"
        kind = "regression" if self.classes is None else f"{self.classes} classes"
        return f"{self.name}: {size}, {kind} ({self.source})"

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the four arrays: names, shapes, types and bytes. The same on every device."""
        digest = hashlib.sha256()
        for name in ("x", "y", "x_test", "y_test"):
            array = getattr(self, name).detach().cpu().contiguous().numpy()
            digest.update(f"{name} {array.shape} {array.dtype.str};".encode())
            digest.update(array)
        return digest.hexdigest()

    def to(self, device: torch.device | str) -> "Data":
        """The same data with its tensors on `device`."""
        tensors = {name: getattr(self, name).to(device) for name in ("x", "y", "x_test", "y_test")}
        return replace(self, **tensors)


# --- Randomness ---------------------------------------------------------------------------------------


def generator(seed: int, purpose: str) -> torch.Generator:
    """A CPU generator with a stream of its own for each seed and purpose ("init", "order", "label noise", ...).

    Keyed by SHA-256 of both: the seed alone would make one purpose repeat the draws of another.
    (torch's CPU generator uses 32 bits of the key: two of 1,000 streams coincide with probability 1e-4.)
    """
    key = hashlib.sha256(f"{index(seed)}:{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(key[:8], "big"))


def subset(data: Data, n: int, seed: int) -> Tensor:
    """Indices [n] (int64) into the training pool, drawn without replacement: the first n of one permutation."""
    if not 1 <= n <= len(data.x):
        raise ValueError(f"a subset of {data.name} has between 1 and {len(data.x)} examples; got {n}")
    return torch.randperm(len(data.x), generator=generator(seed, "subset"))[:n]


def with_validation(data: Data, n: int) -> Data:
    """The same data with the last ``n`` examples of the training pool put in front of the test set, for validation.

    What is recorded of each test example then tells both apart: the first ``n`` are for validation, the others for testing.
    """
    if not 1 <= n < len(data.x):
        raise ValueError(f"a validation set of {data.name} has between 1 and {len(data.x) - 1} examples; got {n}")
    held = {f"{name}_test": torch.cat([getattr(data, name)[-n:], getattr(data, f"{name}_test")]) for name in ("x", "y")}
    return replace(data, x=data.x[:-n], y=data.y[:-n], **held)


def corrupt_labels(y: Tensor, share: float, classes: int, generator: torch.Generator) -> Tensor:
    """A copy of the labels [N] (int64), each replaced with probability `share` by a uniformly drawn class.

    The drawn class may be the right one (Zhang et al. 2017, section 2). From the same generator state, a larger
    share replaces all that a smaller one does, by the same classes.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"label noise must lie in [0, 1]; got {share}")
    chosen = torch.rand(y.shape, generator=generator, device=generator.device) < share
    drawn = torch.randint(classes, y.shape, generator=generator, device=generator.device)
    return torch.where(chosen.to(y.device), drawn.to(y), y)


def wrong_labels(probability: float, classes: int) -> float:
    """The ``label_noise`` at which a label is wrong with this probability, uniformly among the wrong classes.

    p·K/(K − 1) for K classes, since a uniformly drawn class is the right one once in K draws. Nakkiran et al. (2020) give p,
    Zhang et al. (2017) the share of labels that are drawn anew.
    """
    if not 0 <= probability <= 1 - 1 / classes:
        raise ValueError(
            f"Labels drawn from {classes} classes are wrong with a probability in [0, {1 - 1 / classes:g}]; got {probability}"
        )
    return probability * classes / (classes - 1)


# --- Made on the spot ---------------------------------------------------------------------------------


def digits(n_train: int = 1000, seed: int = 0) -> Data:
    """1,797 handwritten digits, x [N, 64] in [0, 1], split at random; the test set is all the others."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    if not 1 <= n_train < len(images):
        raise ValueError(f"n_train of digits lies between 1 and {len(images) - 1}; got {n_train}")
    x = torch.from_numpy(images).float() / 16
    y = torch.from_numpy(labels).long()
    order = torch.randperm(len(x), generator=generator(seed, "split"))
    train, test = order[:n_train], order[n_train:]
    source = "handwritten digits, 8×8 (UCI, via scikit-learn)"
    return Data("digits", x[train], y[train], x[test], y[test], source, classes=10)


@functools.cache
def mnist1d(n: int = 4000, n_test: int = 1000, seed: int = 42) -> Data:
    """MNIST-1D, x [n, 40] with mean 0 and variance 1 over all of it (Greydanus and Kobak 2024).

    The paper's own are 4,000 + 1,000 with seed 42. Generated in about a second and kept for the life of the process.
    Another n + n_test is another draw: for a part of this one, use `subset`.
    """
    _check_sizes(n=n, n_test=n_test)
    from mnist1d.data import ObjectView, get_dataset_args, make_dataset

    settings = get_dataset_args(as_dict=True)
    per_class = -(-(n + n_test) // 10)
    settings |= {"num_samples": 10 * per_class, "seed": random_state(seed)}
    before = random.getstate(), np.random.get_state()  # noqa: NPY002 (make_dataset seeds both of these globals)
    try:
        made = make_dataset(ObjectView(settings))
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
    x = torch.from_numpy(np.concatenate([made["x"], made["x_test"]])).float()
    y = torch.from_numpy(np.concatenate([made["y"], made["y_test"]])).long()
    test = slice(n, n + n_test)
    return Data("mnist1d", x[:n], y[:n], x[test], y[test], "MNIST-1D (Greydanus and Kobak 2024)", classes=10)


def sine(n: int, noise: float, seed: int, n_test: int = 400) -> Data:
    """y = sin 5x + noise · N(0, 1) at `n` equally spaced x from -1 to 1; x and y are [n, 1].

    The seed draws the noise only. (With random x the mean risk of a polynomial with almost n coefficients is not
    finite.) The test set is the true function, without noise, at `n_test` equally spaced points.
    """
    _check_sizes(n=n, n_test=n_test)
    x = torch.linspace(-1, 1, n)[:, None]
    y = torch.sin(5 * x) + noise * torch.randn(n, 1, generator=generator(seed, "noise"))
    x_test = torch.linspace(-1, 1, n_test)[:, None]
    return Data("sine", x, y, x_test, torch.sin(5 * x_test), f"y = sin 5x + {noise:g} · N(0, 1), synthetic")


def linear_teacher(n: int, d: int, noise: float, seed: int, n_test: int = 1000, teacher_seed: int = 0) -> Data:
    """y = x·β + noise · N(0, 1) with x ~ N(0, I_d) and |β| = 1; x is [n, d], y [n, 1].

    β depends on `teacher_seed` and d only. The test set is drawn as the training set is, noise included.
    """
    _check_sizes(n=n, d=d, n_test=n_test)
    beta = torch.randn(d, 1, generator=generator(teacher_seed, "teacher"))
    beta /= beta.norm()

    def draw(size: int, part: str) -> tuple[Tensor, Tensor]:
        x = torch.randn(size, d, generator=generator(seed, f"{part}inputs"))
        return x, x @ beta + noise * torch.randn(size, 1, generator=generator(seed, f"{part}noise"))

    source = f"y = x·β + {noise:g} · N(0, 1) with |β| = 1 in {d} dimensions, synthetic"
    return Data("linear_teacher", *draw(n, ""), *draw(n_test, "test "), source)


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1; got {size}")


# --- Randomized ---------------------------------------------------------------------------------------


def shuffled_pixels(data: Data, seed: int) -> Data:
    """The same pixels in another order: one permutation for all examples, training and test (Zhang et al. 2017, section 2).

    A pixel is a position of x [N, ...]; the channels of x [N, channels, height, width] move together.
    """
    order = torch.randperm(_pixels(data).shape[2], generator=generator(seed, "shared pixel order"))
    x, x_test = (part[:, :, order].view(whole.shape) for part, whole in _parts(data))
    return replace(data, name=f"{data.name}_shuffled", x=x, x_test=x_test, source=f"{data.source}, pixels shuffled")


def random_pixels(data: Data, seed: int) -> Data:
    """Every example's pixels in an order of its own (Zhang et al. 2017, section 2); pixels as in `shuffled_pixels`.

    What the order does not touch stays: how many pixels of an example have which value.
    """
    g = generator(seed, "pixel orders")

    def permute(part: Tensor) -> Tensor:
        order = torch.rand(part.shape[0], 1, part.shape[2], generator=g).argsort(2)
        return part.gather(2, order.expand_as(part))

    x, x_test = (permute(part).view(whole.shape) for part, whole in _parts(data))
    return replace(
        data, name=f"{data.name}_random", x=x, x_test=x_test, source=f"{data.source}, pixels of each permuted"
    )


def gaussian_pixels(data: Data, seed: int) -> Data:
    """Independent Gaussian numbers for pixels, with the mean and the variance of all training pixels (Zhang et al. 2017).

    The labels stay, and nothing in x [N, ...] has to do with them.
    """
    _pixels(data)
    g, mean, sd = generator(seed, "Gaussian pixels"), data.x.mean(), data.x.std()
    x, x_test = (mean + sd * torch.randn(part.shape, generator=g) for part in (data.x, data.x_test))
    return replace(
        data, name=f"{data.name}_gaussian", x=x, x_test=x_test, source=f"Gaussian pixels, labels of {data.source}"
    )


def _parts(data: Data) -> list[tuple[Tensor, Tensor]]:
    """Training and test inputs, each as [N, channels, pixels] and as they are."""
    return [(_pixels(data), data.x), (_pixels(data, test=True), data.x_test)]


def _pixels(data: Data, test: bool = False) -> Tensor:
    x = data.x_test if test else data.x
    pixels = x.flatten(2) if x.dim() == 4 else x.flatten(1)[:, None]
    if pixels.shape[2] < 2:
        raise ValueError(f"there are no pixels to randomize in {data.name}: its examples have a single input")
    return pixels


# --- Downloaded once ----------------------------------------------------------------------------------


_MNIST = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_FILES = {"mnist": [f"MNIST/raw/{name}" for name in _MNIST], "cifar10": ["cifar10.npz"]}


def mnist(root: str | Path | None = None) -> Data:
    """MNIST, x [60000, 784] in [0, 1], 10,000 for testing; about 220 MB. DataError where it cannot be had."""
    folder = _folder(root)
    datasets = _torchvision_datasets()
    if not available("mnist", folder):
        with _download("MNIST", folder, "MNIST/raw") as temporary:
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
            f"the files in {folder / 'MNIST/raw'} cannot be read as MNIST ({_one_line(error)}); "
            "delete that folder, and they are downloaded anew"
        ) from error
    x, x_test = (part.data.flatten(1).float().div_(255) for part in (train, test))
    return Data("mnist", x, train.targets, x_test, test.targets, "MNIST", classes=10)


def cifar10(root: str | Path | None = None) -> Data:
    """CIFAR-10, x [50000, 3, 32, 32] in [0, 1], 10,000 for testing; about 740 MB. DataError where it cannot be had.

    Kept as one file, `cifar10.npz`, to be copied to machines that have no network: {train,test}_images
    [N, 32, 32, 3] uint8, {train,test}_labels [N] uint8, and source, the line for captions.
    """
    path = _folder(root) / "cifar10.npz"
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
            f"{path} cannot be read as CIFAR-10 ({_one_line(error)}); "
            "delete it, and it is downloaded anew, or write it again"
        ) from error
    x, x_test = (_channels_first(torch.from_numpy(part)) for part in images)
    y, y_test = (torch.from_numpy(part).long() for part in labels)
    return Data("cifar10", x, y, x_test, y_test, source, classes=10)


def _download_cifar10(path: Path) -> None:
    datasets = _torchvision_datasets()
    with _download("CIFAR-10", path.parent, path.name) as temporary:
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


@contextmanager
def _download(what: str, folder: Path, place: str) -> Iterator[Path]:
    """A temporary folder inside the data root, removed whatever happens; move out of it what is complete."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)  # seconds of silence; torchvision sets no limit and would hang at a firewall
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
            yield Path(temporary)
    except (RuntimeError, OSError, HTTPException) as error:
        raise DataError(
            f"{what} is not under {folder / place} and could not be downloaded ({_reason(error)}); "
            f"connect to the internet, or set OVERPARAM_DATA to a folder that holds {place}"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)


def _torchvision_datasets() -> ModuleType:
    """`torchvision.datasets`, also where torchvision's compiled operators do not load.

    PyPI's torchvision is built for CUDA. Beside a CPU-only torch its extension does not load, and the import
    fails on two operators that it wants to describe. Data sets do not use them: declaring the two is enough.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
        for operator in ("torchvision::nms", "torchvision::qnms"):
            torch.library.define(operator, "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision
    return torchvision.datasets


def _check_images(images: list[np.ndarray], labels: list[np.ndarray], shape: tuple[int, ...]) -> None:
    """ValueError unless, for training and testing, images are uint8 [N, *shape], N > 0, with N labels from 0 to 9."""
    for x, y in zip(images, labels, strict=True):
        if x.dtype != np.uint8 or x.shape[1:] != shape or len(x) == 0:
            raise ValueError(f"expected images of {shape} bytes, got an array of {x.shape} {x.dtype}")
        if y.shape != x.shape[:1] or y.dtype.kind not in "iu":
            raise ValueError(f"expected {len(x)} labels, got an array of {y.shape} {y.dtype}")
        if y.min() < 0 or y.max() > 9:
            raise ValueError(f"expected labels from 0 to 9, got {y.min()} to {y.max()}")


def _folder(path: str | Path | None) -> Path:
    return root() if path is None else Path(path)


def _reason(error: BaseException) -> str:
    """Why a download failed, in the network's words: torchvision wraps them in a list of its mirrors."""
    said = re.findall(r"<urlopen error (?:\[[^]]*\] )?([^>]*)>", str(error))
    return said[-1] if said else _one_line(error)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# --- By name ------------------------------------------------------------------------------------------


def load(name: str, **settings: object) -> Data:
    """The data set of that name, e.g. `load("mnist1d", n=1000)`."""
    return _loader(name)(**settings)


def available(name: str, root: str | Path | None = None) -> bool:
    """Whether the data set can be loaded without a download. Says nothing of whether its files are sound."""
    _loader(name)
    return all((_folder(root) / file).is_file() for file in _FILES.get(name, []))


def _loader(name: str) -> Callable[..., Data]:
    loaders = {f.__name__: f for f in (digits, mnist1d, mnist, cifar10, sine, linear_teacher)}
    if name not in loaders:
        raise ValueError(f"there is no data set {name!r}; there are {', '.join(loaders)}")
    return loaders[name]
