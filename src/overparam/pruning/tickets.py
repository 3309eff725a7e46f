"""Iterative magnitude pruning: all trials of a round, with all their controls, train in one call to the engine."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from overparam.architectures.stacked import Layer
from overparam.data.dataset import Data
from overparam.engine.settings import Settings, Vector, require_settings
from overparam.engine.sweep import run
from overparam.errors import listed, real, require, shown, whole
from overparam.pruning.masks import initial_weights, prunable_layers, prune_smallest, share_left, shuffled

CONTROLS = ("reinit", "shuffled")


@dataclass(frozen=True)
class Recipe:
    """How tickets are found: the share of each layer that one round of the paper prunes, and how many rounds to take at once.

    ``rates`` has one share per layer, or one for all layers but the last, which gets half of it (Frankle & Carbin 2019).
    ``rounds`` (1, 2, 2) prunes once, then as much as two rounds would, and so again.
    """

    rates: float | tuple[float, ...] = 0.2
    rounds: tuple[int, ...] = (1,) * 12

    def __post_init__(self) -> None:
        says = (
            f"rates is a share below 1 that a round prunes, or a tuple of one for each layer; got {shown(self.rates)}."
        )
        rates = self.rates if isinstance(self.rates, tuple) else (self.rates,)
        require(bool(rates) and all(0 <= real("rates", rate, says) < 1 for rate in rates), says)
        says = f"rounds is a tuple of whole numbers from 0 on; got {shown(self.rounds)}."
        object.__setattr__(self, "rounds", tuple(whole("rounds", n, 0, says=says) for n in listed(self.rounds, says)))

    def shares(self, layers: int, rounds: int) -> list[float]:
        """The share of what is left of each layer that so many rounds prune."""
        if isinstance(self.rates, tuple):
            says = f"rates has {len(self.rates)} shares but the network has {layers} layers; give one each."
            require(len(self.rates) == layers, says)
        rates = self.rates if isinstance(self.rates, tuple) else [self.rates] * (layers - 1) + [self.rates / 2]
        return [1 - (1 - rate) ** rounds for rate in rates]


def run_each(
    networks: Sequence[Settings],
    data: Data | Mapping[int, Data],
    *,
    record: Sequence[str] | Mapping[str, Iterable[float] | None] = (),
    device: torch.device | str | None = None,
) -> pd.DataFrame:
    """As ``run``; of several data sets, by seed, each network trains on that of its data seed. Rows in the order of the networks."""
    if isinstance(data, Data):
        return run(networks, data, record=record, device=device)
    own: dict[int, list[int]] = {}
    for number, settings in enumerate(require_settings(networks)):
        own.setdefault(settings.data_seed, []).append(number)
    for seed in own:
        require(seed in data, f"There is no data set for data seed {seed}; data has {shown(list(data))}.")
    by_set = {seed: [networks[i] for i in numbers] for seed, numbers in own.items()}
    runs = run(by_set, {seed: data[seed] for seed in own}, record=record, device=device)
    return runs.set_axis([i for numbers in own.values() for i in numbers]).sort_index()


def find_tickets(
    dense: Sequence[Settings],
    data: Data | Mapping[int, Data],
    recipe: Recipe,
    *,
    validation: int,
    looks: Sequence[float],
    controls: Sequence[str] = CONTROLS,
    rewind: int = 0,
    device: torch.device | str | None = None,
) -> pd.DataFrame:
    """Iterative magnitude pruning of these dense networks, one trial each, with controls: one row per trial, round and arm.

    Each round trains a trial's ticket, the smallest weights of its last one pruned, from where the dense network was at
    epoch ``rewind``: its weights, the state of its optimizer, the order of its examples and its schedule go on from there
    (see ``Settings.rewind``). In the same call train the ``controls``: "reinit" has the ticket's mask and fresh initial
    weights from the first epoch on, "shuffled" is rewound as the ticket is and has a random mask with as many weights in
    each layer, drawn anew in each round. All arms of a trial share their examples and the order of these.
    Where a round prunes nothing of a trial, since a share of few weights rounds to none, it is said.

    A trial of which the dense network or a ticket diverged is left out from there on, and it is said. Masks of the dense
    networks are where pruning begins.

    Columns: ``trial`` (its seed of the initial weights, or its number where these repeat), ``arm`` ("dense" in round 0, then
    "ticket" or a control), ``round`` (how many of the paper's rounds), ``left`` (share of the weights), what
    ``early_stopping`` gives at the epochs of ``looks``, ``start`` and ``end`` [parameters] (the weights at epoch ``rewind`` of
    the settings, and the last), ``settings``. The first ``validation`` test examples are for validation: see
    ``data.with_validation``. Where trials have data sets of their own, ``data`` maps their data seeds to these.
    """
    dense = require_settings(dense)
    any_data = data if isinstance(data, Data) else next(iter(data.values()))
    layers = prunable_layers(dense[0].architecture, any_data)
    require(isinstance(recipe, Recipe), f"recipe is {shown(recipe)}; pass a tickets.Recipe.")
    require(
        all(s.rewind == 0 for s in dense),
        "The dense networks have a rewind of their own; give it to find_tickets instead.",
    )
    validation = whole("validation", validation, 1, len(any_data.x_test) - 1)
    rewind = whole("rewind", rewind, 0, min(s.epochs for s in dense) - 1)
    controls = listed(controls, f"Controls are a list of {' and '.join(CONTROLS)}; got {shown(controls)}.")
    for arm in controls:
        require(arm in CONTROLS, f"Controls are {' and '.join(CONTROLS)}; got {shown(arm)}.")
    record = {"weights": [0, rewind], "test_losses": looks, "test_correct": looks}
    tables = [run_each(dense, data, record=record, device=device)]
    labels = [(trial, "dense", 0, s.mask, s) for trial, s in enumerate(dense)]
    masks, done = {trial: s.mask for trial, s in enumerate(dense)}, 0
    ends = _ends(tables[0], range(len(dense)), "dense network")
    for rounds in recipe.rounds:
        done += rounds
        shares = recipe.shares(len(layers), rounds)
        before = masks
        masks = {trial: prune_smallest(end, before[trial], layers, shares) for trial, end in ends.items()}
        unpruned = [t for t, mask in masks.items() if share_left(mask, layers) == share_left(before[t], layers)]
        if unpruned and rounds:
            warnings.warn(
                f"Round {done} prunes nothing of {len(unpruned)} of {len(masks)} trials: of their weights, shares of "
                f"{', '.join(f'{share:.3g}' for share in shares)} round to none.",
                stacklevel=2,
            )
        arms = [
            (trial, arm, done, mask, _arm(arm, dense[trial], mask, any_data, layers, done, rewind))
            for arm in ("ticket", *controls)
            for trial, mask in masks.items()
        ]
        tables.append(run_each([settings for *_, settings in arms], data, record=record, device=device))
        labels += arms
        ends = _ends(tables[-1][: len(masks)], masks, f"ticket of round {done}")
    seeds = [s.init_seed for s in dense]
    names = seeds if len(set(seeds)) == len(seeds) else range(len(seeds))
    rows = [row for table in tables for row in _summary(table, validation).to_dict("records")]
    table = []
    for (trial, arm, number, mask, settings), row in zip(labels, rows, strict=True):
        named = {"trial": names[trial], "arm": arm, "round": number, "left": share_left(mask, layers)}
        table.append(named | {"settings": settings} | row)
    return pd.DataFrame(table)


def _ends(runs: pd.DataFrame, trials: Iterable[int], what: str) -> dict[int, np.ndarray]:
    """The final weights by trial, of those that did not diverge."""
    lost = int(runs.diverged.sum())
    require(lost < len(runs), f"The {what} of every trial diverged; choose a smaller learning rate.")
    if lost:
        said = f"The {what} diverged in {lost} of {len(runs)} trials, which are left out from there on."
        warnings.warn(said, stacklevel=3)
    rows = zip(trials, runs.weights, runs.diverged, strict=True)
    return {trial: weights[-1] for trial, weights, diverged in rows if not diverged}


def _arm(
    arm: str, settings: Settings, mask: Vector, data: Data, layers: Sequence[Layer], rounds: int, rewind: int
) -> Settings:
    if arm == "ticket":
        return replace(settings, mask=mask, rewind=rewind)
    if arm == "reinit":
        return replace(settings, start=Vector(initial_weights(settings, data, fresh=True)), mask=mask)
    return replace(settings, mask=shuffled(mask, layers, 1000 * rounds + settings.init_seed), rewind=rewind)


def _summary(runs: pd.DataFrame, validation: int) -> pd.DataFrame:
    # (A network that stopped before it was rewound to starts where it ends.)
    places = [(row.weights_epoch <= row.rewind).sum() - 1 for _, row in runs.iterrows()]
    starts = [weights[place] for weights, place in zip(runs.weights, places, strict=True)]
    ends = {"start": starts, "end": [w[-1] for w in runs.weights]}
    return early_stopping(runs, validation).assign(train_error=runs.train_error.to_numpy(), **ends)


def early_stopping(runs: pd.DataFrame, validation: int) -> pd.DataFrame:
    """When each network's validation loss was lowest, and how accurate it was on the other test examples then and at the end.

    ``runs`` recorded "test_losses" and "test_correct" at the same epochs; the first ``validation`` test examples are for
    validation. Columns: ``stop`` (epochs; the first of the lowest), ``accuracy`` then, ``final_accuracy``, ``last`` (epochs
    at the last look), ``validation_loss`` at the stop, and the whole course: ``epochs`` [T] and ``accuracies`` [T]. What was
    recorded before the first step, or before the last that a rewound network shares with the dense one, is not a stop. Of a
    network that diverged all numbers but the epochs are NaN.
    """
    rows = []
    for _, run_ in runs.iterrows():
        epochs, losses = run_.test_losses_epoch, run_.test_losses[:, :validation].mean(1)
        accuracy = run_.test_correct[:, validation:].mean(1)
        if run_.diverged:
            losses, accuracy = np.full((2, len(epochs)), np.nan)
        best = int(np.argmin(np.where((epochs > run_.rewind) & np.isfinite(losses), losses, np.inf)))
        rows.append(
            {
                "stop": np.nan if run_.diverged else epochs[best],
                "accuracy": accuracy[best],
                "final_accuracy": accuracy[-1],
                "last": epochs[-1],
                "validation_loss": losses[best],
                "epochs": epochs,
                "accuracies": accuracy,
            }
        )
    return pd.DataFrame(rows)
