"""What a sweep promises where things go wrong: kills, several sweeps at once, a full disk, too little memory, bad settings."""

import errno
import math
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from overparam import cli
from overparam.architectures import alone, stacked
from overparam.data.load import digits
from overparam.data.synthetic import linear_teacher, mnist1d
from overparam.engine import identity, plan, store, sweep, workers
from overparam.engine.settings import Settings, Vector, recording
from overparam.engine.train import train
from overparam.engine.workers import LocalWorkers

resource = pytest.importorskip("resource", reason="kills, limits and forks are those of Unix")

IN_THIS_PROCESS, IN_WORKERS = LocalWorkers(math.inf), LocalWorkers(0.0)
STACK = 2  # networks, so that a short sweep has many stacks
LONG = 120  # seconds: far more than anything here takes
GRID = {
    "lr": 0.1,
    "n": 200,
    "epochs": 100,
    "seed": range(40),
    "label_noise": [0, 0.2],
    "record": ["predictions", "correct"],
}
SHORT = GRID | {"seed": range(8)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(plan.MAX_STACK, "cpu", STACK)
    return tmp_path / "cache" / "runs"


@pytest.fixture(scope="module")
def images():
    return digits()


@pytest.fixture(scope="module")
def undisturbed(images):
    """The tables of the two grids, from sweeps that nothing disturbs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(plan.MAX_STACK, "cpu", STACK)
        keywords = {"device": "cpu", "cache": False, "executor": IN_THIS_PROCESS}
        return [sweep.sweep(stacked.mlp([8, 30]), images, **keywords, **grid) for grid in (GRID, SHORT)]


def small(images, **changes):
    settings = {"n": 40, "epochs": 5, "lr": 0.1, "seed": range(2), "device": "cpu"}
    return sweep.sweep(stacked.mlp([3, 8]), images, **(settings | changes))


def assert_same(table, expected):
    """The same networks with the same numbers, bit for bit; how long they took is another matter."""
    pd.testing.assert_frame_equal(table.drop(columns="seconds"), expected.drop(columns="seconds"), check_exact=True)


def assert_close(table, expected):
    """The same up to rounding, which other neighbours in the stack may change."""
    drop = ["seconds", "stack_size", "correct"]
    pd.testing.assert_frame_equal(
        table.drop(columns=drop, errors="ignore"), expected.drop(columns=drop, errors="ignore"), rtol=1e-3, atol=0.006
    )


# --- processes that a test may kill -----------------------------------------------------------------------------------


def start(function, *arguments) -> multiprocessing.Process:
    """Call a function of this module in a process of its own, which a server forks in milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["torch", "overparam.engine.train", "overparam.engine.sweep", "sklearn.datasets", "pytest"]
    )
    process = context.Process(target=function, args=arguments)
    with workers._anonymous_main():
        process.start()
    return process


def ended(process) -> int:
    """The exit code of a process that must end."""
    process.join(LONG)
    assert process.exitcode is not None, "a deadlock"
    return process.exitcode


def life(folder: Path, grid: dict, executor: LocalWorkers = IN_THIS_PROCESS, room: int | None = None) -> None:
    """Sweep the grid, note which networks are trained, and keep the table, in a process that may be killed any time.

    With ``room`` the disk is full after so many stacks.
    """
    os.environ |= {"OVERPARAM_CACHE": str(folder / "cache"), "TQDM_DISABLE": "1"}
    torch.set_num_threads(1)
    plan.MAX_STACK["cpu"] = STACK
    workers._is_part = lambda: False  # as a process that a user has started
    real_train, real_write = sweep.train, store.write

    def noted(networks, *rest):
        with (folder / f"trained {os.getpid()}").open("a", encoding="utf-8") as notes:
            notes.writelines(f"{identity.key(s)}\n" for s in networks)
        return real_train(networks, *rest)

    def written(*arguments):
        nonlocal room
        if room == 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        room = room and room - 1
        try:
            real_write(*arguments)
        except OSError as error:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            (folder / "error").write_text(str(error), encoding="utf-8")
            raise SystemExit(error.errno) from None

    sweep.train, store.write = noted, written
    table = sweep.sweep(stacked.mlp([8, 30]), digits(), device="cpu", executor=executor, **grid)
    table.to_pickle(folder / f"table {os.getpid()}")


