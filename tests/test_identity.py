"""What a stored record is known by: whatever changes the numbers changes that, and nothing else does."""

import functools
import importlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from torch import nn

from overparam.architectures import alone
from overparam.architectures.stacked import MLP
from overparam.data.load import digits
from overparam.engine import identity
from overparam.engine import sweep as sweep_module
from overparam.engine.settings import Settings
from overparam.engine.sweep import run, sweep

PACKAGE = identity.PACKAGE


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package, which the version of the engine is that of."""
    copy = tmp_path / "overparam"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "fonts"))
    monkeypatch.setattr(identity, "SOURCES", {})
    return copy


def version(package):
    """The version that a process has which imports the package as it now is."""
    identity.SOURCES = identity.sources(package)
    return identity.engine_version.__wrapped__()


def edit(package, module, before, after):
    path = package / f"{module.replace('.', '/')}.py"
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{module}.py no longer says {before!r}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("engine.settings", "return -(-self.n // self.batch)", "return self.n // self.batch"),
        ("engine.settings", 'schedule: str = "constant"', 'schedule: str = "cosine"'),
        ("engine.hashing", "0x7FEB352D", "0x7FEB352F"),
        ("engine.examples", 'generator(s.seed_at(0), "order")', 'generator(s.seed_at(0), "orders")'),
        ("architectures.stacked", "(2 * torch.rand(", "(3 * torch.rand("),
        ("data.dataset", "torch.rand(y.shape,", "torch.rand(y.shape[:1],"),
        ("engine.train", "DIVERGED_FROM = 10", "DIVERGED_FROM = 11"),
        ("arithmetic", 'part.fp32_precision = "ieee"', 'part.fp32_precision = "tf32"'),
    ],
)
def test_an_edit_that_changes_numbers_changes_the_identity(package, module, before, after):
    whole = version(package)
    edit(package, module, before, after)
    assert version(package) != whole


def test_another_torch_is_another_identity(package, monkeypatch):
    here = version(package)
    monkeypatch.setattr(torch, "__version__", "99.0")
    assert version(package) != here


def test_a_module_that_training_begins_to_import_counts_from_then_on(package):
    whole = version(package)
    (package / "helper.py").write_text("FACTOR = 1\n", encoding="utf-8")
    assert version(package) == whole
    edit(package, "engine.examples", "import functools", "import functools\nfrom overparam.helper import FACTOR")
    imported = version(package)
    edit(package, "helper", "1", "2")
    assert version(package) != imported


@pytest.mark.parametrize(
    "how",
    [
        "from overparam import data",
        "from overparam.data import mnist1d",
        "from ..data import mnist1d",
        "import overparam.data",
    ],
)
def test_what_a_room_gathers_counts_where_training_asks_the_room(package, how):
    whole = version(package)
    edit(package, "data.synthetic", "torch.sin(5 * x)", "torch.sin(6 * x)")
    assert version(package) == whole
    edit(package, "engine.examples", "import functools", f"import functools\n{how}")
    asked = version(package)
    edit(package, "data.synthetic", "torch.sin(6 * x)", "torch.sin(7 * x)")
    assert version(package) not in (asked, whole)


def test_a_module_asked_of_the_package_does_not_bring_all_that_the_package_offers(package):
    edit(package, "engine.examples", "import functools", "import functools\nfrom overparam import machine")
    asked = version(package)
    edit(package, "report.figures", "import hashlib", "import hashlib, math")
    assert version(package) == asked
    edit(package, "machine", "2**30", "2**31")
    assert version(package) != asked


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("engine.hashing", "# in [0, 1]", "# from 0 to 1"),
        ("engine.stack", "The state of networks in training", "What networks in training are"),
        ("report.figures", "import hashlib", "import hashlib, math"),  # no network is trained with it
        ("engine.sweep", "import copy", "import copy, math"),
    ],
)
def test_comments_docstrings_and_what_does_not_train_leave_it_as_it_is(package, module, before, after):
    whole = version(package)
    edit(package, module, before, after)
    assert version(package) == whole


def test_the_same_settings_in_another_setting_are_another_record():
    data, settings, cpu = digits(), Settings(MLP(4), n=20, epochs=1, lr=0.1), torch.device("cpu")
    families = {
        identity.family(each, record, cpu, form)
        for each, record, form in (
            (data, {}, 1), (replace(data, classes=20), {}, 1), (data, {"curves": None}, 1), (data, {}, 2),
        )
    }  # fmt: skip
    assert len(families) == 4
    assert len({identity.key(replace(settings, **change)) for change in ({}, {"rewind": 0}, {"lr": 0.2})}) == 2


def test_records_of_one_gpu_are_not_found_on_another(monkeypatch):
    data, found = digits(), set()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for name in ("NVIDIA H200", "Tesla T4"):
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device, name=name: name)
        found.add(identity.family(data, {}, torch.device("cuda:0"), 1))
    assert len(found) == 2


def test_data_with_other_classes_or_changed_in_place_are_trained_on_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    data = digits()
    data = replace(data, x=data.x.clone())
    ask = {"networks": [Settings(MLP(4), n=20, epochs=2, lr=0.1)], "device": "cpu"}
    first = run(data=data, **ask)
    assert run(data=replace(data, classes=20), **ask).parameters[0] > first.parameters[0]
    data.x.mul_(3)
    changed = run(data=data, **ask)
    assert changed.train_loss[0] != first.train_loss[0]
    assert changed.train_loss[0] == run(data=data, cache=False, **ask).train_loss[0]


# --- networks of one's own --------------------------------------------------------------------------------------------


class Narrow(nn.Module):
    """A network as a user writes it."""

    def __init__(self, width, dropout=0.0):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 10))

    def forward(self, x):
        return self.layers(x)


OWN = {"n": 60, "batch_size": 20, "epochs": 3, "lr": 0.2, "seed": range(2), "device": "cpu"}


def test_a_network_of_ones_own_is_swept_like_any_other(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    torch.manual_seed(3)
    state = torch.get_rng_state()
    runs = sweep(alone.custom(Narrow, width=[4, 8]), digits(), record=["weights"], **OWN)
    again = sweep(alone.custom(Narrow, width=[4, 8]), digits(), record=["weights"], cache=False, **OWN)
    assert torch.equal(state, torch.get_rng_state())
    assert runs.width.tolist() == [4, 4, 8, 8]
    assert runs.train_loss.tolist() == again.train_loss.tolist()
    assert runs.train_loss.nunique() == 4


def test_what_a_network_of_ones_own_draws_follows_from_its_seed(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match="dropout is the name of a setting or of a result; rename this argument"):
        sweep(alone.custom(Narrow, width=8, dropout=0.5), digits(), **OWN)

    def dropping(width, share):
        return Narrow(width, share)

    losses = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        runs = sweep(alone.custom(dropping, width=8, share=[0.0, 0.5]), digits(), cache=False, **OWN)
        losses.append(runs.train_loss.tolist())
    assert losses[0] == losses[1]
    assert len(set(losses[0])) == 4


def known(make, **arguments):
    return identity.key(Settings(alone.Custom(make, tuple(arguments.items())), n=5, epochs=1, lr=0.1))


def executed(text, **namespace):
    """What a cell of a notebook defines."""
    exec(text, scope := {"nn": nn, "__name__": "__main__", **namespace})
    return scope


CELL = """
RATE = 0.5
def block(width):
    return nn.Sequential(nn.Linear(64, width), nn.ReLU())
