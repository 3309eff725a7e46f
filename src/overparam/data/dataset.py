"""Data sets as tensors: images, MNIST-1D, synthetic regressions, subsets, label noise and randomized pixels.

A data set is one `Data`: everything in memory, so that a batch is an index and no `DataLoader` is needed.
MNIST and CIFAR-10 are looked for under `root()` and downloaded once, by torchvision, where they are missing.
"""

import functools
import hashlib
import inspect
import os
import random
import re
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import between, finite, real, require, shown, whole
from overparam.paths import root
from overparam.report.scale import random_state


class DataError(RuntimeError):
    """A data set that cannot be had: not there and not downloadable, or there but damaged."""


ARRAYS = ("x", "y", "x_test", "y_test")


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """A training pool and a test set. Tensors or NumPy arrays are given, tensors are kept: float32 and int64, in C order.

    What has one meaning is converted: other floats and whole numbers, labels [N, 1] or of any kind of whole number, inputs and
    targets [N]. What is not usable is refused with a ValueError. Where nothing needs converting the memory stays that of
    the arrays that were given, and data sets share theirs, so do not write into them.
    """

    name: str
    x: Tensor  # [N, ...] float32
    y: Tensor  # [N] int64 class labels, or [N, K] float32 regression targets
    x_test: Tensor
    y_test: Tensor
    source: str  # what it is and where it came from, for captions
    classes: int | None = None  # number of classes; None for a regression

    def __post_init__(self):
        for name in ("name", "source"):
            value = getattr(self, name)
            one_line = isinstance(value, str) and "\n" not in value
            require(one_line, f"The {name} of a data set is a text of one line; got {shown(value)}.")
        if self.classes is not None:
            says = f"classes is the number of classes, 2 or more (up to a million), or None for a regression; got {shown(self.classes)}."
            object.__setattr__(self, "classes", whole("classes", self.classes, 2, 2**20, says))
        for name in ARRAYS:
            what = f"{name} of {self.name or 'the data set'}"
            convert = _inputs if name.startswith("x") else _targets if self.classes is None else _labels
            object.__setattr__(self, name, convert(what, getattr(self, name)))
        self.check()

    def check(self) -> None:
        """ValueError unless everything fits together. Data may have been written into since they were made."""
        name = self.name or "the data set"
        for x, y in (("x", "y"), ("x_test", "y_test")):
            n, labels = len(getattr(self, x)), len(getattr(self, y))
            require(n > 0, f"{x} of {name} holds no examples; give at least one.")
            require(
                n == labels,
                f"{x} of {name} holds {n:,} examples but {y} {labels:,} {self._answers()}; give one for each example.",
            )
            _require_finite(f"{x} of {name}", getattr(self, x))
            self._check_answers(f"{y} of {name}", getattr(self, y))
        for one, other, parts in (("x", "x_test", "examples"), ("y", "y_test", "targets")):
            shapes = [list(getattr(self, part).shape[1:]) for part in (one, other)]
            require(
                shapes[0] == shapes[1],
                f"The {parts} in {one} of {name} have the shape {shapes[0]} and those in {other} {shapes[1]}; give both the same.",
            )
        require(
            self.x[0].numel() > 0, f"The examples of {name} have the shape {list(self.x.shape[1:])}: no inputs at all."
        )
        devices = {part: str(getattr(self, part).device) for part in ARRAYS}
        require(
            len(set(devices.values())) == 1,
            f"{name} lies on several devices ({', '.join(f'{part} on {d}' for part, d in devices.items())}); move all to one.",
        )

    def _answers(self) -> str:
        return "targets" if self.classes is None else "labels"

    def _check_answers(self, what: str, y: Tensor) -> None:
        if self.classes is None:
            require(y.shape[1] > 0, f"{what} has the shape {list(y.shape)}: no targets at all.")
            _require_finite(what, y)
            return
        low, high = int(y.min()), int(y.max())
        advice = "count the classes from 0"
        if low >= 1 and high == self.classes:
            advice = "subtract 1"
        require(
            low >= 0 and high < self.classes,
            f"{what} has labels from {low} to {high} but those of {self.classes} classes are 0 to {self.classes - 1}; {advice}.",
        )

    def __repr__(self) -> str:
        size = f"{len(self.x):,} training and {len(self.x_test):,} test examples of {self.x[0].numel():,} inputs"
        kind = "regression" if self.classes is None else f"{self.classes} classes"
        return f"{self.name}: {size}, {kind} ({self.source})"

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of all that decides what is learned: the number of classes, names, shapes, types and bytes of the arrays.

        The same on every device. Computed anew each time, since arrays may be written into: 0.2 s for MNIST.
        """
        digest = hashlib.sha256(f"{self.classes} classes;".encode())
        for name in ARRAYS:
            array = getattr(self, name).cpu().numpy()
            digest.update(f"{name} {array.shape} {array.dtype.str};".encode())
            digest.update(array)
        return digest.hexdigest()

    def to(self, device: torch.device | str) -> "Data":
        """The same data with its tensors on `device`."""
        return replace(self, **{name: getattr(self, name).to(device) for name in ARRAYS})


# --- What is given as data ----------------------------------------------------------------------------


def _inputs(what: str, given) -> Tensor:
    """Inputs [N, ...] in float32."""
    require(
        str(getattr(given, "dtype", "")) not in ("uint8", "torch.uint8"),
        f"{what} holds bytes from 0 to 255 (uint8); divide by 255 to make them floats from 0 to 1.",
    )
    return _float32(what, _array(what, given))


def _targets(what: str, given) -> Tensor:
    """Regression targets [N, K] in float32."""
    y = _array(what, given)
    require(
        y.is_floating_point(),
        f"{what} holds whole numbers and classes is None; if they are class labels give their number as classes, for a "
        "regression make them floats.",
    )
    require(y.dim() <= 2, f"{what} has the shape {list(y.shape)}; targets are [N, K], or [N] for one output.")
    return _float32(what, y)


def _labels(what: str, given) -> Tensor:
    """Class labels [N] in int64."""
    y = _array(what, given)
    if y.dim() == 2 and y.shape[1] == 1:
        y = y[:, 0]
    advice = "take y.argmax(1) of one-hot rows" if y.dim() == 2 else "give one label for each example"
    require(y.dim() == 1, f"{what} has the shape {list(y.shape)}; class labels are [N]: {advice}.")
    if y.is_floating_point():
        odd = y[(y != y.round()) | (y.abs() > 2**53)]  # larger floats have no units; NaN is not equal to itself
        if len(odd):
            raise ValueError(
                f"{what} holds {len(odd):,} numbers that are no class labels, such as {float(odd[0]):g}; labels are whole numbers "
                "from 0 on, and for a regression leave classes out."
            )
    return y.long()


def _array(what: str, given) -> Tensor:
    """A contiguous tensor of float32, float64, int64 or bool, without a history of gradients."""
    advice = f"{what} is {shown(given)}; give a tensor or a NumPy array of numbers"
    if isinstance(given, np.ndarray):
        kind = given.dtype.kind
        require(kind in "biuf", f"{advice}; its dtype is {given.dtype}.")
        require(not isinstance(given, np.ma.MaskedArray), f"{advice}, without a mask: fill in what is masked.")
        dtype = {"b": bool, "f": np.float32 if given.itemsize <= 4 else np.float64}.get(kind, np.int64)
        # PyTorch takes neither read-only arrays nor other byte orders nor steps backwards: such are copied.
        values = torch.from_numpy(np.require(given, dtype, "CWE"))
        require(kind != "u" or given.itemsize < 8 or bool((values >= 0).all()), f"{what} exceeds what int64 holds.")
    else:
        require(isinstance(given, Tensor), f"{advice}{', ' + _conversion(given) if _conversion(given) else ''}.")
        usable = not given.is_complex() and not given.is_quantized and not given.is_nested
        require(
            usable and given.layout == torch.strided and given.device.type != "meta",
            f"{advice}; this one is {given.dtype}, {given.layout}, on {given.device.type}: make it dense and real.",
        )
        values = given.detach() if given.requires_grad or type(given) is not Tensor else given
        if values.is_inference():
            values = values.clone()  # autograd refuses to keep what was made in inference mode
        if values.is_floating_point():
            values = values.to(torch.float64 if values.dtype == torch.float64 else torch.float32)
        elif values.dtype != torch.bool:
            values = values.long()
        values = values.contiguous()
    require(values.dim() > 0, f"{what} is the single number {values}; give one row for each example.")
    return values


def _conversion(given) -> str:
    """How what is often taken for an array becomes one."""
    if hasattr(given, "to_numpy"):
        return "such as its to_numpy()"
    return "such as np.array of it" if isinstance(given, list | tuple) else ""


def _float32(what: str, values: Tensor) -> Tensor:
    """Numbers [N, ...] in float32; [N] becomes [N, 1]."""
    if values.is_floating_point():
        _require_finite(what, values)
    single = values.float()
    if values.dtype == torch.int64:
        require(
            bool((single.long() == values).all()),
            f"{what} holds whole numbers too large for float32; scale them and make them floats.",
        )
    require(finite(single), f"{what} holds numbers too large for float32; scale them.")
    if values.dtype == torch.float64 and len(values) > 1 and values.numel():
        rounding, spread = (single.double() - values).abs().amax(0), values.std(0)
        constant = spread <= 1e-12 * values.abs().amax(0)  # but for float64's own rounding
        require(
            bool(((rounding <= 1e-2 * spread) | constant).all()),
            f"{what} holds numbers that differ less than float32 can tell; subtract their mean and scale them.",
        )
    return single[:, None] if single.dim() == 1 else single


def _require_finite(what: str, values: Tensor) -> None:
    if not finite(values):
        wrong = (~values.isfinite()).flatten(1 if values.dim() > 1 else 0)
        wrong = wrong.any(1) if wrong.dim() > 1 else wrong
        raise ValueError(
            f"{what} holds numbers that are NaN or infinite in {int(wrong.sum()):,} of {len(wrong):,} examples, first in number "
            f"{int(wrong.int().argmax())}; leave these examples out or fill in what is missing."
        )


def require_data(data) -> None:
    """Raise ValueError unless this is a data set."""
    require(isinstance(data, Data), f"data is {shown(data)}; pass a data set such as data.load('digits').")


# --- Randomness ---------------------------------------------------------------------------------------


def generator(seed: int, purpose: str) -> torch.Generator:
    """A CPU generator with a stream of its own for each seed and purpose ("init", "order", "label noise", ...).

    Keyed by SHA-256 of both: the seed alone would make one purpose repeat the draws of another.
    (torch's CPU generator uses 32 bits of the key: two of 1,000 streams coincide with probability 1e-4.)
    """
    seed = whole("A seed", seed)
    key = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(key[:8], "big"))


def subset(data: Data, n: int, seed: int) -> Tensor:
    """Indices [n] (int64) into the training pool, drawn without replacement: the first n of one permutation."""
    require_data(data)
    says = f"a subset of {data.name} has between 1 and {len(data.x)} examples; got {shown(n)}"
    n = whole("n", n, 1, len(data.x), says)
    return torch.randperm(len(data.x), generator=generator(seed, "subset"))[:n]


def with_validation(data: Data, n: int) -> Data:
    """The same data with the last ``n`` examples of the training pool put in front of the test set, for validation.

    What is recorded of each test example then tells both apart: the first ``n`` are for validation, the others for testing.
    """
    require_data(data)
    says = f"a validation set of {data.name} has between 1 and {len(data.x) - 1} examples; got {shown(n)}"
    n = whole("n", n, 1, len(data.x) - 1, says)
    held = {f"{name}_test": torch.cat([getattr(data, name)[-n:], getattr(data, f"{name}_test")]) for name in ("x", "y")}
    return replace(data, x=data.x[:-n], y=data.y[:-n], **held)


@full_precision()
def corrupt_labels(y: Tensor, share: float, classes: int, generator: torch.Generator) -> Tensor:
    """A copy of the labels [N] (int64), each replaced with probability `share` by a uniformly drawn class.

    The drawn class may be the right one (Zhang et al. 2017, section 2). From the same generator state, a larger
    share replaces all that a smaller one does, by the same classes.
    """
    share = between("label noise", share, 0, 1)
    require(
        isinstance(y, Tensor) and y.dtype == torch.int64 and y.dim() == 1,
        f"Labels to corrupt are a tensor [N] of int64; got {shown(y)}.",
    )
    classes = whole("classes", classes, 2)
    require(
        isinstance(generator, torch.Generator), f"Pass a generator, as data.generator gives; got {shown(generator)}."
    )
    chosen = torch.rand(y.shape, generator=generator, device=generator.device) < share
    drawn = torch.randint(classes, y.shape, generator=generator, device=generator.device)
    return torch.where(chosen.to(y.device), drawn.to(y), y)


def wrong_labels(probability: float, classes: int) -> float:
    """The ``label_noise`` at which a label is wrong with this probability, uniformly among the wrong classes.

    p·K/(K − 1) for K classes, since a uniformly drawn class is the right one once in K draws. Nakkiran et al. (2020) give p,
    Zhang et al. (2017) the share of labels that are drawn anew.
    """
    classes = whole("classes", classes, 2)
    says = f"Labels drawn from {classes} classes are wrong with a probability in [0, {1 - 1 / classes:g}]; got {shown(probability)}"
    probability = real("probability", probability, says)
    require(0 <= probability <= 1 - 1 / classes, says)
    return probability * classes / (classes - 1)


# --- Made on the spot ---------------------------------------------------------------------------------


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


def mnist1d(n: int = 4000, n_test: int = 1000, seed: int = 42) -> Data:
    """MNIST-1D, x [n, 40] with mean 0 and variance 1 over all of it (Greydanus and Kobak 2024).

    The paper's own are 4,000 + 1,000 with seed 42. Generated in about a second and kept for the life of the process.
    Another n + n_test is another draw: for a part of this one, use `subset`.
    """
    return _mnist1d(*_check_sizes(n=n, n_test=n_test), random_state(seed))


@functools.cache
def _mnist1d(n: int, n_test: int, seed: int) -> Data:
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


def _check_sizes(**sizes: int) -> list[int]:
    """The sizes as ints; ValueError unless they are 1 or more."""
    return [whole(name, size, 1) for name, size in sizes.items()]


# --- Randomized ---------------------------------------------------------------------------------------


def shuffled_pixels(data: Data, seed: int) -> Data:
    """The same pixels in another order: one permutation for all examples, training and test (Zhang et al. 2017, section 2).

    A pixel is a position of x [N, ...]; the channels of x [N, channels, height, width] move together.
    """
    order = torch.randperm(_pixels(data).shape[2], generator=generator(seed, "shared pixel order"))
    x, x_test = (part[:, :, order].view(whole.shape) for part, whole in _parts(data))
    return replace(data, name=f"{data.name}_shuffled", x=x, x_test=x_test, source=f"{data.source}, pixels shuffled")


@full_precision()
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


@full_precision()
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
    require_data(data)
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
    return all((_folder(root) / file).is_file() for file in _FILES.get(name, []))


def _loader(name: str) -> Callable[..., Data]:
    loaders = {f.__name__: f for f in (digits, mnist1d, mnist, cifar10, sine, linear_teacher)}
    known = isinstance(name, str) and name in loaders
    require(known, f"there is no data set {shown(name)}; there are {', '.join(loaders)}")
    return loaders[name]