def trained_by(folder: Path, process) -> list[str]:
    """The keys of the networks that it began to train."""
    notes = folder / f"trained {process.pid}"
    return notes.read_text(encoding="utf-8").split() if notes.exists() else []


def table_of(folder: Path, process) -> pd.DataFrame:
    assert ended(process) == 0
    return pd.read_pickle(folder / f"table {process.pid}")


def files(cache: Path) -> list[Path]:
    """The records there; os.walk, for which a folder that is gone is empty: a worker may be trying whether it can write."""
    found = [Path(folder, name) for folder, _, names in os.walk(cache) for name in names]
    return [path for path in found if path.suffix == ".parquet"]


def contents(cache: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in files(cache)}


def stored(cache: Path, capsys) -> list[str]:
    """The keys of all that is stored, once for each file that has them; every file is whole."""
    store._footers.clear()
    keys = [key for path in store._files(cache) for key in store._footer(path)["keys"]]
    families = {str(path.parent.relative_to(cache)) for path in files(cache)}
    assert sum(len(store.read(family, keys)) for family in families) == len(set(keys))
    assert "damaged" not in capsys.readouterr().out
    return keys


def wait_for_files(cache: Path, number: int) -> None:
    deadline = time.monotonic() + LONG
    while len(files(cache)) < number:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def kill(process, cache: Path, stacks: int, seconds: float) -> None:
    """Kill it so many seconds after it has stored so many stacks."""
    wait_for_files(cache, len(files(cache)) + stacks)
    time.sleep(seconds)
    process.kill()
    assert ended(process) == -signal.SIGKILL, "it came to its end before it was killed"


def test_a_sweep_killed_twenty_times_loses_only_what_was_running(tmp_path, cache, undisturbed, capsys):
    random = np.random.default_rng(0)
    before, trained = {}, Counter()
    pause = 2 * STACK * undisturbed[0].seconds.mean()
    for _ in range(20):
        known = set(stored(cache, capsys))
        process = start(life, tmp_path, GRID)
        stacks = int(random.choice([0, 1, 1, 2]))
        kill(process, cache, stacks, random.random() * (pause if stacks else 6 * pause))  # it starts for some pauses
        now, after = trained_by(tmp_path, process), contents(cache)
        assert {path: after.get(path) for path in before} == before, "a finished stack was touched"
        assert not known & set(now), "a stored network was trained again"
        assert len(set(now) - set(stored(cache, capsys))) <= STACK, "more was lost than what was running"
        trained.update(now)
        before = after

    known = set(stored(cache, capsys))
    assert 0 < len(known) < len(undisturbed[0])
    last = start(life, tmp_path, GRID)
    assert_same(table_of(tmp_path, last), undisturbed[0])
    now = trained_by(tmp_path, last)
    assert len(now) == len(undisturbed[0]) - len(known)
    assert len(stored(cache, capsys)) == len(undisturbed[0])  # each in one file
    assert (trained + Counter(now)).total() - len(undisturbed[0]) <= 20 * STACK


def test_a_sweep_with_workers_killed_again_and_again_ends_with_the_same_table(tmp_path, cache, undisturbed, capsys):
    random = np.random.default_rng(1)
    before = {}
    for _ in range(4):
        process = start(life, tmp_path, GRID, IN_WORKERS)
        kill(process, cache, int(random.choice([1, 2, 5])), random.random() * 0.1)
        after = contents(cache)
        assert len(before) < len(after)
        assert {path: after.get(path) for path in before} == before
        before = after
    assert_same(table_of(tmp_path, start(life, tmp_path, GRID, IN_WORKERS)), undisturbed[0])
    assert len(stored(cache, capsys)) == len(undisturbed[0])  # nothing finished was trained again


# --- several sweeps, machines and disks -------------------------------------------------------------------------------


def test_sweeps_at_once_on_one_cache_do_not_disturb_each_other(tmp_path, cache, undisturbed, capsys, images):
    same = [start(life, tmp_path, SHORT) for _ in range(2)]
    wider = start(life, tmp_path, SHORT | {"seed": range(4, 12)}, IN_WORKERS)
    for process in same:
        assert_close(table_of(tmp_path, process), undisturbed[1])
    shared = table_of(tmp_path, wider).query("init_seed < 8").reset_index(drop=True)
    assert_close(shared, undisturbed[1].query("init_seed >= 4").reset_index(drop=True))
    assert len(set(stored(cache, capsys))) == 4 * 12
    last = start(life, tmp_path, SHORT | {"seed": range(12)})
    assert_close(table_of(tmp_path, last).query("init_seed < 8").reset_index(drop=True), undisturbed[1])
    assert trained_by(tmp_path, last) == []


