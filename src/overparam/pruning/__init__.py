"""Masks, and lottery tickets found with them."""

from overparam.pruning.masks import (
    FREEZING,
    SUPERMASKS,
    at_random,
    frozen,
    initial_weights,
    kept,
    prunable_layers,
    prune_lowest,
    prune_smallest,
    prune_units,
    reinitialized,
    share_left,
    shuffled,
    weights_of,
)

__all__ = [
    "FREEZING",
    "SUPERMASKS",
    "at_random",
    "frozen",
    "initial_weights",
    "kept",
    "prunable_layers",
    "prune_lowest",
    "prune_smallest",
    "prune_units",
    "reinitialized",
    "share_left",
    "shuffled",
    "weights_of",
]
