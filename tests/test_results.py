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


@pytest.mark.parametrize(("value", "files"), [("", []), ("0", []), ("1", ["x.json"])])
def test_what_is_measured_is_recorded_on_demand(folder, monkeypatch, value, files):
    monkeypatch.setenv("OVERPARAM_RECORD", value)
    table, where = results.measured_or_recorded("x", True, measure)
    assert (table.error.to_list(), where) == ([0.25], "measured with this page")
    assert [path.name for path in folder.glob("*")] == files
    assert all(json.loads((folder / name).read_text(encoding="utf-8"))["rows"] == [{"error": 0.25}] for name in files)


@pytest.mark.parametrize("value", ["yes", "true", "2", " 1"])
@pytest.mark.parametrize("possible", [True, False])
def test_another_value_is_one_sentence_before_anything_is_measured(folder, monkeypatch, value, possible):
    monkeypatch.setenv("OVERPARAM_RECORD", value)
    with pytest.raises(
        ValueError, match=f"OVERPARAM_RECORD is '{value}'; set it to 1 to record what is measured, to 0 n"
    ):
        results.measured_or_recorded("x", possible, lambda: pytest.fail("measured"))
    assert not folder.exists()


def test_an_installed_package_records_nothing(monkeypatch):
    monkeypatch.setenv("OVERPARAM_RECORD", "1")
    monkeypatch.setattr(results.paths, "checkout", lambda: None)
    with pytest.raises(ValueError, match="record from a checkout of the book's repository, or unset it"):
        results.measured_or_recorded("x", True, lambda: pytest.fail("measured"))