class Net(nn.Module):
    act = nn.ReLU
    def __init__(self, width=4):
        super().__init__()
        self.layers = nn.Sequential(block(width), nn.Dropout(RATE), nn.Linear(width, 10))
    def forward(self, x):
        return self.layers(x)
def make(width):
    return Net(width)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("nn.ReLU())", "nn.Tanh())"),  # in a function that the class calls
        ("RATE = 0.5", "RATE = 0.25"),  # a number that it uses
        ("act = nn.ReLU", "act = nn.Tanh"),
        ("width=4", "width=5"),
        ("return self.layers(x)", "return self.layers(x) * 2"),
    ],
)
def test_an_edit_of_anything_that_a_network_of_ones_own_uses_is_noticed(before, after):
    first, again, edited = (executed(text) for text in (CELL, CELL, CELL.replace(before, after)))
    for name in ("Net", "make"):
        assert known(first[name], width=4) == known(again[name], width=4) is not None
        assert known(first[name], width=4) != known(edited[name], width=4)


def test_layout_and_comments_of_a_network_of_ones_own_are_not_what_it_is():
    moved = "\n\n# another cell above\n" + CELL.replace("    act = nn.ReLU", "    act = nn.ReLU  # as ever")
    assert known(executed(CELL)["make"], width=4) == known(executed(moved)["make"], width=4)


