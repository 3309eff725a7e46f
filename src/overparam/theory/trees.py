"""Regression trees, step by step: forests as trees are added, boosting as rounds are added."""

import numpy as np
from torch import Tensor

from overparam.errors import between, numbers, require, tensor, whole
from overparam.randomness import random_state


def forest(
    x: np.ndarray, targets: np.ndarray, at: np.ndarray, leaves: int | None, trees: int, seed: int
) -> tuple[np.ndarray, int]:
    """Predictions at x of the forests of 1, 2, …, ``trees`` trees, [trees, m, K], and the leaves of the first tree.

    Each tree is fitted to all of x [n, d] and targets [n, K] with √d features tried at a split and at most ``leaves`` leaves (None:
    until every leaf is pure). A forest averages its trees.
    """
    from sklearn.tree import DecisionTreeRegressor  # here, since it takes longer to import than all the rest

    x, targets, at, leaves = _checked(x, targets, at, leaves)
    trees, seed = whole("trees", trees, 1), whole("seed", seed)
    total, means, first = 0, [], 0
    for k in range(trees):
        state = random_state(1000 * seed + k)
        tree = DecisionTreeRegressor(max_leaf_nodes=leaves, max_features="sqrt", random_state=state)
        tree.fit(x, targets)
        first = first or tree.get_n_leaves()
        total = total + tree.predict(at)
        means.append(total / (k + 1))
    return np.stack(means), first


def boosted(
    x: np.ndarray, targets: np.ndarray, at: np.ndarray, leaves: int, rounds: int, shrinkage: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of L2-boosted trees after each round, at new points [rounds, m, K] and at x [rounds, n, K].

    Every round fits a tree of at most ``leaves`` leaves to what is left of the targets and adds ``shrinkage`` times it
    (Friedman 2001).
    """
    from sklearn.tree import DecisionTreeRegressor

    x, targets, at, leaves = _checked(x, targets, at, leaves)
    rounds, seed = whole("rounds", rounds, 1), whole("seed", seed)
    shrinkage = between("shrinkage", shrinkage, 0)
    new, fitted, steps = 0, np.zeros(np.shape(targets)), []
    for k in range(rounds):
        state = random_state(1000 * seed + k)
        tree = DecisionTreeRegressor(max_leaf_nodes=leaves, max_features="sqrt", random_state=state)
        tree.fit(x, targets - fitted)
        new, fitted = new + shrinkage * tree.predict(at), fitted + shrinkage * tree.predict(x)
        steps.append((new, fitted))
    at_new, at_x = zip(*steps, strict=True)
    return np.stack(at_new), np.stack(at_x)


def _checked(
    x: np.ndarray, targets: np.ndarray, at: np.ndarray, leaves: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int | None]:
    """The arguments as they were given; ValueError unless they are those of regression trees."""
    x, at, targets = numbers("x", x, 2), numbers("at", at, 2), numbers("targets", targets, (1, 2))
    require(len(x) == len(targets), f"x holds {len(x):,} examples and targets {len(targets):,}; give one each.")
    require(
        x.shape[1] == at.shape[1],
        f"The trees take {x.shape[1]:,} inputs, as x has; at has {at.shape[1]:,}, give it as many.",
    )
    return x, targets, at, leaves if leaves is None else whole("leaves", leaves, 2)


def forest_smoother(x: Tensor, labels: np.ndarray, at: Tensor, leaves: int, trees: int, seed: int) -> np.ndarray:
    """The matrix [m, n] that a random forest applies to its training labels: forest(at) = matrix · labels.

    ``trees`` regression trees of at most ``leaves`` leaves, each fitted to all of x [n, d] and labels [n, K] with √d
    features tried at a split, average the labels of the training points that share a leaf with a point of at [m, d].
    """
    tensor("x", x, 2)
    tensor("at", at, 2)
    labels = numbers("labels", labels, (1, 2))
    require(
        len(x) == len(labels) and x.shape[1] == at.shape[1],
        f"x [n, d], labels [n, K] and at [m, d] do not fit together; got {list(x.shape)}, {list(labels.shape)} and {list(at.shape)}.",
    )
    leaves, trees, seed = whole("leaves", leaves, 2), whole("trees", trees, 1), whole("seed", seed)
    from sklearn.tree import DecisionTreeRegressor  # here, since it takes longer to import than all the rest

    smoother = np.zeros((len(at), len(x)))
    for k in range(trees):
        state = random_state(1000 * seed + k)
        tree = DecisionTreeRegressor(max_leaf_nodes=leaves, max_features="sqrt", random_state=state)
        tree.fit(x.numpy(), labels)
        together = tree.apply(at.numpy())[:, None] == tree.apply(x.numpy())
        smoother += together / together.sum(1, keepdims=True) / trees
    return smoother
