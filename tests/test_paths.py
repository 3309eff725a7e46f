"""Where the package looks for things: of a checkout, of a user, or, for users who have nothing, among temporary files."""

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from overparam import paths


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package in site-packages of a user whose home is `home`; no variable names a folder."""
    for name in ("OVERPARAM_DATA", "OVERPARAM_CACHE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "site-packages" / "overparam" / "book").mkdir(parents=True)
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "site-packages" / "overparam")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path


@pytest.fixture
def checkout(installed, monkeypatch):
    """A package in a checkout."""
    repository = installed / "book"
    (repository / "src" / "overparam").mkdir(parents=True)
    (repository / "data").mkdir()
    (repository / "pyproject.toml").touch()
    monkeypatch.setattr(paths, "PACKAGE", repository / "src" / "overparam")
    return repository


def test_an_installed_package_keeps_things_in_the_users_cache(installed):
    assert paths.checkout() is None
    assert paths.book() == installed / "site-packages" / "overparam" / "book"
    assert paths.cache() == paths.root() == installed / "home" / ".cache" / "overparam"


def test_a_package_below_somebodys_project_is_no_checkout(installed):
    (installed / "pyproject.toml").touch()
    (installed / "data").mkdir()
    assert paths.checkout() is None


def test_the_copy_that_a_notebook_fetched_keeps_things_in_the_users_cache(checkout, installed):
    (checkout / "pyproject.toml").unlink()  # the copy is src and data alone
    assert paths.checkout() is None
    assert paths.book() == checkout / "data"
    assert paths.cache() == paths.root() == installed / "home" / ".cache" / "overparam"


def test_a_checkout_keeps_things_in_itself(checkout):
    assert paths.checkout() == checkout
    assert paths.book() == checkout / "data"
    assert paths.cache() == paths.root() == checkout / "data" / "cache"


def test_a_checkout_that_belongs_to_others_is_left_alone(checkout, installed, monkeypatch):
    monkeypatch.setattr(
        os, "access", lambda folder, mode: not (Path(folder).is_relative_to(checkout) and mode & os.W_OK)
    )
    assert paths.cache() == installed / "home" / ".cache" / "overparam"
    (checkout / "data" / "cache").mkdir()  # but what is there can be read
    assert paths.cache() == checkout / "data" / "cache"


def nameless(_):
    raise KeyError("no such user")


def test_a_user_without_a_home_uses_temporary_files(installed, monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", nameless)
    assert paths.cache() == installed / "temporary" / f"overparam-cache-{os.getuid()}"
    monkeypatch.setenv("OVERPARAM_DATA", "~/pictures")
    with pytest.raises(
        ValueError, match="OVERPARAM_DATA is '~/pictures', but that home folder is not known; set it to a"
    ):
        paths.root()


def test_a_home_that_is_not_there_and_cannot_be_made_is_none(installed, monkeypatch):
    (installed / "home" / "file").touch()
    monkeypatch.setenv("HOME", str(installed / "home" / "file" / "me"))
    assert paths.cache().parent == installed / "temporary"


def test_variables_come_first_and_may_begin_with_the_home(checkout, installed, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", "~/kept")
    assert paths.cache() == paths.root() == installed / "home" / "kept"
    monkeypatch.setenv("OVERPARAM_DATA", "~/pictures")
    assert paths.root() == installed / "home" / "pictures"
