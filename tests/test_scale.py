"""Scale and seeds come from two environment variables."""

import pytest

from overparam import scale


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
    monkeypatch.setenv("OVERPARAM_SEED", "-3")
    with pytest.raises(ValueError, match=r"OVERPARAM_SEED is '-3'; set it to a whole number from 0 up\."):
        scale.seeds(1)
    monkeypatch.setenv("OVERPARAM_SCALE", "smoke")
    with pytest.raises(ValueError, match="epochs needs one value for each of smoke, laptop, gpu"):
        scale.sizes(epochs=(1, 2))