def test_a_full_disk_is_one_sentence_and_costs_nothing_finished(tmp_path, cache, undisturbed, capsys):
    full = start(life, tmp_path, SHORT, IN_THIS_PROCESS, 3)
    assert ended(full) == errno.EFBIG
    message = (tmp_path / "error").read_text(encoding="utf-8")
    assert re.search(
        r"Cannot store trained networks in .* \(File too large\); those stored before are kept: free some", message
    )
    before = contents(cache)
    known = set(stored(cache, capsys))
    assert len(before) == 3
    again = start(life, tmp_path, SHORT)
    assert_same(table_of(tmp_path, again), undisturbed[1])
    assert not known & set(trained_by(tmp_path, again))
    assert before.items() <= contents(cache).items()


def test_a_cache_that_cannot_be_written_is_said_before_training_and_costs_no_result(tmp_path, images, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path / "file"))
    began = []
    monkeypatch.setattr(sweep, "train", lambda *arguments: began.append(len(told)) or train(*arguments))
    with pytest.warns(UserWarning, match=r"Cannot store .*file.runs \(Not a directory\).* returns its table") as told:
        table = small(images, executor=IN_THIS_PROCESS)
    assert began[0] == 1
    assert_same(table, small(images, cache=False))
    assert (tmp_path / "file").is_file()


def test_a_dask_worker_killed_in_the_middle_changes_nothing(images, cache, undisturbed):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        killed_at = []

        def strike():
            wait_for_files(cache, 2)
            os.kill(victim, signal.SIGKILL)
            killed_at.append(len(files(cache)))

        killer = threading.Thread(target=strike)
        killer.start()
        executor = client.get_executor(pure=False)
        table = sweep.sweep(stacked.mlp([8, 30]), images, device="cpu", executor=executor, **GRID)
        killer.join()
        assert killed_at[0] < len(contents(cache)) / 2
        assert victim not in client.run(os.getpid).values()
    assert_same(table, undisturbed[0])


# --- memory -----------------------------------------------------------------------------------------------------------

STACKS = {
    "wide, full batch": (stacked.MLP(300), 8, {"n": 4000}, ()),
    "wide, minibatches": (stacked.MLP(400, 2), 4, {"n": 4000, "batch_size": 100, "optimizer": "adam"}, ()),
    "narrow": (stacked.MLP(8), 64, {"n": 4000, "batch_size": 100}, ()),
    "narrow, predictions": (stacked.MLP(8), 64, {"n": 4000}, ["predictions"]),
    "wide, all weights": (stacked.MLP(300), 8, {"n": 400, "epochs": 50}, {"weights": range(50)}),
    "each example": (stacked.MLP(8), 64, {"n": 4000, "epochs": 20}, {"losses": range(20), "correct": range(20)}),
    "gradient norms": (stacked.CNN1D(20), 16, {"n": 1000, "batch_size": 100}, ["gradient_norms"]),
    "gradient norms of narrow ones": (stacked.MLP(30), 16, {"n": 4000, "batch_size": 100}, ["gradient_norms"]),
    "dropout": (stacked.MLP(300), 8, {"n": 4000, "dropout": 0.2}, ()),
    "gradient penalty": (stacked.MLP(300), 8, {"n": 4000, "gradient_penalty": 0.1}, ()),
    "sharpness-aware, outputs scaled": (
        stacked.MLP(400, 2),
        4,
        {"n": 4000, "batch_size": 100, "loss": "squared", "sam": 0.1, "output_scale": 2.0},
        (),
    ),
    "bfloat16": (stacked.MLP(1000), 3, {"n": 4000, "dtype": "bfloat16"}, ()),
}
ALONE = {
    "cnn": (alone.CNN(16), 1, {"n": 1000}, ()),
    "cnn, gradient penalty": (alone.CNN(16), 1, {"n": 1000, "gradient_penalty": 0.1}, ()),
    "cnn, sharpness-aware": (alone.CNN(16), 1, {"n": 1000, "batch_size": 100, "sam": 0.1}, ()),
    "cnn, gradient norms": (alone.CNN(16), 1, {"n": 1000, "batch_size": 100}, ["gradient_norms"]),
}


