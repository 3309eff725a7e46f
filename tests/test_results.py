"""Tables that are measured here, or were recorded elsewhere."""

import json

import pandas as pd
import pytest

from overparam.report import results


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where results are recorded."""
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: type("Done", (), {"stdout": "abc1234\n"}))
    return tmp_path / "results"


def measure():
    return pd.DataFrame({"error": [0.25]})


def test_what_is_recorded_is_read_and_measured_anew_on_demand_alone(folder, monkeypatch):
    monkeypatch.setenv("OVERPARAM_RECORD", "1")
    table, where = results.measured_or_recorded("x", measure)
    assert (table.error.to_list(), where) == ([0.25], "measured with this page")
    assert json.loads((folder / "x.json").read_text(encoding="utf-8"))["rows"] == [{"error": 0.25}]
    for value in ("", "0"):
        monkeypatch.setenv("OVERPARAM_RECORD", value)
        table, where = results.measured_or_recorded("x", lambda: pytest.fail("measured"))
        assert table.error.to_list() == [0.25]
        assert where.startswith("recorded on ")


def test_the_settings_that_do_not_keep_are_named():
    table = pd.DataFrame({"setting": ["as above", "n 50", "digits"], "keeps": [True, False, False]})
    assert results.kept(table, "recorded") == "1 of 3 settings. Exceptions: n 50; digits. (The table was recorded.)"
    assert results.kept(table[:1], "measured") == "1 of 1 settings. Exceptions: none. (The table was measured.)"


@pytest.mark.parametrize("value", ["yes", "true", "2", " 1"])
def test_another_value_is_one_sentence_before_anything_is_measured(folder, monkeypatch, value):
    monkeypatch.setenv("OVERPARAM_RECORD", value)
    with pytest.raises(
        ValueError, match=f"OVERPARAM_RECORD is '{value}'; set it to 1 to record what is measured, to 0 n"
    ):
        results.measured_or_recorded("x", lambda: pytest.fail("measured"))
    assert not folder.exists()


def test_an_installed_package_records_nothing(monkeypatch):
    monkeypatch.setenv("OVERPARAM_RECORD", "1")
    monkeypatch.setattr(results.paths, "checkout", lambda: None)
    with pytest.raises(ValueError, match="record from a checkout of the book's repository, or unset it"):
        results.measured_or_recorded("x", lambda: pytest.fail("measured"))


def test_a_setting_is_called_in_words():
    assert results.in_words("lr 0.3, digits True") == "learning rate 0.3, digits"
    assert results.in_words("loss squared, stop_loss 0.003") == "squared loss, stopped at loss 0.003"
    assert results.in_words("width 64") == "width 64"
