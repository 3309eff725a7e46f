"""The works: what is trained, on which data, how long, and how many multiplications that takes at least."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

PRUNED = (0.2, 0.2, 0.1)  # share of the remaining weights that a round prunes in each layer; half in the output layer
N_TEST = 1000  # test examples
VARIANTS = {
    "loader": "loop, DataLoader",
    "tensor": "loop, tensors",
    "vmap": "torch.func, vmap",
    "jax": "JAX, vmap and jit",
    "fp32": "engine, fp32",
    "bf16": "engine, bf16",
}
MAPPED = ("vmap", "jax")  # networks of one width at a time


@dataclass(frozen=True)
class Work:
    """One network for each width, label noise and seed, trained by SGD with momentum 0.9 on the cross-entropy."""

    name: str
    title: str
    widths: tuple[int, ...]
    epochs: int  # in each round, where there are several
    architecture: str = "mlp"
    depth: int = 2
    data: str = "mnist1d"
    n: int = 4000
    label_noise: tuple[float, ...] = (0.0,)
    seeds: int = 1
    batch_size: int = 100
    lr: float = 0.01
    momentum: float = 0.9
    every_epoch: bool = False  # losses and errors on all training and test examples after each epoch
    rounds: int = 1  # of training; between two of them the smallest weights are pruned and the others rewound
    targets: Mapping[str, float] = field(default_factory=dict)  # variant → times as fast as the plain DataLoader loop
    minutes: float = 1.0  # that one round over all variants takes on two cores, roughly

    def networks(self) -> list[tuple[int, float, int]]:
        """(width, label noise, seed) of each network."""
        return list(itertools.product(self.widths, self.label_noise, range(self.seeds)))

    def variants(self) -> list[str]:
        """The variants that do the work: where there is one network, nothing is to be mapped over."""
        return [v for v in VARIANTS if v not in MAPPED or len(self.networks()) > 1]

    def steps_per_epoch(self) -> int:
        """Updates that all networks together take in an epoch (of every round)."""
        return self.rounds * len(self.networks()) * -(-self.n // self.batch_size)

    def flops_per_epoch(self, n_test: int) -> float:
        """Floating-point operations of the matrix products alone, of all networks in an epoch (of every round).

        Each weight takes two operations per example forward, two for its gradient and two to pass the gradient on,
        which the first layer need not do. Nothing is counted for padding, and nothing is saved by a pruned weight.
        """
        total = 0.0
        for width, _, _ in self.networks():
            first, *others = multiply_adds(self.architecture, width, self.depth, self.data)
            total += (4 * first + 6 * sum(others)) * self.n
            if self.every_epoch:
                total += 2 * (first + sum(others)) * (self.n + n_test)
        return self.rounds * total


def multiply_adds(architecture: str, width: int, depth: int, data: str) -> list[int]:
    """Multiplications with a weight that one example takes in each layer; in a convolution each position takes its own."""
    w = width
    if architecture == "mlp":
        inputs = {"mnist1d": 40, "cifar10": 3072}[data]
        return [inputs * w, *[w * w] * (depth - 1), w * 10]
    if architecture == "cnn1d":  # kernel 5, stride 2: 40 → 18 → 7 → 2 positions
        return [5 * w * 18, 5 * w * w * 7, 5 * w * w * 2, 2 * w * 10]
    if architecture == "cnn":  # 3×3 kernels; 32², 32², 16², 8² positions
        return [27 * w * 1024, 9 * 2 * w**2 * 1024, 9 * 8 * w**2 * 256, 9 * 32 * w**2 * 64, 8 * w * 10]
    raise ValueError(f"architecture must be mlp, cnn1d or cnn; got {architecture!r}")


# The widths of the double-descent notebook of Understanding Deep Learning (Prince 2023, chapter 8).
UDL_WIDTHS = (2, 4, 6, 8, 10, 14, 18, 22, 26, 30, 35, 40, 45, 50, 55, 60, 70, 80, 90, 100)
UDL_WIDTHS += (120, 140, 160, 180, 200, 250, 300, 400)

WORKS = (
    Work(
        "double_descent",
        "Double descent: 19 MLPs of width 2 to 300 × 2 label noises, 500 epochs",
        widths=(2, 4, 6, 8, 10, 14, 18, 22, 30, 40, 50, 60, 80, 100, 140, 180, 200, 250, 300),
        label_noise=(0.0, 0.15),
        epochs=500,
        targets={"fp32": 9, "bf16": 12},
        minutes=12,
    ),
    Work(
        "every_epoch",
        "28 MLPs of width 2 to 400, 1,000 epochs, evaluated after each",
        widths=UDL_WIDTHS,
        label_noise=(0.15,),
        epochs=1000,
        every_epoch=True,
        targets={"fp32": 6, "bf16": 11},
        minutes=40,
    ),
    Work(
        "narrow",
        "40 MLPs of width 2 to 30, 500 epochs",
        widths=tuple(range(2, 31, 4)),
        seeds=5,
        epochs=500,
        targets={"fp32": 20, "bf16": 20},
        minutes=12,
    ),
    Work(
        "wide",
        "20 MLPs of width 100 to 400, 100 epochs",
        widths=(100, 200, 300, 400),
        seeds=5,
        epochs=100,
        minutes=6,
    ),
    Work(
        "pruning",
        "4 MLPs of width 500, pruned in 5 rounds of 20 epochs",
        widths=(500,),
        seeds=4,
        epochs=20,
        rounds=5,
        minutes=4,
    ),
    Work(
        "cifar10_mlp",
        "One MLP 3072-512-10 on CIFAR-10, 1 epoch",
        widths=(512,),
        depth=1,
        data="cifar10",
        n=50_000,
        batch_size=128,
        lr=0.05,
        epochs=1,
        minutes=1,
    ),
    Work(
        "cnn1d",
        "20 one-dimensional CNNs of 2 to 16 channels, 50 epochs",
        architecture="cnn1d",
        depth=3,
        widths=(2, 4, 8, 12, 16),
        seeds=4,
        epochs=50,
        minutes=2,
    ),
    Work(
        "cnn",
        "One CNN of width 16 on 5,000 images of CIFAR-10, 1 epoch",
        architecture="cnn",
        depth=5,
        widths=(16,),
        data="cifar10",
        n=5000,
        batch_size=128,
        lr=0.05,
        epochs=1,
        minutes=1,
    ),
)
# The same for one width after another, for the figure that shows the gain against the width.
WORKS += tuple(
    Work(
        f"width_{width}",
        f"10 MLPs of width {width}, 100 epochs",
        widths=(width,),
        seeds=10,
        epochs=100,
        minutes=2,
    )
    for width in (3, 10, 30, 100, 300)
)
