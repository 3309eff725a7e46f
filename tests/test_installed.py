"""The package as others have it: installed, far from any checkout, in other locales, for users without a home."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import matplotlib
import pytest
import yaml

import overparam

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


# A network and a table of somebody who has never seen the book.
STRANGER = """
import pandas as pd
from torch import nn
from overparam import Data, custom, sweep

class ResNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first, self.last = nn.Linear(4, width), nn.Linear(width, 2)
        self.block = nn.Sequential(nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, width))
    def forward(self, x):
        x = self.first(x)
        return self.last(x + self.block(x))

table = pd.DataFrame([(i % 7, i % 3, i % 5, i % 2, int(i % 7 > 3)) for i in range(80)], columns=list("abcdy"))
x, y = table[list("abcd")].to_numpy(float), table.y.to_numpy()
own = Data("own", x[:60], y[:60], x[60:], y[60:], source="a table", classes=2)
length = lambda module, data: sum(p.square().sum() for p in module.parameters()) ** 0.5
runs = sweep(custom(ResNet, width=[4, 8]), own, seed=range(2), lr=0.05, epochs=30, batch_size=10, record={"length": (length, [0])})
print(len(runs), bool((runs.train_error < 0.2).all()), runs["length"].map(len).to_list())

def attempt(do):
    try:
        do()
    except ValueError as error:
        print(error)

attempt(lambda: sweep(custom(ResNet, width="wide"), own, lr=0.05, epochs=3))
attempt(lambda: sweep(custom(ResNet, width=4), own, lr=0.05, epoch=3))
attempt(lambda: Data("own", x, y + 1, x, y + 1, source="a table", classes=2))
attempt(lambda: sweep(custom(ResNet, width=4), own, lr=0.05, epochs=3, record={"mine": lambda module: 0}))
"""


@pytest.fixture(scope="module")
def user(installed, tmp_path_factory):
    """What a user without a home finds, who has the package installed and a locale that knows ASCII only."""
    here = tmp_path_factory.mktemp("here")
    temporary = here / "temporär"  # which that locale cannot spell
    temporary.mkdir()
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "PYTHONPATH", "OVERPARAM_CACHE")}
    environment |= locale | {"PYTHONPATH": str(installed), "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"}
    if matplotlib.__version_info__ < (3, 11):  # which is not imported by users without a home
        environment["MPLCONFIGDIR"] = str(temporary)
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


def test_a_strangers_network_and_table_train_and_mistakes_are_sentences(installed, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "OVERPARAM_CACHE"}
    environment |= {"PYTHONPATH": str(installed), "HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    code = [sys.executable, "-W", "error", "-c", STRANGER]
    done = subprocess.run(code, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    summary, *said = done.stdout.splitlines()
    assert summary == "4 True [2, 2, 2, 2]"
    begins = [
        "ResNet(width=wide) cannot be made: TypeError",
        "Unknown setting 'epoch'; the settings are",
        "y of own has labels from 1",
    ]
    begins.append("mine of ResNet(width=4) cannot be measured (TypeError")
    assert len(said) == len(begins)
    for sentence, begin in zip(said, begins, strict=True):
        assert sentence.startswith(begin)


def test_the_version_is_the_same_wherever_it_stands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert overparam.__version__ == project["version"] == citation["version"]
    first = re.search(r"^## \[?([\w.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert first in (project["version"], "Unreleased")
