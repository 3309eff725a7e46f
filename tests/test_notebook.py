"""How a notebook starts: what it trains is kept where the user says, and its scale is one that the machine can run."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from overparam import paths
from overparam.report import notebook, scale


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    for name in ("OVERPARAM_SCALE", "OVERPARAM_CACHE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Tesla T4")


@pytest.mark.parametrize("chosen", ["", "smoke", "laptop"])
def test_without_a_gpu_a_scale_for_none_stays_and_is_said(monkeypatch, chosen):
    monkeypatch.setenv("OVERPARAM_SCALE", chosen)
    assert notebook.start() == f"No GPU is needed: the scale is {chosen or 'laptop'}."
    assert os.environ["OVERPARAM_SCALE"] == chosen


def test_without_a_gpu_its_scale_becomes_that_of_a_laptop(monkeypatch):
    monkeypatch.setenv("OVERPARAM_SCALE", "gpu")
    assert notebook.start() == "There is no GPU, so the scale is laptop, and not gpu."
    assert scale.current() == "laptop"


@pytest.mark.usefixtures("gpu")
def test_with_a_gpu_the_scale_is_the_users(monkeypatch):
    assert notebook.start().startswith("Tesla T4 trains; the scale is laptop, and gpu after %env OVERPARAM_SCALE=gpu")
    monkeypatch.setenv("OVERPARAM_SCALE", "gpu")
    assert notebook.start() == "Tesla T4 trains; the scale is gpu."
    assert scale.current() == "gpu"


def test_networks_are_kept_where_the_user_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = notebook.start("new/folder")
    assert paths.cache() == tmp_path / "new/folder"
    assert paths.cache().is_dir()
    assert said.startswith(
        f"Trained networks are kept in {tmp_path / 'new/folder'}; those of another PyTorch than {torch.__version__}, "
    )


def test_a_folder_that_cannot_be_had_is_said_before_anything_is_trained(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"keep_in is '.*file/folder', where nothing can be kept \(.*\); name another"):
        notebook.start(str(tmp_path / "file/folder"))
    assert os.environ["OVERPARAM_CACHE"] == ""


def test_a_drive_is_asked_for_where_it_is_not_there_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook, "DRIVE", tmp_path / "drive")
    inside = str(tmp_path / "drive/MyDrive/overparam")
    with pytest.raises(ValueError, match="which only Colab has"):
        notebook.start(inside)
    mounted = []
    drive = SimpleNamespace(mount=lambda place: mounted.append(place) or Path(place, "MyDrive").mkdir(parents=True))
    monkeypatch.setitem(sys.modules, "google.colab.drive", drive)
    notebook.start(inside)
    assert mounted == [str(tmp_path / "drive")]
    assert paths.cache() == Path(inside)
    monkeypatch.setattr(os.path, "ismount", lambda place: place == tmp_path / "drive")
    notebook.start(inside)
    assert len(mounted) == 1