def resident(name: str) -> int:
    return 1024 * int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))[1])


def measure_memory(folder: Path, data: Path, case: str) -> None:
    """Note what a new process takes at most to sweep one stack, and what was planned."""
    os.environ |= {"OVERPARAM_CACHE": str(folder), "TQDM_DISABLE": "1"}
    torch.set_num_threads(1)
    data = torch.load(data, weights_only=False)
    architecture, count, settings, record = (STACKS | ALONE)[case]
    settings = {"lr": 0.01, "epochs": 2} | settings
    tiny = settings | {"n": 8, "epochs": 1} | ({"batch_size": 4} if "batch_size" in settings else {})
    sweep.run([Settings(type(architecture)(4), **tiny)], data, record=list(record), device="cpu")
    nets = [Settings(architecture, init_seed=seed, **settings) for seed in range(count)]
    stack = plan._Costs(nets, data, torch.device("cpu"), recording(record)).plan_of(range(count))
    sweep.plan = lambda *_: [stack]
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak counts from here
    before = resident("VmRSS")
    sweep.run(nets, data, record=record, device="cpu")
    (folder / "memory").write_text(f"{resident('VmHWM') - before} {stack.bytes}", encoding="utf-8")


@pytest.fixture(scope="module")
def saved(tmp_path_factory, images):
    """A file of 4,000 signals, and one of 1,000 images."""
    folder = tmp_path_factory.mktemp("data")
    torch.save(mnist1d(), folder / "signals")
    torch.save(images, folder / "images")
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("case", [*STACKS, *ALONE])
def test_a_stack_takes_no_more_memory_than_planned(tmp_path, saved, case):
    data = saved / ("signals" if case in STACKS else "images")
    assert ended(start(measure_memory, tmp_path, data, case)) == 0
    taken, planned = map(int, (tmp_path / "memory").read_text(encoding="utf-8").split())
    assert taken <= planned <= 3 * taken + plan.OVERHEAD


def test_what_is_recorded_counts_when_the_stacks_are_cut(images, monkeypatch):
    monkeypatch.setitem(plan.MAX_STACK, "cpu", 64)
    plain = small(images, seed=range(30), epochs=100, explain=True)
    whole, most = plain.megabytes.max(), plain.networks.max()
    monkeypatch.setattr(plan, "memory_limit", lambda device: 1.2 * whole * 2**20)
    recorded = small(images, seed=range(30), epochs=100, record={"weights": range(100)}, explain=True)
    assert recorded.megabytes.max() <= 1.2 * whole
    assert recorded.networks.max() < most
    assert small(images, seed=range(30), epochs=100, explain=True).networks.max() == most


def too_large(kind: str) -> None:
    """Run out of memory as PyTorch does on a GPU, as Python does, and as PyTorch does on a CPU."""
    if kind == "gpu":
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    if kind == "python":
        raise MemoryError
    torch.empty(2**60, dtype=torch.uint8)


@pytest.fixture
def large_stacks(monkeypatch):
    monkeypatch.setitem(plan.MAX_STACK, "cpu", 64)
    monkeypatch.setattr(plan, "workers", lambda device: 1)


@pytest.mark.usefixtures("large_stacks")
@pytest.mark.parametrize("kind", ["gpu", "python", "cpu"])
def test_a_stack_that_does_not_fit_is_trained_in_halves(images, in_this_process, monkeypatch, kind):
    expected = small(images, seed=range(4), record=["predictions"], cache=False)
    sizes = []

    def train_few(networks, *rest):
        sizes.append(len(networks))
        if len(networks) > 2:
            too_large(kind)
        return train(networks, *rest)

    monkeypatch.setattr(sweep, "train", train_few)
    assert_close(small(images, seed=range(4), record=["predictions"]), expected)
    assert sorted(sizes) == [2, 2, 2, 2, 4, 4, 8]


