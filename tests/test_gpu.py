"""`make gpu`: without a GPU it says so and ends well; with one, each chapter's verdicts are recorded with provenance."""

import importlib
import json
import sys
from pathlib import Path

import nbformat
import pytest
import torch

from overparam.report import results

TOOLS = Path(__file__).resolve().parent.parent / "tools"


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    for name in ("gpu", "execute"):
        sys.modules.pop(name, None)
    return importlib.import_module("gpu")


def test_without_a_gpu_it_says_so_and_ends_well(gpu, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main() == 0
    assert "No GPU that torch can use is at hand" in capsys.readouterr().out


def test_verdicts_are_recorded_with_their_provenance(gpu, tmp_path, monkeypatch):
    execute = importlib.import_module("execute")
    build = tmp_path / "build" / "gpu"
    (build / "claims").mkdir(parents=True)
    (build / "notebooks").mkdir()
    verdict = {"id": "claim", "verdict": "supported", "interval": [0.1, 0.2], "scale": "gpu"}
    of_its_record = [{"id": "finding", "estimates": {"gain": [0.1, None]}}, {"id": "theorem", "error": 1e-9}]
    (build / "claims" / "tiny.json").write_text(json.dumps([verdict, *of_its_record]), encoding="utf-8")
    nbformat.write(
        nbformat.v4.new_notebook(metadata={"overparam": {"seconds": 12.3}}), build / "notebooks/01_tiny.ipynb"
    )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    monkeypatch.setattr(execute, "main", lambda: 0)
    monkeypatch.setattr(results, "FOLDER", tmp_path / "data" / "results")
    answers = {"describe": "abc1234\n", "status": ""}
    monkeypatch.setattr("subprocess.run", lambda command, **_: type("Done", (), {"stdout": answers[command[1]]}))
    monkeypatch.setenv("OVERPARAM_SCALE", "smoke")
    monkeypatch.setenv("OVERPARAM_RECORD", "")
    assert gpu.main() == 0
    recorded = json.loads((tmp_path / "data/results/gpu/tiny.json").read_text(encoding="utf-8"))
    assert recorded["rows"] == [verdict]
    expected = {"device": "a GPU", "seconds": 12, "scale": "gpu", "commit": "abc1234", "torch": torch.__version__}
    assert expected.items() <= recorded["provenance"].items()
