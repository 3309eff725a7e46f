"""Choosing on one half of the seeds and judging on the other."""

import pandas as pd
import pytest

from overparam.measures.tables import lowest_elsewhere


def test_each_half_is_judged_at_the_choice_of_the_other():
    errors = pd.DataFrame({"a": [1, 1, 9, 9], "b": [5, 5, 2, 2], "c": [0, 0, 0, 0]}, index=[10, 11, 12, 13])
    chosen = lowest_elsewhere(errors, ["a", "b"])
    assert chosen.to_dict() == {10: 5, 11: 5, 12: 9, 13: 9}
    assert lowest_elsewhere(errors, ["a", "b", "c"]).tolist() == [0, 0, 0, 0]


def test_no_seed_judges_its_own_choice():
    lucky = pd.DataFrame({k: [0.0 if i == k else 1.0 for i in range(6)] for k in range(6)})
    assert (lowest_elsewhere(lucky, range(6)) == 1).all()


def test_one_seed_cannot():
    with pytest.raises(ValueError, match="needs 2 or more; got 1"):
        lowest_elsewhere(pd.DataFrame({"a": [1.0]}), ["a"])