@pytest.mark.usefixtures("large_stacks")
@pytest.mark.parametrize("kind", ["gpu", "python", "cpu"])
def test_one_network_that_does_not_fit_is_one_sentence(images, in_this_process, monkeypatch, cache, kind):
    monkeypatch.setattr(sweep, "train", lambda *_: too_large(kind))
    with pytest.raises(
        MemoryError, match=r"Memory does not suffice to train MLP\(width=3, depth=1.*\); choose a smaller"
    ):
        small(images)
    assert not cache.exists()


@pytest.mark.usefixtures("large_stacks")
def test_an_error_of_another_kind_is_not_taken_for_a_lack_of_memory(images, in_this_process, monkeypatch):
    calls = []

    def broken(networks, *_):
        calls.append(networks)
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(sweep, "train", broken)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        small(images)
    assert len(calls) == 1


def sweep_in_little_memory(folder: Path) -> None:
    """Train eight networks of 32 MB in the address space for four; keep the table and the sizes that were tried."""
    os.environ |= {"TQDM_DISABLE": "1"}
    torch.set_num_threads(1)
    data, nets = digits(), [Settings(stacked.MLP(2000, 3), n=4, epochs=1, lr=0.01, init_seed=s) for s in range(8)]
    sweep.run([Settings(stacked.MLP(4), n=4, epochs=1, lr=0.1)], data, device="cpu", cache=False)
    stack = plan._Costs(nets, data, torch.device("cpu"), {}).plan_of(range(8))
    sweep.plan = lambda *_: [stack]
    weights = 4 * 8 * stacked.MLP(2000, 3).parameters((64,), 10)
    limit = resident("VmSize") + 2 * weights
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    table = sweep.run(nets, data, device="cpu", cache=False)
    table.to_pickle(folder / "table")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_real_lack_of_memory_is_met_with_halves(tmp_path):
    assert ended(start(sweep_in_little_memory, tmp_path)) == 0
    table = pd.read_pickle(tmp_path / "table")
    assert len(table) == 8
    assert table.stack_size.max() < 8
    assert np.isfinite(table.test_loss).all()


def test_the_records_of_ten_thousand_small_networks_take_less_than_50_mb(images, cache):
    runs = small(images, seed=range(100), epochs=2)
    assert len(runs) == 200
    assert 50 * runs.memory_usage(deep=True).sum() < 50e6
    rows = [
        row for family in cache.glob("*/*") for row in store.read(str(family.relative_to(cache)), all_keys()).values()
    ]
    assert len(rows) == 200
    store.clear()
    for number in range(20):  # a tenth of ten thousand, as stacks of 50
        several = {f"{number:032x}{i:032x}": rows[(50 * number + i) % 200] for i in range(50)}
        store.write("engine/family", several, {"data": "digits", "architecture": "mlp"})
    assert 10 * sum(map(len, contents(cache).values())) < 50e6


def all_keys() -> list[str]:
    return [key for path in store._files(store.folder()) for key in store._footer(path)["keys"]]


# --- what is wrong, and what diverges ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("architecture", "changes", "said"),
    [
        (stacked.mlp([8, -4]), {}, r"width must be a whole number from 1 up; got -4\.$"),
        (stacked.mlp(8), {"optimizer": "lion"}, r"optimizer must be one of sgd, adam, adamw; got 'lion'\.$"),
        (stacked.mlp(8), {"label_noise": 1.5}, r"label noise must lie in \[0, 1\]; got 1\.5\.$"),
        (stacked.mlp(8), {"batch_size": 50}, r"batch_size must lie between 1 and the 40 training examples; got 50\.$"),
        (
            stacked.mlp(8),
            {"mask": Vector(np.ones(3))},
            r"mask has 3 values but the network has 610 weights and biases; ",
        ),
        (
            stacked.mlp(8),
            {"n": 4001},
            r"digits has 1,000 training examples; n=4,001 asks for more, choose n up to that\.$",
        ),
        (stacked.mlp(8), {"dtype": "float8"}, r"dtype must be one of float32, bfloat16; got 'float8'\.$"),
        (stacked.mlp(8), {"lr": -0.1}, r"lr \(the learning rate\) must be positive; got -0\.1\.$"),
        (stacked.mlp(8), {"epochs": 2.5}, r"epochs must be a whole number of at least 1; got 2\.5\.$"),
        (stacked.mlp(8), {"loss": "hinge"}, r"loss must be one of cross_entropy, squared; got 'hinge'\.$"),
        (alone.cnn(4), {"dropout": 0.5}, r"dropout is an option of mlp and cnn1d; CNN\(width=4\) has none, "),
    ],
)
def test_bad_settings_are_one_sentence_before_any_work(
    images, cache, in_this_process, monkeypatch, architecture, changes, said
):
    monkeypatch.setattr(sweep, "train", lambda *_: pytest.fail("trained"))
    with pytest.raises(ValueError, match=said) as raised:
        sweep.sweep(architecture, images, **({"n": 40, "epochs": 5, "lr": 0.1, "device": "cpu"} | changes))
    assert "\n" not in str(raised.value)
    assert not cache.exists()


