"""The store of finished networks: what goes in comes out, and nothing else, whatever happens to disk and processes."""

import errno
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from overparam.engine import store

FAMILY = "0123456789ab/cdef"
ABOUT = {"data": "digits", "architecture": "mlp", "torch": "2.11"}


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    return tmp_path / "runs"


def stack(name="a", networks=3):
    return {f"{name}{i}": {"loss": i / 7, "seconds": 0.5, "weights": np.arange(i + 2.0)} for i in range(networks)}


def files(runs):
    return sorted(path for path in runs.rglob("*") if path.is_file())


def forget_footers():
    """As a new process."""
    store._footers.clear()


def child(code, tmp_path, **options):
    """A process of its own that runs this code on the same store."""
    prologue = "import numpy as np, os, sys, time\nfrom overparam.engine import store\nfrom test_store import *\n"
    places = os.pathsep.join([os.path.dirname(__file__), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": places, "OVERPARAM_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", prologue + textwrap.dedent(code)]
    return subprocess.Popen(
        command, env=environment, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def assert_same(stored, rows):
    assert stored.keys() == rows.keys()
    for key, row in rows.items():
        assert stored[key].keys() == row.keys()
        for name, value in row.items():
            back = stored[key][name]
            assert type(back) is type(value), name
            if isinstance(value, np.ndarray):
                assert (back.dtype, back.shape) == (value.dtype, value.shape), name
                assert back.tobytes() == value.tobytes(), name
            else:
                assert repr(back) == repr(value), name  # nan and -0.0 too


# --- round trip -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "float32", "float64"])
def test_arrays_of_every_type_and_shape_come_back_bit_for_bit(dtype):
    rng = np.random.default_rng(0)
    shapes = [(7,), (0,), (3, 5), (3, 0), (0, 4), (), (2, 3, 4), (1, 1000)]
    rows = {
        str(i): {"weights": np.asarray(100 * rng.standard_normal(shape)).astype(dtype)}
        for i, shape in enumerate(shapes)
    }
    rows["transposed"] = {"weights": np.arange(6).astype(dtype).reshape(2, 3).T}
    store.write(FAMILY, rows, ABOUT)
    assert_same(store.read(FAMILY, list(rows)), rows)


def test_scalars_of_every_type_come_back_as_they_were():
    values = [0, -(2**63), 2**63 - 1, 0.0, -0.0, 0.1, float("nan"), float("inf"), True, False, "", "ü: x", None]
    rows = {str(i): {"value": value, "position": i} for i, value in enumerate(values)}
    store.write(FAMILY, rows, ABOUT)
    assert_same(store.read(FAMILY, list(rows)), rows)


def test_every_nan_keeps_its_bits():
    bits = np.array([0x7FC00000, 0x7FC00001, 0xFFC00000, 0x7F800001, 0x80000000], np.uint32).view(np.float32)
    rows = {"a": {"weights": bits}, "b": {"weights": bits[::-1].copy()}}
    store.write(FAMILY, rows, ABOUT)
    assert_same(store.read(FAMILY, ["a", "b"]), rows)


def test_records_may_differ_in_what_they_hold():
    rows = {
        "a": {"loss": 1.0, "weights": np.zeros((2, 3), np.float32)},
        "b": {"weights": np.zeros(4), "loss": None, "note": "diverged"},
        "c": {},
        "d": {"weights": None, "loss": 3, "weights:shape": 1},
    }
    store.write(FAMILY, rows, ABOUT)
    assert_same(store.read(FAMILY, list(rows)), rows)
    assert list(store.read(FAMILY, ["b"])["b"]) == ["loss", "weights", "note"]  # one order of names for all


def test_numpy_scalars_become_those_of_python():
    store.write(FAMILY, {"a": {"loss": np.float32(0.5), "n": np.int64(3), "ok": np.bool_(True)}}, ABOUT)
    assert_same(store.read(FAMILY, ["a"]), {"a": {"loss": 0.5, "n": 3, "ok": True}})


def test_read_arrays_can_be_written_to():
    store.write(FAMILY, stack(), ABOUT)
    store.read(FAMILY, ["a1"])["a1"]["weights"][:] = 7
    assert_same(store.read(FAMILY, ["a1"]), {"a1": stack()["a1"]})


def test_what_no_table_can_hold_is_refused_before_anything_is_written(runs):
    for value, kind in (({}, "dict"), ([1], "list"), (np.array(["a"]), "ndarray")):
        with pytest.raises(TypeError, match=f"curve is of type {kind}; a record keeps int, float, bool, str, None and"):
            store.write(FAMILY, {"a": {"curve": value}}, ABOUT)
    assert not runs.exists()


def test_long_arrays_are_read_without_a_python_object_for_each_number():
    weights = np.random.default_rng(0).standard_normal((30, 10_000), dtype=np.float32)
    rows = {str(i): {"weights": weights + i} for i in range(20)}
    store.write(FAMILY, rows, ABOUT)
    started = time.process_time()
    stored = store.read(FAMILY, list(rows))
    assert time.process_time() - started < 0.5  # 0.06 s; six million Python objects take longer
    assert_same(stored, rows)


# --- looking up -------------------------------------------------------------------------------------------------------


def test_only_what_is_asked_for_and_there_is_returned():
    assert store.read(FAMILY, ["a0"]) == {}
    store.write(FAMILY, stack("a"), ABOUT)
    store.write(FAMILY, stack("b"), ABOUT)
    assert store.read(FAMILY, ["a2", "b0", "c1"]).keys() == {"a2", "b0"}
    assert store.read("0123456789ab/other", ["a2"]) == {}


def test_a_stack_written_twice_is_there_once(runs):
    store.write(FAMILY, stack(), ABOUT)
    store.write(FAMILY, stack(), ABOUT)
    assert len(files(runs)) == 1
    slower = {key: row | {"seconds": 9.0} for key, row in stack().items()}
    store.write(FAMILY, slower, ABOUT)
    assert len({path.name[:16] for path in files(runs)}) == 1  # named for the same networks
    assert store.read(FAMILY, list(slower)).keys() == slower.keys()
    assert store.inventory().networks.item() == 3


def test_files_that_hold_nothing_wanted_are_not_read(runs, monkeypatch):
    for name in "abcdefgh":
        store.write(FAMILY, stack(name), ABOUT)
    forget_footers()
    opened = []
    real = store._content
    monkeypatch.setattr(store, "_content", lambda path: opened.append(path) or real(path))
    assert store.read(FAMILY, ["c1", "not there"]).keys() == {"c1"}
    assert len(opened) == 1
    monkeypatch.setattr(store.pq, "read_metadata", lambda *_: pytest.fail("looked into a file again"))
    assert store.read(FAMILY, ["d1"]).keys() == {"d1"}


def test_ten_thousand_small_networks_would_take_less_than_50_mb(runs):
    rng = np.random.default_rng(0)
    names = [f"measure_{i}" for i in range(25)]
    for number in range(20):
        values = rng.random((50, 25)).tolist()
        rows = {f"{number:032x}{i:032x}": dict(zip(names, row, strict=True)) for i, row in enumerate(values)}
        store.write(FAMILY, rows, ABOUT)
    assert sum(path.stat().st_size for path in files(runs)) < 50e6 / 10  # a tenth of the ten thousand


# --- damage -----------------------------------------------------------------------------------------------------------


def flip(position):
    def damaged(content):
        place = int(position * (len(content) - 1))
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    return damaged


def flip_a_key(content):
    assert content.count(b'"a1') == 1
    return content.replace(b'"a1', b'"a9')


DAMAGE = {
    "empty": lambda content: b"",
    "cut": lambda content: content[:100],
    "end lost": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "zeros": lambda content: bytes(len(content)),
    "a key": flip_a_key,
} | {f"bit at {position}": flip(position) for position in (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1)}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_a_damaged_file_is_said_once_and_removed(runs, capsys, damage, known):
    store.write(FAMILY, stack("a"), ABOUT)
    (path,) = files(runs)
    store.write(FAMILY, stack("b"), ABOUT)
    store.read(FAMILY, ["a0"])
    if not known:
        forget_footers()
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert store.read(FAMILY, [*stack("a"), "a9", *stack("b")]).keys() == stack("b").keys()
    assert capsys.readouterr().out == f"{path} is damaged; its networks are trained again.\n"
    assert not path.exists()
    store.write(FAMILY, stack("a"), ABOUT)
    assert_same(store.read(FAMILY, list(stack("a"))), stack("a"))
    assert capsys.readouterr().out == ""


def test_files_of_others_are_left_alone(runs, capsys):
    store.write(FAMILY, stack(), ABOUT)
    folder = runs / FAMILY
    content = b"not a stack of networks"
    for name in ("notes.txt", ".DS_Store", "table.parquet", f"{'0' * 16}-{store._digest(content)}.parquet"):
        (folder / name).write_bytes(content)
    before = files(runs)
    assert store.read(FAMILY, [*stack(), "other"]).keys() == stack().keys()
    assert store.inventory().networks.sum() == 3
    assert files(runs) == before
    assert capsys.readouterr().out == ""


def test_what_a_killed_process_left_is_removed_after_a_day(runs):
    store.write(FAMILY, stack(), ABOUT)
    old, new = (runs / FAMILY / f".{digit * 32}" for digit in "01")
    for leftover, age in ((old, 2 * 24 * 3600), (new, 60)):
        leftover.write_bytes(b"half")
        os.utime(leftover, (time.time() - age,) * 2)
    store.read(FAMILY, ["a0"])
    assert not old.exists()
    assert new.exists()


# --- several processes ------------------------------------------------------------------------------------------------


def test_a_file_may_vanish_between_listing_and_reading(runs, monkeypatch):
    for name in "ab":
        store.write(FAMILY, stack(name), ABOUT)
    listed = store._files(runs / FAMILY)
    monkeypatch.setattr(store, "_files", lambda _: listed)
    listed[0].unlink()
    for _ in range(2):  # known, then not
        assert len(store.read(FAMILY, [*stack("a"), *stack("b")])) == 3
        assert store.inventory().networks.sum() == 3
        forget_footers()
    store.clear()
    assert store.read(FAMILY, [*stack("a"), *stack("b")]) == {}
    assert store.clear() == (0, 0)


@pytest.mark.slow
def test_processes_that_write_read_and_clear_one_store_do_not_disturb_each_other(tmp_path, runs):
    work = """
        end = time.time() + 2.5
        while time.time() < end:
            name = "abcd"[np.random.randint(4)]
            store.write(FAMILY, stack(name), ABOUT)
            forget_footers()
            for key, row in store.read(FAMILY, [*stack("a"), *stack("b")]).items():
                assert_same({key: row}, {key: (stack("a") | stack("b"))[key]})
        """
    forget = "end = time.time() + 2.5\nwhile time.time() < end: store.clear(); time.sleep(0.01)"
    for process in [child(work, tmp_path), child(work, tmp_path), child(forget, tmp_path)]:
        said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert said == ("", "")
    assert all(re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]{16}\.parquet", path.name) for path in files(runs))


def test_a_folder_that_vanishes_while_it_is_made_is_made_again(monkeypatch):
    make, failed = Path.mkdir, []

    def vanishing(path, *args, **kwargs):
        if not failed:  # as where another process removes it between the attempt and the look whether it is a folder
            failed.append(path)
            raise FileExistsError(17, "File exists", str(path))
        make(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", vanishing)
    store.write(FAMILY, stack("a"), ABOUT)
    assert failed
    assert_same(store.read(FAMILY, stack("a")), stack("a"))


def test_a_writer_killed_at_any_moment_leaves_a_store_that_reads(tmp_path, runs, capsys):
    work = """
        rows = {str(i): {"weights": np.full(300_000, float(i))} for i in range(4)}
        print("ready", flush=True)
        for number in range(10**6):
            store.write(FAMILY, {f"{os.getpid()} {number} {key}": row for key, row in rows.items()}, ABOUT)
        """
    rng = np.random.default_rng(0)
    for _ in range(3):
        writer = child(work, tmp_path)
        writer.stdout.readline()
        time.sleep(0.1 + 0.3 * rng.random())
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    forget_footers()
    keys = [key for path in store._files(runs) for key in store._footer(path)["keys"]]
    stored = store.read(FAMILY, keys)
    assert len(keys) == len(stored) > 0
    assert all((row["weights"] == float(key[-1])).all() for key, row in stored.items())
    assert capsys.readouterr().out == ""


# --- disks that are full or closed ------------------------------------------------------------------------------------

TOO_LARGE = {"big": {"weights": np.random.default_rng(0).random(1_000_000)}}  # 8 MB that no compression makes small
NO_ROOM = (
    r"Cannot store trained networks in .*runs \({}\); those stored before are kept: free some space, run `overparam cache "
    r"clear`, or set OVERPARAM_CACHE to a folder with more room\.$"
)


def test_a_file_over_the_limit_of_the_process_is_one_sentence(tmp_path, runs):
    pytest.importorskip("resource")
    store.write(FAMILY, stack(), ABOUT)
    before = files(runs)
    work = """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))
        store.write(FAMILY, TOO_LARGE, ABOUT)
        """
    _, said = child(work, tmp_path).communicate(timeout=60)
    message = said.strip().splitlines()[-1]
    assert re.search(rf"^OSError: \[Errno {errno.EFBIG}\] " + NO_ROOM.format("File too large"), message)
    assert files(runs) == before
    assert_same(store.read(FAMILY, list(stack())), stack())


def test_a_full_disk_is_one_sentence_and_costs_nothing_stored(tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root on Linux only")
    try:
        monkeypatch.setenv("OVERPARAM_CACHE", str(disk))
        store.write(FAMILY, stack(), ABOUT)
        before = files(disk)
        with pytest.raises(OSError, match=NO_ROOM.format("No space left on device")) as raised:
            store.write(FAMILY, TOO_LARGE, ABOUT)
        assert raised.value.errno == errno.ENOSPC
        assert files(disk) == before
        assert_same(store.read(FAMILY, list(stack())), stack())
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(
            OSError, match=r"\(Read-only file system\); .*: make that folder writable, or set OVERPARAM"
        ):
            store.write(FAMILY, stack("b"), ABOUT)
        with pytest.raises(OSError, match="Read-only file system"):
            store.check()
        assert_same(store.read(FAMILY, list(stack())), stack())
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_turns_out_full_at_the_flush_leaves_no_file(runs, monkeypatch, number):
    def full(_):
        raise OSError(number, os.strerror(number))

    store.write(FAMILY, stack(), ABOUT)
    before = files(runs)
    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match=NO_ROOM.format(os.strerror(number))) as raised:
        store.write(FAMILY, stack("b"), ABOUT)
    assert raised.value.errno == number
    assert files(runs) == before


def test_a_place_that_is_no_folder_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path / "file"))
    assert store.read(FAMILY, ["a"]) == {}
    for attempt in (store.check, lambda: store.write(FAMILY, stack(), ABOUT)):
        with pytest.raises(OSError, match=r"\(Not a directory\); .*set OVERPARAM_CACHE to one that is\.$"):
            attempt()


def test_a_check_leaves_nothing_behind(runs):
    store.check()
    assert files(runs) == []


def test_damage_in_a_closed_folder_is_said_once_and_never_believed(runs, monkeypatch, capsys):
    def closed(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    store.write(FAMILY, stack(), ABOUT)
    (path,) = files(runs)
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.setattr(type(path), "unlink", closed)
    for _ in range(2):
        assert store.read(FAMILY, list(stack())) == {}
    assert capsys.readouterr().out.count("is damaged") == 1


# --- inventory and clearing -------------------------------------------------------------------------------------------


def test_the_inventory_has_a_row_per_engine_data_and_architecture(runs):
    assert store.inventory().empty
    store.write("new/1", stack("a"), ABOUT)
    store.write("new/2", stack("b", 4), ABOUT)
    store.write("new/2", stack("c"), ABOUT | {"data": "mnist1d"})
    store.write("old/1", stack("d"), {})
    table = store.inventory().set_index(["engine", "data", "architecture"])
    assert table.networks.to_dict() == {
        ("new", "digits", "mlp"): 7,
        ("new", "mnist1d", "mlp"): 3,
        ("old", "unknown", "unknown"): 3,
    }
    assert table.files.to_list() == [2, 1, 1]
    assert table.seconds.to_list() == [3.5, 1.5, 1.5]
    assert table.bytes.sum() == sum(path.stat().st_size for path in files(runs))
    assert abs(table.written.max().timestamp() - time.time()) < 60


def test_clearing_removes_all_or_what_other_engine_versions_left(runs):
    for family in ("new/1", "old/1", "old/2"):
        store.write(family, stack(), ABOUT)
    (runs / "1111111111111111-2222222222222222.parquet").write_bytes(b"of a version without folders")
    (runs / "old" / "notes.txt").write_text("mine", encoding="utf-8")
    sizes = {path: path.stat().st_size for path in files(runs)}
    removed, size = store.clear(keep="new")
    assert removed == 3
    assert size == sum(sizes[path] for path in sizes if not path.exists())
    assert store.inventory().engine.to_list() == ["new"]
    assert store.clear()[0] == 1
    assert files(runs) == [runs / "old" / "notes.txt"]
    (runs / "old" / "notes.txt").unlink()
    store.clear()
    assert not runs.exists()