def test_equal_constants_need_not_be_one_object():
    apart = executed("def make(a=(64, 10), b=(64, 10)):\n    return nn.Linear(*a)")["make"]
    apart.__defaults__ = tuple((64, number) for number in (10, 10))  # made twice
    one = executed("def make(a=(64, 10), b=(64, 10)):\n    return nn.Linear(*a)")["make"]
    one.__defaults__ = (one.__defaults__[0],) * 2
    assert known(apart) == known(one) is not None


def test_functions_that_close_over_different_things_are_different_networks():
    def maker(activation):
        def make():
            return nn.Sequential(nn.Linear(64, 10), activation())

        return make

    assert known(maker(nn.ReLU)) == known(maker(nn.ReLU))
    assert known(maker(nn.ReLU)) != known(maker(nn.Tanh))
    first, second = lambda: nn.ReLU(), lambda: nn.Tanh()
    assert known(Narrow, width=4, act=first) != known(Narrow, width=4, act=second)


class Maker:
    """An object whose method makes a network."""

    def __init__(self, activation):
        self.activation = activation

    def make(self):
        return nn.Sequential(nn.Linear(64, 10), self.activation())


def wrapped(factor):
    @functools.wraps(nn.Linear.forward)
    def forward(self, x):
        return factor * x

    return forward


def marked(activation):
    def make():
        return nn.Sequential(nn.Linear(64, 10), make.activation())

    make.activation = activation
    return make


@pytest.mark.parametrize(
    "make",
    [lambda a: Maker(a).make, lambda a: wrapped(ord(a.__name__[0])), marked],
    ids=["a method's object", "a wrapper of a library's function", "an attribute of a function"],
)
def test_what_a_function_carries_along_is_noticed(make):
    assert known(make(nn.ReLU)) == known(make(nn.ReLU)) is not None
    assert known(make(nn.ReLU)) != known(make(nn.Tanh))


def test_what_is_found_by_name_alone_is_not_told():
    hidden = executed("def make():\n    return nn.Sequential(nn.Linear(64, 10), globals()['ACT']())", ACT=nn.ReLU)
    assert known(hidden["make"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "import own.sub\n\ndef make():\n    return own.sub.act()\n",
        "def make():\n    from own.sub import act\n    return act()\n",
        "from own import sub\n\ndef make():\n    return sub.act()\n",
    ],
)
def test_packages_of_ones_own_are_followed(tmp_path, monkeypatch, text):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").write_text("", encoding="utf-8")
    found = []
    for answer in ("1", "2"):
        (tmp_path / "own" / "sub.py").write_text(f"def act():\n    return {answer} * 11\n", encoding="utf-8")
        shutil.rmtree(tmp_path / "own" / "__pycache__", ignore_errors=True)
        for name in ("own", "own.sub"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()
        importlib.import_module("own.sub")
        exec(text, scope := {"__name__": "__main__"})
        found.append(known(scope["make"]))
    assert None not in found
    assert found[0] != found[1]


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_packages_of_the_user_or_of_the_system_are_libraries_too(tmp_path, folder):
    assert identity._is_installed(str(tmp_path / "lib/python3" / folder / "torch/__init__.py"))
    assert not identity._is_installed(str(tmp_path / "lib/python3/mine/__init__.py"))


def test_arguments_that_are_equal_and_of_another_kind_are_two_networks(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))

    def make(flag):
        return nn.Sequential(nn.Linear(64, 10), nn.Tanh() if flag is True else nn.ReLU())

    runs = sweep(alone.custom(make, flag=[True, 1]), digits(), **OWN | {"seed": 0})
    assert runs.train_loss.nunique() == 2


def test_networks_of_ones_own_in_threads_draw_each_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))

    def dropping(width):
        return Narrow(width, 0.5)

    ask = OWN | {"seed": range(8), "epochs": 4, "cache": False}
    first = sweep(alone.custom(dropping, width=8), digits(), **ask)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    with ThreadPoolExecutor(4) as executor:
        beside = sweep(alone.custom(dropping, width=8), digits(), executor=executor, **ask)
    assert torch.equal(state, torch.get_rng_state())
    assert beside.train_loss.tolist() == first.train_loss.tolist()