def test_settings_that_do_not_suit_the_data_are_one_sentence(cache, in_this_process, monkeypatch):
    monkeypatch.setattr(sweep, "train", lambda *_: pytest.fail("trained"))
    settings = {"epochs": 2, "lr": 0.1, "device": "cpu"}
    regression = linear_teacher(20, 5, 0.1, seed=0)
    with pytest.raises(ValueError, match=r"label noise needs class labels; .* has none, set label_noise=0\.$"):
        sweep.sweep(stacked.mlp(4), regression, label_noise=0.1, **settings)
    with pytest.raises(ValueError, match=r"needs examples of shape .* got \(40,\)\.$"):
        sweep.sweep(alone.cnn(4), mnist1d(), n=50, **settings)
    assert not cache.exists()


@pytest.mark.usefixtures("large_stacks")
def test_a_network_that_diverges_says_so_and_leaves_its_neighbours_alone(images, cache):
    settings = {"lr": [0.1, 1e30], "epochs": 30, "loss": "squared", "record": ["predictions", "curves"]}
    together = small(images, **settings)
    assert together.diverged.to_list() == (together.lr == 1e30).to_list()
    assert set(together.stack_size) == {8}
    assert together[together.diverged].train_loss.isna().all()
    again = small(images, **settings)  # from the store
    pd.testing.assert_frame_equal(again, together, check_exact=True)
    for seed in range(2):
        for row in small(images, **(settings | {"lr": 0.1, "seed": seed}), cache=False).itertuples():
            beside = together.query("lr == 0.1 and init_seed == @seed and width == @row.width").iloc[0]
            np.testing.assert_allclose(beside.predictions, row.predictions, atol=1e-6)
            assert beside.train_loss == pytest.approx(row.train_loss, rel=1e-5)
            assert np.isfinite(beside.curve_test_loss).all()


# --- what is said and what is kept ------------------------------------------------------------------------------------


def test_the_progress_bar_says_what_runs_where(images, monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    small(images)
    said = capsys.readouterr().err
    assert re.search(r"\d+ stacks? on cpu, float32: ", said)
    assert "/4 [" in said
    assert "net/s" in said or "s/net" in said
    small(images)  # from the cache: nothing to wait for
    assert capsys.readouterr().err == ""


def test_the_command_lists_what_a_sweep_stored_and_clears_what_an_older_engine_left(images, cache, monkeypatch, capsys):
    version = identity.engine_version()
    for module in (identity, sweep):
        monkeypatch.setattr(module, "engine_version", lambda: "0ld0ld0ld0ld")
    old = small(images)
    for module in (identity, sweep):
        monkeypatch.setattr(module, "engine_version", lambda: version)
    trained = []
    monkeypatch.setattr(sweep, "train", lambda nets, *rest: trained.extend(nets) or train(nets, *rest))
    new = small(images, executor=IN_THIS_PROCESS)  # where it is counted
    assert len(trained) == len(new), "records of another engine were believed"
    assert_same(new.drop(columns="engine"), old.drop(columns="engine"))

    capsys.readouterr()
    assert cli.main(["cache"]) == 0
    listed = capsys.readouterr().out
    for engine in (version, "0ld0ld0ld0ld"):
        assert re.search(rf"{engine} +digits +mlp +4 ", listed)
    assert "4 networks in 2 files" in listed
    assert cli.main(["cache", "clear", "--older"]) == 0
    assert capsys.readouterr().out.startswith("Removed 2 files, ")
    assert store.inventory().engine.to_list() == [version]
    small(images)
    assert len(trained) == len(new)
