"""Choices that are made on other seeds than those they are judged on."""

from collections.abc import Sequence

import pandas as pd


def lowest_elsewhere(errors: pd.DataFrame, candidates: Sequence) -> pd.Series:
    """For each seed (row), its error at the candidate (column) that has the lowest mean error on the other half of the seeds.

    The first half of the rows chooses for the second and the second for the first, so that every seed is judged once and never
    by its own choice.
    """
    half = len(errors) // 2
    if half < 1:
        raise ValueError(
            f"Choosing on one half of the seeds and judging on the other needs 2 or more; got {len(errors)}."
        )
    parts = (errors.iloc[:half], errors.iloc[half:])
    chosen = [part[list(candidates)].mean().idxmin() for part in parts]
    return pd.concat([parts[0][chosen[1]], parts[1][chosen[0]]]).set_axis(errors.index)