class Noisy(nn.Module):
    """A network that draws also where it is only looked at."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x):
        return self.layer(x) + torch.randn(len(x), 10)


def test_a_network_that_draws_when_it_is_looked_at_draws_the_same_whatever_is_recorded():
    losses = []
    for seed, record in ((1, []), (2, ["curves"]), (3, {"losses": [0, 1]})):
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        losses.append(sweep(alone.custom(Noisy), digits(), record=record, cache=False, **OWN).train_loss.tolist())
        assert torch.equal(state, torch.get_rng_state())
    assert losses[0] == losses[1] == losses[2]


def test_what_runs_counts_and_not_what_stands_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    text = "import helper\n\ndef make(width):\n    return helper.layer(width)\n"
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    (tmp_path / "helper.py").write_text("def layer(width):\n    return width\n", encoding="utf-8")
    for name in ("mine", "helper"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    mine = importlib.import_module("mine")
    before = known(mine.make, width=2)
    (tmp_path / "helper.py").write_text("def layer(width):\n    return -width\n", encoding="utf-8")
    assert known(mine.make, width=2) == before
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    importlib.reload(mine.helper)
    assert known(mine.make, width=2) != before


def test_a_worker_with_other_code_trains_nothing_that_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    networks = [Settings(MLP(4), n=20, epochs=1, lr=0.1)]
    keys, cpu = [identity.key(s) for s in networks], torch.device("cpu")
    shared, here = ([digits()], cpu), identity.running()
    for other in ({"text": "another", "version": "another"}, here | {"text": "another", "version": "older"}):
        assert sweep_module._train_one_of(networks, keys, 0, {}, {}, other, *shared) is None
    assert sweep_module._train_one_of(networks, ["another"], 0, {}, {}, here, *shared) is None
    assert sweep_module._train_one_of(networks, keys, 0, {}, {"mine": "another"}, here, *shared) is None
    for same in (here, here | {"text": "with other comments"}):
        assert len(sweep_module._train_one_of(networks, keys, 0, {}, {}, same, *shared)) == 1


def test_a_network_of_which_not_all_can_be_told_is_trained_anew_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    made = executed("def make():\n    next(numbers)\n    return nn.Linear(64, 10)", numbers=iter(range(99)))
    with pytest.warns(UserWarning, match="It cannot be told what make.. depends on, so it is trained anew each time"):
        sweep(alone.custom(made["make"]), digits(), **OWN)
    assert not list(tmp_path.rglob("*.parquet"))


class Centred(nn.Module):
    """A network that shifts its examples in place."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x):
        return self.layer(x.sub_(0.5))


@pytest.mark.parametrize(
    ("make", "arguments", "said"),
    [
        (Narrow(4), {}, "takes a subclass of nn.Module"),
        (Narrow, {"width": [[1]]}, "arguments of custom are numbers, texts"),
        (Narrow, {"depth": 2}, r"Narrow\(depth=2\) cannot be made: TypeError"),
        (lambda: 3, {}, "must be an nn.Module; got int"),
        (nn.Linear, {"in_features": 64, "out_features": 7}, r"outputs \[2, 10\]; it gives \[2, 7\]"),
        (nn.Linear, {"in_features": 3, "out_features": 10}, r"does not take examples \[2, 64\]"),
        (nn.LazyLinear, {"out_features": 10}, "has lazy layers"),
        (Centred, {}, r"Centred\(\) changes the examples that it is given"),
        (nn.Flatten, {}, "has no weights to train"),
        (Narrow, {"lr": 4}, "lr is the name of a setting or of a result; rename this argument"),
        (Narrow, {"seed": 4}, "seed is the name of a setting or of a result; rename this argument"),
        (Narrow, {"parameters": 4}, "parameters is the name of a setting or of a result; rename this argument"),
        (Narrow, {"curve_epoch": 4}, "curve_epoch is the name of a setting or of a result; rename this argument"),
        (Narrow, {"make": 4}, "make is the name of a column; rename this argument"),
    ],
)
def test_what_is_no_network_is_refused_in_a_sentence(make, arguments, said):
    with pytest.raises(ValueError, match=said):
        sweep(alone.custom(make, **arguments), digits(), **OWN)


class Choosing(nn.Module):
    """A network whose way depends on what comes out."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x):
        out = self.layer(x)
        return out if out.sum() > 0 else -out


def test_gradient_norms_that_cannot_be_taken_are_said_before_training():
    with pytest.raises(ValueError, match=r"gradient_norms of Choosing\(\) cannot be taken .*; record losses instead"):
        sweep(alone.custom(Choosing), digits(), record=["gradient_norms"], **OWN)
    runs = sweep(alone.custom(Narrow, width=3), digits(), record=["gradient_norms"], cache=False, **OWN)
    assert runs.gradient_norms[0].shape == (1, 60)
