"""The command `overparam cache`."""

import os
import subprocess
import sys

import pytest

from overparam import cli
from overparam.engine import store
from overparam.engine.identity import engine_version


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    return tmp_path / "runs"


@pytest.fixture
def stored():
    about = {"data": "digits", "architecture": "mlp"}
    store.write(f"{engine_version()}/aa", {"a": {"loss": 1.0}, "b": {"loss": 2.0}}, about)
    store.write("0ld0ld0ld/aa", {"c": {"loss": 1.0}}, about | {"data": "mnist1d"})


def said(capsys, *arguments):
    assert cli.main(list(arguments)) == 0
    return capsys.readouterr().out


def test_an_empty_cache_is_said(capsys, runs):
    assert said(capsys, "cache") == f"No trained networks are kept in {runs}.\n"
    assert said(capsys, "cache", "clear") == f"Removed 0 files, 0.0 MB, from {runs}.\n"
    assert not runs.exists()


@pytest.mark.usefixtures("stored")
def test_what_is_stored_is_listed_with_its_total(capsys, runs):
    listed = said(capsys, "cache")
    lines = [line.split() for line in listed.splitlines()]
    assert lines[0] == ["engine", "data", "architecture", "networks", "files", "MB", "written"]
    assert {tuple(line[:5]) for line in lines[1:3]} == {
        (engine_version(), "digits", "mlp", "2", "1"),
        ("0ld0ld0ld", "mnist1d", "mlp", "1", "1"),
    }
    assert f"3 networks in 2 files, 0.0 MB, in {runs}" in listed
    assert "1 network in 1 file, 0.0 MB, from other engine versions: `overparam cache clear --older`" in listed


@pytest.mark.usefixtures("stored")
def test_clearing_older_keeps_what_this_engine_trained(capsys):
    assert said(capsys, "cache", "clear", "--older").startswith("Removed 1 file, 0.0 MB, from ")
    assert store.inventory().engine.to_list() == [engine_version()]
    assert "other engine versions" not in said(capsys, "cache")
    said(capsys, "cache", "clear")
    assert store.inventory().empty


def test_a_folder_that_cannot_be_changed_is_one_sentence(capsys, monkeypatch):
    def closed(**_):
        raise PermissionError(13, "Permission denied", "x.parquet")

    monkeypatch.setattr(store, "clear", closed)
    assert cli.main(["cache", "clear"]) == 1
    assert "cannot be read or changed: [Errno 13] Permission denied: 'x.parquet'" in capsys.readouterr().err


def test_a_folder_of_nobody_is_one_sentence(capsys, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", "~nobody-of-this-name/x")
    assert cli.main(["cache"]) == 1
    sentence = "OVERPARAM_CACHE is '~nobody-of-this-name/x', but that home folder is not known; set it to a full path."
    assert capsys.readouterr().err == f"overparam: {sentence}\n"


@pytest.mark.parametrize("arguments", [[], ["cash"], ["cache", "clear", "--all"]])
def test_a_wrong_command_is_explained(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)
    assert "usage: overparam" in capsys.readouterr().err


def test_it_runs_as_a_module(runs):
    command = [sys.executable, "-m", "overparam", "cache"]
    done = subprocess.run(command, env=os.environ, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stdout) == (0, f"No trained networks are kept in {runs}.\n")
