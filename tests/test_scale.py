"""Scale and seeds come from two environment variables."""

import ast
from pathlib import Path

import numpy as np
import pytest

from overparam import data, randomness
from overparam.report import scale
from overparam.theory import spectra, trees

ROOT = Path(__file__).resolve().parents[1]
ANY = (
    20261018,
    2**32 - 1,
    2**32,
    2**64 + 5,
    -1,
    -(2**40),
)  # whole numbers, most of them too much for scikit-learn and NumPy


def test_the_default_is_laptop_from_seed_zero(monkeypatch):
    monkeypatch.delenv("OVERPARAM_SCALE", raising=False)
    monkeypatch.delenv("OVERPARAM_SEED", raising=False)
    assert scale.current() == "laptop"
    assert scale.seeds(3) == [0, 1, 2]


def test_a_seed_shifts_all_seeds(monkeypatch):
    monkeypatch.setenv("OVERPARAM_SEED", "1000")
    assert scale.seeds(2) == [1000, 1001]


def test_sizes_follow_the_scale_and_show_all_three(monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "gpu")
    sizes = scale.sizes(widths=((4,), (4, 8), (4, 8, 16)), n=(10, 100, 10_000))
    assert sizes.widths == (4, 8, 16)
    shown = sizes._repr_html_()
    assert "gpu (this run)" in shown
    assert "10,000" in shown
    assert "<td>100</td>" in shown


def test_bad_settings_are_one_sentence(monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "huge")
    with pytest.raises(ValueError, match=r"OVERPARAM_SCALE is 'huge'; set it to one of smoke, laptop, gpu\."):
        scale.current()
    for text in ("lucky", "1.5", "1e3"):
        monkeypatch.setenv("OVERPARAM_SEED", text)
        with pytest.raises(ValueError, match=rf"OVERPARAM_SEED is '{text}'; set it to a whole number\."):
            scale.seeds(1)
    monkeypatch.setenv("OVERPARAM_SCALE", "smoke")
    with pytest.raises(ValueError, match="epochs needs one value for each of smoke, laptop, gpu"):
        scale.sizes(epochs=(1, 2))


def test_few_sizes_are_read_without_unfolding_the_table(monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "laptop")
    shown = scale.sizes(examples=(60, 1_200, 55_000), hidden_units=((4,), (4, 8), (4, 8)))._repr_html_()
    assert "<summary>examples 1,200 · hidden units 4, 8 (laptop)</summary>" in shown
    assert "55,000" in shown
    many = scale.sizes(**dict.fromkeys("abcd", (1, 2, 3)))._repr_html_()
    assert "<summary>Sizes of this run (laptop) and of the others</summary>" in many


@pytest.mark.parametrize("offset", ANY)
def test_any_whole_number_is_a_seed(monkeypatch, offset):
    monkeypatch.setenv("OVERPARAM_SEED", str(offset))
    seeds = scale.seeds(2)
    assert seeds == [offset, offset + 1]
    x, rows = data.digits(20, offset).x, []
    for seed in seeds:
        x_train, labels = data.digits(20, seed).x, np.eye(10)[np.arange(20) % 10]
        forest, _ = trees.forest(x_train.numpy(), labels, x.numpy(), 4, 2, seed)
        rows.append([forest, trees.boosted(x_train.numpy(), labels, x.numpy(), 4, 2, 0.1, seed)[0]])
        rows[-1] += [trees.forest_smoother(x_train, labels, x, 4, 2, seed), spectra.goe(3, 2, seed)]
        rows[-1] += [
            randomness.rng(seed).random(3),
            randomness.rng(seed, 1).random(3),
            data.mnist1d(10, 10, seed).x.numpy(),
        ]
    for first, second in zip(*rows, strict=True):
        assert np.isfinite(first).all()
        assert not np.array_equal(first, second)


def test_small_seeds_mean_what_they_mean_elsewhere():
    assert [randomness.random_state(seed) for seed in (0, 7, 2**32 - 1)] == [0, 7, 2**32 - 1]
    assert randomness.rng(7).random() == np.random.default_rng(7).random()
    assert randomness.rng(7, 4).random() == np.random.default_rng([7, 4]).random()
    others = [randomness.random_state(seed) for seed in (-1, -2, 2**32, 2**32 + 1)]
    assert len(set(others)) == 4
    assert all(2 < seed < 2**32 for seed in others)  # with no small seed's numbers


def test_every_seed_goes_through_one_function():
    """NumPy's and scikit-learn's generators take a constant, or what `random_state` makes of a seed."""
    for path in [*ROOT.glob("src/overparam/**/*.py"), *ROOT.glob("notebooks/*.py")]:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            given = [keyword.value for keyword in call.keywords if keyword.arg in ("random_state", "seed_sequence")]
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("default_rng", "RandomState", "manual_seed"):
                given += call.args
            for value in given:
                plain = ast.unparse(value)
                known = (
                    isinstance(value, ast.Constant)
                    or "random_state(" in plain
                    or plain in ("state", "int.from_bytes(key[:8], 'big')")
                )
                assert known, (
                    f"{path.name}, line {call.lineno}: {ast.unparse(call)}; use randomness.rng or randomness.random_state"
                )
