"""Data sets as tensors: images, MNIST-1D, synthetic regressions, subsets and label noise.

A data set is one `Data`: everything in memory, so that a batch is an index and no `DataLoader` is needed.
MNIST and CIFAR-10 are looked for under `root()` and downloaded once, by torchvision, where they are missing.
"""

import functools
import hashlib
import os
import random
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


class DataError(RuntimeError):
    """A data set that cannot be had: not there and not downloadable, or there but damaged."""


@dataclass(frozen=True, eq=False)
class Data:
    """A training pool and a test set. Inputs are float32 [N, ...]; the tensors are shared, so do not write into them."""

    name: str
    x: Tensor  # [N, ...] float32
    y: Tensor  # [N] int64 class labels, or [N, K] float32 regression targets
    x_test: Tensor
    y_test: Tensor
    source: str  # what it is and where it came from, for captions
    classes: int | None = None  # number of classes; None for a regression

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


# --- Randomness -------------------------------------------------------------------------------------------------


def generator(seed: int, purpose: str) -> torch.Generator:
    """A CPU generator for one purpose ("init", "order", "label noise", ...): each has its own stream for each seed.

    Keyed by SHA-256 of both, since generators seeded with small related numbers would repeat each other's draws.
    (torch's CPU generator uses 32 bits of the key: two of 1,000 streams coincide with probability 1e-4.)
    """
    key = hashlib.sha256(f"{index(seed)}:{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(key[:8], "big"))


def subset(data: Data, n: int, seed: int) -> Tensor:
    """Indices [n] (int64) into the training pool, drawn without replacement; a smaller n gives the first n of a larger."""
    if not 1 <= n <= len(data.x):
        raise ValueError(f"a subset of {data.name} has between 1 and {len(data.x)} examples; got {n}")
    return torch.randperm(len(data.x), generator=generator(seed, "subset"))[:n]


def corrupt_labels(y: Tensor, share: float, classes: int, generator: torch.Generator) -> Tensor:
    """Labels [N] (int64), each replaced with probability `share` by a uniformly drawn class, which may be the right one.

    Zhang et al. 2017, section 2.1. From the same generator state, a larger share changes all that a smaller one does.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"label noise must lie in [0, 1]; got {share}")
    chosen = torch.rand(y.shape, generator=generator, device=generator.device) < share
    drawn = torch.randint(classes, y.shape, generator=generator, device=generator.device)
    return torch.where(chosen.to(y.device), drawn.to(y), y)


# --- Made on the spot -------------------------------------------------------------------------------------------


def digits(n_train: int = 1000, seed: int = 0) -> Data:
    """1,797 handwritten digits, x [N, 64] in [0, 1], split at random; what is not trained on is the test set."""
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
    """MNIST-1D, x [n, 40] with mean 0 and variance 1 over all numbers (Greydanus and Kobak 2024); 4,000 + 1,000 is the paper's.

    Generated, about a second for 5,000 examples, and kept for the life of the process. Another n + n_test is another
    draw; for a part of this one, use `subset`.
    """
    _check_sizes(n=n, n_test=n_test)
    from mnist1d.data import ObjectView, get_dataset_args, make_dataset

    settings = get_dataset_args(as_dict=True)
    settings |= {
        "num_samples": 10 * -(-(n + n_test) // 10),
        "seed": seed,
    }  # as many of each of the ten classes
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
    """y = sin 5x + noise · N(0, 1) with x uniform on (-1, 1); x and y are [n, 1].

    The test set is the true function, without noise, at `n_test` equally spaced points from -1 to 1.
    """
    _check_sizes(n=n, n_test=n_test)
    x = 2 * torch.rand(n, 1, generator=generator(seed, "inputs")) - 1
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


# --- Downloaded once --------------------------------------------------------------------------------------------


def root() -> Path:
    """The folder that holds downloaded data: OVERPARAM_DATA, else data/cache of the checkout, else ~/.cache/overparam."""
    if named := os.environ.get("OVERPARAM_DATA"):
        return Path(named).expanduser()
    repository = Path(__file__).resolve().parents[2]
    if (repository / "pyproject.toml").is_file():
        return repository / "data" / "cache"
    return Path.home() / ".cache" / "overparam"


def mnist(root: str | Path | None = None) -> Data:
    """MNIST, x [60000, 784] in [0, 1], test set 10,000; about 220 MB. Raises DataError where it cannot be had."""
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
        arrays = {"train_images": train.data, "train_labels": train.targets}
        arrays |= {"test_images": test.data, "test_labels": test.targets}
        _check_images(arrays, torch.uint8, (28, 28))
    except Exception as error:  # torchvision parses without checking: a damaged file can raise almost anything
        raise DataError(
            f"the files in {folder / 'MNIST/raw'} cannot be read as MNIST ({_one_line(error)}); "
            "delete that folder, and they are downloaded anew"
        ) from error
    x, x_test = (arrays[f"{split}_images"].flatten(1).float().div_(255) for split in ("train", "test"))
    return Data("mnist", x, train.targets, x_test, test.targets, "MNIST", classes=10)


def cifar10(root: str | Path | None = None) -> Data:
    """CIFAR-10, x [50000, 3, 32, 32] in [0, 1], test set 10,000; about 740 MB. Raises DataError where it cannot be had.

    Kept as one file `cifar10.npz`: {train,test}_images [N, 32, 32, 3] uint8, {train,test}_labels [N] uint8, and
    source, the line for captions. Copy it to a machine that has no network.
    """
    path = _folder(root) / "cifar10.npz"
    if not path.is_file():
        _download_cifar10(path)
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in (*_SPLITS, "source")}
        _check_images(arrays, np.uint8, (32, 32, 3))
    except Exception as error:  # a damaged zip or array header can raise almost anything
        raise DataError(
            f"{path} cannot be read as CIFAR-10 ({_one_line(error)}); "
            "delete it, and it is downloaded anew, or write it again"
        ) from error
    # The axes are swapped while a pixel is still one byte: twice as fast as swapping floats.
    x, x_test = (
        torch.from_numpy(arrays.pop(f"{split}_images")).permute(0, 3, 1, 2).contiguous().float().div_(255)
        for split in ("train", "test")
    )
    y, y_test = (torch.from_numpy(arrays[f"{split}_labels"]).long() for split in ("train", "test"))
    return Data("cifar10", x, y, x_test, y_test, str(arrays["source"]), classes=10)


def _download_cifar10(path: Path) -> None:
    datasets = _torchvision_datasets()
    with _download("CIFAR-10", path.parent, path.name) as temporary:
        train = datasets.CIFAR10(temporary, train=True, download=True)
        test = datasets.CIFAR10(temporary, train=False)
        labels = [np.array(part.targets, dtype=np.uint8) for part in (train, test)]
        arrays = dict(zip(_SPLITS, (train.data, labels[0], test.data, labels[1]), strict=True))
        np.savez(temporary / path.name, **arrays, source="CIFAR-10")
        os.replace(temporary / path.name, path)


@contextmanager
def _download(what: str, folder: Path, place: str) -> Iterator[Path]:
    """A temporary folder inside the data root, removed whatever happens: only what is complete is moved out of it."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)  # seconds of silence; torchvision sets none, and a firewall would hang it for ever
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
            yield Path(temporary)
    except (RuntimeError, OSError, HTTPException) as error:
        raise DataError(
            f"{what} is not under {folder / place} and could not be downloaded ({_one_line(error)}); "
            f"connect to the internet, or set OVERPARAM_DATA to a folder that holds {place}"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)


def _torchvision_datasets() -> ModuleType:
    """`torchvision.datasets`, also where torchvision's compiled operators do not load.

    PyPI's torchvision is built for CUDA; beside a CPU-only torch its extension stays out, and the import then fails
    on two operators that it wants to describe. Data sets are pure Python, so declaring the two is enough.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
        for operator in ("nms", "qnms"):
            torch.library.define(
                f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )
        import torchvision
    return torchvision.datasets


def _check_images(arrays: dict, dtype: object, shape: tuple[int, ...]) -> None:
    """ValueError unless both splits hold images [N, *shape] of the type and N labels below 10."""
    for split in ("train", "test"):
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        if images.dtype != dtype or tuple(images.shape[1:]) != shape or len(images) == 0:
            raise ValueError(f"{split} images are {tuple(images.shape)} {images.dtype}, not (N, {shape}) {dtype}")
        if tuple(labels.shape) != (len(images),):
            raise ValueError(f"{len(images)} {split} images have labels of shape {tuple(labels.shape)}")
        if labels.min() < 0 or labels.max() > 9:
            raise ValueError(f"{split} labels run from {labels.min()} to {labels.max()}, not from 0 to 9")


def _folder(path: str | Path | None) -> Path:
    return root() if path is None else Path(path)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# --- By name ----------------------------------------------------------------------------------------------------

_SPLITS = ("train_images", "train_labels", "test_images", "test_labels")
_RAW = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_FILES = {"mnist": tuple(f"MNIST/raw/{name}" for name in _RAW), "cifar10": ("cifar10.npz",)}


def load(name: str, **settings: object) -> Data:
    """The data set of that name, e.g. `load("mnist1d", n=1000)`."""
    return _loader(name)(**settings)


def available(name: str, root: str | Path | None = None) -> bool:
    """Whether the data set can be loaded without a download. Says nothing of whether its files are sound."""
    _loader(name)
    return all((_folder(root) / file).is_file() for file in _FILES.get(name, ()))


def _loader(name: str) -> Callable[..., Data]:
    loaders = {f.__name__: f for f in (digits, mnist1d, mnist, cifar10, sine, linear_teacher)}
    if name not in loaders:
        raise ValueError(f"there is no data set {name!r}; there are {', '.join(loaders)}")
    return loaders[name]
