"""Networks of ascending width, each begun with the weights of the one before (Belkin et al. 2019)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from overparam.architectures.stacked import MLP
from overparam.arithmetic import full_precision
from overparam.data.dataset import Data
from overparam.engine.settings import Settings, Vector
from overparam.engine.sweep import run
from overparam.errors import require
from overparam.randomness import generator


@full_precision()
def grown(weights: np.ndarray, old: MLP, new: MLP, inputs: int, outputs: int, seed: int, sd: float = 0.1) -> Vector:
    """Weights of a wider network of one hidden layer that computes with its first units what the narrower computes.

    All new numbers are drawn from N(0, sd²), also those that lead from new units to the outputs, as Belkin et al. (2019) do.
    """
    require(
        old.depth == new.depth == 1 and old.width <= new.width,
        f"Weights are handed on from one hidden layer to one at least as wide; got {old} and {new}.",
    )
    g, start = generator(seed, f"grown to {new.width}"), 0
    parts = []
    shapes = [((a, inputs), (a,), (outputs, a), (outputs,)) for a in (old.width, new.width)]
    for before, after in zip(*shapes, strict=True):
        part = sd * torch.randn(after, generator=g)
        size = int(np.prod(before))
        part[tuple(slice(n) for n in before)] = torch.from_numpy(weights[start : start + size].copy()).view(before)
        parts.append(part.flatten())
        start += size
    return Vector(torch.cat(parts).numpy())


def reuse(networks: Sequence[Settings], widths: Sequence[int], data: Data) -> pd.DataFrame:
    """Train these networks at ascending widths, each begun with the weights that it had at the width before (see ``grown``).

    Of ``networks`` all settings but the width are taken; the narrowest start as they say. One row per network and width.
    """
    inputs, outputs = data.x[0].numel(), data.outputs
    tables: list[pd.DataFrame] = []
    current = [replace(s, architecture=MLP(widths[0])) for s in networks]
    for k, width in enumerate(widths):
        if k:
            last = zip(current, tables[-1]["weights"], strict=True)
            current = [
                replace(
                    s,
                    architecture=MLP(width),
                    start=grown(w[-1], MLP(widths[k - 1]), MLP(width), inputs, outputs, s.init_seed),
                )
                for s, w in last
            ]
        tables.append(run(current, data, record={"weights": [max(s.epochs for s in networks)]}))
    return pd.concat([t.drop(columns=["weights", "weights_epoch"]) for t in tables], ignore_index=True)
