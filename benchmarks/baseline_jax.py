"""The same works by JAX, as its documentation teaches: `grad`, `vmap` over networks of one width, `scan` over batches, `jit`.

It imports no PyTorch, which a user of JAX need not wait for: the data come from a file that `benchmarks.datasets` wrote.
"""

import functools
import itertools
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.works import PRUNED, Work

Parameters = list[dict[str, jax.Array]]  # one dictionary per layer


def load(path: Path) -> dict[str, np.ndarray]:
    """The arrays of `benchmarks.datasets.write`."""
    with np.load(path) as arrays:
        return dict(arrays)


def prepare(work: Work, data: dict[str, np.ndarray]) -> Callable[[int], list[float]]:
    """A function that does the work for a number of epochs and returns each network's test error."""
    predict = {"mlp": mlp, "cnn1d": cnn1d}[work.architecture]
    x, y, x_test, y_test = (jnp.asarray(data[name]) for name in ("x", "y", "x_test", "y_test"))

    def loss(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
        return -jnp.take_along_axis(jax.nn.log_softmax(predict(parameters, x)), y[:, None], 1).mean()

    def evaluate(parameters: Parameters, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
        return loss(parameters, x, y), (predict(parameters, x).argmax(1) != y).mean()

    def one_epoch(parameters, velocity, masks, batches, x, y):
        """One network's epoch; `batches` [step, example] are rows of x."""

        def step(state, rows):
            parameters, velocity = state
            gradient = jax.grad(loss)(parameters, x[rows], y[rows])
            velocity = jax.tree.map(lambda v, g: work.momentum * v + g, velocity, gradient)
            parameters = jax.tree.map(lambda p, v: p - work.lr * v, parameters, velocity)
            if masks is not None:
                parameters = jax.tree.map(jnp.multiply, parameters, masks)
            return (parameters, velocity), None

        state, _ = lax.scan(step, (parameters, velocity), batches)
        return state

    stacked_epoch = jax.jit(jax.vmap(one_epoch, in_axes=(0, 0, 0, 0, None, 0)), donate_argnums=(0, 1))
    stacked_evaluate = jax.jit(jax.vmap(evaluate, in_axes=(0, None, 0)))
    everybody = lambda labels, count: jnp.broadcast_to(labels, (count, len(labels)))  # noqa: E731

    def train(width: int, seeds: list[int], y: jax.Array, epochs: int) -> list[float]:
        """Train the networks of one width; their labels are y [network, example]."""
        initial = jax.vmap(functools.partial(build, work, width))(jnp.stack([jax.random.key(seed) for seed in seeds]))
        orders = np.random.default_rng(seeds)
        masks, history = None, []
        parameters = jax.tree.map(jnp.copy, initial)
        for done in range(work.rounds):
            if done:
                masks = prune(parameters, masks)
                parameters = jax.tree.map(jnp.multiply, initial, masks)
            velocity = jax.tree.map(jnp.zeros_like, parameters)
            for _ in range(epochs):
                order = orders.permuted(np.tile(np.arange(len(x), dtype=np.int32), (len(seeds), 1)), axis=1)
                batches = order.reshape(len(seeds), -1, work.batch_size)
                parameters, velocity = stacked_epoch(parameters, velocity, masks, batches, x, y)
                if work.every_epoch:
                    tests = everybody(y_test, len(seeds))
                    history.append((stacked_evaluate(parameters, x, y), stacked_evaluate(parameters, x_test, tests)))
        jax.block_until_ready(history)
        return stacked_evaluate(parameters, x_test, everybody(y_test, len(seeds)))[1].tolist()

    def run(epochs: int) -> list[float]:
        errors, start = [], 0
        for width, group in itertools.groupby(work.networks(), key=lambda network: network[0]):
            seeds = [seed for _, _, seed in group]
            errors += train(width, seeds, y[start : start + len(seeds)], epochs)
            start += len(seeds)
        return errors

    return run


def build(work: Work, width: int, key: jax.Array) -> Parameters:
    """The network, with PyTorch's default initialisation: uniform up to 1/√fan-in."""
    if work.architecture == "mlp":
        shapes = [(width, width if number else 40) for number in range(work.depth)] + [(10, width)]
    else:
        shapes = [(width, width if number else 1, 5) for number in range(work.depth)] + [(10, 2 * width)]
    layers = []
    for shape, own in zip(shapes, jax.random.split(key, len(shapes)), strict=True):
        bound = np.prod(shape[1:]) ** -0.5
        for_weight, for_bias = jax.random.split(own)
        weight = jax.random.uniform(for_weight, shape, minval=-bound, maxval=bound)
        layers.append({"weight": weight, "bias": jax.random.uniform(for_bias, shape[:1], minval=-bound, maxval=bound)})
    return layers


def mlp(parameters: Parameters, x: jax.Array) -> jax.Array:
    """Outputs [example, class]."""
    for layer in parameters[:-1]:
        x = jax.nn.relu(x @ layer["weight"].T + layer["bias"])
    return x @ parameters[-1]["weight"].T + parameters[-1]["bias"]


def cnn1d(parameters: Parameters, x: jax.Array) -> jax.Array:
    """Outputs [example, class]."""
    x = x[:, None]
    for layer in parameters[:-1]:
        x = lax.conv_general_dilated(x, layer["weight"], window_strides=(2,), padding="VALID")
        x = jax.nn.relu(x + layer["bias"][:, None])
    return x.reshape(len(x), -1) @ parameters[-1]["weight"].T + parameters[-1]["bias"]


def prune(parameters: Parameters, masks: Parameters | None) -> Parameters:
    """Masks that leave out, in each network, the smallest of the weights that are left in a layer, and no bias."""
    masks = jax.tree.map(jnp.ones_like, parameters) if masks is None else masks
    pruned = []
    for layer, mask, amount in zip(parameters, masks, PRUNED, strict=True):
        left = mask["weight"].reshape(len(mask["weight"]), -1)
        magnitude = jnp.where(left > 0, jnp.abs(layer["weight"].reshape(left.shape)), jnp.inf)
        count = round(amount * int(left[0].sum()))
        smallest = jnp.argsort(magnitude, axis=1)[:, :count]
        weight = jax.vmap(lambda row, at: row.at[at].set(0))(left, smallest)
        pruned.append({"weight": weight.reshape(mask["weight"].shape), "bias": mask["bias"]})
    return pruned
