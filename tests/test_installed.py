"""The package as others have it: installed, far from any checkout, in other locales, for users without a home."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
pytest.importorskip("pwd", reason="users without a name are those of Unix")

USER = """
import json, os, pwd, sys

def nameless(_):
    raise KeyError("this user has no name, as in many containers")

pwd.getpwuid = nameless
import matplotlib.font_manager as fonts
from overparam import claims, data, figures, mlp, paths, results, sweep
from overparam.engine import store

digits = data.digits(100)
print(digits)
runs = sweep(mlp([2, 3]), digits, epochs=2, lr=0.1, seed=[0, 1], device="cpu")
ledger = claims.Ledger("implicit-regularization")
card = ledger.theorem("backward-error-formula", 0.0, "here")
card._repr_mimebundle_()
figures.style()
found = {
    "checkout": paths.checkout() is not None,
    "sweep": len(runs),
    "stored": int(store.inventory().networks.sum()),
    "cache": str(paths.cache()),
    "claim": card.claim.statement,
    "font": [f.fname for f in fonts.fontManager.ttflist if f.name == "Overparam Sans"][0],
    "recorded": len(results.recorded("01_bias_variance_multiverse")[0]),
    "stdout": sys.stdout.encoding,
}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that `pip install .` would fill, without the network that it needs to fetch setuptools."""
    pytest.importorskip("setuptools")
    top = tmp_path_factory.mktemp("installed")
    for name in ("src", "data", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        (top / name).symlink_to(ROOT / name)
    build = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", top, "build", "--build-base", top / "build"]
    subprocess.run([*build, "--build-lib", top / "lib"], cwd=top, check=True, capture_output=True)
    top.chmod(0o755)
    return top / "lib"


@pytest.fixture(scope="module")
def user(installed, tmp_path_factory):
    """What a user without a home finds, who has the package installed and a locale that knows ASCII only."""
    here = tmp_path_factory.mktemp("here")
    temporary = here / "temporär"  # which that locale cannot spell
    temporary.mkdir()
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "PYTHONPATH", "OVERPARAM_CACHE")}
    environment |= locale | {"PYTHONPATH": str(installed), "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", USER], cwd=here, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode("ascii", "backslashreplace")
    said = done.stdout.decode("ascii").splitlines()  # or a terminal in this locale could not show it
    return json.loads(said[-1]) | {"said": said[0], "files": {path.name for path in here.iterdir()}}


def test_claims_records_and_fonts_are_installed(user, installed):
    assert not user["checkout"]
    facts = yaml.safe_load((ROOT / "data/claims.yaml").read_text(encoding="utf-8"))
    assert user["claim"] in [
        fact["statement"].strip() for fact in facts if fact["chapter"] == "implicit-regularization"
    ]
    assert user["recorded"] > 0
    assert Path(user["font"]).is_relative_to(installed)
    shipped = {path.name for path in (installed / "overparam" / "book").rglob("*") if path.is_file()}
    assert (installed / "overparam" / "py.typed").is_file()  # or type checkers take no note of its types
    assert shipped == {"claims.yaml", *(path.name for path in (ROOT / "data/results").rglob("*.json"))}


def test_a_sweep_and_a_card_work_in_a_locale_that_knows_ascii_only(user):
    assert user["stdout"] != "utf-8"
    assert user["sweep"] == 4
    assert "\\xd7" in user["said"]  # ×, as far as this terminal can show it


def test_a_user_without_a_home_has_a_cache(user):
    cache = user["cache"].encode("utf-8", "surrogateescape").decode()
    assert Path(cache).parent.name == "temporär"
    assert user["stored"] == 4
    assert user["files"] == {"temporär"}  # no folder called ~
