"""The same works by the engine, as a chapter asks for them; nothing is taken from or put into its cache."""

from collections.abc import Callable

from benchmarks.works import PRUNED, Work
from overparam import MLP, Data, Settings, cnn, cnn1d, mlp
from overparam.arithmetic import has_bfloat16
from overparam.engine import sweep
from overparam.engine.workers import START_UP, LocalWorkers
from overparam.pruning import prune_smallest

DTYPES = {"fp32": "float32", "bf16": "bfloat16"}


def prepare(work: Work, data: Data, variant: str) -> Callable[[int], list[float]]:
    """A function that does the work for a number of epochs and returns each network's test error."""
    if variant == "bf16" and not has_bfloat16("cpu"):
        raise RuntimeError("this processor has no bfloat16 products")

    def run(epochs: int) -> list[float]:
        workers = workers_as_for(work.epochs / epochs)
        if work.rounds > 1:
            return engine_pruning(work, data, DTYPES[variant], epochs, workers)
        settings = {} if variant == "fp32" else {"dtype": DTYPES[variant]}
        if work.every_epoch:
            settings["record"] = {"curves": range(1, epochs + 1)}
        runs = sweep.sweep(
            architecture(work),
            data,
            n=work.n,
            label_noise=list(work.label_noise),
            seed=range(work.seeds),
            epochs=epochs,
            batch_size=work.batch_size,
            lr=work.lr,
            momentum=work.momentum,
            cache=False,
            executor=workers,
            **settings,
        )
        if work.every_epoch and min(map(len, runs["curve_epoch"])) < epochs:
            raise RuntimeError("the engine did not evaluate after every epoch, so it did less work than the loops")
        return runs["test_error"].tolist()

    return run


def architecture(work: Work) -> dict:
    """What `sweep` is asked to train."""
    widths = list(work.widths)
    if work.architecture == "mlp":
        return mlp(widths, depth=work.depth)
    if work.architecture == "cnn1d":
        return cnn1d(widths, depth=work.depth)
    return cnn(widths)


def workers_as_for(times: float) -> LocalWorkers:
    """Workers that take a shortened work where they would take the whole, `times` as long."""
    return LocalWorkers(START_UP / times)


def engine_pruning(work: Work, data: Data, dtype: str, epochs: int, workers: LocalWorkers) -> list[float]:
    """Magnitude pruning with rewinding: in each of `work.rounds`, the networks of all seeds train with their masks.

    A network's seed gives it the same initial weights in every round, which is the rewinding.
    """
    (width,) = work.widths
    network = MLP(width, work.depth)
    layers = network.layers(data.x.shape[1:], data.classes)
    common = {"n": work.n, "batch_size": work.batch_size, "lr": work.lr, "momentum": work.momentum, "dtype": dtype}
    masks = [None] * work.seeds
    for _ in range(work.rounds):
        networks = [
            Settings(network, epochs=epochs, mask=mask, init_seed=seed, data_seed=seed, **common)
            for seed, mask in enumerate(masks)
        ]
        runs = sweep.run(networks, data, record=["weights"], cache=False, executor=workers)
        masks = [prune_smallest(w[-1], mask, layers, PRUNED) for w, mask in zip(runs["weights"], masks, strict=True)]
    return runs["test_error"].tolist()
