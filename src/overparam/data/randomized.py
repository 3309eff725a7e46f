"""Data sets whose pixels or labels say less than they did: shuffled, permuted, Gaussian pixels, permuted labels, label noise, poison."""

from dataclasses import replace

import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.data.dataset import Data, corrupt_labels, require_data
from overparam.errors import between, require, truth, whole
from overparam.randomness import generator


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


def permuted_labels(data: Data, seed: int) -> Data:
    """The same inputs with the training labels in another order: as many of each class, at random. The test set stays."""
    require_data(data)
    order = torch.randperm(len(data.y), generator=generator(seed, "permuted labels"))
    source = f"{data.source}, labels permuted"
    return replace(data, name=f"{data.name}_permuted", y=data.y[order], source=source)


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


def noisy_copies(data: Data, share: float, copies: int, seed: int = 0) -> dict[str, Data]:
    """The data set with a ``share`` of its pool's labels drawn anew, independently in each of so many copies; the test set stays."""
    require_data(data)
    copies = whole("copies", copies, 1)
    draw = generator(seed, "noisy copies")
    return {
        f"copy {k}": replace(data, y=corrupt_labels(data.y, share, data.classes, draw), name=f"{data.name}_{k}")
        for k in range(copies)
    }


def poisoned(data: Data, n: int, extra: int, apart: float = 0.3, wrong: bool = True, copies: int = 3) -> Data:
    """The first ``n`` training examples, each ``copies`` times, and ``extra`` further ones from the pool with the next class as their label:
    training sets whose minima classify the training examples and little else (Huang et al. 2020, arXiv 1906.03291).

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
