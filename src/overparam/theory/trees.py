"""Regression trees, step by step: forests as trees are added, boosting as rounds are added."""

from typing import TYPE_CHECKING

import numpy as np

from overparam.errors import between, numbers, require, whole
from overparam.randomness import random_state

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor


def forest(
    x: np.ndarray, targets: np.ndarray, at: np.ndarray, leaves: int | None, trees: int, seed: int
) -> tuple[np.ndarray, int]:
    """Predictions at new points at [m, d] of forests of 1, 2, …, ``trees`` trees, [trees, m, K], and the leaves of the first tree.

    Each tree is fitted to all of x [n, d] and targets [n, K] with √d features tried at a split and at most ``leaves`` leaves (None:
    until every leaf is pure). A forest averages its trees.
    """
    x, targets, at, leaves = _checked(x, targets, at, leaves)
    trees, seed = whole("trees", trees, 1), whole("seed", seed)
    total, means, first = 0, [], 0
    for k in range(trees):
        tree = _tree(x, targets, leaves, seed, k)
        first = first or tree.get_n_leaves()
        total = total + tree.predict(at)
        means.append(total / (k + 1))
    return np.stack(means), first


def forest_smoother(
    x: np.ndarray, targets: np.ndarray, at: np.ndarray, leaves: int | None, trees: int, seed: int
) -> np.ndarray:
    """The matrix [m, n] that a random forest applies to its targets: the last of ``forest`` is matrix · targets.

    A tree averages the targets of the examples that share a leaf with a point of at [m, d], and the forest its trees.
    """
    x, targets, at, leaves = _checked(x, targets, at, leaves)
    trees, seed = whole("trees", trees, 1), whole("seed", seed)
    smoother = np.zeros((len(at), len(x)))
    for k in range(trees):
        tree = _tree(x, targets, leaves, seed, k)
        together = tree.apply(at)[:, None] == tree.apply(x)
        smoother += together / together.sum(1, keepdims=True) / trees
    return smoother


def boosted(
    x: np.ndarray, targets: np.ndarray, at: np.ndarray, leaves: int, rounds: int, shrinkage: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of L2-boosted trees after each round, at new points [rounds, m, K] and at x [rounds, n, K].

    Every round fits a tree of at most ``leaves`` leaves to what is left of the targets and adds ``shrinkage`` times it
    (Friedman 2001).
    """
    x, targets, at, leaves = _checked(x, targets, at, leaves)
    rounds, seed = whole("rounds", rounds, 1), whole("seed", seed)
    shrinkage = between("shrinkage", shrinkage, 0)
    new, fitted, steps = 0, np.zeros(np.shape(targets)), []
    for k in range(rounds):
        tree = _tree(x, targets - fitted, leaves, seed, k)
        new, fitted = new + shrinkage * tree.predict(at), fitted + shrinkage * tree.predict(x)
        steps.append((new, fitted))
    at_new, at_x = zip(*steps, strict=True)
    return np.stack(at_new), np.stack(at_x)


def _tree(x: np.ndarray, targets: np.ndarray, leaves: int | None, seed: int, number: int) -> "DecisionTreeRegressor":
    """The fitted tree of this number, which has random splits of its own."""
    from sklearn.tree import DecisionTreeRegressor  # here, since it takes longer to import than all the rest

    state = random_state(1000 * seed + number)
    return DecisionTreeRegressor(max_leaf_nodes=leaves, max_features="sqrt", random_state=state).fit(x, targets)


def _checked(
    x: np.ndarray, targets: np.ndarray, at: np.ndarray, leaves: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int | None]:
    """The arguments, the first three as arrays; ValueError unless they are those of regression trees."""
    x, at, targets = numbers("x", x, 2), numbers("at", at, 2), numbers("targets", targets, (1, 2))
    require(len(x) == len(targets), f"x holds {len(x):,} examples and targets {len(targets):,}; give one each.")
    require(
        x.shape[1] == at.shape[1],
        f"The trees take {x.shape[1]:,} inputs, as x has; at has {at.shape[1]:,}, give it as many.",
    )
    return x, targets, at, leaves if leaves is None else whole("leaves", leaves, 2)
